// Helpers for our components. Everything shown goes through textContent: model and user text is never HTML.
function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = String(text);
  return node;
}
function button(className, text, onClick, title) {
  const node = el('button', className, text);
  node.type = 'button';
  if (title) node.title = title;
  node.addEventListener('click', onClick);
  return node;
}
function add(parent, ...nodes) {
  parent.append(...nodes);
  return parent;
}
// A chip that can be switched on and off, known to screen readers as a toggle.
function setPressed(node, on) {
  node.setAttribute('aria-pressed', on ? 'true' : 'false');
}
// A shape of a drawing; a title shows when the pointer rests on it.
function shape(name, attributes, title) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (title) node.append(Object.assign(document.createElementNS('http://www.w3.org/2000/svg', 'title'), { textContent: title }));
  return node;
}
