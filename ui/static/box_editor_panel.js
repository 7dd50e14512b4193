// The panel beside the picture: verdict, defects and suggestions, type, note, a conflict's versions, actions; review and history
// have their own files and stand in it.
// Each block has one function that draws it; everything that people or models wrote is set as text.

function when(iso) {
  const date = new Date(iso);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === new Date().toDateString() ? `today ${time}` : `${date.toLocaleDateString()} ${time}`;
}
function button(parent, className, words, key, act) {
  const node = make("button", className, parent, words);
  node.type = "button";
  if (key) keyBeside(node, key);
  node.addEventListener("click", act);
  return node;
}
const heading = (parent, words) => make("h3", "", parent, words);

function createPanel(panel, model, nodes, act) {
  const verdict = make("div", "be-verdict", panel);
  const anomalous = button(verdict, "be-anomalous", "Anomalous", "anomalous", () => model.setVerdict(true));
  const normal = button(verdict, "be-normal", "Normal", "normal", () => model.setVerdict(false));
  const conflict = make("section", "be-conflict", panel);
  conflict.setAttribute("role", "alert");

  const defectsHead = heading(panel, "Defects");
  const says = make("div", "be-says", panel);
  const defects = make("ul", "be-defects", panel);
  defects.setAttribute("aria-label", "Defects");
  const rows = new Map(); // id -> {node, item, selected} of the list of defects
  let chosen = null; // the row to bring into view

  heading(panel, "Type of the selected box");
  const picker = createPicker(make("div", "be-picker", panel), nodes, {
    choose: (type) => {
      model.setType(type);
      act.focusStage();
    },
    nothing: () => act.complain(`Select a box first: click it, or press ${keyName("followingBox")}.`),
    suggested: () => model.ghosts.map((ghost) => ghost.type),
    crop: (type) => `crop?type=${encodeURIComponent(type)}&besides=${act.caseId()}`,
    leave: act.focusStage,
  });

  heading(panel, "Note");
  const note = make("textarea", "be-field be-note", panel);
  Object.assign(note, { rows: 1, maxLength: 2000, placeholder: "What a reviewer should know" });
  note.setAttribute("aria-label", "Note");
  note.addEventListener("input", () => model.setNote(note.value));
  note.addEventListener("keydown", (event) => {
    if (event.key === "Escape") act.focusStage();
  });

  const review = make("div", "be-review-place", panel);
  heading(panel, "History");
  const history = make("div", "be-history-place", panel);
  const actions = make("div", "be-actions", panel);
  const saveNext = button(actions, "be-primary m3-annotates", "Save and next", "next", () => act.save(1));
  const saveHere = button(actions, "m3-annotates", "Save", "", () => act.save(0));
  keyed(saveHere, "save", (key) => (saveHere.title = key));
  const undo = button(actions, "be-icon", "↶", "", model.undo);
  const redo = button(actions, "be-icon", "↷", "", model.redo);
  keyTitle(undo, "undo", "Undo");
  keyTitle(redo, "redo", "Redo");

  function renderVerdict() {
    anomalous.setAttribute("aria-pressed", String(model.doc.anomalous === true));
    normal.setAttribute("aria-pressed", String(model.doc.anomalous === false));
    undo.disabled = !model.canUndo();
    redo.disabled = !model.canRedo();
    saveNext.disabled = model.locked;
    if (note.value !== model.doc.note) note.value = model.doc.note;
  }

  // ---- the list: a row is drawn again only when its defect, its number or its selection changed -------------------
  function defectRow(node, defect) {
    const pick = make("button", "be-pick", node);
    pick.type = "button";
    pick.addEventListener("click", () => {
      model.select(defect.id);
      act.focusStage();
    });
    make("span", "be-swatch be-swatch-truth", pick);
    const words = make("span", "be-words", pick);
    make("b", defect.type ? "" : "be-missing", words, defect.type || "type?");
    const path = make("small", "", words, defect.type ? picker.path(defect.type) : "");
    if (!defect.type) keyed(path, "type", (key) => (path.textContent = `press ${key} to choose`));
    if (defect.picture) make("small", "be-where", words, model.whereWords(defect));
    make("small", "be-size", pick, model.sizeWords(defect));
    const remove = button(node, "be-icon be-remove", "×", "", () => {
      model.remove(defect.id);
      act.focusStage();
    });
    remove.setAttribute("aria-label", `Delete ${defect.type || "this box"}`);
  }
  function ghostRow(node, ghost) {
    const pick = make("button", "be-pick", node);
    pick.type = "button";
    pick.addEventListener("click", () => {
      model.selectGhost(ghost.id);
      act.focusStage();
    });
    make("span", "be-swatch be-swatch-ghost", pick);
    const words = make("span", "be-words", pick);
    make("span", "", words, ghost.type);
    make("small", "", words, ghost.box ? "model's suggestion" : "model's suggestion, no place");
    button(node, "be-small", "adopt", "", () => {
      model.adopt(ghost.id);
      act.focusStage();
    });
  }
  function renderRow(item, selected, draw, before) {
    let row = rows.get(item.id);
    if (!row || row.item !== item) {
      const node = make("li", "", null);
      draw(node, item);
      if (row) row.node.replaceWith(node);
      row = { node, item };
      rows.set(item.id, row);
    }
    if (row.selected !== selected) {
      row.selected = selected;
      row.node.classList.toggle("be-selected", selected);
      row.node.firstChild.setAttribute("aria-pressed", String(selected));
      if (selected) chosen = row.node;
    }
    if (before ? before.nextSibling !== row.node : defects.firstChild !== row.node)
      defects.insertBefore(row.node, before ? before.nextSibling : defects.firstChild);
    return row.node;
  }
  function renderDefects(suggestion) {
    const aside = model.doc.anomalous === false;
    const wanted = new Set();
    let last = null;
    chosen = null;
    for (const defect of aside ? [] : model.doc.defects) {
      wanted.add(defect.id);
      last = renderRow(defect, defect.id === model.selected, defectRow, last);
    }
    for (const ghost of model.openGhosts()) {
      wanted.add(ghost.id);
      last = renderRow(ghost, ghost.id === model.ghost, ghostRow, last);
    }
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    const count = model.doc.defects.length;
    defectsHead.textContent = aside ? "Defects: none" : count ? `Defects: ${count}` : "Defects";
    defects.dataset.empty = emptyWords(aside, count);
    if (chosen) chosen.scrollIntoView({ block: "nearest" });
    says.textContent =
      suggestion && model.doc.anomalous === null ? `${suggestion} ${keyName("accept")} accepts that and goes on.` : suggestion;
  }
  function emptyWords(aside, count) {
    if (aside && count)
      return `${model.count(count)} set aside. Anomalous (${keyName("anomalous")}) brings ${count === 1 ? "it" : "them"} back.`;
    return aside ? "A normal part has none." : `No box yet. Draw one with the pointer, or press ${keyName("newBox")}.`;
  }
  const inHand = (id, words) => {
    const row = rows.get(id);
    if (row) row.node.querySelector(".be-size").textContent = words;
  };

  const renderPicker = () => picker.show(model.target() ? model.target().type : null);

  // ---- conflict: what somebody else saved meanwhile, and the choice -----------------------------------------------
  function version(parent, head, words) {
    const block = make("div", "be-version", parent);
    make("b", "", block, head);
    for (const line of words) make("div", "", block, line);
  }
  function renderConflict(theirs) {
    if (theirs === null && conflict.hidden) return;
    conflict.textContent = "";
    conflict.hidden = theirs === null;
    if (theirs === null) return;
    make("b", "", conflict, "Two versions of this case");
    version(conflict, `${theirs.author}, r${theirs.revision}, ${when(theirs.created)} (blue)`, theirs.lines);
    version(conflict, "Yours (yellow), kept as a draft", theirs.yours());
    const choice = make("div", "be-choice", conflict);
    button(choice, "be-primary", "Keep mine", "", () => act.keepMine());
    button(choice, "", "Take theirs", "", () => act.takeTheirs());
  }
  return {
    renderVerdict,
    renderDefects,
    renderPicker,
    renderConflict,
    review,
    history,
    inHand,
    picker,
    focusNote: () => note.focus(),
  };
}
