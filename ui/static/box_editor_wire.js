// Requests to the server, one at a time, each carrying the whole document it was made from: case, revision it is based
// on, verdict, boxes. A save or a change of case takes the document at the moment it is asked for, so that the next case
// may be on the screen before the answer is there; a draft takes the newest one. An answer names its request; an answer
// to anything else is late and ignored. Drafts are kept after a pause in editing and when the page is hidden.

const DRAFT_AFTER_MS = 500; // pause in editing
const DRAFT_AT_LATEST_MS = 3000; // while editing goes on
const ANSWER_WITHIN_MS = 10000;
const RETRY_AFTER_MS = 4000;

// What the server has not received yet, by case, in case the page is loaded again before it has: Gradio does that after a
// lost connection. Kept for this tab only, and forgotten with it.
function createJournal() {
  const key = (caseId) => `ra-monitor unsaved annotation ${caseId}`;
  const quietly = (act) => {
    try {
      return act();
    } catch {
      return null; // storage switched off or full: the draft on the server is what remains
    }
  };
  return {
    write: (work) => quietly(() => sessionStorage.setItem(key(work.case_id), JSON.stringify(work))),
    read: (caseId) => quietly(() => JSON.parse(sessionStorage.getItem(key(caseId)))),
    clear: (caseId) => quietly(() => sessionStorage.removeItem(key(caseId))),
  };
}

function createWire({ send, snapshot, status }) {
  let serial = Date.now(); // never used twice in a page, not even after the component was mounted again
  let inFlight = null; // {command, work, timer}
  let waiting = []; // [{command, work}] to send next; `work` null: the document as it is then
  let draftTimer = 0;
  let firstUnkept = 0; // when the oldest change that the server does not know was made
  let keptRev = 0; // the newest change of the case on the screen that the server knows

  function request(command, work) {
    clearTimeout(draftTimer);
    if (work || !waiting.some((one) => one.work === null)) waiting.push({ command, work });
    sendNext();
  }
  function sendNext() {
    const next = inFlight ? null : waiting.shift();
    if (!next) return;
    const work = { ...(next.work || { ...snapshot(), step: 0, target: null }), serial: ++serial };
    inFlight = { command: next.command, work, timer: setTimeout(unanswered, ANSWER_WITHIN_MS) };
    send(next.command, work);
  }
  function unanswered() {
    const { command, work } = inFlight;
    inFlight = null;
    status.unanswered(command, work);
    clearTimeout(draftTimer);
    if (waiting.length || status.unkept()) draftTimer = setTimeout(retry, RETRY_AFTER_MS);
  }
  const retry = () => (waiting.length ? sendNext() : keepDraft());
  function keepDraft() {
    if (status.unkept() && window.m3ad?.may?.("annotator") !== false) request("draft", null); // others may only try
  }
  // The document of the case on the screen leaves as it is; drafts of it that wait are void.
  function leave(command, extra) {
    const work = { ...snapshot(), ...extra };
    waiting = waiting.filter((one) => one.work !== null);
    request(command, work);
    return work;
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
    keepThis: (work) => request("draft", work),
    save: (step, target = null) => leave("save", { step, target }),
    open: (step, target = null) => leave("open", { step, target }),
    // The request {command, work} that `reply` answers; null for a late answer. The caller acts on it, then calls `next`.
    answered(reply) {
      if (!inFlight || reply.serial !== inFlight.work.serial) return null;
      clearTimeout(inFlight.timer);
      const request = inFlight;
      inFlight = null;
      return request;
    },
    // The server knows the case on the screen up to this change.
    kept(rev) {
      keptRev = rev;
      firstUnkept = 0;
    },
    next() {
      if (waiting.length) sendNext();
      else if (status.unkept()) this.changed();
    },
    // Another case is on the screen.
    reset() {
      clearTimeout(draftTimer);
      waiting = waiting.filter((one) => one.work !== null);
      [firstUnkept, keptRev] = [0, 0];
    },
    // Takes back what waits to leave the case: it is no longer wanted.
    recall: (caseId) => (waiting = waiting.filter((one) => !one.work || one.work.case_id !== caseId)),
    keptRev: () => keptRev,
    busy: () => waiting.some((one) => one.work) || (inFlight !== null && inFlight.command !== "draft"),
  };
}
