// The annotation workbench: puts model, canvas, panel, wire and keys together. Runs once per mount of the component.
// Down: `props.reply` (a case, the answer to a draft, a conflict, a refusal).
// Up: `props.value` with the events "draft", "save" and "open".

const plain = (value) => JSON.parse(JSON.stringify(value));

function addStyle(text) {
  if (document.getElementById("be-style")) return; // from an earlier mount
  make("style", "", document.head, text).id = "be-style";
}

function mountBoxEditor({ element, props, trigger, watch, style, types }) {
  addStyle(style);
  const root = element.querySelector(".be-root");
  const field = make("div", "be-pictures-of-case", root);
  const stage = make("div", "be-stage", field);
  const panelNode = make("aside", "be-panel", root);
  const live = make("div", "be-live", root);
  live.setAttribute("aria-live", "polite");
  Object.assign(stage, { tabIndex: 0 });
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Picture. Draw, move and resize boxes; press question mark for the keys.");

  const model = createModel();
  let shownPicture = 0; // the number of the picture on the stage
  let sheet = null; // the case on the screen, as the server sent it
  let next = null; // the case after it, sent ahead
  let left = null; // the case that was left before the server had answered: {sheet, state, former, work}
  let departing = null; // the request to leave a case whose next one is not here yet
  let former = null; // the document of the case before, to copy from
  let theirs = null; // in a conflict: the other person's revision
  let deferred = null; // a case chosen elsewhere on the page, while the present one still has changes to keep

  const say = (words) => (live.textContent = words);
  const complain = (words) => status.tell(words, true);
  const focusStage = () => stage.focus({ preventScroll: true });
  // Takes the focus unless somebody works elsewhere on the page by keyboard.
  function welcome() {
    const focused = document.activeElement;
    if (focused === document.body || root.contains(focused) || !focused.matches(":focus-visible")) focusStage();
  }
  // Changes that the server has not been told of. An undecided document cannot be kept; one that is back at its start
  // has to be told once.
  const unkept = () => sheet !== null && model.rev > wire.keptRev() && (model.doc.anomalous !== null || !model.dirty());

  // Boxes over the picture that are not part of the document: the model's open suggestions, in a conflict theirs too, a
  // revision that is looked at, a reviewer's pin.
  const suggestions = () => {
    const ghosts = model.openGhosts().map((ghost) => ghostItem(ghost));
    return [...(theirs ? [...ghosts, ...theirs.items] : ghosts), ...history.items(), ...review.items()];
  };
  const drawn = new Map(); // one item per suggestion for as long as it lives: the canvas compares by identity
  function ghostItem(ghost) {
    if (!drawn.has(ghost.id)) drawn.set(ghost.id, { ...ghost, kind: "ghost", label: `model: ${ghost.type}` });
    return drawn.get(ghost.id);
  }
  const others = createOthers(field, model, {
    main: () => canvas.view,
    bring: (at) => {
      model.bring(at);
      focusStage();
    },
    failed: complain,
  });
  const canvas = createCanvas(stage, model, {
    suggestions,
    mirrored: others.mirrored,
    zoomed: () => renderSize(),
    moved: () => others.follow(),
    pointed: (point) => others.point(point),
    failed: complain,
    say,
    inHand: (id, px) => {
      renderSize(px);
      if (id && px) panel.inHand(id, `${px[2] - px[0]} × ${px[3] - px[1]} px`);
    },
  });
  const draw = () => canvas.renderBoxes();
  function bringTo(items) {
    const placed = items.filter(({ box }) => box);
    if (placed.length && !placed.some(model.here)) model.bring(placed[0].picture);
  }
  const frame = createFrame(stage, {
    go,
    toggleOthers,
    nextPicture: () => nextPicture(),
    newBox: () => canvas.newBox(),
    view: () => canvas.view,
  });
  const panel = createPanel(panelNode, model, types, {
    save,
    focusStage,
    complain,
    keepMine,
    takeTheirs,
    caseId: () => sheet.case_id,
  });
  const history = createHistory(panel.history, stage, { say, complain, draw, bring: bringTo, restore });
  const review = createReview(panel.review, stage, model, {
    sheet: () => sheet,
    unsaved: () => model.dirty(),
    unknown: askUnknown,
    reviewed,
    next: () => go(1),
    complain,
    draw,
    leave: focusStage,
    pointOf: (event) => canvas.view.pointOf(event),
  });
  const status = createStatus(model, { show: frame.state, say, unkept });
  const journal = createJournal();
  const wire = createWire({
    send: (command, work) => {
      props.value = work;
      trigger(command);
    },
    snapshot,
    status: { unkept, unanswered },
  });

  // ---- what goes up -----------------------------------------------------------------------------------------------
  function snapshot() {
    return {
      case_id: sheet.case_id,
      based_on: model.basedOn,
      rev: model.rev,
      dirty: model.dirty(),
      anomalous: model.doc.anomalous,
      defects: model.doc.defects.map(({ type, box, picture }) => ({ type, box, picture })),
      note: model.doc.note,
      inspection_id: model.adopted() ? sheet.suggestion.inspection_id : null,
      queue: frame.queue.value,
      step: 0,
      target: null,
    };
  }
  function lock() {
    model.locked = true;
    panel.renderVerdict();
  }
  function save(step) {
    if (!sheet || model.locked) return;
    if (theirs) return complain("Choose one of the two versions first.");
    const obstacle = model.obstacle();
    if (obstacle) {
      if (obstacle.id) model.select(obstacle.id);
      return complain(obstacle.words);
    }
    leave("save", step);
  }
  function go(step, target = null) {
    if (!sheet || model.locked) return;
    if (model.doc.anomalous === null && model.doc.note)
      return complain("Choose Anomalous or Normal, or clear the note: it would be lost.");
    leave("open", step, target);
  }
  function leave(command, step, target = null) {
    lock();
    // The case that was sent ahead is claimed: the server opens that one, and not what is first in the queue by then.
    if (step === 1 && next && next.queue === frame.queue.value && !left) target = next.case_id;
    const work = command === "save" ? wire.save(step, target) : wire.open(step, target);
    if (command === "save" || model.dirty()) journal.write(work);
    if (step !== 1) return;
    departing = work;
    advance();
  }
  // Shows the next case before the server has answered for this one, when it was sent ahead: one at a time.
  function advance() {
    if (!departing || left || !next || next.queue !== frame.queue.value) return;
    left = { sheet, state: model.leave(), former, work: departing };
    showCase({ sheet: next, words: "" });
  }
  // The server did not take what was sent: the case that was left is on the screen again, with its undo. What was begun
  // in the next one becomes its draft.
  function comeBack() {
    const begun = model.dirty() ? snapshot() : null;
    wire.recall(sheet.case_id);
    wire.reset();
    if (begun) journal.write(begun);
    if (begun && begun.anomalous !== null) wire.keepThis(begun);
    const back = left;
    [left, departing, next] = [null, null, null];
    [sheet, former] = [back.sheet, back.former];
    theirs = null;
    drawn.clear();
    status.clear();
    model.comeBack(back.state);
    canvas.cancel();
    showPictures();
    canvas.view.fetchAhead(sheet.ahead);
  }
  function showPictures() {
    others.show();
    canvas.view.show(model.size);
  }
  // Another picture of the case is in work: where it is aligned with the one before, the same place stays on the stage.
  function changePicture() {
    const { view } = canvas;
    const [before, scale, place] = [shownPicture, view.now.scale, view.middle()];
    const follows = !view.now.fitted && aligned(model.pictures[before], model.size);
    canvas.restore();
    showPictures();
    if (follows) {
      const { width, height } = model.pictures[before];
      const k = model.size.width / width;
      view.lookAt(scale / k, place[0] * k, (place[1] / height) * model.size.height);
    }
    renderSize();
  }
  const isLeft = ({ command, work }) => left !== null && command !== "draft" && left.work.case_id === work.case_id;
  function copyFormer() {
    if (!former) return complain("No case was open here before this one: there is nothing to copy.");
    if (!former.anomalous) return complain("The case before has no boxes to copy.");
    if (!model.copy(former)) complain("Nothing to copy: the boxes are here already, or on a picture that this case lacks.");
  }
  // The selected box becomes "unknown" and the note the question to the reviewer; false when no box is meant.
  function askUnknown() {
    if (!model.target() || model.locked) return false;
    model.setType(UNKNOWN);
    panel.focusNote();
    say("Type unknown. Write in the note what the reviewer is asked, then save.");
    return true;
  }
  // An old revision's document becomes the newest revision; what is on the screen can be had back with undo.
  function restore({ revision, document: old }) {
    if (model.locked) return;
    const note = `Restores r${revision}${old.note ? `: ${old.note}` : "."}`.slice(0, 2000);
    model.take(model.fromServer({ ...old, note }), `r${revision} is back. Undo brings yours back.`);
    save(0);
  }
  function reviewed(reply) {
    sheet = { ...sheet, history: reply.history, review: reply.review };
    showPast();
    status.tell(reply.words);
  }
  function showPast() {
    history.render(sheet.case_id, sheet.history, sheet.blind);
    review.render();
  }
  function unanswered(command, work) {
    status.noAnswer();
    if (isLeft({ command, work })) comeBack();
    else if (work.case_id !== sheet.case_id && !left) wire.keepThis(work);
    if (model.locked) wire.recall(sheet.case_id);
    departing = null;
    model.locked = false;
    panel.renderVerdict();
    complain(
      command === "draft"
        ? "Not saved: the server does not answer. Trying again."
        : "The server does not answer. Nothing is lost here: try again.",
    );
  }
  function toggleOthers() {
    if (onePicture()) return;
    say(others.toggle() ? "Further pictures are shown beside this one." : "Further pictures are hidden.");
  }
  const nextPicture = () => onePicture() || model.nextPicture();
  const onePicture = () => model.pictures.length === 1 && (complain("This case has one picture only."), true);
  function acceptModel() {
    if (!sheet.suggestion || sheet.suggestion.anomalous === null)
      return complain("There is no readable verdict of the model to accept.");
    if (!model.acceptable(sheet.suggestion.anomalous))
      return complain(`This case is annotated already: ${keyName("adopt")} adopts the model's boxes.`);
    if (sheet.suggestion.anomalous) model.openGhosts().length ? model.adopt(null) : model.setVerdict(true);
    else model.setVerdict(false);
    save(1);
  }

  // ---- what comes down --------------------------------------------------------------------------------------------
  const RECEIVE = { case: caseCame, draft: draftKept, conflict: conflicting, refused };
  function receive(reply) {
    if (!reply) return;
    if (reply.serial === 0) {
      frame.menu(reply.menu);
      return arrive(reply);
    }
    const request = wire.answered(reply);
    if (!request) return;
    status.answer();
    if (reply.kind !== "case" && isLeft(request)) comeBack();
    if (reply.menu) frame.menu(reply.menu);
    RECEIVE[reply.kind](reply, request);
    wire.next();
    if (deferred && !unkept() && !wire.busy()) arrive(deferred);
    renderState();
  }
  const draftTime = ({ draft }) => (draft ? Date.parse(draft.kept_at) : 0);
  // A save or a change of case was taken: nothing of that case is at risk any more.
  function caseCame(reply, request) {
    const { command, work } = request;
    journal.clear(work.case_id);
    if (isLeft(request)) return confirmed(reply);
    if (work.case_id === sheet.case_id && staysHere(reply, command)) {
      if (command === "save") model.stored(reply.sheet.revision);
      model.locked = false;
      departing = null;
      wire.kept(work.rev);
      status.clear();
      status.draft(draftTime(reply.sheet));
      again(reply);
    } else showCase(reply);
  }
  // True when the answer is about the document on the screen as it stands: its undo goes on.
  function staysHere({ sheet: fresh }, command) {
    if (fresh.case_id !== sheet.case_id || theirs) return false;
    if (command !== "save") return fresh.revision === model.basedOn;
    const kept = model.doc.anomalous ? model.doc : { ...model.doc, defects: [] };
    return sameDocument(model.fromServer(fresh.saved), kept);
  }
  // The server's answer to leaving a case, while the next one is on the screen already.
  function confirmed(reply) {
    left = null;
    const fresh = reply.sheet;
    const changed = fresh.revision !== sheet.revision || draftTime(fresh) !== draftTime(sheet);
    const untouched = model.rev === 0 && !model.locked;
    if (fresh.case_id !== sheet.case_id) {
      if (untouched) return showCase(reply);
      if (!model.locked) wire.open(0, sheet.case_id); // the rest of the page learns which case is in work
    } else if (untouched && changed) return showCase(reply);
    else again(reply);
    advance();
  }
  // The case on the screen came once more: its document and undo stay; history, place and suggestion may be new.
  function again(reply) {
    next = reply.next;
    if (reply.words && !status.alarmed() && !unkept()) status.tell(reply.words);
    refresh(reply.sheet);
  }
  // A case that the editor did not ask for: the tab was entered, or a link followed.
  function arrive(reply) {
    deferred = null;
    const here = sheet !== null && sheet.case_id === reply.sheet.case_id;
    if (wire.busy()) deferred = reply;
    else if (here && reply.sheet.revision < sheet.revision) return; // made before the save that was answered since
    else if (here && reply.sheet.revision === sheet.revision) {
      frame.choose(reply.sheet.queue);
      again(reply);
      welcome();
    } else if (unkept()) {
      deferred = reply;
      wire.keepDraft();
    } else showCase(reply);
  }
  function refresh(fresh) {
    sheet = fresh;
    drawn.clear();
    model.ghosts = ghostsOf(fresh);
    showPast();
    frame.place(fresh);
    renderAll();
    canvas.view.fetchAhead(fresh.ahead);
  }
  const ghostsOf = ({ suggestion }) =>
    (suggestion ? suggestion.defects : []).map((defect, at) => ({
      id: `ghost ${suggestion.inspection_id} ${at}`,
      type: defect.type,
      box: defect.box,
      picture: 0,
    }));
  function refused(reply) {
    model.locked = false;
    departing = null;
    panel.renderVerdict();
    complain(reply.words);
  }
  function draftKept(reply, { work }) {
    if (work.case_id !== sheet.case_id) {
      if (!left || left.work.case_id !== work.case_id) journal.clear(work.case_id);
      return;
    }
    wire.kept(work.rev);
    status.draft(reply.kept ? Date.now() : 0);
    if (!unkept()) journal.clear(work.case_id);
    if (reply.theirs && !theirs) conflicting(reply);
  }
  function conflicting(reply) {
    model.locked = false;
    departing = null;
    const doc = model.fromServer(reply.theirs);
    const items = doc.defects
      .filter((defect) => defect.box)
      .map((defect) => ({ ...defect, id: `theirs ${defect.id}`, kind: "theirs", label: defect.type }));
    theirs = { ...reply.theirs, doc, items, yours: () => docLines(model.doc) };
    say(`${theirs.author} saved revision ${theirs.revision} of this case meanwhile. Choose one of the two versions.`);
    renderAll();
  }
  const docLines = (doc) =>
    doc.anomalous
      ? doc.defects.map((defect) => `${defect.type || "type?"}, ${model.sizeWords(defect)} ${model.whereWords(defect)}`.trim())
      : [doc.anomalous === null ? "undecided" : "normal"];
  function keepMine() {
    settle();
    save(0);
  }
  function takeTheirs() {
    const { doc, author } = settle();
    model.take(doc, `${author}'s version taken. Undo brings yours back.`);
    wire.changed();
  }
  // Ends a conflict: from now on the document is based on the other version.
  function settle() {
    const taken = theirs;
    theirs = null;
    model.rebase(taken.doc, taken.revision);
    history.render(sheet.case_id, taken.history);
    return taken;
  }
  function showCase(reply) {
    if (sheet && sheet.case_id !== reply.sheet.case_id) former = model.doc;
    canvas.cancel();
    sheet = reply.sheet;
    next = reply.next || null;
    departing = null;
    theirs = null;
    drawn.clear();
    wire.reset();
    const saved = model.fromServer(sheet.saved);
    const start = sheet.draft ? model.fromServer(sheet.draft) : saved;
    status.clear();
    status.draft(draftTime(sheet));
    const journalled = journal.read(sheet.case_id);
    model.load({
      pictures: sheet.pictures,
      start,
      saved,
      basedOn: sheet.draft ? sheet.draft.based_on : sheet.revision,
      ghosts: ghostsOf(sheet),
    });
    if (reply.words) status.tell(reply.words);
    frame.choose(sheet.queue);
    showPictures();
    if (sheet.theirs) conflicting({ theirs: sheet.theirs });
    const lost = journalled?.based_on === model.basedOn ? model.fromServer(journalled) : start;
    if (!sameDocument(lost, start)) model.take(lost, "Changes that the server had not received were restored.");
    else journal.clear(sheet.case_id);
    welcome();
    say(`${reply.words} ${sheet.name}, ${sheet.place}. ${sheet.held} ${sheet.why} ${docLines(model.doc).join("; ")}.`);
    canvas.view.fetchAhead(sheet.ahead);
  }
  // ---- drawing ----------------------------------------------------------------------------------------------------
  const renderSize = (px) => frame.size(model, canvas.view, px);
  function renderState() {
    if (sheet) status.render();
    root.toggleAttribute("data-waiting", left !== null);
  }
  function renderAll() {
    canvas.renderBoxes();
    others.render();
    panel.renderVerdict();
    panel.renderDefects(sheet ? sheet.suggestion_words : "");
    panel.renderPicker();
    panel.renderConflict(theirs);
    renderState();
  }
  model.subscribe((what, words) => {
    if (what === "case") {
      frame.place(sheet);
      review.close();
      showPast();
      root.dataset.case = sheet.case_id;
    }
    if (what === "picture") changePicture();
    else if (what !== "case") history.close(); // the hand is on the document again
    shownPicture = model.picture;
    if (what === "doc") {
      status.clear();
      journal.write(snapshot()); // also what was undone: the server may still have the draft of it
      wire.changed();
    }
    if (words) say(words);
    renderAll();
  });

  addKeys({
    root,
    stage,
    model,
    canvas,
    panel,
    ready: () => sheet !== null,
    save,
    go,
    act: { acceptModel, copyFormer, toggleOthers, nextPicture },
    history,
    review,
  });
  function onKeys() {
    if (!root.isConnected) return window.removeEventListener("m3ad:keys", onKeys);
    drawn.clear(); // their labels name a key
    if (sheet) renderAll();
  }
  window.addEventListener("m3ad:keys", onKeys);
  frame.queue.addEventListener("change", () => {
    go(0);
    focusStage();
  });

  // ---- life of the page -------------------------------------------------------------------------------------------
  function onHide() {
    if (!root.isConnected) return document.removeEventListener("visibilitychange", onHide);
    canvas.hide(false);
    canvas.grab(false);
    if (document.visibilityState === "hidden") wire.keepDraft();
  }
  function onUnload(event) {
    if (!root.isConnected) return window.removeEventListener("beforeunload", onUnload);
    if (!unkept() && !left && !(model.doc.anomalous === null && model.doc.note)) return;
    wire.keepDraft();
    event.preventDefault(); // the browser asks whether to leave
  }
  document.addEventListener("visibilitychange", onHide);
  window.addEventListener("beforeunload", onUnload);
  const clock = setInterval(() => (root.isConnected ? renderState() : clearInterval(clock)), 1000);
  watch("reply", () => receive(plain(props.reply)));
  receive(plain(props.reply || null));
  root.dataset.ready = "1";
}
