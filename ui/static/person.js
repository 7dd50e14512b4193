// Who is here: tells the page their role, so that it does not offer what they may not do (classes m3-annotates and
// m3-reviews), and says in words when the server refuses something, or that they have to sign in again.
(() => {
  window.m3ad = window.m3ad || {};
  const RISING = ['viewer', 'annotator', 'reviewer', 'admin'];
  const plain = window.fetch.bind(window);
  let person = { name: '', role: 'admin', leaves: false };
  window.m3ad.may = (role) => RISING.indexOf(person.role) >= RISING.indexOf(role);
  window.m3ad.person = plain('person').then((answer) => (answer.ok ? answer.json() : person)).then((found) => {
    person = found;
    document.documentElement.dataset.role = found.role;
    return found;
  }).catch(() => person);

  function say(words, act) {
    let dialog = document.getElementById('m3-refused');
    if (!dialog) {
      dialog = document.createElement('dialog');
      dialog.id = 'm3-refused';
      (document.querySelector('.gradio-container') || document.body).append(dialog);
    }
    if (dialog.open) return;
    const text = document.createElement('p'), button = document.createElement('button');
    text.textContent = words;
    button.type = 'button';
    button.textContent = act.label;
    button.addEventListener('click', () => { dialog.close(); act.go(); });
    dialog.replaceChildren(text, button);
    dialog.showModal();
  }
  // Gradio's own client would show "Connection errored out" for both.
  window.fetch = async (...asked) => {
    const answer = await plain(...asked);
    if (answer.status === 401) {
      const to = new URLSearchParams({ to: location.search.slice(1) });
      const go = () => location.assign('login?' + to);
      say('You are not signed in any more. Sign in again: what you had not saved is kept as a draft.', { label: 'Sign in', go });
    } else if (answer.status === 403) {
      const { detail } = await answer.clone().json().catch(() => ({}));
      if (typeof detail === 'string') say(detail, { label: 'Close', go() {} });
    }
    return answer;
  };
})();
