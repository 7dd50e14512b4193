// The line at the bottom: where one stands (value) and the keys that matter now (props.keys, see ui/keys.py).
function mount({ element, props, watch }) {
  const footer = element.querySelector('.m3-footer');
  const text = el('span', 'm3-footer-text');
  footer.append(text, el('span', 'm3-sp'));
  let last = null;
  for (const key of props.keys || []) {
    if (!key.hint) continue;
    if (last && last.hint === key.hint) {  // "← → case": neighbours that say the same share their words
      last.node.insertBefore(el('kbd', '', key.name), last.node.lastChild);
      continue;
    }
    const node = el('span', 'm3-hint');
    node.append(el('kbd', '', key.name), ' ' + key.hint);
    footer.append(node);
    last = { hint: key.hint, node };
  }
  footer.append(button('m3-hint m3-help', '', () => window.m3ad.help()));
  footer.lastChild.append(el('kbd', '', '?'), ' keys');
  footer.m3keys = props.keys || [];
  const show = () => { text.textContent = props.value || ''; };
  watch('value', show);
  show();
}
