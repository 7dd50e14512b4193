// Unsaved texts by example: {id: {think, reflection, based_on}}. `write` says whether the browser has kept them.
function createDrafts(name) {
  const key = `m3ad-texts-${name}`;
  const read = () => {
    try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; }
  };
  function write(id, draft) {
    const all = read();
    if (draft) all[id] = draft; else delete all[id];
    try { localStorage.setItem(key, JSON.stringify(all)); return true; } catch { return !draft; }
  }
  return { of: (id) => read()[id] || null, ids: () => Object.keys(read()).map(Number), write, drop: (id) => write(id, null) };
}
