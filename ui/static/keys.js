// One listener for every shortcut. The keys of the tab in front are those its footer declares (ui/keys.py).
(() => {
  const TYPING = 'input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=""], [contenteditable=true]';
  const GENERAL = [{ name: '?', says: 'this help' }, { name: 'Esc', says: 'leave a field' }];
  window.m3ad = window.m3ad || {};
  const front = () => [...document.querySelectorAll('.m3-footer')].find((footer) => footer.getClientRects().length);
  const keysNow = () => { const footer = front(); return (footer && footer.m3keys) || []; };

  function help() {
    let dialog = document.getElementById('m3-help');
    if (!dialog) {
      dialog = document.createElement('dialog');
      dialog.id = 'm3-help';
      dialog.setAttribute('aria-label', 'Keyboard help');
      dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
      document.querySelector('.gradio-container').append(dialog);
    }
    if (dialog.open) { dialog.close(); return; }
    dialog.textContent = '';
    const title = document.createElement('h2');
    title.textContent = 'Keys';
    const list = document.createElement('dl');
    const lines = new Map();  // keys that do the same share a line
    for (const key of [...keysNow(), ...GENERAL]) lines.set(key.says, [...(lines.get(key.says) || []), key.name]);
    list.classList.toggle('m3-long', lines.size > 16);
    for (const [says, names] of lines) {
      const term = document.createElement('dt'), what = document.createElement('dd');
      for (const name of names) {
        const kbd = document.createElement('kbd');
        kbd.textContent = name;
        term.append(kbd);
      }
      what.textContent = says;
      list.append(term, what);
    }
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = 'Close';
    close.addEventListener('click', () => dialog.close());
    dialog.append(title, list, close);
    dialog.showModal();
  }
  window.m3ad.help = help;

  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(TYPING)) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    if (event.key === '?') { event.preventDefault(); help(); return; }
    if (document.querySelector('dialog[open]')) return;
    if (event.repeat && !event.key.startsWith('Arrow')) return;  // a key held down does a thing once, and walks on
    // A button reached with the Tab key keeps its own space and enter.
    if ((event.key === ' ' || event.key === 'Enter') && target.matches('button:focus-visible, a:focus-visible, summary, [role=button]:focus-visible')) return;
    const wanted = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const key = keysNow().find((each) => each.press && each.key.toLowerCase() === wanted.toLowerCase());
    if (!key) return;
    event.preventDefault();
    const node = document.querySelector(key.press);
    if (!node || node.disabled) return;
    if (node.matches(TYPING)) node.focus(); else node.click();
  });
})();
