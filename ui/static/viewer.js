// The picture with its boxes: wheel zooms at the pointer, dragging pans, double click fits; labels keep their size.
// Value: {case, name, url, width, height, boxes: [{kind, label, box: [x1, y1, x2, y2] in fractions}]}.
function mount({ element, props, watch }) {
  const stage = element.querySelector('.m3-stage');
  const KINDS = [['predicted', '■ predicted'], ['initial', '▫ initial'], ['truth', '■ ground truth']]
    .filter(([kind]) => kind !== 'predicted' || !stage.classList.contains('m3-unpredicted'));
  const image = el('img', 'm3-picture'), layer = el('div', 'm3-boxes'), tools = el('div', 'm3-tools'), mini = el('div', 'm3-mini');
  const notice = el('div', 'm3-notice');
  image.alt = '';
  image.draggable = false;
  stage.tabIndex = 0;
  stage.append(image, layer, notice, tools, mini);
  const hidden = new Set(JSON.parse(localStorage.getItem('m3ad-hidden-boxes') || '[]'));
  const toggles = {};
  for (const [kind, says] of KINDS) {
    toggles[kind] = button(`m3-chip m3-legend m3-legend-${kind}`, says, () => {
      hidden.has(kind) ? hidden.delete(kind) : hidden.add(kind);
      localStorage.setItem('m3ad-hidden-boxes', JSON.stringify([...hidden]));
      draw();
    }, `Show or hide ${says.slice(2)} boxes`);
    tools.append(toggles[kind]);
  }
  const percent = el('span');
  mini.append(button('m3-fit', 'fit', fit, 'Whole picture'), ' · ', button('m3-full', '1:1', () => zoomTo(1), 'One pixel for one pixel'), ' · ', percent);
  let view = { scale: 1, x: 0, y: 0 }, fitted = true, drag = null;
  let shown = {};
  const value = () => shown;
  const size = () => ({ w: stage.clientWidth, h: stage.clientHeight });
  const ready = () => value().width > 0 && size().w > 0;

  function fit() {
    if (!ready()) return;
    const { w, h } = size(), { width, height } = value();
    const [aside, above] = h < 400 ? [12, 44] : [48, 88];  // room for the legend and the labels
    const scale = Math.min((w - aside) / width, (h - above) / height);
    view = { scale, x: (w - width * scale) / 2, y: (h - height * scale) / 2 + 12 };
    fitted = true;
    draw();
  }
  function zoomTo(scale, at) {
    if (!ready()) return;
    const { w, h } = size(), c = at || { x: w / 2, y: h / 2 };
    const least = Math.min(w / value().width, h / value().height) / 4;
    const to = Math.min(40, Math.max(least, scale)), k = to / view.scale;
    view = { scale: to, x: c.x - (c.x - view.x) * k, y: c.y - (c.y - view.y) * k };
    fitted = false;
    draw();
  }
  function draw() {
    const { width, height, boxes = [] } = value();
    const visible = ready();
    image.style.display = visible ? '' : 'none';
    mini.style.display = visible ? '' : 'none';
    layer.textContent = '';
    for (const [kind] of KINDS) {
      toggles[kind].classList.toggle('m3-none', !boxes.some((each) => each.kind === kind));
      setPressed(toggles[kind], !hidden.has(kind));
    }
    if (!visible) return;
    image.style.width = `${width * view.scale}px`;
    image.style.height = `${height * view.scale}px`;
    image.style.transform = `translate(${view.x}px, ${view.y}px)`;
    image.style.imageRendering = view.scale >= 3 ? 'pixelated' : 'auto';
    percent.textContent = `${Math.round(view.scale * 100)} %`;
    for (const each of boxes) if (!hidden.has(each.kind)) layer.append(drawBox(each, width, height));
    const drawn = { x: view.x, y: view.y, w: width * view.scale, h: height * view.scale };  // for what others lay over it
    stage.dispatchEvent(new CustomEvent('m3-drawn', { detail: drawn }));
  }
  function drawBox(each, width, height) {
    const [x1, y1, x2, y2] = each.box, node = el('div', `m3-box m3-box-${each.kind}`), label = el('span', '', each.label);
    const left = view.x + x1 * width * view.scale, top = view.y + y1 * height * view.scale;
    node.style.left = `${left}px`;
    node.style.top = `${top}px`;
    node.style.width = `${Math.max(3, (x2 - x1) * width * view.scale)}px`;
    node.style.height = `${Math.max(3, (y2 - y1) * height * view.scale)}px`;
    const under = each.kind === 'truth' ? view.y + y2 * height * view.scale < size().h - 24 : top < 44;
    if (under) node.classList.add('m3-under');
    if (each.kind === 'initial' && !hidden.has('predicted') && isCrowded(each)) node.classList.add('m3-beyond');
    if (each.label) node.append(label);
    return node;
  }
  // Reflection often keeps a box: then the labels of the initial and the final one would lie on each other.
  function isCrowded(initial) {
    const { width, height, boxes } = value();
    const apart = (other, k, length) => Math.abs(initial.box[k] - other.box[k]) * length * view.scale;
    return boxes.some((other) => other.kind === 'predicted' && apart(other, 0, width) < 120 && apart(other, 1, height) < 18);
  }

  stage.addEventListener('wheel', (event) => {
    if (!ready()) return;
    event.preventDefault();
    const at = stage.getBoundingClientRect();
    zoomTo(view.scale * Math.exp(-event.deltaY / 400), { x: event.clientX - at.left, y: event.clientY - at.top });
  }, { passive: false });
  stage.addEventListener('pointerdown', (event) => {
    if (event.target.closest('button') || !ready()) return;
    drag = { x: event.clientX - view.x, y: event.clientY - view.y };
    stage.setPointerCapture(event.pointerId);
    stage.classList.add('m3-dragging');
  });
  stage.addEventListener('pointermove', (event) => {
    if (!drag) return;
    view = { ...view, x: event.clientX - drag.x, y: event.clientY - drag.y };
    fitted = false;
    draw();
  });
  const end = () => { drag = null; stage.classList.remove('m3-dragging'); };
  stage.addEventListener('pointerup', end);
  stage.addEventListener('pointercancel', end);
  stage.addEventListener('dblclick', (event) => { if (!event.target.closest('button')) fit(); });
  stage.addEventListener('keydown', (event) => {
    const by = { '+': 1.25, '=': 1.25, '-': 0.8 }[event.key];
    if (by) { event.preventDefault(); zoomTo(view.scale * by); }
  });

  let url = null, turn = 0;
  function load() {
    if ((props.value?.turn || 0) >= turn) shown = props.value || {};  // else: late, about a case no longer shown
    turn = shown.turn || 0;
    const now = value();
    notice.textContent = now.notice || '';
    if (now.url !== url) {
      url = now.url;
      if (url) image.src = url; else image.removeAttribute('src');
      image.alt = now.name || '';
      fit();
    }
    draw();
  }
  image.addEventListener('error', () => { if (url) notice.textContent = 'This picture cannot be shown. Its file may be damaged or gone.'; });
  new ResizeObserver(() => { if (fitted) fit(); else draw(); }).observe(stage);
  watch('value', load);
  load();
}
