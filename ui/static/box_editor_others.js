// The further pictures of a case (template, other views) beside the one that is annotated. Those of the same shape lie
// under it pixel for pixel: they follow its zoom, and show its boxes and where the pointer is. The others are only fitted.
// Boxes are drawn on the primary picture alone.

const SAME_SHAPE = 0.01; // least difference of two ratios of width to height that counts

// `main`: the view of the primary picture. Pictures are as the server sends them: {role, width, height, preview, full}.
function createOthers(field, model, hooks) {
  const column = make("div", "be-others", field);
  let shown = []; // {node, view, size, aligned, layer, cross}
  let of = []; // all further pictures of the case
  let wanted = true;

  const ratio = ({ width, height }) => width / height;
  function open(picture, at) {
    const size = { width: picture.width, height: picture.height };
    const aligned = Math.abs(ratio(size) / ratio(model.size) - 1) < SAME_SHAPE;
    const node = make("div", "be-other", column);
    const name = picture.role === "view" ? `view ${at + 2}` : picture.role;
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", `Further picture: ${name}`);
    const view = createView(node, { size }, { moved() {}, zoomed() {}, failed: hooks.failed });
    const layer = make("div", "be-layer", node);
    const cross = make("div", "be-cross", node);
    cross.hidden = true;
    const words = aligned ? name : `${name} · not aligned`;
    make("span", "be-chip be-other-name", node, `${words} · ${size.width} × ${size.height} px`);
    if (aligned) node.addEventListener("wheel", (event) => wheel(event, one), { passive: false });
    const one = { node, view, size, aligned, layer, cross };
    view.show(picture);
    return one;
  }
  function wheel(event, { view, size }) {
    event.preventDefault();
    const { px, py } = view.pointOf(event);
    const [x, y] = [(px / size.width) * model.size.width, (py / size.height) * model.size.height];
    hooks.main().zoomAtPixel(Math.exp(-event.deltaY / 400), x, y);
  }
  // The pictures of a case that has just come onto the stage.
  function show(pictures) {
    column.textContent = "";
    shown = [];
    arrange(pictures.length);
    if (wanted) shown = pictures.map(open);
    for (const { view } of shown) view.measure(); // each took room from those before it
    of = pictures;
    follow();
    render();
  }
  function arrange(count) {
    field.dataset.others = wanted ? String(Math.min(count, 2)) : "0"; // one gets half of the width, several a third
    column.hidden = !wanted || !count;
  }
  function toggle() {
    wanted = !wanted;
    show(of);
    return wanted;
  }
  // Lies where the primary picture lies: the same middle, the same size of a part on the screen.
  function follow() {
    const main = hooks.main();
    for (const { view, size, aligned, layer } of shown) {
      if (aligned && !main.now.fitted) {
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
  function render() {
    const boxes = model.doc.anomalous === false ? [] : model.doc.defects.filter((defect) => defect.box);
    for (const { aligned, layer } of shown) {
      if (!aligned) continue;
      layer.textContent = "";
      for (const { id, box } of boxes) {
        const { style } = make("div", `be-mirror${id === model.selected ? " be-selected" : ""}`, layer);
        Object.assign(style, { left: `${box[0] * 100}%`, top: `${box[1] * 100}%` });
        Object.assign(style, { width: `${(box[2] - box[0]) * 100}%`, height: `${(box[3] - box[1]) * 100}%` });
      }
    }
  }
  // `point`: where the pointer is on the primary picture, null when it has left.
  function point(point) {
    for (const { view, size, aligned, cross } of shown) {
      cross.hidden = !aligned || point === null;
      if (cross.hidden) continue;
      const [x, y] = [(point.px / model.size.width) * size.width, (point.py / model.size.height) * size.height];
      cross.style.transform = `translate(${x * view.now.scale + view.now.x}px, ${y * view.now.scale + view.now.y}px)`;
    }
  }
  return { show, toggle, follow, render, point };
}
