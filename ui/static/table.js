// A small table. props.columns: [{name, width}]; value: rows of cells, each a text or [text, small text under it] or
// [text, small text, address], where the address is a place of this page: "?tab=…".
function mount({ element, props, watch }) {
  const root = element.querySelector('.m3-table');
  const columns = props.columns || [];
  const table = el('table'), widths = el('colgroup'), body = el('tbody');
  for (const column of columns) {
    const one = el('col');
    one.style.width = column.width;
    widths.append(one);
  }
  table.append(widths);
  if (columns.some((column) => column.name)) {
    const head = el('thead'), line = el('tr');
    for (const column of columns) line.append(el('th', '', column.name));
    head.append(line);
    table.append(head);
  }
  table.append(body);
  root.append(table);
  let before = null;
  function show() {
    const now = JSON.stringify(props.value || []);
    if (now === before) return;
    before = now;
    body.textContent = '';
    for (const cells of props.value || []) {
      const line = el('tr');
      for (const cell of cells) {
        const [text, small, place] = Array.isArray(cell) ? cell : [cell];
        const one = el('td', '', place ? '' : text);
        if (place) one.append(Object.assign(el('a', '', text), { href: new URL(place.replace(/^[^?]*/, ''), document.baseURI).href }));
        if (small) one.append(el('small', '', small));
        line.append(one);
      }
      body.append(line);
    }
  }
  watch('value', show);
  show();
}
