// The panel beside the picture of an example: counts, facts, the two texts in fields, history, a conflict, the buttons.
// It draws what it is given and tells `act` what is pressed; everything that people or models wrote is set as text.
function createDeskPanel(panel, act) {
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
    field.addEventListener('input', act.typed);
    fields[name] = field;
  }
  const history = el('ol', 'm3-desk-history'), says = el('div', 'm3-desk-says');
  says.setAttribute('role', 'status');
  const approve = key(button('m3-approve m3-primary', 'Approve', act.approve), 'approve', 'Approve and see the next');
  const next = key(button('m3-next', 'Next', act.next), 'following', 'Leave it as it is');
  const save = key(button('m3-save', 'Save edits', act.save), 'save', 'Save edits');
  const undo = button('m3-undo', 'Undo edits', act.undo, 'Back to the saved texts');
  const back = key(button('m3-send-back', 'Send back', act.askWhy), 'sendBack', 'Have it written again');
  const again = button('m3-last', '', act.again, '');
  const why = el('form', 'm3-desk-why'), reason = el('input', 'm3-desk-field');
  reason.placeholder = 'Why? Its writer is told.';
  reason.setAttribute('aria-label', 'Why it is sent back');
  reason.maxLength = 2000;
  const sure = button('m3-primary', 'Send back', () => {}, '');
  sure.type = 'submit';
  add(why, reason, sure, button('', 'Cancel', calm, ''));
  why.hidden = true;
  why.addEventListener('submit', (event) => { event.preventDefault(); act.sendBack(reason.value.trim()); });
  why.addEventListener('keydown', (event) => { if (event.key === 'Escape') calm(); });
  const first = add(el('div', 'm3-desk-actions m3-desk-first'), approve, next);
  const second = add(el('div', 'm3-desk-actions'), save, undo, back);
  again.hidden = true;
  bar.append(filled);
  add(panel, counts, bar, head, about, facts, open, conflict, el('h3', 'm3-h', 'Think'), fields.think,
    el('h3', 'm3-h', 'Reflection'), fields.reflection, el('h3', 'm3-h', 'History'), history, says, first, second, why);
  function key(node, command, title) {
    const kbd = el('kbd');
    kbd.setAttribute('aria-hidden', 'true');
    window.m3ad.keys.bind(kbd, 'examples', command, (name) => {
      kbd.textContent = name;
      node.title = `${title} (${name})`;
    });
    return add(node, kbd);
  }
  const written = () => ({ think: fields.think.value, reflection: fields.reflection.value });

  // ---- why it is sent back ----------------------------------------------------------------------------------------
  function askWhy() {
    [why.hidden, second.hidden] = [false, true];
    reason.focus();
  }
  function calm() {
    [why.hidden, second.hidden] = [true, false];
    reason.value = '';
    if (document.activeElement === reason || document.activeElement === document.body) act.leave();
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------
  function say(words, alarm, looksBack) {
    says.textContent = words || '';
    says.classList.toggle('m3-alarm', Boolean(alarm));
    if (!looksBack) return;
    again.hidden = false;
    again.textContent = 'Look at it again (U)';
    says.append(' ', again);
  }
  function fill({ think, reflection }) {
    fields.think.value = think;
    fields.reflection.value = reflection || '';
    fields.think.scrollTop = fields.reflection.scrollTop = 0;
  }
  function drawCounts(queues) {
    const of = Object.fromEntries(queues.map(([name, , count]) => [name, count]));
    counts.textContent = `${of.check} to check · ${of.approved} approved · ${of.back} sent back`;
    const all = of.check + of.approved + of.back;
    filled.style.width = `${all ? (100 * of.approved) / all : 0}%`;
  }
  function drawAbout(sheet) {
    head.textContent = about.textContent = facts.textContent = history.textContent = '';
    for (const node of [approve, next, save, undo, back]) node.disabled = !sheet;
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
  // `others`: the ids of the other examples with unsaved texts.
  function drawEdits(changed, others) {
    save.disabled = undo.disabled = !changed;
    approve.firstChild.textContent = changed ? 'Save and approve' : 'Approve';
    open.textContent = '';
    if (changed) open.append('unsaved edits · ');
    if (others.length) open.append('unsaved in other examples: ');
    for (const id of others.slice(0, 5)) open.append(button('m3-desk-link', `${id}`, () => act.open(id), 'Open it'), ' ');
    if (changed && !others.length) open.textContent = 'unsaved edits, kept in this browser';
  }
  function drawConflict(theirs) {
    conflict.hidden = !theirs;
    conflict.textContent = '';
    if (!theirs) return;
    add(conflict, el('b', '', `r${theirs.revision} ${theirs.did}`), el('p', '', theirs.think));
    if (theirs.reflection !== null) conflict.append(el('p', '', theirs.reflection));
    if (theirs.note) conflict.append(el('p', 'm3-mute', theirs.note));
    add(conflict, add(el('div', 'm3-desk-actions'), button('', 'Keep mine', act.keepMine, ''), button('', 'Take theirs', act.takeTheirs, '')));
  }

  return { written, askWhy, calm, say, fill, drawCounts, drawAbout, drawEdits, drawConflict };
}
