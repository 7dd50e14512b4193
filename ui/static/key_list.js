// The list of keys (?): what each does on the tab in front. A key is chosen, then the new one is pressed; the server says
// whether that can be (ui/own_keys.py).
(() => {
  const GENERAL = [{ says: 'this list', keys: ['?'] }, { says: 'leave a field', keys: ['Esc'] }];
  const LONG = 16, LONGER = 34;  // more lines than these stand in two, and in three columns
  const HELD = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'Dead', 'Process', 'Unidentified']);
  const keys = window.m3ad.keys;
  let list = null, words = null;
  let waiting = null;  // the button whose key is being chosen
  let sending = false;

  const make = (tag, text, parent) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };
  const button = (text, parent, act) => {
    const node = make('button', text, parent);
    node.type = 'button';
    node.addEventListener('click', act);
    return node;
  };
  function build() {
    const dialog = make('dialog');
    dialog.id = 'm3-help';
    dialog.setAttribute('aria-label', 'Keys');
    const top = make('div', '', dialog);
    make('h2', 'Keys', top);
    words = make('p', '', top);
    words.setAttribute('role', 'status');
    button('Default keys', top, () => send('DELETE', `keys/${keys.tabInFront()}`, 'These are the default keys of this tab.'));
    button('Close', top, () => dialog.close()).autofocus = true;
    list = make('dl', '', dialog);
    dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener('close', stop);
    dialog.addEventListener('keydown', pressed, { capture: true });
    document.querySelector('.gradio-container').append(dialog);
    return dialog;
  }
  function help() {
    const dialog = document.getElementById('m3-help') || build();
    if (dialog.open) { dialog.close(); return; }
    draw();
    say('');
    dialog.showModal();
  }
  window.m3ad.help = help;

  const say = (text) => { words.textContent = text || 'Click a key, or press Enter on it, to choose another.'; };
  function draw() {
    const focused = document.activeElement && document.activeElement.dataset.place;
    const lines = new Map();  // commands that say the same share a line
    for (const each of [...keys.commands(keys.tabInFront()), ...GENERAL]) lines.set(each.says, [...(lines.get(each.says) || []), each]);
    list.textContent = '';
    list.classList.toggle('m3-long', lines.size > LONG);
    list.classList.toggle('m3-longer', lines.size > LONGER);
    for (const [says, all] of lines) {
      const term = make('dt', '', list);
      for (const each of all) each.keys.forEach((name, place) => term.append(each.name && !each.fixed ? own(each, name, place) : fixed(name)));
      make('dd', says, list);
    }
    if (focused) (list.querySelector(`[data-place="${focused}"]`) || list).focus();
  }
  const fixed = (name) => make('kbd', name);
  function own(command, name, place) {
    const node = button('', null, () => ask(node, command, place));
    node.className = 'm3-own-key';
    node.dataset.place = `${command.name} ${place}`;
    node.setAttribute('aria-label', `${name}: ${command.says}. Choose another key`);
    make('kbd', name, node);
    return node;
  }

  // ---- choosing ---------------------------------------------------------------------------------------------------
  function ask(node, command, place) {
    stop();
    waiting = { node, name: command.name, place };
    node.classList.add('m3-waiting');
    node.focus();
    say(`Press the new key: ${command.says}. Esc leaves it as it is.`);
  }
  function stop() {
    if (waiting) waiting.node.classList.remove('m3-waiting');
    waiting = null;
  }
  function pressed(event) {
    if (!waiting || event.isComposing) return;
    if (event.key === 'Tab' && !event.ctrlKey && !event.altKey) { stop(); say(''); return; }
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') { stop(); say(''); return; }
    if (HELD.has(event.key) || event.repeat || sending) return;
    const { name, place } = waiting;
    stop();
    const body = { tab: keys.tabInFront(), name, place, key: keys.press(event) };
    send('POST', 'keys', 'Changed. It counts from now on.', body);
  }
  async function send(method, address, done, body) {
    sending = true;
    const headers = { 'content-type': 'application/json', 'x-m3ad-keys': '1' };
    try {
      const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
      const found = await answer.json();
      if (answer.ok) { keys.take(found); draw(); }
      say(answer.ok ? done : typeof found.detail === 'string' ? found.detail : 'That is no key that can be given.');
    } catch {
      say('The server does not answer: nothing was changed. Try again.');
    }
    sending = false;
  }
})();
