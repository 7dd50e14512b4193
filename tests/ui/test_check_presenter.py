"""The check of examples without a browser: what is approved, edited, sent back, and what is shown next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from db.store import Store
from m3ad.records import NORMAL, CaptionState
from tests.ui.scripted import BENT, add_case, add_example
from training.captions import Caption
from ui.check_presenter import Check, answer, neighbour
from ui.components.example_parts import received

GOOD = Caption(
    "The sensor board lies flat and its pins stand in a row. There is no defect.",
    'A second look shows bent in the upper middle. I revise from "no defect" to "abnormal with bent".',
)
BAD = Caption("<b>It is abnormal with bent.</b>", GOOD.reflection)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three examples: 1 and 3 reflect on a missed defect, 2 only thinks."""
    with Store.open(tmp_path / "workspace") as opened:
        for number, truth, initial in ((1, BENT, NORMAL), (2, NORMAL, None), (3, BENT, NORMAL)):
            add_example(opened, add_case(opened, f"{number:03}", truth), initial)
        yield opened


def ask(store: Store, command: str = "open", example: int = 0, **given: Any) -> dict[str, Any]:
    values = {"based_on": 1, "caption": None, "note": "", "queue": "check", "step": 0, "target": None} | given
    return answer(store, Check(serial=7, command=command, example_id=example, **values), "ann")


def state(store: Store, example: int) -> CaptionState:
    return store.examples.one(example).caption.state


def test_the_first_example_to_check_is_shown_with_its_boxes_and_what_is_known_of_it(store: Store) -> None:
    reply = ask(store)
    sheet, boxes = reply["sheet"], reply["viewer"]["boxes"]
    assert (reply["serial"], reply["kind"], reply["place"]) == (7, "example", "1 of 3")
    assert (sheet["id"], sheet["title"], sheet["chips"]) == (1, "sensor board", ["reflective", "hard"])
    assert (sheet["truth"], sheet["initial"], sheet["did"]) == (["bent, 7 × 9 px"], ["normal"], "written by template")
    assert [(box["kind"], box["label"]) for box in boxes] == [("truth", "bent")]
    assert [(name, count) for name, _, count in reply["queues"][:3]] == [("check", 3), ("approved", 0), ("back", 0)]


def test_approving_shows_the_next_at_once_and_begins_again_behind_the_last(store: Store) -> None:
    assert ask(store, "approve", 3, step=1)["sheet"]["id"] == 1
    reply = ask(store, "approve", 1, step=1)
    assert (reply["sheet"]["id"], reply["words"], reply["place"]) == (2, "Approved.", "1 of 1")
    reply = ask(store, "approve", 2, step=1)
    assert (reply["sheet"]["id"], reply["words"]) == (2, "Approved. That was the last of this list.")
    assert {state(store, number) for number in (1, 2, 3)} == {CaptionState.APPROVED}


def test_edits_are_saved_and_wait_or_are_approved_in_one_step(store: Store) -> None:
    reply = ask(store, "save", 1, caption=GOOD)
    assert (reply["sheet"]["think"], reply["words"]) == (GOOD.think, "Saved as r2. It waits to be approved.")
    assert state(store, 1) is CaptionState.EDITED
    ask(store, "approve", 3, caption=GOOD, step=1)
    caption = store.examples.one(3).caption
    assert (caption.state, caption.think, caption.revision, caption.author) == ("approved", GOOD.think, 3, "ann")


@pytest.mark.parametrize("command", ["save", "approve"])
def test_texts_that_fail_the_checks_are_refused_in_words(store: Store, command: str) -> None:
    reply = ask(store, command, 1, caption=BAD, step=1)
    assert reply["kind"] == "refused"
    assert '"think" holds tags' in reply["words"]
    assert store.examples.one(1).caption.revision == 1


def test_what_is_sent_back_leaves_the_list_with_its_reason(store: Store) -> None:
    reply = ask(store, "back", 1, note="  The pin is bent, not broken.  ", step=1)
    assert reply["sheet"]["id"] == 2
    caption = store.examples.one(1).caption
    assert (caption.state, caption.note) == (CaptionState.SENT_BACK, "The pin is bent, not broken.")
    assert [one["note"] for one in ask(store, queue="back")["sheet"]["history"]] == [caption.note, ""]


def test_a_conflict_shows_both_versions_where_something_was_typed(store: Store) -> None:
    store.examples.edit(1, "Theirs. There is no defect.", GOOD.reflection, author="bob", based_on=1)
    reply = ask(store, "save", 1, caption=GOOD)
    assert (reply["kind"], reply["theirs"]["think"], reply["theirs"]["did"]) == (
        "conflict",
        "Theirs. There is no defect.",
        "edited by bob",
    )
    reply = ask(store, "approve", 1, step=1)
    assert (reply["kind"], reply["alarm"], reply["sheet"]["revision"]) == ("example", True, 2)
    assert "bob changed this example meanwhile" in reply["words"]
    assert state(store, 1) is CaptionState.EDITED


def test_an_example_of_an_older_annotation_cannot_be_approved(store: Store) -> None:
    store.save_annotation(store.examples.one(2).case_id, BENT, author="bob", based_on=1)
    assert ask(store, "approve", 2, step=1)["kind"] == "refused"
    assert ask(store, queue="stale")["sheet"]["stale"]
    assert ask(store)["queues"][0][2] == 2


def test_an_empty_list_and_an_empty_store_say_so(store: Store, tmp_path: Path) -> None:
    assert ask(store, queue="approved")["words"] == "There is no example in this list."
    with Store.open(tmp_path / "other") as empty:
        reply = ask(empty)
    assert (reply["kind"], reply["viewer"]["notice"][:23]) == ("empty", "There is no example yet")


def test_next_and_previous_stay_within_the_list(store: Store) -> None:
    assert ask(store, example=1, step=1)["sheet"]["id"] == 2
    reply = ask(store, example=1, step=-1)
    assert (reply["sheet"]["id"], reply["words"]) == (1, "This is the first of this list.")
    assert ask(store, example=1, target=99)["kind"] == "refused"


def test_what_no_page_of_ours_sends_is_refused() -> None:
    sent = {"serial": 1, "command": "open", "example_id": 1, "based_on": 1, "think": None, "reflection": None}
    sent |= {"note": "", "queue": "check", "step": 0, "target": None}
    assert received(sent).caption is None
    for wrong in ({"command": "delete"}, {"example_id": 2**60}, {"think": "x" * 20_001}, {"step": 2}):
        with pytest.raises(ValidationError):
            received(sent | wrong)


@pytest.mark.parametrize(
    ("ids", "case_id", "step", "expected"),
    [
        ([1, 3, 5], 3, 1, 5),
        ([1, 3, 5], 3, -1, 1),
        ([1, 3, 5], 4, 1, 5),
        ([1, 3, 5], 4, -1, 3),
        ([1, 3], 3, 1, None),
        ([], 3, -1, None),
    ],
)
def test_the_neighbour_is_found_even_when_the_case_is_not_in_the_list(
    ids: list[int], case_id: int, step: int, expected: int | None
) -> None:
    assert neighbour(ids, case_id, step) == expected
