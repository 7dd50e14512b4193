// The revisions of a case, newest first, and one of them to look at: what it changed, or what has changed since, as boxes
// over the picture in place of the document's. Every kind of change has its own outline and its own sign, not a colour
// alone. To restore a revision is to take its document and save it: a new revision, and undo works.

const SIGNS = {
  added: ["+", "added"],
  removed: ["−", "removed"],
  moved: ["↔", "moved (dotted: where it was)"],
  retyped: ["→", "another type"],
  kept: ["=", "as it was"],
};

// `act`: restore(look), leave(), draw() - the boxes over the picture are others now -, bring(items) - takes a picture
// into work on which one of them is.
function createHistory(parent, stage, act) {
  const list = make("ol", "be-history", parent);
  const card = make("section", "be-overlay be-compare", stage);
  card.setAttribute("aria-label", "What a revision changed");
  card.hidden = true;
  let caseId = null;
  let rows = [];
  let looked = null; // the server's answer about the revision that is looked at
  let chosen = 0; // which of its comparisons is drawn
  let items = []; // what is drawn over the picture
  let asked = 0; // counts the questions to the server: only the last one's answer is shown

  function render(id, revisions, blind) {
    if (id !== caseId || (looked && looked.newest !== revisions.length)) close();
    [caseId, rows] = [id, revisions];
    list.textContent = "";
    if (!rows.length) make("li", "", list, blind ? "Not shown." : "Nobody has annotated this case yet.");
    for (const one of rows) {
      const item = make("li", "", list);
      const look = make("button", "be-look", item);
      look.type = "button";
      keyed(look, "look", (key) => (look.title = `Show what it changed (${key})`));
      look.addEventListener("click", () => (looked && looked.revision === one.revision ? close() : show(one.revision)));
      make("b", "", look, `r${one.revision} `);
      make("span", "", look, `${one.author}, ${when(one.created)} · ${one.words}`);
      if (one.model) make("span", "be-by", look, ` · on ${one.model}'s suggestion`);
      if (one.note) make("div", "be-by", item, `“${one.note}”`);
      for (const review of one.reviews)
        make("div", "be-by", item, `${review.words}, ${when(review.created)}${review.reason && `: ${review.reason}`}`);
      for (const words of one.lineage) make("div", "be-by", item, words);
    }
    press();
  }
  const press = () =>
    list.querySelectorAll(".be-look").forEach((node, at) =>
      node.setAttribute("aria-pressed", String(looked !== null && looked.revision === rows[at].revision)),
    );

  async function show(revision) {
    const question = ++asked;
    const reply = await ask(`revision/${caseId}/${revision}`);
    if (question !== asked) return;
    if (reply.refused) return act.complain(reply.refused);
    if (reply.case_id !== caseId) return;
    looked = reply;
    chosen = 0;
    draw();
  }
  // The newest revision, then with every call the one before it, then none.
  function step() {
    if (!rows.length) return act.complain("Nobody has annotated this case yet.");
    const next = looked ? looked.revision - 1 : rows[0].revision;
    if (next < 1) close();
    else show(next);
  }
  function close() {
    asked += 1;
    if (!looked) return false;
    looked = null;
    items = [];
    card.hidden = true;
    stage.classList.remove("be-comparing");
    press();
    act.draw();
    return true;
  }

  const label = ({ what, now, was }) =>
    what === "retyped" ? `${was.type} → ${now.type}` : `${SIGNS[what][0]} ${(now || was).type}`;
  const placed = ({ box, picture = 0 }) => ({ box, picture });
  function overlay(found) {
    return found.flatMap((one, at) => {
      const { what, now, was } = one;
      const main = { id: `past ${at}`, kind: `past be-${what}`, label: label(one), ...placed(now || was) };
      const moved = now && was && was.box && JSON.stringify(placed(now)) !== JSON.stringify(placed(was));
      const before = { id: `past ${at} was`, kind: "past be-was", label: "", ...(was && placed(was)) };
      return moved ? [before, main] : [main];
    });
  }
  // What the revision can be compared with: the one before, the newest one, what others said in second looks.
  function comparisons({ revision, newest, changed, since, seconds }) {
    const found = [{ ...changed, title: `What r${revision} changed`, name: "What it changed" }];
    if (since) found.push({ ...since, title: `From r${revision} to r${newest}`, name: "Since then" });
    for (const one of seconds)
      found.push({ ...one, title: `From r${revision} to ${one.person}'s second look`, name: `${one.person}'s second look` });
    return found;
  }
  function draw() {
    const all = comparisons(looked);
    const compared = all[chosen];
    const { title } = compared;
    items = overlay(compared.items);
    stage.classList.add("be-comparing");
    card.hidden = false;
    card.textContent = "";
    make("b", "", card, title);
    const words = make("ul", "", card);
    for (const line of compared.words) make("li", "", words, line);
    const kinds = new Set(compared.items.map(({ what }) => what));
    const legend = make("div", "be-legend", card);
    for (const [kind, [sign, meaning]] of Object.entries(SIGNS))
      if (kinds.has(kind)) make("span", `be-sign be-${kind}`, legend, `${sign} ${meaning}`);
    const choice = make("div", "be-choice", card);
    all.forEach(({ name }, at) => {
      if (at === chosen) return;
      button(choice, "", name, "", () => {
        chosen = at;
        draw();
      });
    });
    if (looked.since) {
      button(choice, "be-primary", `Restore r${looked.revision}`, "", () => {
        const wanted = looked;
        close();
        act.restore(wanted);
      });
    }
    button(choice, "", "Close", "Esc", close);
    press();
    act.draw();
    act.bring(items);
    act.say(`${title}: ${compared.words.join("; ")}.`);
  }
  return { render, step, close, items: () => items };
}

// A question to one of our own routes; {refused: words} when there is no good answer.
async function ask(address, body) {
  const headers = { "content-type": "application/json", "x-m3ad-review": "1" };
  try {
    const answer = await fetch(address, body ? { method: "POST", headers, body: JSON.stringify(body) } : {});
    const reply = await answer.json();
    if (answer.ok) return reply;
    return { refused: typeof reply.detail === "string" ? reply.detail : `The server refused that (${answer.status}).` };
  } catch {
    return { refused: "The server does not answer: nothing was done. Try again." };
  }
}
