// The list of cases: search, filter chips with counts, thumbnails. Only the rows in sight exist, so 10,000 cases are as quick as 10.
// Value: {model, selected, version}; the ids come from GET cases, the rows in sight from GET rows. Triggers "select" with {id}.
function mount({ element, props, trigger, watch }) {
  const ROW = 55, CHUNK = 40, SPARE = 6;
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
  let ids = [], rows = new Map(), asked = new Set(), filter = 'all', turn = 0, loadedFor = null, again = null;
  const value = () => props.value || {};
  const address = (path, query) => {
    const url = new URL(path, document.baseURI);
    for (const key in query) if (query[key]) url.searchParams.set(key, query[key]);
    return url;
  };

  // Ask for ids and counts again; the rows on screen stay until the new ones are there.
  async function refresh(reveal) {
    const mine = ++turn, query = { text: search.value.trim(), filter, model: value().model };
    loadedFor = `${value().model} ${value().version}`;
    const response = await fetch(address('cases', query)).catch(() => null);
    if (mine !== turn) return;
    if (!response || !response.ok) { say('The list could not be loaded. Reload the page.', true); return; }
    const found = await response.json();
    if (mine !== turn) return;
    ids = found.ids;
    asked = new Set();
    space.style.height = `${ids.length * ROW}px`;
    drawChips(found.filters);
    empty.textContent = ids.length ? '' : (search.value || filter !== 'all') ? 'No case matches.' : 'No case yet: drop an image below, or import a data set in the Data tab.';
    if (reveal) show(value().selected);
    await fill();
    clearTimeout(again);
    if (found.busy) again = setTimeout(() => { if (inSight()) refresh(); }, 3000);  // inspections in the background
  }

  function drawChips(filters) {
    for (const each of filters) {
      const node = chips.querySelector(`[data-filter="${each.name}"]`) || makeChip(each);
      node.querySelector('b').textContent = each.count.toLocaleString('en');
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
    const first = Math.floor(list.scrollTop / ROW / CHUNK), last = Math.floor((list.scrollTop + list.clientHeight) / ROW / CHUNK), mine = turn;
    for (let chunk = first; chunk <= last; chunk++) {
      const wanted = ids.slice(chunk * CHUNK, (chunk + 1) * CHUNK);
      if (!wanted.length || asked.has(chunk)) continue;
      asked.add(chunk);
      const response = await fetch(address('rows', { ids: wanted.join(','), model: value().model })).catch(() => null);
      if (mine !== turn) return;
      if (response && response.ok) for (const row of await response.json()) rows.set(row.id, row);
      draw();
    }
  }

  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
    const last = Math.min(ids.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + SPARE);
    const present = new Map([...space.children].map((node) => [node.dataset.id, node]));
    for (let index = first; index < last; index++) {
      const id = String(ids[index]), node = present.get(id) || makeRow(id);
      present.delete(id);
      node.style.top = `${index * ROW}px`;
      fillRow(node, rows.get(ids[index]));
      node.setAttribute('aria-selected', ids[index] === value().selected ? 'true' : 'false');
      if (!node.parentNode) space.append(node);
    }
    for (const node of present.values()) node.remove();
    const chosen = ids.indexOf(value().selected);
    list.setAttribute('aria-activedescendant', chosen < 0 ? '' : `m3-case-${value().selected}`);
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
    const index = ids.indexOf(id);
    if (index < 0) return;
    const y = index * ROW;
    if (y < list.scrollTop) list.scrollTop = y;
    else if (y + ROW > list.scrollTop + list.clientHeight) list.scrollTop = y + ROW - list.clientHeight;
  }

  function choose(id) {
    if (id === value().selected) return;
    picked = id;
    props.value = { ...value(), selected: id, pick: ++picks };
    show(id);
    draw();
    fill();
    trigger('select', { id });
  }

  function step(by) {
    if (!ids.length) return;
    const index = ids.indexOf(value().selected);
    choose(ids[index < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, index + by))]);
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
    if (event.key === 'Enter' && ids.length) { search.blur(); choose(ids[0]); }
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
