// The trace's line of history: whether the model has learnt from the case, and where the case went; it leads to the
// revisions in Annotate. Value: `ui.case_history.history_value`.
function historyLine() {
  const node = el('a', 'm3-history'), learnt = el('b', 'm3-tone-odd'), words = el('span');
  add(node, learnt, words);
  function show(value, id) {
    const now = value || { learnt: '', words: [] };
    node.hidden = !now.words.length;
    learnt.textContent = now.learnt && 'Learnt from';
    words.textContent = now.words.join(' · ');
    node.title = [now.learnt, ...now.words].filter(Boolean).join('\n');
    if (id) node.href = new URL(`?tab=annotate&case=${id}`, document.baseURI).href;
  }
  return { node, show };
}
