// One listener for every key. The commands of the tab in front are those its footer declares (ui/keys.py); the person's
// own keys come from the server (ui/key_routes.py). A press is written as there: "Ctrl+Shift+z".
(() => {
  const TYPING = 'input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=""], [contenteditable=true]';
  window.m3ad = window.m3ad || {};
  const declared = new Map();  // tab -> its commands with the keys that everybody has
  let own = {};                // tab -> its commands with this person's keys
  const tables = new Map();    // tab -> press -> command
  const shown = new WeakMap(); // element -> how it shows its command's key

  const commands = (tab) => own[tab] || declared.get(tab) || [];
  const front = () => [...document.querySelectorAll('.m3-footer')].find((footer) => footer.getClientRects().length);
  const tabInFront = () => { const footer = front(); return footer ? footer.dataset.tab : ''; };
  function declare(tab, list) {
    declared.set(tab, list);
    tables.delete(tab);
  }
  function take(answer) {
    own = answer;
    tables.clear();
    for (const node of document.querySelectorAll('[data-command]')) if (shown.has(node)) shown.get(node)();
    window.dispatchEvent(new CustomEvent('m3ad:keys'));
  }
  fetch('keys').then((answer) => (answer.ok ? answer.json().then(take) : null)).catch(() => {});

  // The printed name of a command's first key.
  function name(tab, command) {
    const found = commands(tab).find((each) => each.name === command);
    return found ? found.keys[0] : '';
  }
  // Lets an element show a command's key, now and whenever the person chooses another.
  function bind(node, tab, command, draw) {
    node.dataset.command = `${tab} ${command}`;
    shown.set(node, () => draw(name(tab, command)));
    shown.get(node)();
    return node;
  }

  function press(event) {
    const single = [...event.key].length === 1;
    const base = event.key === ' ' ? 'Space' : single ? event.key.toLowerCase() : event.key;
    const letter = single && event.key.toUpperCase() !== event.key.toLowerCase();  // Shift is a part of any other sign
    const third = event.getModifierState('AltGraph');  // AltGr, which some systems report as Ctrl and Alt, writes signs
    const held = [
      (event.ctrlKey || event.metaKey) && !third && 'Ctrl+', event.altKey && !third && 'Alt+',
      event.shiftKey && (!single || letter) && 'Shift+',
    ];
    return held.filter(Boolean).join('') + base;
  }
  const inField = (event) => event.target instanceof Element && event.target.closest(TYPING) !== null;
  // The command that a key event gives on a tab; null for none, and for typing.
  function command(tab, event) {
    if (event.defaultPrevented || event.isComposing || !event.key) return null;
    if (!tables.has(tab)) tables.set(tab, new Map(commands(tab).flatMap((each) => each.presses.map((one) => [one, each]))));
    const found = tables.get(tab).get(press(event));
    if (!found || (inField(event) && !(found.fields && (event.ctrlKey || event.metaKey)))) return null;
    return found;
  }
  window.m3ad.keys = { declare, commands, take, name, bind, press, command, tabInFront };

  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (inField(event)) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    if (event.key === '?' && !event.ctrlKey && !event.metaKey) { event.preventDefault(); window.m3ad.help(); return; }
    if (document.querySelector('dialog[open]')) return;
    // A button reached with the Tab key keeps its own space and enter.
    if ((event.key === ' ' || event.key === 'Enter') && target.matches('button:focus-visible, a:focus-visible, summary, [role=button]:focus-visible')) return;
    const found = command(tabInFront(), event);
    if (!found || !found.press || (event.repeat && !found.held)) return;
    event.preventDefault();
    const node = document.querySelector(found.press);
    if (!node || node.disabled) return;
    if (node.matches(TYPING)) node.focus(); else node.click();
  });
})();
