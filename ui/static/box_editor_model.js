// The annotation of one case as the person sees it: verdict, defects, note, selection, undo and redo.
// Knows neither DOM nor server.
// A document is immutable: {anomalous: true|false|null, defects: [{id, type, box, picture, from}], note}. `box` holds
// fractions [x1, y1, x2, y2] of the case's picture with the number `picture` (0 is the primary one), or null (place
// unknown, `picture` 0); `from` is the suggestion it was adopted from, or null.
// One picture is in work: boxes are drawn on it, and what is selected lies on it or has no place.
// A box that nobody touches keeps its fractions exactly as they were stored; an edited one lands on whole pixels.

const EMPTY_DOCUMENT = Object.freeze({ anomalous: null, defects: [], note: "" });
const UNKNOWN = "unknown"; // the type of a defect that the reviewer is asked about
const MERGE_MS = 700; // quick repeats of one edit (a held arrow key, typing a note) are one step of undo

function createModel() {
  const model = {
    pictures: [{ width: 1, height: 1 }], // of the case, in pixels; the first is the primary one
    picture: 0, // the number of the one in work
    size: { width: 1, height: 1 }, // of the one in work
    doc: EMPTY_DOCUMENT,
    saved: EMPTY_DOCUMENT, // the stored revision that the document started from
    basedOn: 0, // its number; 0: none
    rev: 0, // counts the changes of `doc`, so that late answers of the server can be told from fresh ones
    ghosts: [], // the model's suggestions: [{id, type, box, picture}], all on the primary picture
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
    settle();
  }
  // What is selected is there, and here.
  function settle() {
    const [defect, ghost] = [model.defect(), model.ghosts.find(({ id }) => id === model.ghost)];
    if (!defect || !here(defect)) model.selected = null;
    if (!ghost || !here(ghost)) model.ghost = null;
  }

  // ---- the pictures of the case -----------------------------------------------------------------------------------
  const here = (item) => !item.box || item.picture === model.picture;
  model.here = here;
  function put(at) {
    if (at === model.picture) return false;
    Object.assign(model, { picture: at, size: model.pictures[at] });
    return true;
  }
  // Takes another picture into work.
  model.bring = (at) => {
    if (!put(at)) return;
    settle();
    tell("picture", `Picture ${at + 1} of ${model.pictures.length}, ${model.pictures[at].role}.`);
  };
  model.nextPicture = () => model.bring((model.picture + 1) % model.pictures.length);
  const bringTo = (item) => item && item.box && model.bring(item.picture);
  const onPicture = ({ picture }) => (picture ? ` on picture ${picture + 1}` : "");

  // Opens a case: `start` is the document to show, `saved` the revision it is based on.
  model.load = ({ pictures, start, saved, basedOn, ghosts }) => {
    Object.assign(model, { pictures, picture: 0, size: pictures[0], saved, basedOn, ghosts });
    Object.assign(model, { rev: 0, selected: null, ghost: null, locked: false });
    model.doc = start;
    [past, future] = [[], []];
    lastEdit = { key: null, at: 0 };
    tell("case");
  };
  // The state of the case on the screen, to come back to it with all of its undo.
  model.leave = () => ({ ...model, past, future });
  model.comeBack = ({ pictures, picture, size, doc, saved, basedOn, rev, ghosts, ...left }) => {
    Object.assign(model, { pictures, picture, size, doc, saved, basedOn, rev, ghosts });
    Object.assign(model, { selected: null, ghost: null, locked: false });
    [past, future] = [left.past, left.future];
    lastEdit = { key: null, at: 0 };
    tell("case");
  };
  // The document as it stands is revision `basedOn` now. Undo goes on behind it.
  model.stored = (basedOn) => Object.assign(model, { saved: model.doc, basedOn, locked: false });
  model.fromServer = (plain) => ({
    anomalous: plain.anomalous,
    note: plain.note,
    defects: plain.defects.map(({ type, box, picture = 0 }) => ({ id: newId(), type, box, picture, from: null })),
  });

  model.defect = (id = model.selected) => model.doc.defects.find((defect) => defect.id === id) || null;
  model.pixels = ({ box, picture }) => Pixels.of(box, model.pictures[picture]);
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
    const doc = from.pop();
    const moved = put(whereChanged(model.doc, doc));
    change(doc);
    if (moved) tell("picture", "");
    tell("doc", words);
  }
  // The picture on which the two documents differ: the one in work, unless they differ on others alone.
  function whereChanged(a, b) {
    const only = (one, other) => one.defects.filter((defect) => defect.box && !other.defects.includes(defect));
    const changed = [...only(a, b), ...only(b, a)];
    return changed.length && !changed.some(here) ? changed[0].picture : model.picture;
  }
  model.undo = () => travel(past, future, "Undone.");
  model.redo = () => travel(future, past, "Redone.");

  model.select = (id) => {
    if (model.selected === id && model.ghost === null) return;
    bringTo(model.defect(id));
    Object.assign(model, { selected: id, ghost: null });
    tell("selection", id === null ? "Nothing selected." : model.describe(model.defect()));
  };
  model.selectGhost = (id) => {
    const ghost = model.ghosts.find((one) => one.id === id);
    bringTo(ghost);
    Object.assign(model, { selected: null, ghost: id });
    tell("selection", ghost ? `The model's suggestion ${ghost.type}, ${placeWords(ghost)}. ${keyName("adopt")} adopts it.` : "");
  };
  // What can be selected, as the list shows it: the boxes of the document, then the suggestions that are not in it.
  const stops = () => (model.doc.anomalous === false ? [] : [...model.doc.defects, ...model.openGhosts()]);
  const selectAny = ({ id }) => (model.defect(id) ? model.select(id) : model.selectGhost(id));
  // The next (+1) or previous (-1) of them; false when the end is reached and `wrap` is off.
  model.cycle = (step, wrap) => {
    const all = stops();
    if (!all.length) return false;
    const at = all.findIndex(({ id }) => id === (model.selected || model.ghost));
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    if (!wrap && (next < 0 || next >= all.length)) return false;
    selectAny(all[(next + all.length) % all.length]);
    return true;
  };
  // The box or suggestion that a type is given to: the selected one, or the only one there is.
  model.target = () => {
    const all = stops();
    return all.find(({ id }) => id === (model.selected || model.ghost)) || (all.length === 1 ? all[0] : null);
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
  // Gives the target a type; a suggestion is adopted with it.
  model.setType = (type) => {
    const target = model.target();
    if (!target) return;
    if (!model.defect(target.id)) return adoptAll([{ ...target, type }]);
    model.edit(`Type ${type}.`, (doc) => replaced(doc, target.id, { type }));
    model.select(target.id);
  };
  // Adds a defect at a pixel box of the picture in work; a selected defect without a place gets the box instead.
  model.addBox = (px) => {
    const { picture } = model;
    const box = Pixels.fractions(px, model.size);
    const placeless = model.defect();
    const id = placeless && !placeless.box ? placeless.id : newId();
    model.edit(`New box, ${sizeWords(px)}.`, (doc) => {
      const next =
        placeless && id === placeless.id
          ? replaced(doc, id, { box, picture })
          : { ...doc, defects: [...doc.defects, { id, type: "", box, picture, from: null }] };
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
    const rest = model.doc.defects.slice(at).find(here) || model.doc.defects.slice(0, at).reverse().find(here);
    if (rest) model.select(rest.id);
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
  const snapped = (item) =>
    item.box ? { ...item, box: Pixels.fractions(model.pixels(item), model.pictures[item.picture]) } : item;
  const typeList = (items) => items.map(({ type }) => type).join(", ");
  // Adds defects to those of the document and selects the last of them.
  function add(added, words) {
    model.edit(words, (doc) => ({
      ...doc,
      anomalous: true,
      defects: [...(doc.anomalous === false ? [] : doc.defects), ...added],
    }));
    if (model.defect(added[added.length - 1].id)) model.select(added[added.length - 1].id);
  }
  function adoptAll(ghosts) {
    const added = ghosts.map((ghost) => ({ ...snapped(ghost), id: newId(), from: ghost.id }));
    add(added, `Adopted ${typeList(ghosts)}.`);
  }
  model.adopt = (id = model.ghost) => {
    const open = model.openGhosts().filter((ghost) => id === null || ghost.id === id);
    if (open.length) adoptAll(open);
  };
  // True while the model's verdict may still be taken over by one key: nobody has saved, and the person has decided
  // nothing, or has only adopted suggestions, with another type or place, and thrown none of them out.
  model.acceptable = (anomalous) => {
    const { doc } = model;
    if (model.basedOn > 0) return false;
    if (doc.anomalous === null) return true;
    const kept = (one) => doc.defects.some(({ from }) => from === one.from);
    const thrownOut = past.some(({ defects }) => defects.some((one) => one.from && !kept(one)));
    const adoptedOnly = doc.defects.length > 0 && doc.defects.every(({ from }) => from);
    return anomalous && doc.anomalous && adoptedOnly && !thrownOut;
  };
  // Adds the boxes of another case's document, at the same place of the picture of the same number; those that are there
  // already, and those on a picture that this case does not have, are left out.
  model.copy = ({ defects }) => {
    const present = model.doc.anomalous === false ? [] : model.doc.defects;
    const added = defects
      .filter(({ picture }) => picture < model.pictures.length)
      .map((defect) => ({ ...snapped(defect), id: newId(), from: null }))
      .filter((defect) => !present.some((own) => sameDefect(own, defect)));
    if (added.length) add(added, `Copied ${typeList(added)}.`);
    return added.length;
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
    if (model.doc.anomalous === null) return { words: "Choose Anomalous or Normal first.", id: null };
    if (model.doc.anomalous === false) return null;
    const untyped = model.doc.defects.find((defect) => !defect.type.trim());
    if (untyped) return { words: `This box has no type yet: press ${keyName("type")}, or a digit for a recent type.`, id: untyped.id };
    const unknown = model.doc.note.trim() ? null : model.doc.defects.find(({ type }) => type.toLowerCase() === UNKNOWN);
    return unknown ? { words: "Type unknown: write in the note what the reviewer is asked.", id: unknown.id } : null;
  };
  const placeWords = (item) => {
    if (!item.box) return "place unknown";
    const px = model.pixels(item);
    return `${sizeWords(px)} at ${px[0]}, ${px[1]}${onPicture(item)}`;
  };
  const sizeWords = (px) => `${px[2] - px[0]} × ${px[3] - px[1]} px`;
  model.count = (n) => `${n} ${n === 1 ? "box" : "boxes"}`;
  model.describe = (defect) => {
    const at = model.doc.defects.indexOf(defect) + 1;
    return `Box ${at} of ${model.doc.defects.length}: ${defect.type || "no type yet"}, ${placeWords(defect)}.`;
  };
  model.sizeWords = (defect) => (defect.box ? sizeWords(model.pixels(defect)) : "no place");
  model.whereWords = (defect) => onPicture(defect).trim();
  return model;
}
