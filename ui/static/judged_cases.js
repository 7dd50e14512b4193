// Cases by what became of them from one model to another, newly broken ones first. Value down: {groups: [{turn, count,
// rows}], empty}, see `ui.judging_presenter.cases_value`; up, with "select": {case}, to be opened.
function mount({ element, props, trigger, watch }) {
  const root = element.querySelector('.m3-judged');
  const MEANS = {
    'newly broken': 'right before, wrong now', 'fixed': 'wrong before, right now',
    'still wrong': 'wrong both times', 'still right': 'right both times',
  };
  const closed = new Set(['still right']);  // what a person folded, while the page is open
  let before = null;
  function said(words, right) {
    return el('b', right ? 'm3-judged-right' : 'm3-judged-wrong', words);
  }
  function open(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;  // a tab of its own
    event.preventDefault();
    props.value = { case: id };
    trigger('select');
  }
  function line(row) {
    const link = el('a', 'm3-judged-case');
    link.href = new URL(`?tab=inspect&case=${row.id}`, document.baseURI).href;
    link.title = 'Open this case in Inspect';
    const picture = Object.assign(el('img'), { src: row.thumbnail, alt: '', loading: 'lazy' });
    const words = el('span', 'm3-judged-words');
    add(words, add(el('span', 'm3-judged-name', row.name), el('small', '', row.part)),
      add(el('span', 'm3-judged-said'), said(row.before, row.right[0]), ' → ', said(row.after, row.right[1]), el('small', '', `truth: ${row.truth}`)));
    link.addEventListener('click', (event) => open(event, row.id));
    return add(link, picture, words);
  }
  function show() {
    const value = props.value || {};
    if (!value.groups) return;  // what this script sent up
    const now = JSON.stringify(value);
    if (now === before) return;
    before = now;
    root.textContent = '';
    if (value.empty) { root.append(el('p', 'm3-mute', value.empty)); return; }
    for (const { turn, count, rows } of value.groups) {
      const group = el('details', `m3-judged-group m3-turn-${turn.replace(' ', '-')}`);
      group.open = rows.length > 0 && !closed.has(turn);
      group.addEventListener('toggle', () => (group.open ? closed.delete(turn) : rows.length && closed.add(turn)));
      add(group, add(el('summary'), el('b', '', count), el('span', '', turn), el('small', '', MEANS[turn])));
      for (const row of rows) group.append(line(row));
      if (rows.length && count > rows.length) group.append(el('p', 'm3-mute', `${count - rows.length} more.`));
      root.append(group);
    }
  }
  watch('value', show);
  show();
}
