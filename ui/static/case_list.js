// The list of cases: search, filter chips with counts, thumbnails. Only the rows in sight are asked for and exist, so a
// million cases are as quick as ten. Value: {model, selected, version}; GET cases says how many there are and where the
// selected one is, GET rows gives the rows behind a case. Triggers "select" with {id}.
function mount({ element, props, trigger, watch }) {
  const ROW = 55, CHUNK = 40, SPARE = 6;
  const TALLEST = 15e6;  // pixels: browsers draw nothing in taller elements; a longer list is scrolled through faster
  const root = element.querySelector('.m3-cases');
  const search = el('input', 'm3-search');
  search.type = 'search';
  search.placeholder = 'Find a case, category…';
  search.setAttribute('aria-label', 'Find a case');
  const chips = el('div', 'm3-chips'), list = el('div', 'm3-rows'), space = el('div', 'm3-rows-space');
  list.tabIndex = 0;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Cases');
  const empty = el('div', 'm3-rows-empty'), picker = el('input');
  picker.type = 'file';
  picker.accept = 'image/*,.tif,.tiff,.bmp';
  picker.hidden = true;
  const drop = button('m3-drop', 'Drop or paste an image', () => picker.click(), 'Drop or paste a picture anywhere on this page, or click to choose a file');
  const said = el('div', 'm3-drop-said');
  said.setAttribute('role', 'status');
  const previous = button('m3-previous', '', () => step(-1)), next = button('m3-next', '', () => step(1));
  previous.hidden = next.hidden = true;
  list.append(space, empty);
  const top = el('div', 'm3-cases-top'), bottom = el('div', 'm3-cases-bottom');
  top.append(search, chips);
  bottom.append(drop, said, picker);
  root.append(top, list, bottom, previous, next);

  let picks = 0, picked = null;  // how often a case was picked here, and the last one
  let count = 0, ids = [], places = new Map(), at = null;  // ids by place, places by id: of the rows that came; the selected one's
  let rows = new Map(), asked = new Map(), filter = 'all', turn = 0, loadedFor = null, again = null;
  const value = () => props.value || {};
  const address = (path, query) => {
    const url = new URL(path, document.baseURI);
    for (const key in query) if (query[key]) url.searchParams.set(key, query[key]);
    return url;
  };

  const question = () => ({ text: search.value.trim(), filter, model: value().model });
  const placeOf = (id) => places.get(id) ?? (id === value().selected ? at : null) ?? -1;
  // From the place in the list to pixels from its top, and back: one to one unless the list would be too tall.
  const height = () => Math.min(count * ROW, TALLEST);
  const inView = () => list.clientHeight / ROW;
  const squeezed = () => count * ROW > TALLEST;
  const firstInView = () => squeezed() ? (list.scrollTop / Math.max(1, height() - list.clientHeight)) * (count - inView()) : list.scrollTop / ROW;
  const pixels = (index, first) => squeezed() ? list.scrollTop + (index - first) * ROW : index * ROW;
  function bringFirst(first) {
    const bounded = Math.max(0, Math.min(count - inView(), first));
    list.scrollTop = squeezed() ? (bounded / (count - inView())) * (height() - list.clientHeight) : bounded * ROW;
  }

  // Ask for counts again; the rows on screen stay until the new ones are there.
  async function refresh(reveal) {
    const mine = ++turn, query = { ...question(), selected: value().selected };
    loadedFor = `${value().model} ${value().version}`;
    const response = await fetch(address('cases', query)).catch(() => null);
    if (mine !== turn) return;
    if (!response || !response.ok) { say('The list could not be loaded. Reload the page.', true); return; }
    const found = await response.json();
    if (mine !== turn) return;
    [count, at] = [found.count, found.at];
    [ids, places, asked] = [[], new Map(), new Map()];
    space.style.height = `${height()}px`;
    drawChips(found.filters);
    empty.textContent = count ? '' : (search.value || filter !== 'all') ? 'No case matches.' : 'No case yet: drop an image below, or import a data set in the Data tab.';
    if (reveal) show(value().selected);
    await fill();
    clearTimeout(again);
    if (found.busy) again = setTimeout(() => { if (inSight()) refresh(); }, 3000);  // inspections in the background
  }

  function drawChips(filters) {
    for (const each of filters) {
      const node = chips.querySelector(`[data-filter="${each.name}"]`) || makeChip(each);
      node.querySelector('b').textContent = each.count;
      setPressed(node, each.name === filter);
    }
  }
  function makeChip(each) {
    const choose = () => { filter = filter === each.name ? 'all' : each.name; list.scrollTop = 0; refresh(); };
    const node = button('m3-chip', each.says + ' ', choose, each.means);
    node.dataset.filter = each.name;
    node.append(el('b'));
    chips.append(node);
    return node;
  }

  // Load the rows in sight that were not asked for since the last refresh, then draw.
  async function fill() {
    draw();
    const first = Math.floor(firstInView()), mine = turn;
    for (let chunk = Math.floor(Math.max(0, first) / CHUNK); chunk * CHUNK <= Math.min(count - 1, first + inView()); chunk++) {
      await load(chunk);
      if (mine !== turn) return;
      draw();
    }
  }
  // Once for each chunk: who asks for one that is on its way waits for it too.
  function load(chunk) {
    if (!asked.has(chunk)) asked.set(chunk, fetchRows(chunk));
    return asked.get(chunk);
  }
  // The rows of a chunk are those behind the last case of a chunk that is here, with the ones between passed over.
  async function fetchRows(chunk) {
    const mine = turn;
    let known = chunk - 1;
    while (known >= 0 && ids[known * CHUNK + CHUNK - 1] === undefined) known--;
    const behind = { after: known < 0 ? 0 : ids[known * CHUNK + CHUNK - 1], skip: (chunk - known - 1) * CHUNK };
    const response = await fetch(address('rows', { ...question(), ...behind })).catch(() => null);
    if (mine !== turn) return;
    if (!response || !response.ok) { asked.delete(chunk); return; }
    (await response.json()).forEach((row, index) => {
      rows.set(row.id, row);
      ids[chunk * CHUNK + index] = row.id;
      places.set(row.id, chunk * CHUNK + index);
    });
  }

  function draw() {
    const begin = firstInView();
    const first = Math.max(0, Math.floor(begin) - SPARE), last = Math.min(count, Math.ceil(begin + inView()) + SPARE);
    const present = new Map([...space.children].map((node) => [node.dataset.id, node]));
    for (let index = first; index < last; index++) {
      if (ids[index] === undefined) continue;
      const id = String(ids[index]), node = present.get(id) || makeRow(id);
      present.delete(id);
      node.style.top = `${pixels(index, begin)}px`;
      fillRow(node, rows.get(ids[index]));
      node.setAttribute('aria-selected', ids[index] === value().selected ? 'true' : 'false');
      if (!node.parentNode) space.append(node);
    }
    for (const node of present.values()) if (asked.size || !count) node.remove();
    list.setAttribute('aria-activedescendant', placeOf(value().selected) < 0 ? '' : `m3-case-${value().selected}`);
  }

  function makeRow(id) {
    const node = el('div', 'm3-row'), words = el('div', 'm3-row-words');
    node.dataset.id = id;
    node.id = `m3-case-${id}`;
    node.setAttribute('role', 'option');
    words.append(el('b'), el('small'));
    node.append(el('span', 'm3-thumb'), words);
    node.addEventListener('click', () => choose(Number(id)));
    return node;
  }

  function fillRow(node, row) {
    if (!row || node.m3row === row) return;
    node.m3row = row;
    const [name, status] = node.querySelectorAll('b, small');
    name.textContent = row.name;
    status.textContent = row.status;
    node.title = `${row.name}: ${row.status}`;
    status.className = row.tone ? `m3-tone-${row.tone}` : '';
    const thumb = node.querySelector('.m3-thumb');
    if (thumb.dataset.src === row.picture) return;
    thumb.dataset.src = row.picture;
    thumb.textContent = '';
    const image = el('img');
    image.alt = '';
    image.loading = 'lazy';
    image.decoding = 'async';
    image.src = row.picture;
    image.onerror = () => { image.remove(); thumb.textContent = '?'; };
    thumb.append(image);
  }

  function show(id) {
    const index = placeOf(id);
    if (index < 0) return;
    const first = firstInView();
    if (index < first) bringFirst(index);
    else if (index + 1 > first + inView()) bringFirst(index + 1 - inView());
  }

  function choose(id) {
    if (id === value().selected) return;
    picked = id;
    at = places.get(id) ?? null;
    props.value = { ...value(), selected: id, pick: ++picks };
    show(id);
    draw();
    fill();
    trigger('select', { id });
  }

  async function step(by) {
    if (!count) return;
    const index = placeOf(value().selected), mine = turn;
    const wanted = index < 0 ? 0 : Math.min(count - 1, Math.max(0, index + by));
    await load(Math.floor(wanted / CHUNK));
    if (mine !== turn) step(by);  // the list was asked for anew meanwhile: no key is lost to that
    else if (ids[wanted] !== undefined) choose(ids[wanted]);
  }

  function say(text, bad) { said.textContent = text; said.classList.toggle('m3-bad', Boolean(bad)); }

  async function upload(file) {
    say(`Reading ${file.name || 'the image'}…`);
    const response = await fetch(address('upload'), {
      method: 'POST',
      headers: { 'X-M3AD-Upload': encodeURIComponent(file.name || 'pasted.png'), 'Content-Type': 'application/octet-stream' },
      body: file,
    }).catch(() => null);
    const answer = response && (await response.json().catch(() => null));
    if (!answer || !response.ok) { say((answer && answer.detail) || 'The image did not arrive. Try again.', true); return; }
    say(answer.says);
    search.value = '';
    filter = 'all';
    await refresh();
    choose(answer.id);
  }

  const inSight = () => element.isConnected && root.getClientRects().length > 0;
  const typing = (target) => target instanceof Element && target.closest('input, textarea, [contenteditable=true]');
  document.addEventListener('paste', (event) => {
    const file = [...(event.clipboardData?.files || [])].find((each) => each.type.startsWith('image/'));
    if (file && inSight() && !typing(event.target)) { event.preventDefault(); upload(file); }
  });
  document.addEventListener('dragover', (event) => {
    if (!inSight() || ![...(event.dataTransfer?.types || [])].includes('Files')) return;
    event.preventDefault();
    drop.classList.add('m3-over');
  });
  document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) drop.classList.remove('m3-over'); });
  document.addEventListener('drop', (event) => {
    drop.classList.remove('m3-over');
    const file = event.dataTransfer?.files?.[0];
    if (file && inSight()) { event.preventDefault(); upload(file); }
  });
  picker.addEventListener('change', () => { if (picker.files[0]) upload(picker.files[0]); picker.value = ''; });

  let pause = null;
  search.addEventListener('input', () => { clearTimeout(pause); pause = setTimeout(() => { list.scrollTop = 0; refresh(); }, 150); });
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && ids[0] !== undefined) { search.blur(); choose(ids[0]); }
  });
  list.addEventListener('scroll', () => fill(), { passive: true });
  new ResizeObserver(() => { if (inSight()) fill(); }).observe(list);
  watch('value', () => {
    // An answer to a question from before the latest pick must not take the pick back.
    if ((value().pick || 0) < picks) props.value = { ...value(), selected: picked, pick: picks };
    if (loadedFor !== `${value().model} ${value().version}`) refresh(true); else { show(value().selected); fill(); }
  });
  refresh(true);
}
