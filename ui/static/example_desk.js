// The check of examples: picture, think and reflection texts in fields, approve, save, send back. Texts are shown as text.
// Down: `props.reply`, see ui/check_presenter.py. Up: `props.value` with the event "submit", one request at a time; an
// answer names its request. What is typed and not saved is kept in this browser, by example, until it is saved or undone.
const ANSWER_WITHIN_MS = 15000;

// Unsaved texts by example: {id: {think, reflection, based_on}}. `write` says whether the browser has kept them.
function createDrafts(name) {
  const key = `m3ad-texts-${name}`;
  const read = () => {
    try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; }
  };
  function write(id, draft) {
    const all = read();
    if (draft) all[id] = draft; else delete all[id];
    try { localStorage.setItem(key, JSON.stringify(all)); return true; } catch { return !draft; }
  }
  return { of: (id) => read()[id] || null, ids: () => Object.keys(read()).map(Number), write, drop: (id) => write(id, null) };
}

function mountDesk({ element, props, trigger, watch }) {
  const root = element.querySelector('.m3-desk'), views = document.getElementById('annotate-views');
  const left = el('div', 'm3-desk-left'), stage = el('div', 'm3-stage m3-unpredicted'), panel = el('aside', 'm3-desk-panel');
  left.append(stage);
  root.append(left, panel);
  const picture = { value: {} };
  let redraw = () => {};
  mountViewer({ element: left, props: picture, watch: (_, act) => { redraw = act; } });

  let sheet = null, theirs = null, inFlight = null, last = 0, unkept = false, frame = {}, drafts = createDrafts('');
  let serial = Date.now();

  // ---- what is there ----------------------------------------------------------------------------------------------
  const add = (parent, ...nodes) => { parent.append(...nodes); return parent; };
  const top = el('div', 'm3-desk-top'), place = el('span', 'm3-desk-chip'), queue = el('select', 'm3-desk-chip');
  const previous = button('m3-desk-chip m3-back', '‹', () => go(-1), 'Previous example (,)');
  const following = button('m3-desk-chip m3-forth', '›', () => go(1), 'Next example (.)');
  queue.setAttribute('aria-label', 'Which examples');
  queue.addEventListener('change', () => { queue.blur(); ask('open', { queue: queue.value, example_id: 0 }); });
  add(left, add(top, previous, place, following, queue));

  const counts = el('div', 'm3-desk-counts'), bar = el('div', 'm3-progress'), filled = el('i');
  const head = el('div', 'm3-desk-head'), about = el('div', 'm3-desk-about'), facts = el('div', 'm3-desk-facts');
  const open = el('div', 'm3-desk-open');
  const conflict = el('section', 'm3-desk-conflict');
  conflict.setAttribute('role', 'alert');
  conflict.hidden = true;
  const fields = {};
  for (const [name, title] of [['think', 'Think'], ['reflection', 'Reflection']]) {
    const field = el('textarea', `m3-desk-field m3-${name}-text`);
    field.setAttribute('aria-label', title);
    field.maxLength = 20000;
    field.addEventListener('input', typed);
    fields[name] = field;
  }
  const history = el('ol', 'm3-desk-history'), says = el('div', 'm3-desk-says');
  says.setAttribute('role', 'status');
  const approve = key(button('m3-approve m3-primary', 'Approve', () => act('approve'), 'Approve and see the next (A)'), 'A');
  const next = key(button('m3-next', 'Next', () => go(1), 'Leave it as it is (.)'), '.');
  const save = key(button('m3-save', 'Save edits', () => act('save', 0), 'Ctrl+S'), 'Ctrl S');
  const undo = button('m3-undo', 'Undo edits', undoEdits, 'Back to the saved texts');
  const back = key(button('m3-send-back', 'Send back', askWhy, 'Have it written again (B)'), 'B');
  const again = button('m3-last', '', () => last && ask('open', { target: last }), '');
  const why = el('form', 'm3-desk-why'), reason = el('input', 'm3-desk-field');
  reason.placeholder = 'Why? Its writer is told.';
  reason.setAttribute('aria-label', 'Why it is sent back');
  reason.maxLength = 2000;
  const sure = button('m3-primary', 'Send back', () => {}, '');
  sure.type = 'submit';
  add(why, reason, sure, button('', 'Cancel', calm, ''));
  why.hidden = true;
  why.addEventListener('submit', (event) => { event.preventDefault(); sendBack(); });
  why.addEventListener('keydown', (event) => { if (event.key === 'Escape') calm(); });
  const first = add(el('div', 'm3-desk-actions m3-desk-first'), approve, next);
  const second = add(el('div', 'm3-desk-actions'), save, undo, back);
  again.hidden = true;
  bar.append(filled);
  add(panel, counts, bar, head, about, facts, open, conflict, el('h3', 'm3-h', 'Think'), fields.think,
    el('h3', 'm3-h', 'Reflection'), fields.reflection, el('h3', 'm3-h', 'History'), history, says, first, second, why);
  function key(node, name) {
    const kbd = el('kbd', '', name);
    kbd.setAttribute('aria-hidden', 'true');
    return add(node, kbd);
  }

  // ---- what goes up -----------------------------------------------------------------------------------------------
  const texts = () => ({ think: fields.think.value, reflection: sheet.reflection === null ? null : fields.reflection.value });
  const dirty = () => sheet !== null && (texts().think !== sheet.think || texts().reflection !== sheet.reflection);
  const nothing = { think: null, reflection: null };

  function ask(command, extra) {
    if (inFlight) return;
    const changed = dirty() && command !== 'open';
    const base = { example_id: sheet ? sheet.id : 0, based_on: sheet ? sheet.revision : 0, note: '', queue: frame.queue || 'check', step: 0, target: null };
    const value = { ...base, ...(changed ? texts() : nothing), command, serial: ++serial, ...extra };
    inFlight = { serial, command, from: base.example_id, timer: setTimeout(unanswered, ANSWER_WITHIN_MS) };
    props.value = value;
    trigger('submit');
  }
  function unanswered() {
    inFlight = null;
    say('The server does not answer. Your text is still here: try again.', true);
  }
  function act(command, step = 1, extra = {}) {
    if (!sheet || inFlight) return;
    if (theirs) return say('Choose one of the two versions first.', true);
    calm();
    ask(command, { step, ...extra });
  }
  function go(step) {
    if (!sheet || inFlight) return;
    if (unkept) return say('This browser cannot keep unsaved text: save or undo it first.', true);
    ask('open', { step });
  }
  function askWhy() {
    if (!sheet || inFlight) return;
    if (dirty()) return say('You have edited the texts: save the edits, or undo them before you send it back.', true);
    [why.hidden, second.hidden] = [false, true];
    reason.focus();
  }
  function calm() {
    [why.hidden, second.hidden] = [true, false];
    reason.value = '';
    if (document.activeElement === reason || document.activeElement === document.body) leave();
  }
  function sendBack() {
    const note = reason.value.trim();
    if (!note) return say('Give a reason: whoever writes it again is told.', true);
    act('back', 1, { note });
  }
  function typed() {
    unkept = !drafts.write(sheet.id, dirty() ? { ...texts(), based_on: sheet.revision } : null);
    say(unkept ? 'This browser cannot keep unsaved text: save it before you leave.' : '', unkept);
    drawEdits();
  }
  function undoEdits() {
    if (!sheet || inFlight) return;
    drafts.drop(sheet.id);
    fill(sheet);
    say('Back to the saved texts.');
    drawEdits();
  }

  // ---- what comes down --------------------------------------------------------------------------------------------
  function receive() {
    const reply = props.reply;
    if (!reply || !inFlight || reply.serial !== inFlight.serial) return;
    const { command, from } = inFlight;
    clearTimeout(inFlight.timer);
    inFlight = null;
    if (reply.kind === 'refused') return say(reply.words, true);
    if (reply.kind === 'conflict') return quarrel(reply.theirs, reply.words);
    if (command !== 'open' && !reply.alarm) {
      drafts.drop(from);
      if (reply.kind === 'example' && reply.sheet.id !== from) last = from;
    }
    show(JSON.parse(JSON.stringify(reply)));
  }
  function show(reply) {
    frame = reply;
    drafts = createDrafts(reply.desk);
    queue.replaceChildren(...reply.queues.map(([name, words, count]) => Object.assign(el('option', '', `${words} · ${count}`), { value: name })));
    queue.value = reply.queue;
    theirs = null;
    unkept = false;
    sheet = reply.kind === 'example' ? reply.sheet : null;
    root.dataset.example = sheet ? sheet.id : '';
    picture.value = reply.viewer;
    redraw();
    drawCounts();
    drawAbout();
    calm();
    const draft = sheet && drafts.of(sheet.id);
    fill(draft || sheet || { think: '', reflection: null });
    say(reply.words, reply.alarm);
    if (draft && dirty()) {
      if (draft.based_on === sheet.revision) say(`${reply.words} Your unsaved text is back.`.trim());
      else quarrel(sheet, 'This example was changed after you began to edit it.');
    }
    drawConflict();
    drawEdits();
    prefetch(reply.ahead || []);
    if (!panel.contains(document.activeElement) || document.activeElement === document.body) leave();
  }
  // After a step nothing is being typed into: the next key is a command.
  function leave() {
    if (views.dataset.view === 'examples') stage.focus({ preventScroll: true });
  }
  function quarrel(version, words) {
    theirs = version;
    say(words, true);
    drawConflict();
  }
  function keepMine() {
    sheet = { ...sheet, think: theirs.think, reflection: theirs.reflection, revision: theirs.revision };
    theirs = null;
    typed();
    say('Yours is kept in the fields: save it, or approve it.');
    drawConflict();
  }
  function takeTheirs() {
    drafts.drop(sheet.id);
    theirs = null;
    fill(sheet);  // so that nothing of it counts as edited while it is loaded again
    ask('open', { target: sheet.id });
  }
  const ahead = new Map();  // pictures fetched before they are wanted: next and previous
  function prefetch(urls) {
    for (const url of ahead.keys()) if (!urls.includes(url)) ahead.delete(url);
    for (const url of urls) if (!ahead.has(url)) { ahead.set(url, new Image()); ahead.get(url).src = url; }
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------
  function say(words, alarm) {
    says.textContent = words || '';
    says.classList.toggle('m3-alarm', Boolean(alarm));
    if (last && !alarm && sheet && last !== sheet.id && words) {
      again.hidden = false;
      again.textContent = 'Look at it again (U)';
      says.append(' ', again);
    }
  }
  function fill({ think, reflection }) {
    fields.think.value = think;
    fields.reflection.value = reflection || '';
    fields.think.scrollTop = fields.reflection.scrollTop = 0;
  }
  function drawCounts() {
    const of = Object.fromEntries(frame.queues.map(([name, , count]) => [name, count]));
    counts.textContent = `${of.check} to check · ${of.approved} approved · ${of.back} sent back`;
    const all = of.check + of.approved + of.back;
    filled.style.width = `${all ? (100 * of.approved) / all : 0}%`;
    place.textContent = frame.place || 'no example';
  }
  function drawAbout() {
    head.textContent = about.textContent = facts.textContent = history.textContent = '';
    for (const node of [previous, following, approve, next, save, undo, back]) node.disabled = !sheet;
    for (const field of Object.values(fields)) field.disabled = !sheet;
    fields.reflection.placeholder = '';
    if (!sheet) return;
    add(head, el('b', '', sheet.title), ...sheet.chips.map((words) => el('span', 'm3-chip', words)));
    add(head, el('span', 'm3-sp'), el('span', `m3-chip m3-state-${sheet.state.replace(' ', '-')}`, sheet.did));
    about.textContent = sheet.about;
    about.title = sheet.about;
    add(facts, add(el('div'), el('i', 'm3-type', 'truth '), sheet.truth.join('; ')));
    if (sheet.initial.length) add(facts, add(el('div'), el('i', 'm3-existence', 'initial '), sheet.initial.join('; ')));
    if (sheet.stale) add(facts, el('div', 'm3-bad', sheet.stale));
    if (sheet.reflection === null) {
      fields.reflection.disabled = true;
      fields.reflection.placeholder = 'This example only thinks.';
    }
    for (const one of sheet.history) {
      const line = el('li', '', '');
      add(line, el('b', '', `r${one.revision} `), `${one.did}, ${when(one.created)}${one.note ? ` · ${one.note}` : ''}`);
      history.append(line);
    }
  }
  function when(iso) {
    const date = new Date(iso), time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    return date.toDateString() === new Date().toDateString() ? `today ${time}` : `${date.toLocaleDateString()} ${time}`;
  }
  function drawEdits() {
    const changed = dirty();
    save.disabled = undo.disabled = !changed;
    approve.firstChild.textContent = changed ? 'Save and approve' : 'Approve';
    open.textContent = '';
    const others = drafts.ids().filter((id) => !sheet || id !== sheet.id);
    if (changed) open.append('unsaved edits · ');
    if (others.length) open.append('unsaved in other examples: ');
    for (const id of others.slice(0, 5)) open.append(button('m3-desk-link', `${id}`, () => ask('open', { target: id }), 'Open it'), ' ');
    if (changed && !others.length) open.textContent = 'unsaved edits, kept in this browser';
  }
  function drawConflict() {
    conflict.hidden = !theirs;
    conflict.textContent = '';
    if (!theirs) return;
    add(conflict, el('b', '', `r${theirs.revision} ${theirs.did}`), el('p', '', theirs.think));
    if (theirs.reflection !== null) conflict.append(el('p', '', theirs.reflection));
    if (theirs.note) conflict.append(el('p', 'm3-mute', theirs.note));
    add(conflict, add(el('div', 'm3-desk-actions'), button('', 'Keep mine', keepMine, ''), button('', 'Take theirs', takeTheirs, '')));
  }

  // ---- life of the page -------------------------------------------------------------------------------------------
  const inFront = () => root.isConnected && root.getClientRects().length > 0;
  function onKey(event) {
    if (!root.isConnected) return document.removeEventListener('keydown', onKey);
    if (!inFront() || event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!event.repeat) act('save', 0);
  }
  function onUnload(event) {
    if (!root.isConnected) return window.removeEventListener('beforeunload', onUnload);
    if (unkept) event.preventDefault();
  }
  function onView() {
    if (!root.isConnected) return document.removeEventListener('m3ad-view', onView);
    if (views.dataset.view === 'examples') look();
  }
  // The view came to the front: what others did meanwhile is shown, what was being typed stays.
  function look() {
    if (sheet && theirs) return;
    ask('open', {});
  }
  document.addEventListener('keydown', onKey);
  window.addEventListener('beforeunload', onUnload);
  document.addEventListener('m3ad-view', onView);
  watch('reply', receive);
  drawAbout();
  onView();
}
