// The keys as the workbench names them in words, on buttons and in titles: each person's own (keys.js).

const keyName = (command) => window.m3ad.keys.name("annotate", command);
// `draw(key)` runs now, and again whenever the person chooses another key.
const keyed = (node, command, draw) => window.m3ad.keys.bind(node, "annotate", command, draw);
// A title that ends with the key, which screen readers read too.
function keyTitle(node, command, words) {
  return keyed(node, command, (key) => {
    node.title = `${words} (${key})`;
    node.setAttribute("aria-label", node.title);
  });
}
// The key beside a button's words; one that is no command's, like "Esc", as it is.
function keyBeside(node, command) {
  const kbd = make("kbd", "", node);
  kbd.setAttribute("aria-hidden", "true");
  keyed(kbd, command, (key) => (kbd.textContent = key || command));
}
