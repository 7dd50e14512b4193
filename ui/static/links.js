// Words before some files that can be fetched. Value: [[words, address], ...]; addresses are our own routes.
function mount({ element, props, watch }) {
  const root = element.querySelector('.m3-links');
  function show() {
    root.textContent = '';
    const links = props.value || [];
    if (links.length) root.append(el('span', 'm3-mute', props.words));
    for (const [words, address] of links) {
      const link = Object.assign(el('a', '', words), { href: address });
      link.setAttribute('download', '');
      root.append(link);
    }
  }
  watch('value', show);
  show();
}
