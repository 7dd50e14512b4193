// What reflection did over a set: four cells, the flow from first look to final answer, sentences; below them one of
// three lists: the cases of the chosen group (sorted and searched), the slices of the set, the problems of its answers.
// Value down: `ui.reflect_presenter.page_value`; up, with "select": {case, facet, slice}, with "submit": {facet, slice}.
// The set's cases are here, so choosing, sorting and searching ask the server nothing; another slice does.
function mount({ element, props, trigger, watch }) {
  const CELLS = ['fixed', 'broke', 'kept right', 'kept wrong'];
  const FIRST = 200;  // rows that are drawn at once
  const COLUMNS = [
    ['case', 'The case', (row) => row.name],
    ['before', 'Decision before the reflection', (row) => row.before],
    ['after', 'Final decision', (row) => row.after],
    ['P', 'P(anomalous) before and after; sorted by how far it moved', (row) => Math.abs((row.p[1] ?? 0) - (row.p[0] ?? row.p[1] ?? 0))],
    ['words', 'Words of the reasoning', (row) => row.words],
    ['s', 'Seconds that the model took', (row) => row.seconds],
    ['!', 'Problems of the answer', (row) => row.problems.length],
  ];
  const root = element.querySelector('.m3-effect');
  const cells = el('div', 'm3-effect-cells'), flow = el('div', 'm3-flow'), said = el('div', 'm3-effect-said');
  const beside = el('div', 'm3-effect-beside'), head = el('div', 'm3-effect-head'), title = el('h3', 'm3-h');
  const search = el('input', 'm3-search');
  Object.assign(search, { type: 'search', placeholder: 'Find…' });
  search.setAttribute('aria-label', 'Find in these cases');
  const narrow = el('div', 'm3-effect-narrow'), lists = el('div', 'm3-effect-lists'), files = el('span', 'm3-effect-files');
  lists.setAttribute('role', 'tablist');
  const facet = el('select', 'm3-effect-facet');
  facet.setAttribute('aria-label', 'Slices by');
  facet.addEventListener('change', () => ask(facet.value, ''));
  const table = el('table', 'm3-effect-table'), columns = el('tr'), body = el('tbody'), rest = el('div', 'm3-effect-rest');
  const list = add(el('div', 'm3-effect-list'), add(table, add(el('thead'), columns), body), rest);
  list.tabIndex = 0;
  const previous = button('m3-previous', '', () => step(-1)), next = button('m3-next', '', () => step(1));
  previous.hidden = next.hidden = true;
  const tabs = {};
  for (const [name, says] of [['cases', 'Cases'], ['slices', 'Slices'], ['problems', 'Problems']]) {
    tabs[name] = button('m3-effect-tab', says, () => turn(name));
    tabs[name].setAttribute('role', 'tab');
    lists.append(tabs[name]);
  }
  add(root, narrow, cells, flow, said, beside, lists, add(head, title, facet, files, search), list, previous, next);

  let now = { asked: {}, facets: [], groups: [], slices: [], problems: [], rows: [], sentences: [], beside: null };
  let chosen = 'broke', selected = null, sorted = [null, 1], drawn = [], front = 'cases';
  const groups = () => [...now.groups, ...(now.beside ? now.beside.groups : []), ...now.problems];
  const group = (way) => groups().find((each) => each.way === way) || { count: 0, means: '' };
  const toggle = (node, way) => {
    setPressed(node, way === chosen);
    node.addEventListener('click', () => choose(way));
    return node;
  };

  function choose(way) {
    chosen = way;
    front = 'cases';
    draw();
    list.scrollTop = 0;
  }
  function turn(name) {
    front = name;
    drawList();
    list.scrollTop = 0;
  }
  const part = () => ({ facet: now.asked.facet, slice: now.asked.slice });
  function ask(by, slice) {
    props.value = { facet: by, slice };
    trigger('submit');
  }
  function drawNarrow() {
    narrow.textContent = '';
    narrow.hidden = !now.asked.slice;
    if (!now.asked.slice) return;
    add(narrow, el('span', 'm3-mute', `${now.asked.facet} `), el('b', '', now.asked.slice), button('m3-chip', 'all cases', () => ask(now.asked.facet, ''), 'Look at the whole set again'));
  }
  function drawCells() {
    cells.textContent = '';
    for (const way of CELLS) {
      const { count, means, share } = group(way);
      const cell = toggle(el('button', `m3-effect-cell m3-way-${way.replace(' ', '-')}`), way);
      cell.type = 'button';
      add(cells, add(cell, el('b', '', count.toLocaleString()), el('span', '', way), el('small', '', means), el('small', 'm3-effect-share', share)));
    }
    const others = el('div', 'm3-effect-others');
    for (const { way, count, means } of now.groups.filter((each) => !CELLS.includes(each.way))) {
      if (!count && way === 'no first look') continue;
      const chip = toggle(button('m3-chip', `${count.toLocaleString()} ${way}`, () => {}, means), way);
      others.append(chip);
    }
    cells.append(others);
  }

  // Ribbons from right and wrong before (left) to right and wrong after (right); their width is the number of cases.
  const NS = 'http://www.w3.org/2000/svg';
  const shape = (name, attributes) => {
    const node = document.createElementNS(NS, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return node;
  };
  const LEFT = [['right at once', 'kept right', 'broke'], ['fixed', 'kept wrong', 'wrong at once']];
  const RIGHT = [['right at once', 'kept right', 'fixed'], ['broke', 'kept wrong', 'wrong at once']];
  function drawFlow() {
    flow.textContent = '';
    const count = (way) => group(way).count;
    const whole = [...LEFT[0], ...LEFT[1]].reduce((sum, way) => sum + count(way), 0);
    flow.hidden = !whole;
    if (!whole) return;
    const W = 390, H = 76, BAR = 8, GAP = 10, scale = (H - GAP) / whole;
    const svg = shape('svg', { viewBox: `0 0 ${W} ${H}`, role: 'group', 'aria-label': 'From the first look to the final answer' });
    const places = (sides) => {
      const found = {};
      let y = 0;
      for (const ways of sides) {
        for (const way of ways) { found[way] = y; y += count(way) * scale; }
        y += GAP;
      }
      return found;
    };
    const from = places(LEFT), to = places(RIGHT);
    for (const way of [...LEFT[0], ...LEFT[1]]) {
      if (!count(way)) continue;
      const h = Math.max(1.5, count(way) * scale), a = from[way], b = to[way], x1 = 64 + BAR, x2 = W - 64 - BAR, m = (x1 + x2) / 2;
      const ribbon = shape('path', {
        d: `M${x1},${a} C${m},${a} ${m},${b} ${x2},${b} L${x2},${b + h} C${m},${b + h} ${m},${a + h} ${x1},${a + h} Z`,
        class: `m3-ribbon m3-way-${way.replaceAll(' ', '-')}`, tabindex: 0, role: 'button', 'aria-label': `${way}: ${count(way)} cases`,
      });
      ribbon.append(Object.assign(shape('title', {}), { textContent: `${way}: ${count(way)} cases, ${group(way).means}` }));
      ribbon.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(way); }
      });
      svg.append(toggle(ribbon, way));
    }
    const sum = (ways) => ways.reduce((total, way) => total + count(way), 0);
    for (const [sides, x, anchor, textX, when] of [[LEFT, 64, 'end', 58, 'first'], [RIGHT, W - 64 - BAR, 'start', W - 58, 'finally']]) {
      let y = 0;
      for (const [at, ways] of sides.entries()) {
        const h = sum(ways) * scale;
        svg.append(shape('rect', { x, y, width: BAR, height: Math.max(1, h), rx: 2, class: at ? 'm3-node-wrong' : 'm3-node-right' }));
        const text = shape('text', { x: textX, y: Math.min(H - 4, Math.max(10, y + h / 2 + 4)), 'text-anchor': anchor });
        text.textContent = `${sum(ways).toLocaleString()} ${at ? 'wrong' : 'right'}`;
        text.append(Object.assign(shape('title', {}), { textContent: when }));
        svg.append(text);
        y += h + GAP;
      }
    }
    flow.append(svg);
  }

  function drawBeside() {
    beside.textContent = '';
    beside.hidden = !now.beside;
    if (!now.beside) return;
    beside.append(el('div', '', now.beside.words));
    for (const { way, count, means } of now.beside.groups) {
      beside.append(toggle(button('m3-chip', `${count.toLocaleString()} ${means}`, () => {}, 'Show these cases'), way));
    }
  }
  const mine = () => {
    const { ids } = group(chosen);
    return ids ? now.rows.filter((row) => ids.includes(row.id)) : now.rows.filter((row) => row.way === chosen);
  };
  function drawList() {
    for (const name in tabs) tabs[name].setAttribute('aria-selected', name === front ? 'true' : 'false');
    search.hidden = files.hidden = front !== 'cases';
    facet.hidden = front !== 'slices';
    columns.textContent = body.textContent = rest.textContent = '';
    ({ cases: drawCases, slices: drawSlices, problems: drawProblems })[front]();
  }
  function drawCases() {
    const words = search.value.trim().toLowerCase();
    drawn = mine().filter((row) => !words || `${row.name} ${row.scenario} ${row.before} ${row.after} ${row.problems.join(' ')}`.toLowerCase().includes(words));
    const [column, sign] = sorted;
    if (column !== null) {
      const of = COLUMNS[column][2];
      drawn = [...drawn].sort((a, b) => sign * (typeof of(a) === 'number' ? of(a) - of(b) : of(a).localeCompare(of(b), undefined, { numeric: true })));
    }
    title.textContent = now.empty ? '' : `${group(chosen).ids ? group(chosen).means : chosen} · ${drawn.length.toLocaleString()} case${drawn.length === 1 ? '' : 's'}`;
    title.title = title.textContent;
    for (const [at, [name, means]] of COLUMNS.entries()) {
      const cell = name === 's' ? columns.lastChild : el('th');  // the seconds stand under the words
      if (name !== 's' || sorted[0] === at) cell.setAttribute('aria-sort', sorted[0] === at ? (sorted[1] > 0 ? 'ascending' : 'descending') : 'none');
      const arrow = sorted[0] === at ? (sorted[1] > 0 ? ' ↑' : ' ↓') : '';
      columns.append(add(cell, button('m3-sort', name + arrow, () => {
        sorted = sorted[0] === at ? [at, -sorted[1]] : [at, at > 2 ? -1 : 1];
        drawList();
      }, means)));
    }
    for (const row of drawn.slice(0, FIRST)) body.append(line(row));
    const hidden = drawn.length - FIRST;
    rest.textContent = now.empty || (!drawn.length ? 'No case here.' : hidden > 0 ? `${hidden.toLocaleString()} more: search or sort to see them.` : '');
    if (now.missing) rest.textContent += ` The list holds the first ${now.rows.length.toLocaleString()} cases of the set; the numbers are of all.`;
    drawFiles();
  }
  function drawFiles() {
    files.textContent = '';
    if (now.empty || !group(chosen).count) return;
    const wanted = new URLSearchParams(Object.entries({ ...now.asked, way: chosen }).filter(([, value]) => value));
    for (const [kind, says] of [['csv', 'CSV'], ['jsonl', 'JSON Lines'], ['html', 'HTML']]) {
      const link = el('a', '', says);
      Object.assign(link, { href: `reflection/cases.${kind}?${wanted}`, title: `These cases as a file: ${says}` });
      link.setAttribute('download', '');
      files.append(link);
    }
  }
  const heads = (names) => { for (const [name, means] of names) columns.append(Object.assign(el('th', '', name), { title: means || '' })); };
  function drawSlices() {
    title.textContent = 'by';
    facet.textContent = '';
    for (const name of now.facets) facet.append(Object.assign(el('option', '', name), { value: name, selected: name === now.asked.facet }));
    heads([[now.asked.facet], ['cases'], ['fixed'], ['broke'], ['accuracy', 'Balanced accuracy before and after']]);
    const share = (p) => (typeof p === 'number' ? p.toFixed(2) : '–');
    for (const each of now.slices) {
      const node = el('tr');
      node.setAttribute('aria-selected', each.name === now.asked.slice ? 'true' : 'false');
      const open = button('m3-effect-case', each.name, () => {}, 'Look at this slice only');
      add(node, add(el('td'), open), el('td', '', each.count.toLocaleString()), el('td', '', each.fixed), el('td', '', each.broke));
      node.append(Object.assign(el('td', '', `${share(each.before)} → ${share(each.after)}`), { title: each.says }));
      node.addEventListener('click', () => ask(now.asked.facet, each.name));
      body.append(node);
    }
  }
  function drawProblems() {
    title.textContent = now.problems.length ? '' : 'No problem in any answer of this set';
    if (now.problems.length) heads([['problem'], ['cases']]);
    for (const { way, count, means } of now.problems) {
      const node = el('tr');
      add(node, add(el('td'), button('m3-effect-case', means, () => {}, 'Show these cases')), el('td', '', count.toLocaleString()));
      node.addEventListener('click', () => choose(way));
      body.append(node);
    }
  }
  const number = (p) => (typeof p === 'number' ? p.toFixed(2) : '–');
  function line(row) {
    const node = el('tr');
    node.dataset.case = row.id;
    node.setAttribute('aria-selected', row.id === selected ? 'true' : 'false');
    const decision = (word) => el('td', word === row.truth ? '' : 'm3-wrong', word);
    const words = add(el('div'), button('m3-effect-case', row.name, () => select(row.id), row.problems.join('\n')));
    const p = row.p[0] === null ? number(row.p[1]) : `${number(row.p[0])} → ${number(row.p[1])}`;
    const name = add(el('td'), add(el('div', 'm3-effect-name'), thumbnail(row), words));
    add(node, name, decision(row.before), decision(row.after), el('td', '', p), add(el('td', '', row.words), el('small', '', `${row.seconds.toFixed(1)} s`)));
    node.append(Object.assign(el('td', 'm3-odd', row.problems.length || ''), { title: row.problems.join('\n') }));
    node.addEventListener('click', (event) => { if (!event.target.closest('button')) select(row.id); });
    return node;
  }
  function thumbnail(row) {
    const picture = Object.assign(el('img'), { src: row.thumbnail, alt: '', loading: 'lazy' }), node = add(el('span', 'm3-effect-thumb'), picture);
    for (const { kind, box: [x1, y1, x2, y2] } of row.boxes) {
      const frame = el('i', `m3-frame-${kind}`);
      Object.assign(frame.style, { left: `${100 * x1}%`, top: `${100 * y1}%`, width: `${100 * (x2 - x1)}%`, height: `${100 * (y2 - y1)}%` });
      node.append(frame);
    }
    return node;
  }
  function select(id) {
    selected = id;
    for (const node of body.children) node.setAttribute('aria-selected', Number(node.dataset.case) === id ? 'true' : 'false');
    const node = [...body.children].find((each) => Number(each.dataset.case) === id);
    if (node) node.scrollIntoView({ block: 'nearest' });
    props.value = { case: id, ...part() };
    trigger('select');
  }
  function step(by) {
    if (!drawn.length || front !== 'cases') return;
    const at = drawn.findIndex((row) => row.id === selected);
    select(drawn[Math.max(0, Math.min(Math.min(drawn.length, FIRST) - 1, at < 0 ? 0 : at + by))].id);
  }
  search.addEventListener('input', drawList);

  function draw() {
    drawNarrow();
    drawCells();
    drawFlow();
    said.textContent = '';
    for (const sentence of now.sentences) said.append(el('div', '', sentence));
    drawBeside();
    drawList();
  }
  function show() {
    const value = props.value || {};
    if (!value.rows) return;  // what this script sent up
    now = value;
    selected = value.selected ?? selected;
    if (!group(chosen).count) chosen = (groups().find((each) => each.count) || { way: 'broke' }).way;
    draw();
  }
  watch('value', show);
  show();
}
