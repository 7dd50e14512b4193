// Light or dark: the system's choice until the person makes one; kept in this browser.
(() => {
  const KEY = 'm3ad-mode', system = window.matchMedia('(prefers-color-scheme: dark)');
  const dark = () => { const chosen = localStorage.getItem(KEY); return chosen ? chosen === 'dark' : system.matches; };
  const apply = () => {
    const on = dark();
    document.body.classList.toggle('dark', on);
    document.documentElement.style.colorScheme = on ? 'dark' : 'light';
  };
  window.m3ad = window.m3ad || {};
  window.m3ad.toggleMode = () => {
    localStorage.setItem(KEY, dark() ? 'light' : 'dark');
    apply();
    window.dispatchEvent(new CustomEvent('m3ad:mode', { detail: dark() ? 'dark' : 'light' }));
  };
  window.m3ad.dark = dark;
  apply();
  system.addEventListener('change', apply);
  // Gradio sets its own class once it has started: the person's choice stands.
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ['class'] });
})();
