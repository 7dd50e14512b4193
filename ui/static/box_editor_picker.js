// The type picker: a combobox that searches the three levels, shows path and definition, and has recent types on 2 to 9.
// The order of the answers is that of `m3ad.taxonomy.Taxonomy.search` (a browser test holds the two together), but for a
// type's two short letters (ui/type_keys.py), which always find that type first.

const RECENT_SLOTS = 8; // digits 2..9; 1 and 0 are Anomalous and Normal
const CROP_PAUSE = 150; // milliseconds that a type stays highlighted before its picture is asked for
const RECENT_STORE = "ra-monitor recent types";

// Recent types keep their digit until the least recently used one has to make room: fingers learn them.
function createRecent() {
  let slots = [];
  try {
    const stored = JSON.parse(localStorage.getItem(RECENT_STORE) || "[]");
    if (Array.isArray(stored))
      slots = stored.filter((one) => one && typeof one.type === "string").slice(0, RECENT_SLOTS);
  } catch {
    slots = []; // storage switched off or not ours: start empty
  }
  const keep = () => {
    try {
      localStorage.setItem(RECENT_STORE, JSON.stringify(slots));
    } catch {
      // without storage the digits last until the page is closed
    }
  };
  return {
    types: () => slots.map((one) => one.type),
    digit: (type) => {
      const at = slots.findIndex((one) => one.type === type);
      return at < 0 ? null : at + 2;
    },
    at: (digit) => (slots[digit - 2] ? slots[digit - 2].type : null),
    use(type) {
      const used = Date.now();
      const at = slots.findIndex((one) => one.type === type);
      if (at >= 0) slots[at].used = used;
      else if (slots.length < RECENT_SLOTS) slots.push({ type, used });
      else
        slots[slots.indexOf(slots.reduce((oldest, one) => (one.used < oldest.used ? one : oldest)))] = { type, used };
      keep();
    },
  };
}

const searchWords = (text) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[_\-\u2010-\u2015\u2212\s]+/g, " ")
    .trim();

// How well a type answers, 0 best; null when it does not. The words come normalised from the server.
function typeRank(node, wanted) {
  const [name, ...aliases] = node.keys;
  if (node.short === wanted) return -1;
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.includes(wanted)) return 2;
  if (aliases.some((alias) => alias.includes(wanted))) return 3;
  if (node.where.includes(wanted)) return 4;
  return node.meaning.includes(wanted) ? 5 : null;
}
function searchTypes(nodes, query) {
  const wanted = searchWords(query);
  if (!wanted) return nodes.slice();
  const ranked = nodes
    .map((node, place) => ({ node, place, rank: typeRank(node, wanted) }))
    .filter((one) => one.rank !== null);
  return ranked.sort((a, b) => a.rank - b.rank || a.place - b.place).map((one) => one.node);
}

function createPicker(parent, nodes, hooks) {
  const recent = createRecent();
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const input = make("input", "be-field", parent);
  const list = make("ul", "be-types", parent);
  const listId = `be-types-${Math.random().toString(36).slice(2, 8)}`;
  Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
  list.id = listId;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Types of defect");
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-expanded", "true"],
    ["aria-controls", listId],
    ["aria-autocomplete", "list"],
    ["aria-label", "Type of the selected box: search name, group or definition"],
  ])
    input.setAttribute(name, value);
  let shown = []; // the nodes in the list
  let active = 0;
  let current = null; // type of the selected box; null when no box is selected
  let shownFor = ""; // what the list was last drawn from

  const idle = () => current === null && !input.value.trim(); // nothing to choose a type for
  // Without a query: the type of the box with its definition, what the model said, the siblings of both, the recent
  // types, then all the others.
  function answers() {
    if (input.value.trim()) return searchTypes(nodes, input.value);
    const known = (names) => names.map((name) => byName.get(name)).filter(Boolean);
    const likely = known([current, ...hooks.suggested()]);
    const siblings = nodes.filter((node) => likely.some(({ path }) => path === node.path));
    return [...new Set([...likely, ...siblings, ...known(recent.types()), ...nodes])];
  }
  function row(node, at) {
    const item = make("li", at === active ? "be-active" : "", list);
    item.id = `${listId}-${at}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(at === active));
    const line = make("div", "be-type", item);
    make("b", "", line, node.name);
    make("small", "", line, node.path);
    if (hooks.suggested().includes(node.name)) make("em", "", line, "model");
    const digit = recent.digit(node.name);
    for (const key of [digit, node.short]) if (key) make("kbd", "", line, String(key));
    make("div", "be-definition", item, node.definition);
    item.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    item.addEventListener("click", () => choose(node.name)); // and a finger that scrolls the list chooses nothing
  }
  function render() {
    shown = answers();
    active = idle() ? -1 : clamp(active, 0, shown.length - 1);
    list.textContent = "";
    shown.forEach(row);
    if (!shown.length) make("li", "be-none", list, "No type with these words.");
    pointAt();
  }
  function pointAt() {
    [...list.children].forEach((item, at) => {
      item.classList.toggle("be-active", at === active);
      item.setAttribute("aria-selected", String(at === active));
    });
    if (active < 0 || !shown.length) {
      clearTimeout(asked);
      list.scrollTop = 0;
      return input.removeAttribute("aria-activedescendant");
    }
    input.setAttribute("aria-activedescendant", `${listId}-${active}`);
    const item = list.children[active];
    bringIntoView(item);
    showCrop(item, shown[active].name);
  }
  // What the type looks like: cut from an approved annotation; nothing when there is none.
  const crop = make("img", "be-crop");
  let asked = 0;
  function showCrop(item, name) {
    crop.remove();
    clearTimeout(asked);
    asked = setTimeout(() => {
      crop.alt = `An approved ${name}`;
      crop.onload = () => {
        if (!item.isConnected) return;
        item.lastChild.prepend(crop);
        bringIntoView(item);
      };
      crop.src = hooks.crop(name);
    }, CROP_PAUSE);
  }
  function bringIntoView(item) {
    if (item.offsetTop < list.scrollTop) list.scrollTop = item.offsetTop;
    else if (item.offsetTop + item.offsetHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = item.offsetTop + item.offsetHeight - list.clientHeight;
  }
  function choose(name) {
    if (current === null) return hooks.nothing();
    recent.use(name);
    input.value = "";
    active = 0;
    render();
    hooks.choose(name);
  }
  input.addEventListener("input", () => {
    active = 0;
    render();
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 4, PageUp: -4 }[event.key];
    if (step) {
      active = clamp(active + step, 0, shown.length - 1);
      pointAt();
    } else if (event.key === "Enter" && !event.isComposing) {
      if (shown[active]) choose(shown[active].name);
    } else if (event.key === "Escape") {
      input.value = "";
      active = 0;
      render();
      hooks.leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    focus: () => input.focus(),
    // Begins a search with a letter that was pressed elsewhere.
    start(letter) {
      if (current === null) return hooks.nothing();
      input.focus();
      input.value = letter;
      active = 0;
      render();
    },
    // The box to give a type to has this one (null: there is no such box).
    show(type) {
      const basis = JSON.stringify([type, recent.types(), hooks.suggested()]);
      if (basis === shownFor) return;
      shownFor = basis;
      input.value = "";
      current = type;
      active = 0;
      input.placeholder =
        type === null ? "Select a box to give it a type" : type === "" ? "What is it? Type to search" : type;
      render();
    },
    byDigit(digit) {
      const type = recent.at(digit);
      if (type) choose(type);
      return type !== null;
    },
    path: (name) => (byName.has(name) ? byName.get(name).path : "not in the taxonomy"),
  };
}
