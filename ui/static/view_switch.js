// Which view of a tab is in front; the others are hidden, not taken down. Props: tab, views of [name, label, explanation].
// Value down: {view, sent}, to bring a view to the front, once; up, with the event "select": {view}. Tells the document
// "m3ad-view".
function mount({ element, props, trigger, watch }) {
  const { tab, views } = props, KEY = `m3ad-${tab}-view`, SEEN = `m3ad-${tab}-view-sent`;
  const root = element.querySelector('.m3-switch'), parent = document.getElementById(`${tab}-views`);
  const buttons = {};
  for (const [view, says, means] of views) {
    buttons[view] = button('', says, () => choose(view), means);
    buttons[view].setAttribute('role', 'tab');
    root.append(buttons[view]);
  }
  function turn(view) {
    parent.dataset.view = view;
    sessionStorage.setItem(KEY, view);  // a page that is loaded again stays where it was
    for (const each in buttons) buttons[each].setAttribute('aria-selected', each === view ? 'true' : 'false');
    document.dispatchEvent(new CustomEvent('m3ad-view'));
  }
  function choose(view) {
    turn(view);
    tell(view);
  }
  function tell(view) {
    props.value = { view };
    trigger('select');
  }
  function show() {
    const value = props.value;
    if (!value || !(value.view in buttons) || sessionStorage.getItem(SEEN) === String(value.sent)) return;
    if (value.sent === undefined) return;  // what this script sent up
    sessionStorage.setItem(SEEN, value.sent);  // the component may be mounted again with the same value
    turn(value.view);
  }
  const before = sessionStorage.getItem(KEY), first = views[0][0];
  turn(before in buttons ? before : first);
  if (before in buttons && before !== first) setTimeout(() => tell(before));  // once Gradio has set this component's value
  watch('value', show);
  show();
}
