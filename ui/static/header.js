// Product name on the left of the tab bar, chips on its right, and the way out where there is one. Value: {model, device}.
function mount({ element, props, watch }) {
  const header = element.querySelector('.m3-header');
  const model = el('b'), modelChip = el('span', 'm3-chip', 'model '), device = el('span', 'm3-chip'), user = el('span', 'm3-chip');
  modelChip.append(model);
  header.append(
    el('b', 'm3-product', 'RA-Monitor'), el('span', 'm3-sp'), modelChip, device, user,
    button('m3-icon', '◐', () => window.m3ad.toggleMode(), 'Light or dark'),
    button('m3-icon', '?', () => window.m3ad.help(), 'Keyboard help'),
  );
  window.m3ad.person.then(({ name, role, leaves }) => {
    user.textContent = name;
    if (leaves) user.title = name + ', ' + role;
    if (!leaves || header.querySelector('form')) return;
    const out = Object.assign(el('form', 'm3-leave'), { method: 'post', action: 'logout' });
    out.append(Object.assign(el('button', 'm3-icon', 'Sign out'), { type: 'submit' }));
    user.after(out);
  });
  function show() {
    const value = props.value || {};
    model.textContent = value.model || '–';
    device.textContent = value.device || '';
    device.hidden = !value.device;
    device.title = value.device || '';
    modelChip.title = 'The model that inspects: ' + (value.model || '');
  }
  watch('value', show);
  show();
}
