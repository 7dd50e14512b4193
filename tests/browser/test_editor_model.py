"""The editor's document by itself, in a real browser's JavaScript: whatever is edited, undone, redone, saved,
or left and come back to, the document is the one the person saw then, and every edited box lies on whole pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from ui.components.base import static

pytestmark = pytest.mark.browser

W, H = 97, 61
SIZES = [(W, H), (40, 300), (194, 122)]  # of the pictures of the case; the last one is aligned with the first
GHOSTS = [
    {"id": "g1", "type": "crack", "box": [0.1, 0.1, 0.333, 0.4], "picture": 0},
    {"id": "g2", "type": "bent", "box": None, "picture": 0},
    {"id": "g3", "type": "hole", "box": [0.5, 0.5, 0.51, 0.517], "picture": 0},
]
DENT = {"type": "dent", "box": [1 / 3, 1 / 7, 2 / 3, 0.91], "picture": 0}
THERE = {"type": "bent", "box": [0.2, 0.3, 0.77, 0.5], "picture": 1}
SAVED = {"anomalous": True, "note": "", "defects": [DENT, THERE]}
EMPTY: dict[str, Any] = {"anomalous": None, "note": "", "defects": []}
SCUFF = {"type": "scuff", "box": [0.2, 0.2, 0.77, 0.9], "picture": 0}
COPIED = {"anomalous": True, "defects": [SCUFF, SCUFF | {"picture": 2}], "note": ""}

# Runs the steps on a new model; gives the document after each, as the server would receive it. `tick`: milliseconds
# between two steps, since quick repeats of one edit are one step of undo.
RUN = """([pictures, ghosts, saved, copied, steps, tick]) => {
  let now = 1e6;
  Date.now = () => now;
  const model = createModel();
  const start = model.fromServer(saved);
  model.load({ pictures, start, saved: start, basedOn: saved.anomalous === null ? 0 : 1, ghosts });
  const pick = (i) => model.doc.defects.length ? model.doc.defects[i % model.doc.defects.length] : null;
  const boxed = (i) => { const one = pick(i);
    if (!one || !one.box || model.doc.anomalous === false) return null;
    model.select(one.id);
    return one; };
  const DO = {
    draw: (px) => { model.select(null); model.addBox(Pixels.snap(px, model.size)); },
    picture: (at) => model.bring(at),
    move: ([i, dx, dy]) => { const d = boxed(i);
      if (d) model.setBox(d.id, Pixels.moved(model.pixels(d), dx, dy, model.size), "", `nudge ${d.id}`); },
    resize: ([i, handle, dx, dy]) => { const d = boxed(i);
      if (d) model.setBox(d.id, Pixels.resized(model.pixels(d), handle, dx, dy, model.size), ""); },
    type: ([i, type]) => { const d = pick(i); if (d) { model.select(d.id); model.setType(type); } },
    remove: (i) => { const d = pick(i); if (d) model.remove(d.id); },
    adopt: (id) => model.adopt(id),
    retype: ([id, type]) => { model.selectGhost(id); model.setType(type); },
    copy: () => model.copy(copied),
    verdict: (anomalous) => model.setVerdict(anomalous),
    note: (words) => model.setNote(words),
    cycle: (step) => model.cycle(step, true),
    save: () => model.stored(model.basedOn + 1),
    leave: () => { const kept = model.leave(); model.load({ pictures, start: EMPTY_DOCUMENT, saved: EMPTY_DOCUMENT,
      basedOn: 0, ghosts: [] }); model.addBox([0, 0, 1, 1]); model.comeBack(kept); },
    undo: () => model.undo(),
    redo: () => model.redo(),
  };
  const seen = () => JSON.parse(JSON.stringify({ ...model.doc,
    defects: model.doc.defects.map(({ type, box, picture }) => ({ type, box, picture })) }));
  const states = [{ doc: seen() }];
  for (const [name, argument] of steps) {
    now += tick;
    DO[name](argument);
    const again = model.fromServer(seen());
    states.push({ doc: seen(), dirty: model.dirty(), reloads: sameDocument(again, model.doc),
      lost: model.selected !== null && !(model.defect() && model.here(model.defect())),
      size: [model.size.width, model.size.height], picture: model.picture });
  }
  return states;
}"""

numbers = st.integers(-150, 150)
which = st.integers(0, 5)
types = st.sampled_from(["crack", "bent", "dent", "<b>x</b>"])
ghosts = st.sampled_from(["g1", "g2", "g3"])
handles = st.sampled_from(["nw", "n", "ne", "e", "se", "s", "sw", "w"])
EDITS = st.one_of(
    st.tuples(st.just("draw"), st.lists(st.floats(-20, 120), min_size=4, max_size=4)),
    st.tuples(st.just("move"), st.tuples(which, numbers, numbers)),
    st.tuples(st.just("resize"), st.tuples(which, handles, numbers, numbers)),
    st.tuples(st.just("type"), st.tuples(which, types)),
    st.tuples(st.just("remove"), which),
    st.tuples(st.just("adopt"), st.one_of(st.none(), ghosts)),
    st.tuples(st.just("retype"), st.tuples(ghosts, types)),
    st.tuples(st.just("copy"), st.none()),
    st.tuples(st.just("verdict"), st.booleans()),
    st.tuples(st.just("note"), st.sampled_from(["", "a", "left edge"])),
)
OTHER = st.one_of(
    st.tuples(st.just("cycle"), st.sampled_from([-1, 1])),
    st.tuples(st.just("picture"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["save", "leave"]), st.none()),
)
TRAVEL = st.tuples(st.sampled_from(["undo", "redo"]), st.none())
STEPS = st.lists(st.one_of(EDITS, EDITS, TRAVEL, OTHER), min_size=1, max_size=30)
STARTS = st.sampled_from([EMPTY, SAVED])


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Iterator[Page]:
    """An empty page that knows the editor's document and nothing else of it."""
    page = browser.new_page()
    for name in ("keys.js", "box_editor_names.js", "box_editor_pixels.js", "box_editor_model.js"):
        page.add_script_tag(content=static(name))
    yield page
    page.close()


def run(sheet: Page, start: dict[str, Any], steps: list[Any], tick: int = 10_000) -> list[dict[str, Any]]:
    pictures = [{"width": width, "height": height, "role": "view"} for width, height in SIZES]
    return sheet.evaluate(RUN, [pictures, GHOSTS, start, COPIED, [list(step) for step in steps], tick])


@settings(max_examples=150, deadline=None)
@given(start=STARTS, steps=STEPS)
def test_undo_and_redo_end_in_the_document_the_person_saw(sheet: Page, start: dict[str, Any], steps: list[Any]) -> None:
    states = run(sheet, start, steps)
    seen, at = [states[0]["doc"]], 0
    for (name, _), state in zip(steps, states[1:], strict=True):
        if name in ("undo", "redo"):
            at = min(max(at + (1 if name == "redo" else -1), 0), len(seen) - 1)
        elif state["doc"] != seen[at]:
            assert name not in ("cycle", "picture", "save", "leave"), "only an edit changes the document"
            seen[at + 1 :] = [state["doc"]]
            at += 1
        assert state["doc"] == seen[at]
        assert state["reloads"], "what is kept as a draft comes back as the same document"
        assert not state["lost"], "nothing is selected that is not there, or on another picture than the one in work"
        assert tuple(state["size"]) == SIZES[state["picture"]]
        if name == "save":
            assert not state["dirty"]


@settings(max_examples=100, deadline=None)
@given(start=STARTS, steps=STEPS)
def test_every_box_that_was_touched_lies_on_whole_pixels_of_the_picture(
    sheet: Page, start: dict[str, Any], steps: list[Any]
) -> None:
    for state in run(sheet, start, steps):
        for defect in state["doc"]["defects"]:
            if defect["box"] is None or defect in start["defects"]:
                continue  # a box that nobody touched keeps its fractions exactly; its type may be another
            if defect["box"] in [each["box"] for each in start["defects"]]:
                continue
            width, height = SIZES[defect["picture"]]
            px = [value * side for value, side in zip(defect["box"], (width, height) * 2, strict=True)]
            assert px == pytest.approx([round(value) for value in px], abs=1e-9)
            assert 0 <= round(px[0]) < round(px[2]) <= width
            assert 0 <= round(px[1]) < round(px[3]) <= height


def test_a_held_arrow_key_is_one_step_of_undo(sheet: Page) -> None:
    nudges = [("move", (0, 1, 0))] * 20
    states = run(sheet, SAVED, [*nudges, ("undo", None)], tick=30)
    assert states[-1]["doc"] == states[0]["doc"]


def test_undo_and_redo_bring_the_picture_forward_that_they_change(sheet: Page) -> None:
    draw = ("draw", [1, 1, 20, 20])
    states = run(sheet, EMPTY, [("picture", 1), draw, ("picture", 2), ("undo", None), ("picture", 0), ("redo", None)])
    assert [state["picture"] for state in states[1:]] == [1, 1, 2, 1, 0, 1]
    assert states[-1]["doc"]["defects"][0]["picture"] == 1


def test_a_thousand_steps_are_undone_and_redone(sheet: Page) -> None:
    edits = [("move", (0, 1 if n % 40 < 20 else -1, 0)) for n in range(1000)]
    states = run(sheet, EMPTY, [*edits, *[("undo", None)] * 1000, *[("redo", None)] * 1000])
    assert states[2000]["doc"] == states[0]["doc"]
    assert states[3000]["doc"] == states[1000]["doc"]
