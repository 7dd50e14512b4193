// The annotation of one case as the person sees it: verdict, defects, note, selection, undo and redo.
// Knows neither DOM nor server.
// A document is immutable: {anomalous: true|false|null, defects: [{id, type, box, from}], note}. `box` holds fractions
// of the picture [x1, y1, x2, y2], or null (place unknown); `from` is the suggestion it was adopted from, or null.
// A box that nobody touches keeps its fractions exactly as they were stored; an edited one lands on whole pixels.

const EMPTY_DOCUMENT = Object.freeze({ anomalous: null, defects: [], note: "" });
const MERGE_MS = 700; // quick repeats of one edit (a held arrow key, typing a note) are one step of undo

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const sameBox = (a, b) => a === b || (a !== null && b !== null && a.every((value, i) => Math.abs(value - b[i]) < 1e-9));
const sameDefect = (a, b) => a.type === b.type && sameBox(a.box, b.box);
const sameDocument = (a, b) =>
  a === b ||
  (a.anomalous === b.anomalous &&
    a.note === b.note &&
    a.defects.length === b.defects.length &&
    a.defects.every((defect, i) => sameDefect(defect, b.defects[i])));

// Whole-pixel boxes [left, top, right, bottom] of a picture `size` = {width, height}; right and bottom exclusive, at
// least one pixel wide and high.
const Pixels = {
  of(box, size) {
    return Pixels.snap([box[0] * size.width, box[1] * size.height, box[2] * size.width, box[3] * size.height], size);
  },
  fractions(px, size) {
    return [px[0] / size.width, px[1] / size.height, px[2] / size.width, px[3] / size.height];
  },
  // Any two corners to an ordered box on whole pixels inside the picture.
  snap(px, size) {
    const left = clamp(Math.round(Math.min(px[0], px[2])), 0, size.width - 1);
    const top = clamp(Math.round(Math.min(px[1], px[3])), 0, size.height - 1);
    const right = clamp(Math.round(Math.max(px[0], px[2])), left + 1, size.width);
    const bottom = clamp(Math.round(Math.max(px[1], px[3])), top + 1, size.height);
    return [left, top, right, bottom];
  },
  moved(px, dx, dy, size) {
    const x = clamp(Math.round(dx), -px[0], size.width - px[2]);
    const y = clamp(Math.round(dy), -px[1], size.height - px[3]);
    return [px[0] + x, px[1] + y, px[2] + x, px[3] + y];
  },
  // `handle` names the sides that follow the pointer: "nw", "e", "s"…
  resized(px, handle, dx, dy, size) {
    const next = px.slice();
    if (handle.includes("w")) next[0] += dx;
    if (handle.includes("e")) next[2] += dx;
    if (handle.includes("n")) next[1] += dy;
    if (handle.includes("s")) next[3] += dy;
    return Pixels.snap(next, size);
  },
};

function createModel() {
  const model = {
    size: { width: 1, height: 1 },
    doc: EMPTY_DOCUMENT,
    saved: EMPTY_DOCUMENT, // the stored revision that the document started from
    basedOn: 0, // its number; 0: none
    rev: 0, // counts the changes of `doc`, so that late answers of the server can be told from fresh ones
    ghosts: [], // the model's suggestions: [{id, type, box}]
    selected: null, // id of a defect
    ghost: null, // id of a suggestion
    locked: false, // while a save or a change of case is under way
  };
  let past = [];
  let future = [];
  let lastEdit = { key: null, at: 0 };
  let nextId = 1;
  const listeners = [];

  model.subscribe = (listener) => listeners.push(listener);
  const tell = (what, words) => listeners.forEach((listener) => listener(what, words));
  const newId = () => `d${nextId++}`;

  function change(doc) {
    model.doc = doc;
    model.rev += 1;
    if (!model.defect()) model.selected = null;
  }

  // Opens a case: `start` is the document to show, `saved` the revision it is based on.
  model.load = ({ size, start, saved, basedOn, ghosts }) => {
    Object.assign(model, { size, saved, basedOn, ghosts, rev: 0, selected: null, ghost: null, locked: false });
    model.doc = start;
    [past, future] = [[], []];
    lastEdit = { key: null, at: 0 };
    tell("case");
  };
  model.fromServer = (plain) => ({
    anomalous: plain.anomalous,
    note: plain.note,
    defects: plain.defects.map((defect) => ({ id: newId(), type: defect.type, box: defect.box, from: null })),
  });

  model.defect = (id = model.selected) => model.doc.defects.find((defect) => defect.id === id) || null;
  model.pixels = (defect) => Pixels.of(defect.box, model.size);
  model.dirty = () => !sameDocument(model.doc, model.saved);
  model.canUndo = () => past.length > 0;
  model.canRedo = () => future.length > 0;

  // The only way to change the document. `words` are for the live region; `key` merges quick repeats into one undo.
  model.edit = (words, make, key = null) => {
    if (model.locked) return;
    const doc = make(model.doc);
    if (sameDocument(doc, model.doc)) return;
    const now = Date.now();
    if (key === null || key !== lastEdit.key || now - lastEdit.at > MERGE_MS) past.push(model.doc);
    lastEdit = { key, at: now };
    future = [];
    change(doc);
    tell("doc", words);
  };
  function travel(from, to, words) {
    if (model.locked || !from.length) return;
    to.push(model.doc);
    lastEdit = { key: null, at: 0 };
    change(from.pop());
    tell("doc", words);
  }
  model.undo = () => travel(past, future, "Undone.");
  model.redo = () => travel(future, past, "Redone.");

  model.select = (id) => {
    if (model.selected === id && model.ghost === null) return;
    Object.assign(model, { selected: id, ghost: null });
    tell("selection", id === null ? "Nothing selected." : model.describe(model.defect()));
  };
  model.selectGhost = (id) => {
    Object.assign(model, { selected: null, ghost: id });
    const ghost = model.ghosts.find((one) => one.id === id);
    tell("selection", ghost ? `The model's suggestion ${ghost.type}. X adopts it.` : "Nothing selected.");
  };
  // The next (+1) or previous (-1) box; false when the end is reached and `wrap` is off.
  model.cycle = (step, wrap) => {
    const { defects } = model.doc;
    if (!defects.length || model.doc.anomalous === false) return false;
    const at = defects.findIndex((defect) => defect.id === model.selected);
    const next = at < 0 ? (step > 0 ? 0 : defects.length - 1) : at + step;
    if (!wrap && (next < 0 || next >= defects.length)) return false;
    model.select(defects[(next + defects.length) % defects.length].id);
    return true;
  };

  const replaced = (doc, id, values) => ({
    ...doc,
    defects: doc.defects.map((defect) => (defect.id === id ? { ...defect, ...values } : defect)),
  });
  model.setVerdict = (anomalous) => {
    const aside = !anomalous && model.doc.defects.length;
    const words = anomalous
      ? "Anomalous."
      : aside
        ? `Normal. ${model.count(aside)} set aside: 1 brings them back.`
        : "Normal.";
    if (!anomalous) Object.assign(model, { selected: null, ghost: null });
    model.edit(words, (doc) => ({ ...doc, anomalous }));
  };
  model.setNote = (note) => model.edit("", (doc) => ({ ...doc, note }), "note");
  model.setType = (type, id = model.selected) => {
    if (id !== null) model.edit(`Type ${type}.`, (doc) => replaced(doc, id, { type }));
  };
  // Adds a defect at a pixel box; a selected defect without a place gets the box instead.
  model.addBox = (px) => {
    const box = Pixels.fractions(px, model.size);
    const placeless = model.defect();
    const id = placeless && !placeless.box ? placeless.id : newId();
    model.edit(`New box, ${sizeWords(px)}.`, (doc) => {
      const next =
        placeless && id === placeless.id
          ? replaced(doc, id, { box })
          : { ...doc, defects: [...doc.defects, { id, type: "", box, from: null }] };
      return { ...next, anomalous: true };
    });
    if (model.defect(id)) model.select(id);
  };
  model.setBox = (id, px, words, key = null) =>
    model.edit(
      `${words} ${sizeWords(px)} at ${px[0]}, ${px[1]}.`,
      (doc) => replaced(doc, id, { box: Pixels.fractions(px, model.size) }),
      key,
    );
  model.remove = (id = model.selected) => {
    const at = model.doc.defects.findIndex((defect) => defect.id === id);
    if (at < 0) return;
    const type = model.doc.defects[at].type || "box without a type";
    model.edit(`Deleted ${type}.`, (doc) => ({ ...doc, defects: doc.defects.filter((defect) => defect.id !== id) }));
    const rest = model.doc.defects;
    if (rest.length) model.select(rest[Math.min(at, rest.length - 1)].id);
  };

  // Suggestions that are not in the document yet: neither adopted nor drawn the same by hand.
  model.openGhosts = () => {
    const defects = model.doc.anomalous === false ? [] : model.doc.defects;
    return model.ghosts.filter(
      (ghost) => !defects.some((defect) => defect.from === ghost.id || sameDefect(defect, snapped(ghost))),
    );
  };
  model.adopted = () =>
    model.ghosts.length > 0 && model.doc.anomalous === true && model.openGhosts().length < model.ghosts.length;
  const snapped = (ghost) =>
    ghost.box ? { ...ghost, box: Pixels.fractions(Pixels.of(ghost.box, model.size), model.size) } : ghost;
  model.adopt = (id = model.ghost) => {
    const open = model.openGhosts().filter((ghost) => id === null || ghost.id === id);
    if (!open.length) return;
    const added = open.map((ghost) => ({ id: newId(), type: ghost.type, box: snapped(ghost).box, from: ghost.id }));
    model.edit(`Adopted ${open.map((ghost) => ghost.type).join(", ")}.`, (doc) => ({
      ...doc,
      anomalous: true,
      defects: [...(doc.anomalous === false ? [] : doc.defects), ...added],
    }));
    model.select(added[added.length - 1].id);
  };
  // Takes another document whole (the other person's version in a conflict); can be undone.
  model.take = (doc, words) => model.edit(words, () => doc);
  model.rebase = (saved, basedOn) => {
    Object.assign(model, { saved, basedOn });
    model.rev += 1; // the server has to hear of it even when the document stays as it is
    tell("doc", "");
  };

  // Why the document cannot be saved, in words, and the defect at fault; null when it can.
  model.obstacle = () => {
    if (model.doc.anomalous === null) return { words: "Choose Anomalous (1) or Normal (0) first.", id: null };
    if (model.doc.anomalous === false) return null;
    const untyped = model.doc.defects.find((defect) => !defect.type.trim());
    return untyped
      ? { words: "This box has no type yet: press T, or a digit for a recent type.", id: untyped.id }
      : null;
  };
  const sizeWords = (px) => `${px[2] - px[0]} × ${px[3] - px[1]} px`;
  model.count = (n) => `${n} ${n === 1 ? "box" : "boxes"}`;
  model.describe = (defect) => {
    const at = model.doc.defects.indexOf(defect) + 1;
    const place = defect.box
      ? `${sizeWords(model.pixels(defect))} at ${model.pixels(defect).slice(0, 2).join(", ")}`
      : "place unknown";
    return `Box ${at} of ${model.doc.defects.length}: ${defect.type || "no type yet"}, ${place}.`;
  };
  model.sizeWords = (defect) => (defect.box ? sizeWords(model.pixels(defect)) : "no place");
  return model;
}
