// What the chip on the stage says of the work: a message until the next change, else whether and when it was kept.

function ago(at) {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min ago` : when(new Date(at).toISOString());
}

// `show` puts words on the chip; `unkept`: are there changes that the server has not been told of?
function createStatus(model, { show, say, unkept }) {
  let message = { words: "", alarm: false };
  let draftAt = 0; // when the server last kept a draft; 0: there is none
  let lost = false; // the server did not answer

  function words() {
    if (message.words) return message.words;
    if (unkept()) return lost ? "not saved: no answer from the server" : "saving draft…";
    if (model.doc.anomalous === null)
      return model.doc.note ? "note not kept yet: choose Anomalous or Normal" : "not annotated";
    if (draftAt && model.dirty()) return `draft saved ${ago(draftAt)}`;
    return model.basedOn ? `no changes since r${model.basedOn}` : "not annotated";
  }
  const render = () => show(words(), message.alarm);
  return {
    render,
    // Said and shown until the next change.
    tell(text, alarm = false) {
      message = { words: text, alarm };
      say(text);
      render();
    },
    clear: () => (message = { words: "", alarm: false }),
    alarmed: () => message.alarm,
    draft: (at) => (draftAt = at),
    noAnswer: () => (lost = true),
    answer() {
      if (lost) message = { words: "", alarm: false };
      lost = false;
    },
  };
}
