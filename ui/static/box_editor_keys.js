// What the workbench's commands do. Which keys give them is declared in ui/annotate_keys.py and looked up in keys.js; they
// work while the workbench or nothing has the focus, and never while somebody types in a field.

const AID_STEP = 1.1;

function addKeys({ root, stage, model, canvas, panel, ready, save, go, act, history, review }) {
  const { view } = canvas;
  const arrow = (dx, dy) => (event) => {
    const step = event.shiftKey ? 10 : 1;
    canvas.arrow(dx * step, dy * step, event.altKey ? "se" : event.ctrlKey || event.metaKey ? "nw" : null);
  };
  const COMMANDS = {
    accept: act.acceptModel,
    adopt: () => model.adopt(),
    newBox: canvas.newBox,
    corner: canvas.setCorner,
    copy: act.copyFormer,
    left: arrow(-1, 0),
    right: arrow(1, 0),
    up: arrow(0, -1),
    down: arrow(0, 1),
    delete: () => model.remove(),
    type: panel.picker.focus,
    search: (event) => panel.picker.start(event.key.toLowerCase()),
    recent: (event) => panel.picker.byDigit(Number(event.key)),
    anomalous: () => model.setVerdict(true),
    normal: () => model.setVerdict(false),
    next: () => save(1),
    save: () => save(0),
    undo: model.undo,
    redo: model.redo,
    followingBox: () => model.cycle(1, true),
    formerBox: () => model.cycle(-1, true),
    zoomIn: () => view.zoomBy(1.25),
    zoomOut: () => view.zoomBy(0.8),
    fit: view.fit,
    pixels: view.oneToOne,
    zoomToBox: canvas.zoomToSelected,
    hand: () => canvas.grab(true),
    hide: () => canvas.hide(true),
    darker: () => view.aid("brightness", 1 / AID_STEP),
    brighter: () => view.aid("brightness", AID_STEP),
    flatter: () => view.aid("contrast", 1 / AID_STEP),
    harder: () => view.aid("contrast", AID_STEP),
    grid: view.toggleGrid,
    plain: view.resetAids,
    beside: act.toggleOthers,
    picture: act.nextPicture,
    note: panel.focusNote,
    look: history.step,
    ask: review.question,
    approve: review.approve,
    sendBack: review.sendBack,
    followingCase: () => go(1),
    formerCase: () => go(-1),
  };
  const LET_GO = { hand: () => canvas.grab(false), hide: () => canvas.hide(false) };
  // While a box waits for its second corner only these work.
  const CORNER = { ...COMMANDS, next: canvas.setCorner };
  const CORNER_TOO = new Set(
    "corner next left right up down zoomIn zoomOut fit pixels hand grid brighter darker flatter harder plain beside".split(" "),
  );
  const down = new Map(); // physical key -> the command to let go of with it

  const cancel = () => canvas.cancel() || history.close() || model.select(null);
  // Tab goes through the boxes and then on through the page.
  const tab = (event) => document.activeElement === stage && model.cycle(event.shiftKey ? -1 : 1, false);

  function perform(event) {
    const found = window.m3ad.keys.command("annotate", event);
    if (!found || canvas.inHand() || !COMMANDS[found.name]) return;
    event.preventDefault();
    if (event.repeat && !found.held) return;
    if (LET_GO[found.name]) down.set(event.code, LET_GO[found.name]);
    if (!canvas.cornering()) COMMANDS[found.name](event);
    else if (CORNER_TOO.has(found.name)) CORNER[found.name](event);
  }
  const ours = (target) => root.contains(target) || (target === document.body && root.getClientRects().length > 0);
  function onKeyDown(event) {
    if (!root.isConnected) return document.removeEventListener("keydown", onKeyDown);
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.defaultPrevented || event.isComposing || !ready() || !ours(target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (target.closest("button") && (event.key === "Enter" || event.key === " ")) return; // a button keeps its own keys
    const typing = target.closest("input, textarea, select, [contenteditable=true]");
    if (event.key === "Tab" && !typing) return tab(event) ? event.preventDefault() : undefined;
    if (event.key !== "Escape" || typing) return perform(event);
    event.preventDefault();
    cancel();
  }
  function onKeyUp(event) {
    if (!root.isConnected) return document.removeEventListener("keyup", onKeyUp);
    const letGo = down.get(event.code);
    down.delete(event.code);
    if (letGo) letGo();
  }
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("keyup", onKeyUp);
}
