// One case under the lens: its picture, what the model wrote, how sure it was along the way, and what it writes when
// something is changed. Value down: {case, model, turn}; the rest comes by our own routes (ui/lens_routes.py), so that
// work goes on, and is found again, whoever closes the page. Up, with "submit": {open: the tab to open}.
function mountLens({ element, props, trigger, watch }) {
  const BEAT = 150, PATIENCE = 700;  // milliseconds between two looks at work; before a curve is asked for by itself
  const root = element.querySelector('.m3-lens-root');
  const head = el('div', 'm3-lens-head'), name = el('b'), path = el('span', 'm3-mute'), truth = el('span', 'm3-chip');
  const learnt = el('span', 'm3-chip m3-tone-odd', 'learnt from');
  const upper = el('div', 'm3-lens-upper'), stage = el('div', 'm3-stage'), prose = el('div', 'm3-lens-prose');
  const bar = el('div', 'm3-lens-tools'), said = el('div', 'm3-lens-said'), differences = el('div', 'm3-lens-differences');
  const curveHead = el('div', 'm3-lens-curve-head'), curveRoot = el('div', 'm3-lens-curve'), table = el('div', 'm3-lens-branches');
  said.setAttribute('role', 'status');
  let page = null, node = 'root', work = null, turn = 0, timer = null, polling = 0, editing = false, spelled = false, mapped = false, waiting = null;

  const picture = lensPicture(stage, {
    drawing: (on) => setPressed(region, on),
    change: (change) => grow({ kind: 'picture changed', change }),
  });
  const text = lensProse(prose, {
    light: (boxes) => picture.light(boxes),
    point: () => {},
    chosen: (some) => { edit.disabled = cut.disabled = !some || busy(); },
    editing: (on) => { editing = on; buttons(); },
    go: () => go(),
    may: () => page && !page.empty && !busy() && may(),
  });
  const curve = lensCurve(curveRoot, { mark: (end, on) => text.mark(end, on), pick: (end) => text.pick(end) });
  const branches = lensBranches(table, { open: (key) => open(key), replay: (key) => ask('replay', key) });

  const tool = (className, says, act, means) => button(`m3-lens-tool ${className}`, says, act, means);
  const draw8 = tool('m3-lens-sample m3-annotates', 'Sample 8', () => ask('samples'), 'Draw eight answers at the training temperature and see what each would be paid');
  const matter = tool('m3-lens-matter', 'What mattered', () => { mapped = !mapped; if (mapped && !page.map) ask('map'); draw(); });
  const on = tool('m3-lens-go m3-annotates', 'Continue from edit', () => (editing ? go() : text.edit()), 'The model goes on from the sentence as it is now (Ctrl Enter in the field)');
  const inspect = tool('m3-lens-inspect', 'Inspect', () => leave('inspect')), correct = tool('m3-lens-correct', 'Correct', () => leave('annotate'));
  const edit = tool('m3-lens-edit m3-annotates', 'Edit', () => text.edit(), 'Write the chosen sentence anew');
  const cut = tool('m3-lens-cut m3-annotates', 'Cut', () => grow(of('')), 'Leave the chosen sentence out; the model goes on from there');
  const force = tool('m3-lens-force m3-annotates', 'Force reflection', () => grow({ kind: page.reflected ? 'reflection forbidden' : 'reflection forced' }));
  const seed = tool('m3-lens-seed m3-annotates', 'Another seed', () => grow({ kind: 'another seed' }), 'Let the model answer by chance, with a seed that was not used yet');
  const region = tool('m3-lens-draw m3-annotates', 'Region', () => picture.drawing(region.getAttribute('aria-pressed') !== 'true'), 'Draw a region on the picture, then cover, brighten, darken or cut it out');
  const types = tool('m3-lens-types m3-annotates', 'Instructions', () => instruct(), 'Ask with other instructions, such as another list of types');
  const spell = tool('m3-lens-spell', 'Tokens', () => { spelled = !spelled; if (spelled && !page.tokens) ask('tokens'); draw(); }, 'How likely each token was, and what else could have stood there');
  const stop = tool('m3-lens-stop m3-annotates', 'Stop', () => post('stop', {}));
  const measure = tool('m3-lens-measure m3-annotates', 'Measure', () => ask('curve'), 'Ask the model at the end of each sentence what it would decide there');
  const previous = button('m3-lens-previous', '', () => branches.step(-1)), next = button('m3-lens-next', '', () => branches.step(1));
  previous.hidden = next.hidden = true;
  setPressed(region, false);
  setPressed(spell, false);
  setPressed(matter, false);
  add(head, name, path, truth, learnt, el('span', 'm3-sp'), draw8, matter, on);
  add(bar, edit, cut, force, seed, region, types, spell, el('span', 'm3-sp'), inspect, correct);
  add(curveHead, el('h3', 'm3-h', 'P(anomalous) along the text'), measure, said, stop);
  add(root, head, add(upper, stage, prose), bar, differences, curveHead, curveRoot, table, previous, next);

  const shows = (id, model) => Boolean(page) && page.case.case === id && page.model === model;
  const may = () => window.m3ad.may('annotator'), busy = () => Boolean(work && work.running);
  const place = () => ({ case: page.case.case, model: page.model, node });
  const same = (mine) => mine === turn;

  async function get(url, query) {
    const answer = await fetch(`${url}?${new URLSearchParams(query)}`).catch(() => null);
    const found = answer && await answer.json().catch(() => null);
    if (answer && answer.ok) return found;
    say((found && found.detail) || 'The server did not answer. Reload the page.', true);
    return null;
  }
  async function post(what, body) {
    const headers = { 'Content-Type': 'application/json', 'X-M3AD-Lens': '1' };
    const answer = await fetch(`lens/${what}`, { method: 'POST', headers, body: JSON.stringify({ ...place(), ...body }) }).catch(() => null);
    const found = answer && await answer.json().catch(() => null);
    if (!answer || !answer.ok) { say(typeof (found && found.detail) === 'string' ? found.detail : 'That did not arrive. Try again.', true); return; }
    work = found;
    buttons();
    if (busy()) poll();
  }
  function say(words, bad = false) {
    said.textContent = words || '';
    said.title = words || '';
    said.classList.toggle('m3-bad', bad);
  }
  const of = (words) => { const one = text.chosen(); return one ? { kind: 'edited', start: one.start, end: one.end, words } : null; };
  // The curve is measured by itself: what a person asks meanwhile comes right after it.
  const grow = (wish) => {
    if (!wish) return;
    if (!busy()) post('branch', wish); else if (work.what === 'curve') waiting = wish;
  };
  const go = () => { const words = text.words(); if (words !== null) grow(of(words)); };
  const ask = (what, key = node) => { if (!busy()) post('ask', { what, node: key }); };
  function leave(tab) {
    props.value = { open: tab };
    trigger('submit');
  }

  async function open(key, asked = page) {
    const mine = ++turn;
    clearTimeout(timer);
    const found = await get(`lens/case/${asked.case.case ?? asked.case}`, { model: asked.model, node: key });
    if (!found || !same(mine)) return;
    // A question that was asked meanwhile is not in this answer yet.
    if (!(busy() && shows(found.case.case, found.model))) work = found.work;
    [page, node, editing] = [found, found.shown || 'root', false];
    draw();
    if (busy()) poll();
    else if (page.loaded && !page.curve && may()) timer = setTimeout(() => { if (same(mine) && !busy() && !editing && region.getAttribute('aria-pressed') !== 'true') ask('curve'); }, PATIENCE);
  }
  // Looks at the work until it is over, or until another case is shown.
  async function poll() {
    const mine = turn, run = ++polling, { case: { case: id }, model } = page;
    while (busy()) {
      await new Promise((done) => { setTimeout(done, BEAT); });
      if (!same(mine) || run !== polling) return;
      const found = await get(`lens/task/${id}`, { model });
      if (!same(mine) || run !== polling) return;
      if (!found) return;
      work = found;
      buttons();
      if (work.map) picture.heat(work.map);
      if (work.lanes && !editing) { text.leave(); text.show(work.lanes, work.answer, null); }
    }
    const { error, says, made, what } = work;
    await open(made.length && what !== 'samples' ? made.at(-1) : node);
    if (error) say(error, true); else if (says) say(says);
    const wish = waiting;
    waiting = null;
    grow(wish);
  }

  function buttons() {
    const idle = page && !page.empty && !busy();
    for (const each of [draw8, matter, on, seed, region, types, spell, measure, force]) each.disabled = !idle;
    edit.disabled = cut.disabled = !idle || !text.chosen();
    on.classList.toggle('m3-primary', Boolean(idle));
    stop.hidden = !busy();
    if (busy()) say(work.whole ? `${work.says} ${work.done} of ${work.whole}` : work.says);
  }
  function draw() {
    const { case: found, empty } = page;
    name.textContent = found.name;
    path.textContent = found.path;
    truth.textContent = page.truth ? `truth: ${page.truth.word}` : 'not annotated';
    truth.className = `m3-chip m3-tone-${page.truth ? page.truth.tone : 'quiet'}`;
    learnt.hidden = !page.history.learnt;
    learnt.title = [page.history.learnt, ...page.history.words].join('\n');
    picture.show({ ...found, url: page.url || found.url, boxes: page.boxes, notice: '' }, page.spoken || []);
    if (empty) {
      text.show([], [], null);
      prose.prepend(el('p', 'm3-mute', `${empty} Press Inspect.`));
      differences.textContent = '';
      curve.show(null, '');
      branches.show([], '');
      say('');
      buttons();
      return;
    }
    setPressed(spell, spelled);
    setPressed(matter, mapped);
    picture.heat(mapped ? page.map : null);
    if (spelled && page.tokens) text.tokens(page.tokens); else text.show(page.lanes, page.answer, page.verdict);
    force.textContent = page.reflected ? 'Forbid reflection' : 'Force reflection';
    force.title = page.reflected ? 'What would it answer by its first look alone?' : 'Let it examine its first look';
    differences.textContent = '';
    for (const [heading, words] of mapped ? [['The map', page.map_means]] : page.differences) differences.append(add(el('div'), el('b', '', `${heading}: `), words));
    matter.title = `Cover patch after patch of the picture and see how the decision moves. ${page.map_cost}`;
    for (const words of page.problems) differences.append(el('div', 'm3-tone-odd', words));
    curve.show(page.curve, 'Not measured yet.');
    measure.hidden = Boolean(page.curve);
    branches.show(page.rows, node);
    say([page.cost, page.note].filter(Boolean).join(' · '));
    buttons();
  }

  // Other instructions, in a dialog: they are long.
  function instruct() {
    const dialog = el('dialog', 'm3-lens-dialog'), field = el('textarea');
    field.value = page.system_used ?? page.system;
    field.setAttribute('aria-label', 'Instructions to the model');
    const close = () => dialog.remove();
    dialog.addEventListener('close', close);
    add(dialog, el('h3', 'm3-h', 'Instructions to the model'),
      el('p', 'm3-mute', 'In place of its own: change the list of types, or what a type means. A model that was trained without instructions, as the bundled one, may not know what to make of them.'),
      field, add(el('div', 'm3-lens-dialog-row'), button('m3-lens-tool', 'Cancel', () => dialog.close()),
        button('m3-lens-tool m3-primary', 'Ask again', () => { grow({ kind: 'other definitions', words: field.value }); dialog.close(); })));
    root.append(dialog);
    dialog.showModal();
  }

  let latest = 0;
  function show() {
    const value = props.value || {};
    if (value.case === undefined || (value.turn || 0) < latest) return;  // what this script sent up, or a late answer
    latest = value.turn || 0;
    if (shows(value.case, value.model) && (editing || busy() || region.getAttribute('aria-pressed') === 'true')) return;  // somebody is at work on it
    spelled = mapped = false;
    waiting = null;
    if (value.case === null) { say('No case chosen.'); return; }
    picture.drawing(false);
    open('root', value);
  }
  watch('value', show);
  show();
}
