// Where something under way stands: dot, title, words, bar, sentence. Everything keeps its place when it is empty.
function mount({ element, props, watch }) {
  const root = element.querySelector('.m3-status');
  const dot = el('span', 'm3-dot'), title = el('b'), words = el('span', 'm3-mute');
  const bar = el('div', 'm3-progress'), filled = el('i'), message = el('div', 'm3-said');
  const line = el('div', 'm3-status-line');
  dot.setAttribute('aria-hidden', 'true');
  line.append(dot, title, words);
  bar.append(filled);
  bar.setAttribute('role', 'progressbar');
  root.append(line, bar, message);
  function show() {
    const value = props.value || {};
    dot.className = 'm3-dot m3-dot-' + (value.tone || 'quiet');
    title.textContent = value.title || '';
    words.textContent = value.words || '';
    message.textContent = value.message || '';
    const share = typeof value.share === 'number' ? Math.min(1, Math.max(0, value.share)) : null;
    bar.style.visibility = share === null ? 'hidden' : '';
    filled.style.width = 100 * (share || 0) + '%';
    bar.setAttribute('aria-valuenow', Math.round(100 * (share || 0)));
  }
  watch('value', show);
  show();
}
