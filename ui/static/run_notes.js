// A run's sample answers and its log, side by side. Text of models and processes is shown as text only.
function mount({ element, props, watch }) {
  const root = element.querySelector('.m3-notes');
  const [samples, answers] = pane('Sample answers');
  const [logs, log] = pane('Log');
  const copy = button('m3-copy', 'copy', copyLog, 'Copy the command and the log');
  const settings = button('m3-copy m3-notes-switch', 'settings', switchSettings, 'What this run was made with');
  let configured = false;
  setPressed(settings, false);
  logs.firstChild.append(settings, copy);
  const LATEST = 'latest answers', chooser = el('select', 'm3-follow');
  chooser.setAttribute('aria-label', 'Which answers');
  let wanted = LATEST;  // what a person chose stays chosen while its answers are away for a moment
  chooser.addEventListener('change', () => { wanted = chooser.value; show(); });
  samples.firstChild.append(chooser);
  root.append(samples, logs);
  let shownSamples = null;

  function pane(name) {
    const box = el('section', 'm3-notes-pane'), head = el('h4', 'm3-h', name), body = el('div', 'm3-notes-body');
    body.tabIndex = 0;
    body.setAttribute('aria-label', name);
    box.append(head, body);
    return [box, body];
  }
  function said() {
    const value = props.value || {};
    return (value.command ? '$ ' + value.command + '\n' : '') + (value.log || '');
  }
  function configuration() {
    return ((props.value || {}).settings || []).map(([name, value]) => name + ': ' + value).join('\n');
  }
  function switchSettings() {
    configured = !configured;
    setPressed(settings, configured);
    log.textContent = configured ? configuration() : said();
    log.scrollTop = configured ? 0 : log.scrollHeight;
  }
  async function copyLog() {
    try {
      await navigator.clipboard.writeText(said());
    } catch (error) {  // the clipboard is closed to pages without https: select the text and copy the selection
      getSelection().selectAllChildren(log);
      document.execCommand('copy');
    }
    copy.textContent = 'copied';
    setTimeout(() => { copy.textContent = 'copy'; }, 1500);
  }
  function choices(value) {
    const names = [...(value.samples ? [LATEST] : []), ...Object.keys(value.followed || {})];
    if (names.join('\n') === [...chooser.options].map(one => one.value).join('\n')) return;
    chooser.replaceChildren(...names.map(name => {
      const option = el('option', '', name);
      option.value = name;
      return option;
    }));
    if (names.includes(wanted)) chooser.value = wanted;
    chooser.hidden = names.length < 2;
  }
  function showSamples(value) {
    choices(value);
    samples.hidden = !value.samples && !chooser.options.length;
    const rows = (chooser.value in (value.followed || {}) ? value.followed[chooser.value] : value.samples) || [];
    const now = chooser.value + JSON.stringify(rows);
    if (now === shownSamples) return;
    shownSamples = now;
    answers.textContent = '';
    if (!rows.length) answers.append(el('p', 'm3-mute', 'The run writes an answer here every few steps.'));
    for (const [step, which, rewards, text] of rows) {
      const one = el('article', 'm3-sample'), head = el('header', 'm3-mute');
      head.append(el('b', '', 'step ' + step), ' · case ' + which + (rewards ? ' · ' + rewards : ''));
      one.append(head, el('p', '', text));
      answers.append(one);
    }
  }
  function show() {
    const value = props.value || {};
    showSamples(value);
    const text = configured ? configuration() : said();
    if (text === log.textContent) return;
    const atEnd = !configured && log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.textContent = text;
    if (atEnd) log.scrollTop = log.scrollHeight;  // who has scrolled up to read stays there
  }
  watch('value', show);
  show();
}
