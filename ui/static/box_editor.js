// The annotation workbench: puts model, canvas, panel, wire and keys together. Runs once per mount of the component.
// Down: `props.reply` (a case, the answer to a draft, a conflict, a refusal).
// Up: `props.value` with the events "draft", "save" and "open".

const plain = (value) => JSON.parse(JSON.stringify(value));

function addStyle(text) {
  if (document.getElementById("be-style")) return; // from an earlier mount
  make("style", "", document.head, text).id = "be-style";
}

function mountBoxEditor({ element, props, trigger, watch, style, types, queues }) {
  addStyle(style);
  const root = element.querySelector(".be-root");
  const stage = make("div", "be-stage", root);
  const panelNode = make("aside", "be-panel", root);
  const live = make("div", "be-live", root);
  live.setAttribute("aria-live", "polite");
  Object.assign(stage, { tabIndex: 0 });
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Picture. Draw, move and resize boxes; press question mark for the keys.");

  const top = make("div", "be-overlay be-top", stage);
  const previous = button(top, "be-chip", "‹", "", () => go(-1));
  const place = make("span", "be-chip be-place", top);
  const following = button(top, "be-chip", "›", "", () => go(1));
  const queue = make("select", "be-chip be-queue", top);
  const state = make("span", "be-chip be-state", top);
  const bottom = make("div", "be-overlay be-bottom", stage);
  const size = make("span", "be-chip be-size-chip", bottom);
  for (const [node, words] of [
    [previous, "Previous case (,)"],
    [following, "Next case (.)"],
    [queue, "Which cases"],
  ]) {
    node.title = words;
    node.setAttribute("aria-label", words);
  }
  for (const [value, words] of queues) Object.assign(make("option", "", queue, words), { value });

  const model = createModel();
  let sheet = null; // the case on the screen, as the server sent it
  let theirs = null; // in a conflict: the other person's revision
  let message = { words: "", alarm: false }; // shown until the next change
  let deferred = null; // a case chosen elsewhere on the page, while the present one still has changes to keep
  let keptAt = 0; // when the server last kept a draft or a revision, and in which words
  let keptWords = "";
  let lost = false; // the server did not answer

  const say = (words) => (live.textContent = words);
  const show = (words, alarm) => {
    message = { words, alarm };
    say(words);
    renderState();
  };
  const complain = (words) => show(words, true);
  const focusStage = () => stage.focus({ preventScroll: true });
  // Takes the focus unless somebody works elsewhere on the page by keyboard.
  function welcome() {
    const focused = document.activeElement;
    if (focused === document.body || root.contains(focused) || !focused.matches(":focus-visible")) focusStage();
  }
  // Changes that the server has not been told of. An undecided document cannot be kept; one that is back at its start
  // has to be told once.
  const unkept = () => sheet !== null && model.rev > wire.keptRev() && (model.doc.anomalous !== null || !model.dirty());

  // Boxes over the picture that are not part of the document: the model's open suggestions, in a conflict theirs too.
  const suggestions = () => {
    const ghosts = model.openGhosts().map((ghost) => ghostItem(ghost));
    return theirs ? [...ghosts, ...theirs.items] : ghosts;
  };
  const drawn = new Map(); // one item per suggestion for as long as it lives: the canvas compares by identity
  function ghostItem(ghost) {
    if (!drawn.has(ghost.id)) drawn.set(ghost.id, { ...ghost, kind: "ghost", label: `model: ${ghost.type}` });
    return drawn.get(ghost.id);
  }
  const canvas = createCanvas(stage, model, {
    suggestions,
    zoomed: () => renderSize(),
    failed: complain,
    inHand: (id, px) => {
      renderSize(px);
      if (id && px) panel.inHand(id, `${px[2] - px[0]} × ${px[3] - px[1]} px`);
    },
  });
  const panel = createPanel(panelNode, model, types, { save, focusStage, say, keepMine, takeTheirs });
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
      defects: model.doc.defects.map(({ type, box }) => ({ type, box })),
      note: model.doc.note,
      inspection_id: model.adopted() ? sheet.suggestion.inspection_id : null,
      queue: queue.value,
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
    lock();
    wire.save(step);
  }
  function go(step, target = null) {
    if (!sheet || model.locked) return;
    if (model.doc.anomalous === null && model.doc.note)
      return complain("Choose Anomalous or Normal, or clear the note: it would be lost.");
    lock();
    wire.open(step, target);
  }
  function unanswered(command) {
    lost = true;
    model.locked = false;
    panel.renderVerdict();
    complain(
      command === "draft"
        ? "Not saved: the server does not answer. Trying again."
        : "The server does not answer. Nothing is lost here: try again.",
    );
  }
  function acceptModel() {
    if (!sheet.suggestion || sheet.suggestion.anomalous === null)
      return complain("There is no readable verdict of the model to accept.");
    if (model.doc.anomalous !== null) return complain("This case is annotated already: X adopts the model's boxes.");
    if (sheet.suggestion.anomalous) model.ghosts.length ? model.adopt(null) : model.setVerdict(true);
    else model.setVerdict(false);
    save(1);
  }

  // ---- what comes down --------------------------------------------------------------------------------------------
  const RECEIVE = { case: showCase, draft: draftKept, conflict: conflicting, refused };
  function receive(reply) {
    if (!reply) return;
    if (reply.serial === 0) return arrive(reply);
    if (!wire.answers(reply)) return;
    if (lost) message = { words: "", alarm: false };
    lost = false;
    RECEIVE[reply.kind](reply);
    if (reply.kind !== "case") wire.next();
    if (deferred && !unkept()) arrive(deferred);
  }
  // A case that the editor did not ask for: the tab was entered, or a link followed.
  function arrive(reply) {
    deferred = null;
    const same = sheet !== null && sheet.case_id === reply.sheet.case_id && sheet.revision === reply.sheet.revision;
    if (same) refresh(reply.sheet);
    else if (wire.busy() || unkept()) {
      deferred = reply;
      wire.keepDraft();
    } else showCase(reply);
  }
  // The case on the screen came again: the document and its undo stay, only the model's suggestion may be new.
  function refresh(fresh) {
    sheet = fresh;
    drawn.clear();
    model.ghosts = ghostsOf(fresh);
    renderPlace();
    renderAll();
    welcome();
  }
  const ghostsOf = ({ suggestion }) =>
    (suggestion ? suggestion.defects : []).map((defect, at) => ({
      id: `ghost ${suggestion.inspection_id} ${at}`,
      type: defect.type,
      box: defect.box,
    }));
  function refused(reply) {
    model.locked = false;
    panel.renderVerdict();
    complain(reply.words);
  }
  function draftKept(reply) {
    keptAt = Date.now();
    keptWords = reply.kept ? "draft saved" : "no changes";
    if (!unkept()) journal.clear();
    if (reply.theirs && !theirs) conflicting(reply);
    renderState();
  }
  function conflicting(reply) {
    model.locked = false;
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
      ? doc.defects.map((defect) => `${defect.type || "type?"}, ${model.sizeWords(defect)}`)
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
    panel.renderHistory(taken.history);
    return taken;
  }
  function showCase(reply) {
    sheet = reply.sheet;
    theirs = null;
    message = { words: reply.words, alarm: false };
    drawn.clear();
    wire.reset();
    const picture = sheet.picture;
    const saved = model.fromServer(sheet.saved);
    const start = sheet.draft ? model.fromServer(sheet.draft) : saved;
    keptAt = sheet.draft ? Date.parse(sheet.draft.kept_at) : 0;
    keptWords = sheet.draft ? "draft saved" : "";
    const lostWork = journal.read();
    model.load({
      size: picture,
      start,
      saved,
      basedOn: sheet.draft ? sheet.draft.based_on : sheet.revision,
      ghosts: ghostsOf(sheet),
    });
    queue.value = sheet.queue;
    canvas.show(picture);
    if (sheet.theirs) conflicting({ theirs: sheet.theirs });
    if (lostWork && lostWork.case_id === sheet.case_id && lostWork.based_on === model.basedOn) {
      model.take(model.fromServer(lostWork), "Changes that the server had not received were restored.");
    } else journal.clear();
    welcome();
    say(`${reply.words} ${sheet.name}, ${sheet.position} of ${sheet.count}. ${docLines(model.doc).join("; ")}.`);
    prefetch(sheet.ahead);
  }
  const ahead = new Map(); // pictures fetched before they are wanted: next and previous
  function prefetch(urls) {
    for (const url of ahead.keys()) if (!urls.includes(url)) ahead.delete(url);
    for (const url of urls) {
      if (ahead.has(url)) continue;
      ahead.set(url, new Image());
      ahead.get(url).src = url;
    }
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------
  function renderSize(px) {
    const { width, height } = model.size;
    const percent = Math.round(canvas.view().scale * (window.devicePixelRatio || 1) * 100);
    const hand = px ? `${px[2] - px[0]} × ${px[3] - px[1]} px at ${px[0]}, ${px[1]} · ` : "";
    size.textContent = `${hand}${width} × ${height} px · ${percent} %`;
  }
  function ago(at) {
    const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
    return seconds < 60
      ? `${seconds} s ago`
      : seconds < 3600
        ? `${Math.round(seconds / 60)} min ago`
        : when(new Date(at).toISOString());
  }
  function stateWords() {
    if (message.words) return message.words;
    if (!sheet) return "";
    if (unkept()) return lost ? "not saved: no answer from the server" : "saving draft…";
    if (model.doc.anomalous === null)
      return model.doc.note ? "note not kept yet: choose Anomalous or Normal" : "not annotated";
    if (keptWords && keptWords !== "no changes" && model.dirty()) return `${keptWords} ${ago(keptAt)}`;
    return model.basedOn ? `no changes since r${model.basedOn}` : "not annotated";
  }
  function renderState() {
    state.textContent = stateWords();
    state.classList.toggle("be-alarm", message.alarm);
  }
  function renderPlace() {
    place.textContent = sheet.count ? `${sheet.position || "–"} of ${sheet.count} · ${sheet.name}` : sheet.name;
    place.title = `${sheet.dataset} · ${sheet.scenario} · ${sheet.name}`;
  }
  function renderAll() {
    canvas.renderBoxes();
    panel.renderVerdict();
    panel.renderDefects(sheet ? sheet.suggestion_words : "");
    panel.renderPicker();
    panel.renderConflict(theirs);
    renderState();
  }
  model.subscribe((what, words) => {
    if (what === "case") {
      renderPlace();
      panel.renderHistory(sheet.history);
      root.dataset.case = sheet.case_id;
    }
    if (what === "doc") {
      message = { words: "", alarm: false };
      if (model.dirty()) journal.write(snapshot());
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
    acceptModel,
  });
  queue.addEventListener("change", () => {
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
    if (!unkept() && !(model.doc.anomalous === null && model.doc.note)) return;
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
