// The trace's line of trust: pass, reject or look again, and how often the model was right on cases like this; those
// cases in a dialog. Value: `ui.inspect_trust.trust_value`.
function trustLine() {
  const node = el('div', 'm3-trust'), call = el('b'), why = el('span', 'm3-why');
  const dialog = el('dialog', 'm3-likes'), body = el('div');
  const like = button('m3-like', '', () => dialog.showModal(), 'Show these cases');
  add(dialog, body, button('', 'Close', () => dialog.close()));
  add(node, call, why, like, dialog);

  function cases(found) {
    const list = el('ol');
    for (const { id, name, right } of found) {
      const link = Object.assign(el('a', '', name), { href: new URL(`?tab=inspect&case=${id}`, document.baseURI).href });
      list.append(add(el('li'), link, el('span', right ? 'm3-tone-good' : 'm3-tone-bad', right ? 'right' : 'wrong')));
    }
    return list;
  }
  function show(value) {
    const now = value || { call: '', why: '', like: '', details: [], cases: [], forced: '' };
    node.hidden = !(now.call || now.like);
    call.textContent = now.call;
    call.className = `m3-tone-${now.tone || 'quiet'}`;
    why.textContent = now.forced || now.why;
    why.title = [now.why, now.forced].filter(Boolean).join('. ');
    like.textContent = now.like;
    like.hidden = !now.like;
    body.textContent = '';
    add(body, el('h3', 'm3-h', now.like), ...[...now.details, now.forced].filter(Boolean).map((each) => el('p', '', each)), cases(now.cases));
  }
  return { node, show };
}
