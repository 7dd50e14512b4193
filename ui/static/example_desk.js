// The check of examples: picture, think and reflection texts in fields, approve, save, send back. Texts are shown as text.
// Down: `props.reply`, see ui/check_presenter.py. Up: `props.value` with the event "submit", one request at a time; an
// answer names its request. What is typed and not saved is kept in this browser, by example, until it is saved or undone.
const ANSWER_WITHIN_MS = 15000;

function mountDesk({ element, props, trigger, watch }) {
  const root = element.querySelector('.m3-desk'), views = document.getElementById('annotate-views');
  const left = el('div', 'm3-desk-left'), stage = el('div', 'm3-stage m3-unpredicted'), panelNode = el('aside', 'm3-desk-panel');
  left.append(stage);
  root.append(left, panelNode);
  const picture = { value: {} };
  let redraw = () => {};
  mountViewer({ element: left, props: picture, watch: (_, act) => { redraw = act; } });

  let sheet = null, theirs = null, inFlight = null, last = 0, unkept = false, frame = {}, drafts = createDrafts('');
  let serial = Date.now();

  // ---- what is there ----------------------------------------------------------------------------------------------
  const top = el('div', 'm3-desk-top'), place = el('span', 'm3-desk-chip'), queue = el('select', 'm3-desk-chip');
  const previous = button('m3-desk-chip m3-back', '‹', () => go(-1));
  const following = button('m3-desk-chip m3-forth', '›', () => go(1));
  for (const [node, command, words] of [[previous, 'former', 'Previous example'], [following, 'following', 'Next example']])
    window.m3ad.keys.bind(node, 'examples', command, (name) => { node.title = `${words} (${name})`; });
  queue.setAttribute('aria-label', 'Which examples');
  queue.addEventListener('change', () => { queue.blur(); ask('open', { queue: queue.value, example_id: 0 }); });
  add(left, add(top, previous, place, following, queue));

  const panel = createDeskPanel(panelNode, {
    typed, undo: undoEdits, askWhy, sendBack, keepMine, takeTheirs, leave,
    approve: () => act('approve'),
    next: () => go(1),
    save: () => act('save', 0),
    again: () => last && ask('open', { target: last }),
    open: (id) => ask('open', { target: id }),
  });

  // ---- what goes up -----------------------------------------------------------------------------------------------
  const texts = () => ({ ...panel.written(), ...(sheet.reflection === null ? { reflection: null } : {}) });
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
    panel.calm();
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
    panel.askWhy();
  }
  function sendBack(note) {
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
    panel.fill(sheet);
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
    place.textContent = frame.place || 'no example';
    panel.drawCounts(frame.queues);
    drawAbout();
    panel.calm();
    const draft = sheet && drafts.of(sheet.id);
    panel.fill(draft || sheet || { think: '', reflection: null });
    say(reply.words, reply.alarm);
    if (draft && dirty()) {
      if (draft.based_on === sheet.revision) say(`${reply.words} Your unsaved text is back.`.trim());
      else quarrel(sheet, 'This example was changed after you began to edit it.');
    }
    panel.drawConflict(theirs);
    drawEdits();
    prefetch(reply.ahead || []);
    if (!panelNode.contains(document.activeElement) || document.activeElement === document.body) leave();
  }
  // After a step nothing is being typed into: the next key is a command.
  function leave() {
    if (views.dataset.view === 'examples') stage.focus({ preventScroll: true });
  }
  function quarrel(version, words) {
    theirs = version;
    say(words, true);
    panel.drawConflict(theirs);
  }
  function keepMine() {
    sheet = { ...sheet, think: theirs.think, reflection: theirs.reflection, revision: theirs.revision };
    theirs = null;
    typed();
    say('Yours is kept in the fields: save it, or approve it.');
    panel.drawConflict(theirs);
  }
  function takeTheirs() {
    drafts.drop(sheet.id);
    theirs = null;
    panel.fill(sheet);  // so that nothing of it counts as edited while it is loaded again
    ask('open', { target: sheet.id });
  }
  const ahead = new Map();  // pictures fetched before they are wanted: next and previous
  function prefetch(urls) {
    for (const url of ahead.keys()) if (!urls.includes(url)) ahead.delete(url);
    for (const url of urls) if (!ahead.has(url)) { ahead.set(url, new Image()); ahead.get(url).src = url; }
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------
  function say(words, alarm) {
    panel.say(words, alarm, last && !alarm && sheet && last !== sheet.id && words);
  }
  function drawAbout() {
    for (const node of [previous, following]) node.disabled = !sheet;
    panel.drawAbout(sheet);
  }
  function drawEdits() {
    panel.drawEdits(dirty(), drafts.ids().filter((id) => !sheet || id !== sheet.id));
  }

  // ---- life of the page -------------------------------------------------------------------------------------------
  const inFront = () => root.isConnected && root.getClientRects().length > 0;
  function onKey(event) {
    if (!root.isConnected) return document.removeEventListener('keydown', onKey);
    const found = inFront() && window.m3ad.keys.command('examples', event);
    if (!found || found.name !== 'save') return;
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
