// The branches of a case with what RCRL would have paid for each, by the reflection table that is chosen.
function lensBranches(root, tools) {
  const TABLES = { a: '+1 / 0.2 / 0', b: '+1 / 0.2 / −1', c: '+1 / 0 / −1', d: '+1 / −0.5 / −1' };
  const PAID = ['consistency', 'accuracy', 'reflection', 'total', 'advantage'];
  const head = el('div', 'm3-lens-branches-head'), title = el('h3', 'm3-h', 'Branches and their rewards');
  const choices = el('div', 'm3-lens-tables'), list = el('div', 'm3-lens-list'), table = el('table', 'm3-effect-table');
  const columns = el('tr'), body = el('tbody');
  list.tabIndex = 0;
  let rows = [], shown = '', chosen = localStorage.getItem('m3ad-rewards') in TABLES ? localStorage.getItem('m3ad-rewards') : 'd', ranked = false;
  choices.append(el('small', 'm3-mute', 'reflection earns'));
  for (const name in TABLES) {
    const chip = button('m3-chip', name, () => { chosen = name; localStorage.setItem('m3ad-rewards', name); draw(); }, `Table (${name}): ${TABLES[name]} for a correct, an ineffective and an erroneous reflection`);
    chip.dataset.table = name;
    choices.append(chip);
  }
  const meaning = el('small', 'm3-mute');
  choices.append(meaning);
  add(root, add(head, title, choices), add(list, add(table, add(el('thead'), columns), body)));

  const number = (value) => (typeof value === 'number' ? `${value < 0 ? '−' : ''}${String(Math.abs(Math.round(value * 100) / 100))}` : '–');
  const paid = (row) => (row.rewards ? row.rewards[chosen] : null);
  function draw() {
    for (const chip of choices.querySelectorAll('button')) setPressed(chip, chip.dataset.table === chosen);
    meaning.textContent = TABLES[chosen];
    columns.textContent = '';
    for (const name of ['branch', 'verdict', 'P', ...PAID, '']) {
      const cell = el('th', '', name === 'advantage' ? null : name);
      if (name === 'advantage') {
        cell.setAttribute('aria-sort', ranked ? 'descending' : 'none');
        cell.append(button('m3-sort', ranked ? 'advantage ↓' : 'advantage', () => { ranked = !ranked; draw(); }, 'How far the total lies above the mean of its group, in standard deviations: of the answers that were drawn together, or of all others. Press to rank by it.'));
      }
      columns.append(cell);
    }
    const order = ranked ? [...rows].sort((a, b) => (paid(b)?.[4] ?? -9) - (paid(a)?.[4] ?? -9)) : rows;
    body.textContent = '';
    for (const row of order) body.append(line(row));
  }
  function line(row) {
    const node = el('tr');
    node.dataset.node = row.key;
    node.setAttribute('aria-selected', row.key === shown ? 'true' : 'false');
    const name = el('td');
    name.style.paddingLeft = `${6 + (ranked ? 0 : row.depth) * 14}px`;
    name.append(button('m3-effect-case', row.title, () => tools.open(row.key), row.made));
    add(node, name, el('td', `m3-tone-${row.tone}`, row.verdict), el('td', '', typeof row.p === 'number' ? row.p.toFixed(2) : '–'));
    const rewards = paid(row);
    PAID.forEach((_, at) => node.append(el('td', '', rewards ? number(rewards[at]) : '–')));
    const again = el('td', 'm3-annotates');
    if (row.key !== 'root') again.append(button('m3-lens-again', '↻', () => tools.replay(row.key), 'Ask the same again: does the same come of it?'));
    node.append(again);
    node.addEventListener('click', (event) => { if (!event.target.closest('button')) tools.open(row.key); });
    return node;
  }
  return {
    show(found, key) {
      [rows, shown] = [found, key];
      draw();
      body.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
    },
    step(by) {
      const at = rows.findIndex((row) => row.key === shown), next = rows[at + by];
      if (next) tools.open(next.key);
    },
  };
}
