// The queue of runs: a line for each, with the buttons that change the order. Names and authors are shown as text only.
function mount({ element, props, trigger, watch }) {
  const root = element.querySelector('.m3-queue');
  const MOVES = [['first', '⤒', 'Make it the first'], ['up', '↑', 'Before the one above'],
    ['down', '↓', 'Behind the one below'], ['remove', '✕', 'Take it out of the queue; the run stays']];
  let before = null;
  function send(name, change) {
    props.value = change ? { name, change } : { name };
    trigger(change ? 'submit' : 'select');
  }
  function line(row, waiting) {
    const one = el('div', 'm3-queue-line'), dot = el('span', 'm3-dot m3-dot-' + (row.tone || 'quiet'));
    one.setAttribute('role', 'listitem');
    dot.setAttribute('aria-hidden', 'true');
    one.append(dot, button('m3-queue-name', row.name, () => send(row.name), 'Look at this run'));
    one.append(el('span', 'm3-chip', row.devices), el('span', 'm3-mute m3-queue-words', row.words));
    if (row.place) {
      const moves = el('span', 'm3-queue-moves m3-reviews');
      for (const [change, sign, words] of MOVES) {
        const move = button('m3-queue-move', sign, () => send(row.name, change), words);
        move.setAttribute('aria-label', words + ': ' + row.name);
        move.disabled = change !== 'remove' && (change === 'down' ? row.place === waiting : row.place === 1);
        moves.append(move);
      }
      one.append(moves);
    }
    return one;
  }
  function show() {
    const rows = props.value;
    if (!Array.isArray(rows)) return;  // what was sent from here, until the answer comes
    const now = JSON.stringify(rows);
    if (now === before) return;
    before = now;
    const focused = document.activeElement && document.activeElement.getAttribute('aria-label');
    const waiting = rows.filter((row) => row.place).length;
    root.textContent = '';
    root.hidden = !rows.length;
    for (const row of rows) root.append(line(row, waiting));
    const again = focused && [...root.querySelectorAll('button')].find((one) => one.getAttribute('aria-label') === focused);
    if (again && !again.disabled) again.focus();
  }
  watch('value', show);
  show();
}
