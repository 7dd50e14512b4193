// Some examples as a model will see them, over the page. Texts of models and people are shown as text only.
// Value: {opened, says, prompt, rows: [{case, title, words, text, picture, size, problem}]}; null: shut.
function mount({ element, props, trigger, watch }) {
  const sheet = element.querySelector('.m3-sheet');
  const head = el('header', 'm3-sheet-head'), says = el('span', 'm3-mute'), cards = el('div', 'm3-sheet-cards');
  const others = button('', 'Others', () => { wait(); trigger('submit'); }, 'Draw others by chance');
  const prompt = el('div', 'm3-sheet-prompt'), large = el('img', 'm3-sheet-large');
  head.append(el('h2', '', 'Random examples'), says, el('span', 'm3-sp'), others, button('', 'Close', () => sheet.close()));
  sheet.setAttribute('aria-label', 'Random examples');
  sheet.tabIndex = -1;
  large.hidden = true;
  large.title = 'Back to all';
  large.addEventListener('click', () => { large.hidden = true; });
  sheet.append(head, prompt, cards, large);
  sheet.addEventListener('cancel', (event) => {  // Esc shuts what lies on top
    if (large.hidden) return;
    event.preventDefault();
    large.hidden = true;
  });

  function wait() {
    others.disabled = true;
    sheet.setAttribute('aria-busy', 'true');
    says.textContent = 'drawing…';
  }
  // The format's tags step back, so that the words can be read.
  function marked(text) {
    const node = el('p', 'm3-prose');
    for (const piece of text.split(/(<\/?(?:think|reflection|type|location|answer)>)/)) {
      if (piece) node.append(el('span', piece.startsWith('<') && piece.endsWith('>') ? 'm3-tag' : '', piece));
    }
    return node;
  }
  function card(row) {
    const node = el('article', 'm3-card'), side = el('div', 'm3-card-picture'), body = el('div', 'm3-card-text');
    if (row.picture) {
      const image = el('img');
      image.src = row.picture;
      image.alt = row.title;
      image.title = 'Show in its own size';
      image.addEventListener('click', () => { large.src = row.picture; large.hidden = false; });
      side.append(image, el('small', 'm3-mute', row.size));
    }
    body.append(el('b', '', row.title), el('small', 'm3-mute', row.words));
    if (row.problem) body.append(el('small', 'm3-bad', row.problem));
    body.append(marked(row.text));
    body.tabIndex = 0;
    node.append(side, body);
    return node;
  }
  let opened = null;
  function show() {
    const value = props.value;
    if (!value) return;
    if (value.opened) {
      if (value.opened === opened) return;
      opened = value.opened;
      prompt.textContent = '';
      cards.textContent = '';
      wait();
      if (!sheet.open) sheet.showModal();
      sheet.focus();
      return;
    }
    others.disabled = !value.rows;
    sheet.removeAttribute('aria-busy');
    says.textContent = value.says || '';
    large.hidden = true;
    prompt.textContent = '';
    if (value.prompt) prompt.append(el('b', '', 'Prompt '), value.prompt.trim());
    cards.replaceChildren(...(value.rows || []).map(card));
  }
  watch('value', show);
  show();
}
