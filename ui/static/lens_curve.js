// P(anomalous) along the text: what the model would have decided had its prose ended at each sentence.
function lensCurve(root, tools) {
  const NS = 'http://www.w3.org/2000/svg', H = 84, TOP = 10, BOTTOM = 74, EDGE = 26;
  const shape = (name, attributes, text) => {
    const node = document.createElementNS(NS, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const y = (p) => BOTTOM - p * (BOTTOM - TOP), signed = (step) => `${step < 0 ? '−' : '+'}${Math.abs(step).toFixed(2)}`;
  let value = null, empty = '';

  function draw() {
    root.textContent = '';
    if (!value) { root.append(el('div', 'm3-lens-nocurve', empty)); return; }
    const W = Math.max(200, root.clientWidth), span = Math.max(1, value.end - value.begin);
    const x = (at) => EDGE + ((at - value.begin) / span) * (W - EDGE - 14);
    const known = value.points.filter(([, p]) => p !== null);
    const svg = shape('svg', { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: 'img' });
    svg.setAttribute('aria-label', `P(anomalous) along the text: ${known.map(([, p]) => p.toFixed(2)).join(', ') || 'not measured'}`);
    for (const p of [0, 0.5, 1]) {
      svg.append(shape('line', { x1: EDGE, x2: W, y1: y(p), y2: y(p), class: p === 0.5 ? 'm3-curve-half' : 'm3-curve-edge' }));
      svg.append(shape('text', { x: EDGE - 6, y: y(p) + 4, 'text-anchor': 'end' }, p));
    }
    if (value.reflection !== null) {
      const at = x(value.reflection);
      svg.append(shape('line', { x1: at, x2: at, y1: 4, y2: H, class: 'm3-curve-reflection' }));
      svg.append(shape('text', { x: at + 6, y: 9 }, 'reflection begins'));
    }
    svg.append(shape('polyline', { points: known.map(([at, p]) => `${x(at)},${y(p)}`).join(' '), class: 'm3-curve-line' }));
    value.points.forEach(([at, p], number) => {
      if (p === null) return;
      const turns = value.turn && value.turn.at === number;
      const dot = shape('circle', { cx: x(at), cy: y(p), r: turns ? 5 : 3.5, class: turns ? 'm3-curve-turn' : 'm3-curve-dot' });
      dot.append(shape('title', {}, `${p.toFixed(2)}${number ? '' : ' before the first sentence'}`));
      dot.addEventListener('pointerenter', () => tools.mark(at, true));
      dot.addEventListener('pointerleave', () => tools.mark(at, false));
      dot.addEventListener('click', () => tools.pick(at));
      svg.append(dot);
    });
    root.append(svg);
    if (value.turn) {
      const { at, turned, sentence, step } = value.turn;
      const words = sentence.split(/\s+/), short = words.length > 7 ? `${words.slice(0, 7).join(' ')}…` : sentence;
      const line = el('div', 'm3-lens-turn');
      add(line, el('b', '', turned ? 'Turned by ' : 'Moved most by '), button('m3-lens-pick', `“${short}”`, () => tools.pick(value.points[at][0]), sentence), ` ${signed(step)}`);
      root.append(line);
    } else root.append(el('div', 'm3-lens-turn', 'No sentence moved it by 0.05 or more.'));
  }
  new ResizeObserver(() => { if (value) draw(); }).observe(root);
  return {
    show(found, words) {
      if (JSON.stringify([found, words]) === JSON.stringify([value, empty])) return;
      [value, empty] = [found, words];
      draw();
    },
  };
}
