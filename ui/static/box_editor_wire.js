// Requests to the server, one at a time, each carrying the whole document it was made from: case, revision it is based
// on, verdict, boxes. An answer names its request; an answer to anything else is late and ignored. Drafts are kept after a
// pause in editing, before every change of case, and when the page is hidden.

const DRAFT_AFTER_MS = 500; // pause in editing
const DRAFT_AT_LATEST_MS = 3000; // while editing goes on
const ANSWER_WITHIN_MS = 10000;
const RETRY_AFTER_MS = 4000;

// What the server has not received yet, in case the page is loaded again before it has: Gradio does that after a lost
// connection. Kept for this tab only, and forgotten with it.
function createJournal() {
  const KEY = "ra-monitor unsaved annotation";
  const quietly = (act) => {
    try {
      return act();
    } catch {
      return null; // storage switched off or full: the draft on the server is what remains
    }
  };
  return {
    write: (work) => quietly(() => sessionStorage.setItem(KEY, JSON.stringify(work))),
    read: () => quietly(() => JSON.parse(sessionStorage.getItem(KEY))),
    clear: () => quietly(() => sessionStorage.removeItem(KEY)),
  };
}

function createWire({ send, snapshot, status }) {
  let serial = Date.now(); // never used twice in a page, not even after the component was mounted again
  let inFlight = null; // {serial, command, rev, timer}
  let waiting = null; // the request to send next
  let draftTimer = 0;
  let firstUnkept = 0; // when the oldest change that the server does not know was made
  let keptRev = 0; // the newest change that the server knows

  function request(command, extra) {
    clearTimeout(draftTimer);
    if (inFlight) {
      if (!waiting || waiting.command === "draft") waiting = { command, extra };
      return;
    }
    const work = { ...snapshot(), ...extra, serial: ++serial };
    inFlight = { serial, command, rev: work.rev, timer: setTimeout(() => unanswered(command), ANSWER_WITHIN_MS) };
    send(command, work);
  }
  function unanswered(command) {
    inFlight = null;
    waiting = null;
    status.unanswered(command);
    if (status.unkept()) draftTimer = setTimeout(() => request("draft", {}), RETRY_AFTER_MS);
  }
  function keepDraft() {
    if (status.unkept()) request("draft", {});
  }
  return {
    // The document changed.
    changed() {
      if (!firstUnkept) firstUnkept = Date.now();
      clearTimeout(draftTimer);
      const wait = clamp(firstUnkept + DRAFT_AT_LATEST_MS - Date.now(), 0, DRAFT_AFTER_MS);
      draftTimer = setTimeout(keepDraft, wait);
    },
    keepDraft,
    save: (step) => request("save", { step }),
    open: (step, target = null) => request("open", { step, target }),
    // True when `reply` answers the request under way; the caller then acts on it and calls `next`.
    answers(reply) {
      if (!inFlight || reply.serial !== inFlight.serial) return false;
      clearTimeout(inFlight.timer);
      keptRev = reply.kind === "draft" ? inFlight.rev : keptRev;
      inFlight = null;
      firstUnkept = 0;
      return true;
    },
    next() {
      const held = waiting;
      waiting = null;
      if (held) request(held.command, held.extra);
      else if (status.unkept()) this.changed();
    },
    // Another case is on the screen: what waited for the former one is void.
    reset() {
      clearTimeout(draftTimer);
      [firstUnkept, keptRev, waiting] = [0, 0, null];
    },
    keptRev: () => keptRev,
    busy: () => inFlight !== null && inFlight.command !== "draft",
  };
}
