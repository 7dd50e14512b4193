// The picture of the lens: the viewer, and over it what a sentence speaks of, the region that a person draws, a map.
function lensPicture(stage, tools) {
  let watcher = () => {};
  const props = { value: {} };
  const holder = { querySelector: () => stage };
  const over = el('div', 'm3-lens-over'), lights = el('div', 'm3-lens-lights'), map = el('div', 'm3-lens-map');
  const region = el('div', 'm3-lens-region'), bar = el('div', 'm3-lens-bar m3-annotates');
  region.hidden = bar.hidden = true;
  mountViewer({ element: holder, props, watch: (_, f) => { watcher = f; } });
  stage.append(add(over, map, lights, region), bar);
  stage.addEventListener('m3-drawn', ({ detail: { x, y, w, h } }) => {
    Object.assign(over.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
  });
  const place = (node, [x1, y1, x2, y2]) => Object.assign(node.style, {
    left: `${x1 * 100}%`, top: `${y1 * 100}%`, width: `${(x2 - x1) * 100}%`, height: `${(y2 - y1) * 100}%`,
  });
  let spoken = [], from = null, box = null;

  function light(numbers) {
    lights.textContent = '';
    for (const number of numbers) if (spoken[number]) place(lights.appendChild(el('i')), spoken[number]);
    stage.classList.toggle('m3-lit', numbers.length > 0);
  }
  function drawing(on) {
    over.classList.toggle('m3-drawing', on);
    if (!on) { region.hidden = bar.hidden = true; box = from = null; }
    tools.drawing(on);
  }
  const fraction = (event) => {
    const at = over.getBoundingClientRect(), within = (value) => Math.min(1, Math.max(0, value));
    return [within((event.clientX - at.left) / at.width), within((event.clientY - at.top) / at.height)];
  };
  over.addEventListener('pointerdown', (event) => {
    event.stopPropagation();  // the viewer would pan
    event.preventDefault();
    from = fraction(event);
    over.setPointerCapture(event.pointerId);
    bar.hidden = true;
  });
  over.addEventListener('pointermove', (event) => {
    if (!from) return;
    const to = fraction(event);
    box = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    region.hidden = false;
    place(region, box);
  });
  over.addEventListener('pointerup', () => { from = null; bar.hidden = !box; if (box) bar.querySelector('button').focus(); });
  over.addEventListener('dblclick', (event) => event.stopPropagation());
  bar.addEventListener('pointerdown', (event) => event.stopPropagation());
  for (const [says, kind, amount, means] of [
    ['Cover', 'mask', 1, 'Cover the region with the mean colour of the picture and ask again'],
    ['Brighten', 'brighten', 1.6, 'Make the region 1.6 times as bright and ask again'],
    ['Darken', 'brighten', 0.6, 'Make the region 0.6 times as bright and ask again'],
    ['Cut out', 'crop', 1, 'Show the model this region alone'],
  ]) bar.append(button('', says, () => { const change = { kind, box, amount }; drawing(false); tools.change(change); }, means));
  bar.append(button('', '✕', () => drawing(false), 'Leave the picture as it is'));

  // Red: what spoke for a defect (less of it, with the patch covered), blue: what spoke against.
  const LEAST = 0.3;  // in log-odds, what is shown in full colour at least: below it nothing mattered
  function heat(found) {
    map.textContent = '';
    map.hidden = !found;
    if (!found) return;
    const [x1, y1, x2, y2] = found.area, rows = found.change.length;
    const most = Math.max(LEAST, ...found.odds.flat().map((each) => Math.abs(each ?? 0)));
    found.change.forEach((line, row) => line.forEach((change, column) => {
      if (change === null) return;
      const width = (x2 - x1) / line.length, height = (y2 - y1) / rows;
      const cell = map.appendChild(el('i', change < 0 ? 'm3-for' : 'm3-against'));
      cell.style.opacity = (Math.abs(found.odds[row][column]) / most) * 0.75;
      cell.title = `covered: P(anomalous) ${found.before.toPrecision(2)} → ${(found.before + change).toPrecision(2)}`;
      place(cell, [x1 + column * width, y1 + row * height, x1 + (column + 1) * width, y1 + (row + 1) * height]);
    }));
  }
  return {
    light, drawing, heat,
    show(value, boxes) {
      props.value = value;
      spoken = boxes;
      light([]);
      watcher();
    },
  };
}
