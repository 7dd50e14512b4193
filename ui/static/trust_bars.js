// How P(anomalous) is spread over good parts (up) and parts with a defect (down), in log-odds, with the two thresholds.
// Value: {bars: {good: [count], defect: [count]}, point: [pass below, reject from]}; the bars' heights are square roots.
// Moving a threshold sends {point} up with the event "select".
function mount({ element, props, trigger, watch }) {
  const root = element.querySelector('.m3-bars'), plot = el('div');
  const W = 480, H = 158, SIDE = 8, MIDDLE = 76, ROOM = 58, END = 14, STEP = 0.02;
  const inside = (value) => Math.max(-END, Math.min(END, value));
  const logit = (p) => (p <= 0 ? -END : p >= 1 ? END : inside(Math.log(p / (1 - p))));
  const chance = (value) => (value <= -END ? 0 : value >= END ? 1 : 1 / (1 + Math.exp(-value)));
  const x = (value) => SIDE + ((value + END) / (2 * END)) * (W - 2 * SIDE);
  const TICKS = [[1e-4, '0.0001'], [0.01, '0.01'], [0.5, 'P 0.5'], [0.99, '0.99'], [0.9999, '0.9999']];

  const ranges = ['Pass below', 'Reject from'].map((says, at) => {
    const range = Object.assign(el('input', 'm3-range'), { type: 'range', min: -END, max: END, step: STEP });
    range.setAttribute('aria-label', says);
    range.addEventListener('input', () => moved(at));
    return range;
  });
  let bars = null, point = [0, 1];
  function moved(at) {
    const value = chance(Number(ranges[at].value));
    point[at] = value;
    point[1 - at] = at ? Math.min(point[0], value) : Math.max(point[1], value);  // one takes the other along
    draw();
    props.value = { point };
    trigger('select');
  }
  function zones(svg) {
    const [low, high] = point.map(logit);
    for (const [name, from, to] of [['pass', -END, low], ['look again', low, high], ['reject', high, END]]) {
      if (to <= from) continue;
      svg.append(shape('rect', { x: x(from), y: 12, width: x(to) - x(from), height: H - 28, class: `m3-zone m3-zone-${name.replace(' ', '-')}` }));
      if (to - from < 4) continue;  // no room for its name
      const label = shape('text', { x: x((from + to) / 2), y: 9, 'text-anchor': 'middle' });
      label.textContent = name;
      svg.append(label);
    }
    for (const at of [low, high]) svg.append(shape('line', { x1: x(at), x2: x(at), y1: 12, y2: H - 16, class: 'm3-threshold' }));
  }
  function columns(svg) {
    const most = Math.max(1, ...bars.good, ...bars.defect);
    for (const [counts, name, up] of [[bars.good, 'good', true], [bars.defect, 'with a defect', false]]) {
      for (const [at, count] of counts.entries()) {
        if (!count) continue;
        const height = Math.max(2, Math.sqrt(count / most) * ROOM), width = x(1) - x(0) - 2;
        const place = { x: x(at - END) + 1, width, y: up ? MIDDLE - height : MIDDLE, height };
        const from = chance(at - END).toPrecision(3), to = chance(at + 1 - END).toPrecision(3);
        svg.append(shape('rect', { ...place, class: up ? 'm3-bar-good' : 'm3-bar-defect' }, `P ${from} to ${to}: ${count} ${name}`));
      }
    }
  }
  function draw() {
    plot.textContent = '';
    if (!bars) return;
    const svg = shape('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': 'P(anomalous) of good parts and of parts with a defect' });
    zones(svg);
    columns(svg);
    svg.append(shape('line', { x1: x(-END), x2: x(END), y1: MIDDLE, y2: MIDDLE, class: 'm3-grid' }));
    for (const [text, y] of [['good', 24], ['defect', H - 22]]) {
      svg.append(Object.assign(shape('text', { x: SIDE + 4, y }), { textContent: text }));
    }
    for (const [p, text] of TICKS) svg.append(Object.assign(shape('text', { x: x(logit(p)), y: H - 3, 'text-anchor': 'middle' }), { textContent: text }));
    plot.append(svg);
    ranges.forEach((range, at) => { range.value = logit(point[at]); });
  }
  function show() {
    const value = props.value;
    if (!value || !value.bars) return;  // what this script sent up
    bars = value.bars;
    if (!ranges.includes(document.activeElement)) point = [...value.point];  // not under the hand that moves it
    draw();
  }
  add(root, plot, ...ranges);
  watch('value', show);
  show();
}
