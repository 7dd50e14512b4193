// Cases or examples: which of the two views of the Annotate tab is in front. The other one is hidden, not taken down.
// Value: {view, sent}, to bring a view to the front, once; tells the document "m3ad-view".
function mount({ element, props, watch }) {
  const KEY = 'm3ad-annotate-view', SEEN = 'm3ad-annotate-view-sent';
  const root = element.querySelector('.m3-switch'), views = document.getElementById('annotate-views');
  const buttons = {};
  for (const [view, says] of [['cases', 'Cases'], ['examples', 'Examples']]) {
    buttons[view] = button('', says, () => turn(view), view === 'cases' ? 'Boxes and types of the cases' : 'Texts of the examples');
    buttons[view].setAttribute('role', 'tab');
    root.append(buttons[view]);
  }
  function turn(view) {
    views.dataset.view = view;
    sessionStorage.setItem(KEY, view);  // a page that is loaded again stays where it was
    for (const each in buttons) buttons[each].setAttribute('aria-selected', each === view ? 'true' : 'false');
    document.dispatchEvent(new CustomEvent('m3ad-view'));
  }
  function show() {
    const value = props.value;
    if (!value || !(value.view in buttons) || sessionStorage.getItem(SEEN) === String(value.sent)) return;
    sessionStorage.setItem(SEEN, value.sent);  // the component may be mounted again with the same value
    turn(value.view);
  }
  turn(sessionStorage.getItem(KEY) === 'examples' ? 'examples' : 'cases');
  watch('value', show);
  show();
}
