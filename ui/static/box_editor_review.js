// Review: where the newest revision stands, and the three things that can be said of it - approve, send back with a
// reason and a place, ask. While the reason is written, a click on the primary picture sets the pin; a selected box has it
// first.

const PIN_WORDS = "Click on the picture to pin the place.";

// `act`: sheet(), unsaved(), reviewed(reply), next(), unknown() - asks about the selected box; false when there is none.
function createReview(parent, stage, model, act) {
  const box = make("section", "be-review", parent);
  box.setAttribute("aria-label", "Review");
  const state = make("div", "be-review-state", box);
  const buttons = make("div", "be-choice", box);
  button(buttons, "be-approve m3-reviews", "Approve", "approve", approve);
  button(buttons, "be-send-back m3-reviews", "Send back", "sendBack", () => open("send back"));
  button(buttons, "be-ask m3-annotates", "Ask", "ask", question);
  const form = make("form", "be-why", box);
  form.hidden = true;
  const reason = make("textarea", "be-field", form);
  Object.assign(reason, { rows: 2, maxLength: 2000 });
  reason.setAttribute("aria-label", "Reason, or question");
  const place = make("div", "be-pin-words", form);
  place.setAttribute("aria-live", "polite");
  const choice = make("div", "be-choice", form);
  const send = button(choice, "be-primary", "Send back", "↵", () => {});
  send.type = "submit";
  const unpin = button(choice, "", "No pin", "", () => setPin(null));
  button(choice, "", "Cancel", "Esc", () => close());
  let decision = null; // while the form is open
  let pin = null; // [x, y] in fractions, while the form is open
  let pins = []; // what is drawn over the picture
  let sending = false;

  const pinItem = (at, label) => [{ id: `pin ${at}`, kind: "pin", box: [...at, ...at], picture: 0, label }];
  const standing = () => (act.sheet() ? act.sheet().review : null);
  function render() {
    const review = standing();
    state.textContent = "";
    box.dataset.state = review ? review.decision : "";
    if (!act.sheet() || !act.sheet().revision) make("span", "", state, "Nothing to review yet.");
    else if (!review) make("span", "", state, `r${act.sheet().revision} is not reviewed.`);
    else {
      make("b", "", state, `r${act.sheet().revision} ${review.words}, ${when(review.created)}`);
      if (review.reason) make("div", "", state, review.reason);
    }
    const shown = review && review.pin ? pinItem(review.pin, review.reason) : [];
    pins = decision ? (pin ? pinItem(pin, "here") : []) : shown;
    act.draw();
  }

  function obstacle() {
    const sheet = act.sheet();
    if (!sheet || !sheet.revision) return "There is no revision to review: save one first.";
    return act.unsaved() ? "Save your changes first: a review is of a saved revision." : null;
  }
  function approve() {
    const words = obstacle();
    if (words) return act.complain(words);
    tell("approve", "", null);
  }
  function question() {
    if (act.unknown()) return;
    open("ask");
  }
  function open(wanted) {
    const words = obstacle();
    if (words) return act.complain(words);
    decision = wanted;
    form.hidden = false;
    buttons.hidden = true;
    send.firstChild.textContent = wanted === "ask" ? "Ask" : "Send back";
    const hint = wanted === "ask" ? "What do you want to know?" : "Why? The annotator is told.";
    reason.placeholder = hint;
    reason.setAttribute("aria-label", hint);
    stage.classList.add("be-pinning");
    model.bring(0);
    const target = model.target();
    setPin(target && target.box && !target.picture ? [(target.box[0] + target.box[2]) / 2, (target.box[1] + target.box[3]) / 2] : null);
    reason.focus();
  }
  function setPin(at) {
    pin = at;
    unpin.hidden = at === null;
    const px = at && [Math.round(at[0] * model.size.width), Math.round(at[1] * model.size.height)];
    place.textContent = px ? `Pinned at ${px.join(", ")}. Click to move it.` : PIN_WORDS;
    render();
  }
  function close() {
    if (!decision) return false;
    [decision, pin] = [null, null];
    form.hidden = true;
    buttons.hidden = false;
    reason.value = "";
    stage.classList.remove("be-pinning");
    render();
    act.leave();
    return true;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!reason.value.trim()) return act.complain(reason.placeholder);
    tell(decision, reason.value, pin);
  });
  reason.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) form.requestSubmit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  stage.addEventListener(
    "pointerdown",
    (event) => {
      if (!decision || event.button !== 0 || event.target.closest(".be-overlay")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (model.picture) return act.complain("A pin is a place on picture 1: take it into work first (P).");
      const { px, py } = act.pointOf(event);
      setPin([clamp(px / model.size.width, 0, 1), clamp(py / model.size.height, 0, 1)]);
      reason.focus();
    },
    { capture: true },
  );

  async function tell(what, words, at) {
    if (sending) return;
    sending = true;
    const { case_id, revision } = act.sheet();
    const reply = await ask("review", { case_id, revision, decision: what, reason: words, pin: at });
    sending = false;
    if (reply.refused) return act.complain(reply.refused);
    if (act.sheet().case_id !== case_id) return;
    close();
    act.reviewed(reply);
    if (what !== "ask") act.next();
  }
  return { render, close, approve, sendBack: () => open("send back"), question, items: () => pins };
}
