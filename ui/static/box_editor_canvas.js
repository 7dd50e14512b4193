// The picture, the boxes over it, and everything a pointer does to them: draw, move, resize, pan, wheel and pinch zoom.
// Screen position = picture pixel * view.scale + view.x / view.y. Boxes are plain elements in one layer: panning moves
// the layer only, a zoom places the boxes anew, and while a pointer moves only the box in hand is touched.

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const DRAG_PX = 4; // a shorter way on the screen is a click
const MAX_SCALE = 64;
const CROWD = 40; // with more boxes than this only the selected one shows its type: the list has them all
const PIXELATED_FROM = 3; // from this scale on single pixels are shown as squares

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function createCanvas(stage, model, hooks) {
  const preview = make("img", "be-picture", stage);
  const full = make("img", "be-picture", stage);
  for (const image of [preview, full]) Object.assign(image, { alt: "", draggable: false });
  const layer = make("div", "be-layer", stage);
  layer.setAttribute("aria-hidden", "true"); // the list of defects says the same in words
  const handles = HANDLES.map((name) => make("div", `be-handle be-${name}`, layer));
  const nodes = new Map(); // id of a defect or suggestion -> {node, label, shown: what it was last drawn from}
  const view = { scale: 1, x: 0, y: 0, fitted: true };
  const pointers = new Map();
  let gesture = null; // {kind, …} while a pointer is down
  let space = false;
  let fullUrl = "";

  // ---- view -------------------------------------------------------------------------------------------------------
  // Measured when it changes, not when it is used: to ask for it between two changes of the page costs a layout each time.
  let bounds = stage.getBoundingClientRect();
  const measure = () => (bounds = stage.getBoundingClientRect());
  const stageSize = () => ({ width: bounds.width || 1, height: bounds.height || 1 });
  const fitScale = () => {
    const { width, height } = stageSize();
    return Math.min((width - 48) / model.size.width, (height - 76) / model.size.height, MAX_SCALE);
  };
  function renderView(zoomed) {
    for (const image of [preview, full]) {
      image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
      image.style.imageRendering = view.scale >= PIXELATED_FROM ? "pixelated" : "auto";
    }
    layer.style.transform = `translate(${view.x}px, ${view.y}px)`;
    if (!zoomed) return;
    for (const entry of nodes.values()) place(entry, entry.box);
    renderHandles();
    if (view.scale * (window.devicePixelRatio || 1) > preview.naturalWidth / model.size.width) loadFull();
    hooks.zoomed(view.scale);
  }
  function setView(scale, x, y, fitted = false) {
    const zoomed = scale !== view.scale;
    Object.assign(view, { scale, x, y, fitted });
    renderView(zoomed);
  }
  function centre(scale, px, fitted) {
    const { width, height } = stageSize();
    setView(scale, width / 2 - ((px[0] + px[2]) / 2) * scale, height / 2 - ((px[1] + px[3]) / 2) * scale, fitted);
  }
  const whole = () => [0, 0, model.size.width, model.size.height];
  const fit = () => centre(fitScale(), whole(), true);
  function zoomAt(factor, x, y) {
    const scale = clamp(view.scale * factor, fitScale() / 2, MAX_SCALE);
    const k = scale / view.scale;
    setView(scale, x - (x - view.x) * k, y - (y - view.y) * k);
  }
  const zoomBy = (factor) => zoomAt(factor, stageSize().width / 2, stageSize().height / 2);
  const pan = (dx, dy) => setView(view.scale, view.x + dx, view.y + dy);
  function oneToOne() {
    const scale = 1 / (window.devicePixelRatio || 1);
    zoomBy(scale / view.scale);
  }
  function zoomToSelected() {
    const defect = model.defect();
    if (!defect || !defect.box) return;
    const px = model.pixels(defect);
    const { width, height } = stageSize();
    centre(
      clamp(Math.min((width * 0.5) / (px[2] - px[0]), (height * 0.5) / (px[3] - px[1])), fitScale(), MAX_SCALE),
      px,
    );
  }

  // ---- picture ----------------------------------------------------------------------------------------------------
  function show(picture) {
    for (const image of [preview, full]) {
      image.removeAttribute("src");
      image.style.width = `${picture.width}px`;
      image.style.height = `${picture.height}px`;
    }
    full.hidden = true;
    fullUrl = picture.full;
    preview.src = picture.preview;
    fit();
  }
  // The file itself is fetched only when the preview has fewer pixels than the screen shows.
  function loadFull() {
    if (!fullUrl || !preview.complete || !preview.naturalWidth || preview.naturalWidth >= model.size.width) return;
    full.src = fullUrl;
    fullUrl = "";
  }
  full.addEventListener("load", () => (full.hidden = false));
  preview.addEventListener("load", () => renderView(true));
  preview.addEventListener(
    "error",
    () => preview.hasAttribute("src") && hooks.failed("The picture could not be loaded."),
  );

  // ---- boxes ------------------------------------------------------------------------------------------------------
  function place(entry, box) {
    const [x1, y1, x2, y2] = [
      box[0] * model.size.width,
      box[1] * model.size.height,
      box[2] * model.size.width,
      box[3] * model.size.height,
    ];
    const { style } = entry.node;
    style.transform = `translate(${x1 * view.scale}px, ${y1 * view.scale}px)`;
    style.width = `${(x2 - x1) * view.scale}px`;
    style.height = `${(y2 - y1) * view.scale}px`;
  }
  function put(item, className, words) {
    let entry = nodes.get(item.id);
    if (!entry) {
      const node = make("div", "", layer);
      entry = { node, label: make("span", "", node) };
      nodes.set(item.id, entry);
    }
    if (entry.item === item && entry.className === className) return;
    Object.assign(entry, { item, className, box: item.box });
    entry.node.className = className;
    entry.label.textContent = words;
    place(entry, item.box);
  }
  function renderBoxes() {
    const wanted = new Set();
    const aside = model.doc.anomalous === false;
    for (const ghost of hooks.suggestions()) {
      if (!ghost.box) continue;
      wanted.add(ghost.id);
      const chosen = ghost.id === model.ghost;
      put(
        ghost,
        `be-box be-${ghost.kind}${chosen ? " be-selected" : ""}`,
        chosen ? `${ghost.label} · adopt X` : ghost.label,
      );
    }
    for (const defect of model.doc.defects) {
      if (!defect.box || aside) continue;
      wanted.add(defect.id);
      put(defect, `be-box be-truth${defect.id === model.selected ? " be-selected" : ""}`, defect.type || "type?");
    }
    for (const [id, entry] of nodes) {
      if (wanted.has(id)) continue;
      entry.node.remove();
      nodes.delete(id);
    }
    layer.classList.toggle("be-crowded", wanted.size > CROWD);
    renderHandles();
  }
  // Screen positions of the handles of a box; around a small one they stand outside, so that it can still be moved.
  function handlePoints(box) {
    const px = [
      box[0] * model.size.width,
      box[1] * model.size.height,
      box[2] * model.size.width,
      box[3] * model.size.height,
    ].map((v) => v * view.scale);
    const out = (length) => Math.max(0, (32 - length) / 2);
    const [dx, dy] = [out(px[2] - px[0]), out(px[3] - px[1])];
    const [left, top, right, bottom] = [px[0] - dx, px[1] - dy, px[2] + dx, px[3] + dy];
    return HANDLES.map((name) => ({
      name,
      x: name.includes("w") ? left : name.includes("e") ? right : (left + right) / 2,
      y: name.includes("n") ? top : name.includes("s") ? bottom : (top + bottom) / 2,
    }));
  }
  function renderHandles(box = model.defect() && model.defect().box) {
    const points = box && model.doc.anomalous !== false ? handlePoints(box) : null;
    handles.forEach((node, i) => {
      node.hidden = !points;
      if (points) node.style.transform = `translate(${points[i].x}px, ${points[i].y}px)`;
    });
  }

  // ---- pointers ---------------------------------------------------------------------------------------------------
  function at(event) {
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    return { x, y, px: (x - view.x) / view.scale, py: (y - view.y) / view.scale };
  }
  const inside = (box, point, slack) => {
    const [w, h] = [model.size.width, model.size.height];
    return (
      point.px >= box[0] * w - slack &&
      point.px <= box[2] * w + slack &&
      point.py >= box[1] * h - slack &&
      point.py <= box[3] * h + slack
    );
  };
  const smallest = (items, point, slack) =>
    items
      .filter((item) => item.box && inside(item.box, point, slack))
      .sort(
        (a, b) => (a.box[2] - a.box[0]) * (a.box[3] - a.box[1]) - (b.box[2] - b.box[0]) * (b.box[3] - b.box[1]),
      )[0] || null;
  function handleAt(point, coarse) {
    const defect = model.defect();
    if (!defect || !defect.box || model.doc.anomalous === false) return null;
    const reach = coarse ? 18 : 7;
    const near = (handle) =>
      Math.max(Math.abs(handle.x + view.x - point.x), Math.abs(handle.y + view.y - point.y)) <= reach;
    const hit = handlePoints(defect.box).find(near);
    return hit ? hit.name : null;
  }
  function begin(event, point) {
    const coarse = event.pointerType !== "mouse";
    if (event.button === 1 || space) return { kind: "pan", x: point.x, y: point.y };
    if (model.locked) return null;
    const handle = handleAt(point, coarse);
    if (handle) return { kind: "resize", handle, start: model.pixels(model.defect()), id: model.selected, point };
    const slack = (coarse ? 10 : 4) / view.scale;
    const hit = event.shiftKey || model.doc.anomalous === false ? null : smallest(model.doc.defects, point, slack);
    if (!hit) return { kind: "draw", point, ghost: smallest(hooks.suggestions(), point, slack) };
    model.select(hit.id);
    return { kind: "move", start: model.pixels(hit), id: hit.id, point };
  }
  function pixelsOf(held, point) {
    const [dx, dy] = [point.px - held.point.px, point.py - held.point.py];
    if (held.kind === "move") return Pixels.moved(held.start, dx, dy, model.size);
    if (held.kind === "resize") return Pixels.resized(held.start, held.handle, dx, dy, model.size);
    return Pixels.snap([held.point.px, held.point.py, point.px, point.py], model.size);
  }
  function follow(point) {
    if (gesture.kind === "pan") {
      pan(point.x - gesture.x, point.y - gesture.y);
      Object.assign(gesture, { x: point.x, y: point.y });
      return;
    }
    if (!gesture.moved && Math.hypot(point.x - gesture.point.x, point.y - gesture.point.y) < DRAG_PX) return;
    gesture.moved = true;
    gesture.px = pixelsOf(gesture, point);
    const box = Pixels.fractions(gesture.px, model.size);
    if (gesture.kind === "draw") put({ id: "new", box }, "be-box be-truth be-selected", "");
    else place(nodes.get(gesture.id), box);
    renderHandles(box);
    hooks.inHand(gesture.id, gesture.px);
  }
  function finish() {
    const held = gesture;
    gesture = null;
    if (held.kind === "pan") return;
    if (held.kind === "draw" && !held.moved) {
      if (held.ghost && held.ghost.kind === "ghost") model.selectGhost(held.ghost.id);
      else model.select(null);
    } else if (held.kind === "draw") model.addBox(held.px);
    else if (held.moved) model.setBox(held.id, held.px, held.kind === "move" ? "Moved," : "Resized,");
    restore();
  }
  // Draws the boxes from the document again, whatever a gesture had shown.
  function restore() {
    gesture = null;
    for (const entry of nodes.values()) entry.item = null;
    renderBoxes();
    hooks.inHand(null, null);
  }
  const cancel = () => gesture !== null && (restore(), true);

  function pinch(event, point) {
    const before = [...pointers.values()];
    pointers.set(event.pointerId, point);
    const after = [...pointers.values()];
    const middle = (pair) => [(pair[0].x + pair[1].x) / 2, (pair[0].y + pair[1].y) / 2];
    const spread = (pair) => Math.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y) || 1;
    pan(middle(after)[0] - middle(before)[0], middle(after)[1] - middle(before)[1]);
    zoomAt(spread(after) / spread(before), ...middle(after));
  }
  stage.addEventListener("pointerenter", measure); // the page may have moved without a change of size
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || event.target.closest(".be-overlay")) return;
    event.preventDefault();
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    const point = at(event);
    pointers.set(event.pointerId, point);
    if (pointers.size === 2) {
      restore();
      gesture = { kind: "pinch" };
    } else if (pointers.size === 1) gesture = begin(event, point);
  });
  stage.addEventListener("pointermove", (event) => {
    const point = at(event);
    if (gesture === null) hover(point);
    else if (gesture.kind === "pinch" && pointers.has(event.pointerId) && pointers.size === 2) pinch(event, point);
    else if (gesture.kind !== "pinch") follow(point);
  });
  function release(event) {
    if (!pointers.delete(event.pointerId) || gesture === null) return;
    if (gesture.kind === "pinch") gesture = pointers.size ? gesture : null;
    else if (event.type === "pointercancel") restore();
    else finish();
  }
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("dblclick", (event) => {
    const hit = smallest(hooks.suggestions(), at(event), 4 / view.scale);
    if (hit && hit.kind === "ghost" && !event.target.closest(".be-overlay")) model.adopt(hit.id);
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      if (event.target.closest(".be-overlay")) return;
      event.preventDefault();
      const { x, y } = at(event);
      zoomAt(Math.exp(-event.deltaY / 400), x, y);
    },
    { passive: false },
  );
  function hover(point) {
    const handle = space ? null : handleAt(point, false);
    const hit = space || model.doc.anomalous === false ? null : smallest(model.doc.defects, point, 4 / view.scale);
    stage.style.cursor = space ? "grab" : handle ? `${handle}-resize` : hit ? "move" : "crosshair";
  }

  // ---- keys -------------------------------------------------------------------------------------------------------
  // A new box in the middle of what is seen, a sixth of it wide and high.
  function newBox() {
    const { width, height } = stageSize();
    const seen = [-view.x, -view.y, width - view.x, height - view.y].map((value) => value / view.scale);
    const left = Math.max(0, seen[0]),
      top = Math.max(0, seen[1]);
    const right = Math.min(model.size.width, seen[2]),
      bottom = Math.min(model.size.height, seen[3]);
    const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
    const [dx, dy] = [Math.max(1, right - left) / 12, Math.max(1, bottom - top) / 12];
    model.addBox(Pixels.snap([cx - dx, cy - dy, cx + dx, cy + dy], model.size));
  }
  // Arrow keys: nudge (or, with `grow`, move the right and lower side of) the selected box; without one, pan.
  function arrow(dx, dy, grow) {
    const defect = model.defect();
    if (!defect || !defect.box) return pan(-dx * 40, -dy * 40);
    const px = model.pixels(defect);
    const next = grow
      ? Pixels.resized(px, "se", Math.max(dx, 1 - (px[2] - px[0])), Math.max(dy, 1 - (px[3] - px[1])), model.size)
      : Pixels.moved(px, dx, dy, model.size);
    model.setBox(defect.id, next, grow ? "Resized," : "Moved,", `${grow ? "grow" : "nudge"} ${defect.id}`);
  }

  const observer = new ResizeObserver(() => {
    if (!stage.isConnected) return observer.disconnect();
    measure();
    if (view.fitted) fit();
  });
  observer.observe(stage);
  const hold = (name, on) => stage.classList.toggle(name, on);
  return {
    show,
    fit,
    zoomBy,
    oneToOne,
    zoomToSelected,
    newBox,
    arrow,
    cancel,
    renderBoxes,
    hide: (on) => hold("be-hidden", on),
    inHand: () => gesture !== null && gesture.kind !== "pan",
    grab: (on) => {
      space = on;
      stage.style.cursor = on ? "grab" : "crosshair";
    },
    view: () => ({ ...view }),
  };
}
