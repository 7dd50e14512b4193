// The boxes over the picture, and everything a pointer does to them: draw, move, resize, pan, wheel and pinch zoom.
// Boxes are plain elements in one layer: panning moves the layer only, a zoom places the boxes anew, and while a
// pointer moves only the box in hand is touched.

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const DRAG_PX = 4; // a shorter way on the screen is a click
const CROWD = 40; // with more boxes than this only the selected one shows its type: the list has them all
const REACH = { mouse: 7, pen: 10, touch: 18 }; // how near to a handle one has to point, on the screen
const SLACK = { mouse: 4, pen: 6, touch: 10 }; // and how near to a box

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function createCanvas(stage, model, hooks) {
  const view = createView(stage, model, {
    moved: ({ x, y }) => {
      layer.style.transform = `translate(${x}px, ${y}px)`;
      hooks.moved();
    },
    zoomed: () => {
      for (const entry of nodes.values()) place(entry, entry.box);
      renderHandles();
      hooks.zoomed();
    },
    failed: hooks.failed,
  });
  const layer = make("div", "be-layer", stage);
  layer.setAttribute("aria-hidden", "true"); // the list of defects says the same in words
  const handles = HANDLES.map((name) => make("div", `be-handle be-${name}`, layer));
  const nodes = new Map(); // id of a defect or suggestion -> {node, label, shown: what it was last drawn from}
  const pointers = new Map();
  let gesture = null; // {kind, …} while a pointer is down
  let corner = null; // {from, to} in pixels of the picture, while a box waits for its second corner
  let pointer = null; // where the pointer was last seen over the stage, in pixels of the picture
  let space = false;

  // ---- boxes ------------------------------------------------------------------------------------------------------
  function place(entry, box) {
    const [x1, y1, x2, y2] = [
      box[0] * model.size.width,
      box[1] * model.size.height,
      box[2] * model.size.width,
      box[3] * model.size.height,
    ];
    const { style } = entry.node;
    style.transform = `translate(${x1 * view.now.scale}px, ${y1 * view.now.scale}px)`;
    style.width = `${(x2 - x1) * view.now.scale}px`;
    style.height = `${(y2 - y1) * view.now.scale}px`;
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
  // The boxes of the document on the picture in work.
  const boxes = () => (model.doc.anomalous === false ? [] : model.doc.defects.filter((one) => one.box && model.here(one)));
  function renderBoxes() {
    const wanted = new Set();
    for (const ghost of hooks.suggestions()) {
      if (!ghost.box || !model.here(ghost)) continue;
      wanted.add(ghost.id);
      const chosen = ghost.id === model.ghost;
      put(
        ghost,
        `be-box be-${ghost.kind}${chosen ? " be-selected" : ""}`,
        chosen ? `${ghost.label} · adopt ${keyName("adopt")}` : ghost.label,
      );
    }
    for (const defect of boxes()) {
      wanted.add(defect.id);
      put(defect, `be-box be-truth${defect.id === model.selected ? " be-selected" : ""}`, defect.type || "type?");
    }
    for (const [id, entry] of nodes) {
      if (wanted.has(id) || (id === "new" && corner)) continue;
      entry.node.remove();
      nodes.delete(id);
    }
    for (const mirror of hooks.mirrored()) {
      wanted.add(mirror.id);
      put(mirror, "be-box be-mirror", "");
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
    ].map((v) => v * view.now.scale);
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
  function handleAt(point, kind) {
    const defect = model.defect();
    if (!defect || !defect.box || model.doc.anomalous === false) return null;
    const near = (handle) =>
      Math.max(Math.abs(handle.x + view.now.x - point.x), Math.abs(handle.y + view.now.y - point.y)) <= REACH[kind];
    const hit = handlePoints(defect.box).find(near);
    return hit ? hit.name : null;
  }
  function begin(event, point) {
    const kind = REACH[event.pointerType] ? event.pointerType : "mouse";
    if (event.button === 1 || space) return { kind: "pan", x: point.x, y: point.y };
    if (model.locked) return null;
    if (corner) {
      moveCorner(point);
      return { kind: "corner" };
    }
    const handle = handleAt(point, kind);
    if (handle) return { kind: "resize", handle, start: model.pixels(model.defect()), id: model.selected, point };
    const slack = SLACK[kind] / view.now.scale;
    const hit = event.shiftKey ? null : smallest(boxes(), point, slack);
    if (!hit) return { kind: "draw", point, ghost: smallest(hooks.suggestions().filter(model.here), point, slack) };
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
    if (gesture.kind === "corner") return moveCorner(point);
    if (gesture.kind === "pan") {
      view.pan(point.x - gesture.x, point.y - gesture.y);
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
    if (held.kind === "corner") return finishCorner();
    if (held.kind === "draw" && !held.moved) {
      if (held.ghost && held.ghost.kind === "ghost") model.selectGhost(held.ghost.id);
      else model.select(null);
    } else if (held.kind === "draw") model.addBox(held.px);
    else if (held.moved) model.setBox(held.id, held.px, held.kind === "move" ? "Moved," : "Resized,");
    restore();
  }
  // Draws the boxes from the document again, whatever a gesture had shown.
  function restore() {
    [gesture, corner] = [null, null];
    for (const entry of nodes.values()) entry.item = null;
    renderBoxes();
    hooks.inHand(null, null);
  }
  const cancel = () => (gesture !== null || corner !== null) && (restore(), true);

  function pinch(event, point) {
    const before = [...pointers.values()];
    pointers.set(event.pointerId, point);
    const after = [...pointers.values()];
    const middle = (pair) => [(pair[0].x + pair[1].x) / 2, (pair[0].y + pair[1].y) / 2];
    const spread = (pair) => Math.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y) || 1;
    view.pan(middle(after)[0] - middle(before)[0], middle(after)[1] - middle(before)[1]);
    view.zoomAt(spread(after) / spread(before), ...middle(after));
  }
  stage.addEventListener("pointerenter", view.measure); // the page may have moved without a change of size
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || event.target.closest(".be-overlay")) return;
    event.preventDefault();
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    const point = view.pointOf(event);
    pointers.set(event.pointerId, point);
    if (pointers.size === 2) {
      restore();
      gesture = { kind: "pinch" };
    } else if (pointers.size === 1) gesture = begin(event, point);
  });
  stage.addEventListener("pointermove", (event) => {
    const point = view.pointOf(event);
    pointer = point;
    hooks.pointed(point);
    if (gesture === null && corner) moveCorner(point);
    else if (gesture === null) hover(point);
    else if (gesture.kind === "pinch" && pointers.has(event.pointerId) && pointers.size === 2) pinch(event, point);
    else if (gesture.kind !== "pinch") {
      pointers.set(event.pointerId, point); // where it is when a second finger comes
      follow(point);
    }
  });
  function release(event) {
    if (!pointers.delete(event.pointerId) || gesture === null) return;
    if (gesture.kind === "pinch") gesture = pointers.size ? gesture : null;
    else if (event.type === "pointercancel") restore();
    else finish();
  }
  stage.addEventListener("pointerleave", () => {
    pointer = null;
    hooks.pointed(null);
  });
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("dblclick", (event) => {
    const hit = smallest(hooks.suggestions().filter(model.here), view.pointOf(event), SLACK.mouse / view.now.scale);
    if (hit && hit.kind === "ghost" && !event.target.closest(".be-overlay")) model.adopt(hit.id);
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      if (event.target.closest(".be-overlay")) return;
      event.preventDefault();
      const { x, y } = view.pointOf(event);
      view.zoomAt(Math.exp(-event.deltaY / 400), x, y);
    },
    { passive: false },
  );
  function hover(point) {
    const handle = space ? null : handleAt(point, "mouse");
    const hit = space ? null : smallest(boxes(), point, SLACK.mouse / view.now.scale);
    stage.style.cursor = space ? "grab" : handle ? `${handle}-resize` : hit ? "move" : "crosshair";
  }

  // ---- keys -------------------------------------------------------------------------------------------------------
  // A new box in the middle of what is seen, a sixth of it wide and high.
  function newBox() {
    const [left, top, right, bottom] = view.seen();
    const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
    const [dx, dy] = [Math.max(1, right - left) / 12, Math.max(1, bottom - top) / 12];
    model.addBox(Pixels.snap([cx - dx, cy - dy, cx + dx, cy + dy], model.size));
  }
  // Two corners without a drag: the first at the pointer (else in the middle of what is seen), the second where the
  // pointer clicks or the arrow keys led.
  function setCorner() {
    if (model.locked || gesture) return;
    if (corner) return finishCorner();
    const [left, top, right, bottom] = view.seen();
    const [x, y] = pointer ? [pointer.px, pointer.py] : [(left + right) / 2, (top + bottom) / 2];
    const first = [clamp(Math.round(x), 0, model.size.width), clamp(Math.round(y), 0, model.size.height)];
    corner = { from: first, to: first };
    showCorner("First corner");
  }
  const cornerBox = () => Pixels.snap([...corner.from, ...corner.to], model.size);
  function showCorner(words) {
    const px = cornerBox();
    const box = Pixels.fractions(px, model.size);
    put({ id: "new", box }, "be-box be-truth be-selected", "");
    renderHandles(null);
    hooks.inHand("new", px);
    if (words) hooks.say(`${words} at ${corner.to.join(", ")}. ${keyName("corner")} or ${keyName("next")} sets the second one, arrows move it.`);
  }
  function moveCorner(point) {
    corner.to = [Math.round(point.px), Math.round(point.py)];
    showCorner("");
  }
  function finishCorner() {
    const px = cornerBox();
    restore();
    model.addBox(px);
  }
  // Arrow keys: move the corner in hand; nudge the selected box, or with `sides` move two of its sides; else pan.
  function arrow(dx, dy, sides) {
    if (corner) {
      const { width, height } = model.size;
      corner.to = [clamp(corner.to[0] + dx, 0, width), clamp(corner.to[1] + dy, 0, height)];
      return showCorner("Corner");
    }
    const defect = model.defect();
    if (!defect || !defect.box) return view.pan(-dx * 40, -dy * 40);
    const px = model.pixels(defect);
    const next = sides ? resized(px, sides, dx, dy) : Pixels.moved(px, dx, dy, model.size);
    model.setBox(defect.id, next, sides ? "Resized," : "Moved,", `${sides || "nudge"} ${defect.id}`);
  }
  // A side never passes the one opposite: one pixel remains.
  function resized(px, sides, dx, dy) {
    const [w, h] = [px[2] - px[0] - 1, px[3] - px[1] - 1];
    const [x, y] = sides === "se" ? [Math.max(dx, -w), Math.max(dy, -h)] : [Math.min(dx, w), Math.min(dy, h)];
    return Pixels.resized(px, sides, x, y, model.size);
  }
  function zoomToSelected() {
    const item = model.target();
    if (!item || !item.box) return;
    model.bring(item.picture);
    view.zoomTo(model.pixels(item));
  }

  const hold = (name, on) => stage.classList.toggle(name, on);
  return {
    view,
    zoomToSelected,
    newBox,
    setCorner,
    arrow,
    cancel,
    restore,
    renderBoxes,
    hide: (on) => hold("be-hidden", on),
    inHand: () => gesture !== null && gesture.kind !== "pan",
    cornering: () => corner !== null,
    grab: (on) => {
      space = on;
      stage.style.cursor = on ? "grab" : "crosshair";
    },
  };
}
