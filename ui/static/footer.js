// The line at the bottom: where one stands (value) and the keys that matter now (props.commands, see ui/keys.py).
function mount({ element, props, watch }) {
  const footer = element.querySelector('.m3-footer');
  const { tab, commands } = props;
  footer.dataset.tab = tab;
  window.m3ad.keys.declare(tab, commands);
  const text = el('span', 'm3-footer-text');
  footer.append(text, el('span', 'm3-sp'));
  let last = null;
  for (const { name, hint } of commands) {
    if (!hint) continue;
    const kbd = el('kbd');
    window.m3ad.keys.bind(kbd, tab, name, (key) => { kbd.textContent = key; });
    if (last && last.hint === hint) {  // "← → case": neighbours that say the same share their words
      last.node.insertBefore(kbd, last.node.lastChild);
      continue;
    }
    const node = add(el('span', 'm3-hint'), kbd, ' ' + hint);
    footer.append(node);
    last = { hint, node };
  }
  footer.append(button('m3-hint m3-help', '', () => window.m3ad.help()));
  footer.lastChild.append(el('kbd', '', '?'), ' keys');
  const show = () => { text.textContent = props.value || ''; };
  watch('value', show);
  show();
}
