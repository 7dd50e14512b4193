// The text of the lens in its lanes, sentence by sentence; one of them can be written anew. Or its tokens, each with what
// could have stood in its place.
function lensProse(root, tools) {
  let chosen = null, field = null, drawn = '';
  const nodes = () => [...root.querySelectorAll('.m3-sentence')];
  const sentenceOf = (node) => node && node.sentence;

  function lane(name, title) {
    const node = el('div', `m3-lane m3-lane-${name}`);
    add(root, el('h3', 'm3-h', title), node);
    return node;
  }
  function write(sentence) {
    const node = el('span', 'm3-sentence');
    node.sentence = sentence;
    if (sentence.start >= 0) node.tabIndex = 0;
    sentence.pieces.forEach(([text, kind], at) => {
      const piece = el('span', kind ? `m3-${kind}` : '', text);
      piece.links = sentence.links[at];
      node.append(piece);
    });
    return node;
  }
  function show(lanes, answer, verdict) {
    const key = JSON.stringify([lanes, answer, verdict]);
    if (key === drawn) return;  // what a person selects or reads stays where it is
    drawn = key;
    leave();
    root.textContent = '';
    chosen = null;
    for (const { name, title, sentences } of lanes) {
      const node = lane(name, title);
      for (const sentence of sentences) add(node, write(sentence), ' ');
      if (!sentences.length) node.append(el('span', 'm3-mute', '–'));
    }
    const last = lane('answer', 'Verdict');
    if (verdict) {
      last.append(el('b', `m3-tone-${verdict.tone}`, verdict.word), ' ');
      if (verdict.outcome) last.append(el('span', `m3-chip m3-outcome m3-tone-${verdict.outcome_tone}`, verdict.outcome), ' ');
    }
    for (const [text, kind] of answer) last.append(el('span', kind ? `m3-${kind}` : '', text));
  }

  const find = (event) => event.target.closest('.m3-sentence');
  const over = (event) => {
    const node = find(event);
    tools.light(node ? (event.target.links && event.target.links.length ? event.target.links : sentenceOf(node).boxes) : []);
    tools.point(node ? sentenceOf(node) : null);
  };
  root.addEventListener('pointerover', over);
  root.addEventListener('focusin', over);
  root.addEventListener('pointerleave', () => { tools.light([]); tools.point(null); });
  root.addEventListener('click', (event) => { const node = find(event); if (node && sentenceOf(node).start >= 0) choose(node); });
  root.addEventListener('dblclick', (event) => { if (find(event)) edit(); });
  root.addEventListener('focusin', (event) => { const node = find(event); if (node && !field) choose(node); });
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target.classList.contains('m3-sentence')) { event.preventDefault(); edit(); }
  });

  function choose(node) {
    if (field && node !== chosen) leave();
    for (const each of nodes()) each.toggleAttribute('data-chosen', each === node);
    chosen = node;
    tools.chosen(Boolean(node));
  }
  function edit() {
    const node = chosen || nodes().find((each) => sentenceOf(each).start >= 0);
    if (!node || field || !tools.may()) return;
    choose(node);
    field = el('textarea', 'm3-lens-field');
    field.rows = 1;
    field.value = node.textContent;
    field.setAttribute('aria-label', 'This sentence, as it shall be; the model goes on from its end');
    node.hidden = true;
    node.after(field);
    const fit = () => { field.style.height = 'auto'; field.style.height = `${field.scrollHeight + 2}px`; };
    field.addEventListener('input', fit);
    field.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') { leave(); node.focus(); }
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); tools.go(); }
    });
    fit();
    field.focus();
    tools.editing(true);
  }
  function leave() {
    if (!field) return;
    field.remove();
    field = null;
    if (chosen) chosen.hidden = false;
    tools.editing(false);
  }

  // What a token's place could have held, in the line under the tokens.
  function tokens(list) {
    const key = `tokens ${list.length} ${list.map((each) => each[1]).join('')}`;
    if (key === drawn) return;
    drawn = key;
    leave();
    root.textContent = '';
    chosen = null;
    tools.chosen(false);
    const node = lane('answer', 'Tokens: the paler, the surer'), line = el('div', 'm3-lens-others');
    line.setAttribute('role', 'status');
    line.textContent = 'Point at a token to see what else could have stood there.';
    node.classList.add('m3-tokens');
    for (const [, text, p, others] of list) {
      if (!text) continue;
      const token = el('span', 'm3-token', text);
      token.tabIndex = 0;
      token.style.setProperty('--unsure', `${Math.round((1 - p) * 70)}%`);
      const say = () => {
        line.textContent = '';
        line.append(el('b', '', JSON.stringify(text)), ` ${p.toFixed(2)}`);
        for (const [other, chance] of others) if (other !== text) line.append(el('span', '', `${JSON.stringify(other)} ${chance.toFixed(2)}`));
      };
      token.addEventListener('pointerover', say);
      token.addEventListener('focus', say);
      node.append(token);
    }
    root.append(line);
  }

  return {
    show, tokens, edit, leave,
    chosen: () => sentenceOf(chosen),
    words: () => (field ? field.value : null),
    // The sentence that ends at this place of the text comes into sight and is marked.
    mark(end, on) { for (const node of nodes()) node.toggleAttribute('data-marked', on && sentenceOf(node).end === end); },
    pick(end) { const node = nodes().find((each) => sentenceOf(each).end === end); if (node) { node.focus(); node.scrollIntoView({ block: 'nearest' }); } },
  };
}
