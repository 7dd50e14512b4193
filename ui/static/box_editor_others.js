// The pictures of a case (template, other views) that are not in work, beside the one that is. Those of the same shape lie
// under it pixel for pixel: they follow its zoom, and show its boxes, thin, and where the pointer is. The others are only
// fitted. Every one shows its own boxes; a click takes it into work.

// `hooks`: main() - the view of the picture in work, bring(number), failed(words). Pictures are as the server sends them:
// {role, width, height, preview, full}.
function createOthers(field, model, hooks) {
  const column = make("div", "be-others", field);
  let shown = []; // {at, view, size, fits: aligned with the one in work, layer, cross}
  let wanted = true;

  function open(at) {
    const size = model.pictures[at];
    const fits = aligned(size, model.size);
    const node = make("div", "be-other", column);
    const name = `picture ${at + 1}: ${size.role}`;
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", name);
    node.title = "Work on this picture (P: the next one)";
    node.addEventListener("click", () => hooks.bring(at));
    const view = createView(node, { size }, { moved() {}, zoomed() {}, failed: hooks.failed });
    const layer = make("div", "be-layer", node);
    const cross = make("div", "be-cross", node);
    cross.hidden = true;
    const words = fits ? name : `${name} · not aligned`;
    make("span", "be-chip be-other-name", node, `${words} · ${size.width} × ${size.height} px`);
    const one = { at, view, size, fits, layer, cross };
    if (fits) node.addEventListener("wheel", (event) => wheel(event, one), { passive: false });
    view.show(size);
    return one;
  }
  function wheel(event, { view, size }) {
    event.preventDefault();
    const { px, py } = view.pointOf(event);
    const [x, y] = [(px / size.width) * model.size.width, (py / size.height) * model.size.height];
    hooks.main().zoomAtPixel(Math.exp(-event.deltaY / 400), x, y);
  }
  // All pictures but the one that has just come onto the stage.
  function show() {
    const others = model.pictures.map((_, at) => at).filter((at) => at !== model.picture);
    column.textContent = "";
    shown = [];
    arrange(others.length);
    if (wanted) shown = others.map(open);
    for (const { view } of shown) view.measure(); // each took room from those before it
    follow();
    render();
  }
  function arrange(count) {
    field.dataset.others = wanted ? String(Math.min(count, 2)) : "0"; // one gets half of the width, several a third
    column.hidden = !wanted || !count;
  }
  function toggle() {
    wanted = !wanted;
    show();
    return wanted;
  }
  // Lies where the picture in work lies: the same middle, the same size of a part on the screen.
  function follow() {
    const main = hooks.main();
    for (const { view, size, fits, layer } of shown) {
      if (fits && !main.now.fitted) {
        const [x, y] = main.middle();
        const k = size.width / model.size.width;
        view.lookAt(main.now.scale / k, x * k, (y / model.size.height) * size.height);
      } else view.fit();
      place(layer, view, size);
    }
  }
  function place(layer, { now }, size) {
    layer.style.transform = `translate(${now.x}px, ${now.y}px)`;
    layer.style.width = `${size.width * now.scale}px`;
    layer.style.height = `${size.height * now.scale}px`;
  }
  const boxes = () => (model.doc.anomalous === false ? [] : model.doc.defects.filter(({ box }) => box));
  function render() {
    for (const { at, size, layer } of shown) {
      layer.textContent = "";
      for (const { id, box, picture } of boxes()) {
        if (!aligned(model.pictures[picture], size)) continue;
        const kind = picture === at ? "be-own" : "be-mirror";
        const { style } = make("div", `${kind}${id === model.selected ? " be-selected" : ""}`, layer);
        Object.assign(style, { left: `${box[0] * 100}%`, top: `${box[1] * 100}%` });
        Object.assign(style, { width: `${(box[2] - box[0]) * 100}%`, height: `${(box[3] - box[1]) * 100}%` });
      }
    }
  }
  // Boxes of other pictures, as the picture in work shows them; one item for each defect as long as that is the same.
  const items = new WeakMap();
  function mirrored() {
    const elsewhere = boxes().filter(({ picture }) => picture !== model.picture);
    return elsewhere.filter(({ picture }) => aligned(model.pictures[picture], model.size)).map((defect) => {
      if (!items.has(defect)) items.set(defect, { id: `mirror ${defect.id}`, box: defect.box });
      return items.get(defect);
    });
  }
  // `point`: where the pointer is on the picture in work, null when it has left.
  function point(point) {
    for (const { view, size, fits, cross } of shown) {
      cross.hidden = !fits || point === null;
      if (cross.hidden) continue;
      const [x, y] = [(point.px / model.size.width) * size.width, (point.py / model.size.height) * size.height];
      cross.style.transform = `translate(${x * view.now.scale + view.now.x}px, ${y * view.now.scale + view.now.y}px)`;
    }
  }
  return { show, toggle, follow, render, mirrored, point };
}
