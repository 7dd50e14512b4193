// Keeps ?tab=…&case=…&queue=… in the address bar, so that every place can be linked to; triggers "submit" on back and forward.
function mount({ element, props, trigger, watch }) {
  const read = () => {
    const query = new URLSearchParams(location.search);
    return { tab: query.get('tab'), case: Number(query.get('case')) || null, queue: query.get('queue'), filter: query.get('filter') };
  };
  let arrived = false;
  // `front`: the tab says that it came to the front; without it, a place that a link or a person asked for.
  function write() {
    const value = props.value || {};
    if (!value.tab) return;
    // The first tab is in front until the link is read: what it says then, or says late, is no place where anybody went.
    if (value.front) {
      const front = document.querySelector('#m3-tabs [data-tab-id][aria-selected=true]');
      if (!arrived || (front && front.dataset.tabId !== value.tab)) return;
    }
    arrived = true;
    const url = new URL(location.href), before = read();
    url.searchParams.set('tab', value.tab);
    if (value.case) url.searchParams.set('case', value.case); else url.searchParams.delete('case');
    if (value.queue) { url.searchParams.set('queue', value.queue); url.searchParams.delete('filter'); }
    if (value.tab !== 'annotate') for (const name of ['queue', 'filter']) url.searchParams.delete(name);
    if (url.href === location.href) return;
    // A new tab is a step that "back" undoes; walking through cases is not.
    const step = before.tab && before.tab !== value.tab;
    history[step ? 'pushState' : 'replaceState'](null, '', url);
  }
  watch('value', write);
  window.addEventListener('popstate', () => {
    if (!element.isConnected) return;
    props.value = read();
    trigger('submit', read());
  });
}
