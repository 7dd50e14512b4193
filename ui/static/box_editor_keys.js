// What the keys do. They work while the workbench or nothing has the focus, and never while somebody types in a field.
// The list for people is `KEYS` in ui/annotate.py.

const TYPING = "input, textarea, select, [contenteditable=true]";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// These may repeat while held.
const HELD = new Set(["+", "=", "-", "[", "]", "Tab", "z", "y", "d", "b", "j", "k", ...Object.keys(ARROWS)]);
const AID_STEP = 1.1;

function addKeys({ root, stage, model, canvas, panel, ready, save, go, act, history, review }) {
  const { view } = canvas;
  const COMMANDS = {
    1: () => model.setVerdict(true),
    0: () => model.setVerdict(false),
    n: canvas.newBox,
    c: canvas.setCorner,
    v: act.copyFormer,
    x: () => model.adopt(),
    a: act.acceptModel,
    t: panel.picker.focus,
    m: panel.focusNote,
    f: view.fit,
    o: view.oneToOne,
    z: canvas.zoomToSelected,
    g: view.toggleGrid,
    b: () => view.aid("brightness", AID_STEP),
    d: () => view.aid("brightness", 1 / AID_STEP),
    k: () => view.aid("contrast", AID_STEP),
    j: () => view.aid("contrast", 1 / AID_STEP),
    r: view.resetAids,
    w: act.toggleOthers,
    p: act.nextPicture,
    "+": () => view.zoomBy(1.25),
    "=": () => view.zoomBy(1.25),
    "-": () => view.zoomBy(0.8),
    "[": () => model.cycle(-1, true),
    "]": () => model.cycle(1, true),
    ",": () => go(-1),
    ".": () => go(1),
    PageUp: () => go(-1),
    PageDown: () => go(1),
    Delete: () => model.remove(),
    Backspace: () => model.remove(),
    Enter: () => save(1),
    l: history.step,
    q: review.question,
    y: review.approve,
    u: review.sendBack,
    Escape: () => canvas.cancel() || history.close() || model.select(null),
    " ": () => canvas.grab(true),
    h: () => canvas.hide(true),
  };
  const WITH_CONTROL = { z: model.undo, Z: model.redo, y: model.redo, s: () => save(0) };
  // While a box waits for its second corner only these keys work.
  const CORNER = { c: canvas.setCorner, Enter: canvas.setCorner };
  const CORNER_TOO = new Set(["Escape", "+", "=", "-", "f", "o", " ", "g", "b", "d", "j", "k", "r", "w"]);

  // What the key does; null when it is not ours and the browser or the page should have it.
  function command(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (canvas.inHand() && key !== "Escape") return null;
    if (ARROWS[key] && !event.metaKey) {
      const [dx, dy] = ARROWS[key].map((step) => step * (event.shiftKey ? 10 : 1));
      return () => canvas.arrow(dx, dy, event.altKey ? "se" : event.ctrlKey ? "nw" : null);
    }
    if (canvas.cornering() && !CORNER_TOO.has(key)) return CORNER[key] || (key === "?" ? null : () => {});
    if (event.ctrlKey || event.metaKey) return WITH_CONTROL[event.shiftKey ? key.toUpperCase() : key] || null;
    if (event.altKey) return null;
    if (event.shiftKey && /^[a-z]$/.test(key)) return () => panel.picker.start(key);
    if (/^[2-9]$/.test(key)) return () => panel.picker.byDigit(Number(key));
    return COMMANDS[key] || null;
  }
  // Tab goes through the boxes and then on through the page.
  const tab = (event) => document.activeElement === stage && model.cycle(event.shiftKey ? -1 : 1, false);

  function inField(event) {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    save(0);
  }
  const ours = (target) => root.contains(target) || (target === document.body && root.getClientRects().length > 0);
  function onKeyDown(event) {
    if (!root.isConnected) return document.removeEventListener("keydown", onKeyDown);
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.defaultPrevented || event.isComposing || !ready() || !ours(target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (target.closest(TYPING)) return inField(event);
    if (target.closest("button") && (event.key === "Enter" || event.key === " ")) return; // a button keeps its own keys
    if (event.key === "Tab") return tab(event) ? event.preventDefault() : undefined;
    const act = command(event);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || HELD.has(event.key.length === 1 ? event.key.toLowerCase() : event.key)) act();
  }
  function onKeyUp(event) {
    if (!root.isConnected) return document.removeEventListener("keyup", onKeyUp);
    if (event.key === " ") canvas.grab(false);
    if (event.key.toLowerCase() === "h") canvas.hide(false);
  }
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("keyup", onKeyUp);
}
