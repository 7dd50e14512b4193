// The reliability diagram: of parts with a P(anomalous), how many are anomalous; on the dashed line P can be believed.
// Value: {lines: [{name, bins: [{count, probability, share, interval}]}]}, see `ui.trust_presenter.look`.
function mount({ element, props, watch }) {
  const root = element.querySelector('.m3-diagram'), legend = el('div', 'm3-legend-row'), plot = el('div');
  add(root, legend, plot);
  const W = 390, H = 232, LEFT = 34, TOP = 8, RIGHT = 8, BOTTOM = 30;
  const x = (p) => LEFT + p * (W - LEFT - RIGHT), y = (p) => H - BOTTOM - p * (H - TOP - BOTTOM);
  const percent = (p) => `${Math.round(100 * p)} %`;
  const hidden = new Set();  // names of lines that the person put away

  function frame() {
    const svg = shape('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': 'Reliability diagram' });
    for (const at of [0, 0.25, 0.5, 0.75, 1]) {
      svg.append(shape('line', { x1: x(0), x2: x(1), y1: y(at), y2: y(at), class: 'm3-grid' }));
      const down = shape('text', { x: LEFT - 6, y: y(at) + 4, 'text-anchor': 'end' });
      const along = shape('text', { x: x(at), y: H - BOTTOM + 14, 'text-anchor': at === 1 ? 'end' : 'middle' });
      down.textContent = percent(at);
      along.textContent = at;
      svg.append(down, along);
    }
    const says = shape('text', { x: x(0.5), y: H - 3, 'text-anchor': 'middle' });
    says.textContent = 'P(anomalous) → share that is anomalous, with 95 % intervals';
    svg.append(says, shape('line', { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: 'm3-diagonal' }));
    return svg;
  }
  function draw() {
    const lines = (props.value && props.value.lines) || [];
    legend.textContent = plot.textContent = '';
    const svg = frame();
    for (const [number, { name, bins }] of lines.entries()) {
      const toggle = button('m3-chip', name, () => { if (!hidden.delete(name)) hidden.add(name); draw(); });
      toggle.dataset.line = number;
      setPressed(toggle, !hidden.has(name));
      legend.append(toggle);
      if (hidden.has(name)) continue;
      const group = shape('g', { 'data-line': number }), points = bins.map((bin) => `${x(bin.probability)},${y(bin.share)}`);
      group.append(shape('polyline', { points: points.join(' ') }));
      for (const { count, probability, share, interval } of bins) {
        const says = `${name}, P ${probability.toFixed(2)}: ${Math.round(share * count)} of ${count} anomalous, ` +
          `${percent(share)} (${percent(interval[0])} to ${percent(interval[1])})`;
        const at = x(probability);
        group.append(
          shape('line', { x1: at, x2: at, y1: y(interval[0]), y2: y(interval[1]) }),
          shape('circle', { cx: at, cy: y(share), r: 3.5 }, says),
        );
      }
      svg.append(group);
    }
    plot.append(svg);
  }
  watch('value', draw);
  draw();
}
