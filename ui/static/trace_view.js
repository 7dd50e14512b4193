// Verdict card, then the lanes Think, Reflection, Answer. Every lane has its place from the start: nothing moves when text streams in.
// Value: see ui/inspect_presenter.py. Text is a list of [piece, kind]; pieces become text nodes.
function mount({ element, props, watch }) {
  const root = element.querySelector('.m3-trace');
  const card = el('div', 'm3-verdict');
  const head = el('div', 'm3-verdict-head'), word = el('span', 'm3-big'), outcome = el('span', 'm3-chip m3-outcome');
  head.append(word, el('span', 'm3-sp'), outcome);
  const types = el('div', 'm3-types'), numbers = el('div', 'm3-numbers'), before = el('small'), after = el('small');
  numbers.append(before, after);
  const bar = el('div', 'm3-bar'), barAfter = el('i', 'm3-bar-after'), barBefore = el('i', 'm3-bar-before');
  bar.append(barAfter, barBefore);
  const doubts = el('div', 'm3-doubt'), doubt = el('small'), threshold = el('small', 'm3-mute');
  doubts.title = 'How likely the model finds it, after its first look, that a reflection is called for';
  doubts.append(doubt, threshold);
  const note = el('small', 'm3-note');
  const trust = trustLine(), history = historyLine();
  card.append(head, types, numbers, bar, doubts, trust.node, history.node, note);
  root.append(card);
  const lanes = {};
  for (const [name, title] of [['think', 'Think'], ['reflection', 'Reflection'], ['answer', 'Answer']]) {
    const heading = el('h3', 'm3-h', title), lane = el('div', `m3-lane m3-lane-${name}`), text = el('div', 'm3-prose');
    lane.tabIndex = 0;
    lane.setAttribute('aria-label', title);
    lane.append(text);
    root.append(heading, lane);
    lanes[name] = { lane, text, drawn: '' };
  }
  const problems = el('ul', 'm3-problems');
  lanes.answer.lane.append(problems);
  root.setAttribute('aria-live', 'off');

  // Only what is new is appended while the text grows, so a selection of the reader survives.
  function write(name, pieces, live) {
    const { lane, text, drawn } = lanes[name];
    const key = JSON.stringify(pieces);
    if (key === drawn) return;
    lanes[name].drawn = key;
    const atEnd = lane.scrollHeight - lane.scrollTop - lane.clientHeight < 24;
    let index = 0;
    for (const [piece, kind] of pieces) {
      const known = text.childNodes[index];
      const className = kind ? kind.split(' ').map((each) => `m3-${each}`).join(' ') : '';
      if (known && known.className === className) { if (known.textContent !== piece) known.textContent = piece; }
      else { const node = el('span', className, piece); known ? known.replaceWith(node) : text.append(node); }
      index++;
    }
    while (text.childNodes.length > index) text.lastChild.remove();
    if (live && atEnd) lane.scrollTop = lane.scrollHeight;
    if (!live) lane.scrollTop = 0;
  }

  let turn = 0;
  function show() {
    const now = props.value || {};
    if ((now.turn || 0) < turn) return;  // a late answer about a case that is no longer shown
    turn = now.turn || 0;
    const verdict = now.verdict || {}, live = now.state === 'writing';
    root.dataset.state = now.state || 'empty';
    root.setAttribute('aria-busy', ['waiting', 'loading', 'writing'].includes(now.state) ? 'true' : 'false');
    word.textContent = verdict.word || now.says || '';
    word.className = `m3-big m3-tone-${verdict.tone || 'quiet'}`;
    outcome.textContent = verdict.outcome || '';
    outcome.className = `m3-chip m3-outcome m3-tone-${verdict.outcome_tone || 'quiet'}`;
    outcome.hidden = !verdict.outcome;
    types.textContent = '';
    const named = verdict.types || [];
    for (const type of named) {  // first every type's name, then what they mean: the names must be in sight
      const line = el('div', 'm3-path');
      for (const step of type.path) line.append(`${step} › `);
      line.append(el('b', 'm3-type', type.name));
      if (type.times > 1) line.append(` × ${type.times}`);
      line.title = type.definition;
      types.append(line);
    }
    for (const type of named) {
      types.append(el('div', 'm3-definition', named.length > 1 ? `${type.name}: ${type.definition}` : type.definition));
    }
    if (verdict.sentence) types.append(el('div', 'm3-definition', verdict.sentence));
    types.scrollTop = 0;
    const p = now.probability || {}, percent = (value) => `${Math.max(0, Math.min(1, value)) * 100}%`;
    const known = (value) => typeof value === 'number';
    before.textContent = p.before_says || '';
    after.textContent = p.after_says || '';
    barAfter.style.width = known(p.after) ? percent(p.after) : '0';
    barBefore.style.width = known(p.before) ? percent(p.before) : '0';
    bar.classList.toggle('m3-falls', known(p.before) && known(p.after) && p.before > p.after);
    bar.style.visibility = known(p.after) || known(p.before) ? '' : 'hidden';
    [doubt.textContent, threshold.textContent] = [...(now.doubt || []), '', ''];
    trust.show(now.trust);
    if ('history' in now) history.show(now.history, now.case);  // it stays while text streams in
    note.textContent = now.note || '';
    note.title = now.note || '';
    write('think', now.think || [], live);
    write('reflection', now.reflection || [], live);
    write('answer', now.answer || [], live);
    problems.textContent = '';
    for (const problem of now.problems || []) problems.append(el('li', '', problem));
  }
  watch('value', show);
  show();
}
