"""Second looks on the workbench and in the report: nothing of the first is seen before both are done."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from db.filters import EVERYTHING
from db.schema import Decision
from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.ui.scripted import add_case, add_inspection
from ui.agreement_words import disagreement_rows, pair_rows, pairs, report_json, report_words
from ui.annotate_presenter import Work, keep, move, open_case, save
from ui.revision_look import look

DENT = Verdict(True, (Defect("dent", Box(0.1, 0.1, 0.3, 0.3)),))
HOLE = Verdict(True, (Defect("hole", Box(0.1, 0.1, 0.3, 0.2)),))
NORMAL = Verdict(False)
SECRET = "dentist's secret"


@pytest.fixture
def cases(store: Store) -> list[int]:
    """Three cases of ann's, drawn for a second look; the last is approved."""
    ids = [add_case(store, str(n)) for n in range(3)]
    for one in ids:
        add_inspection(store, one)
        store.save_annotation(one, DENT, author="ann", based_on=0, note=SECRET)
    store.reviews.add(ids[2], 1, Decision.APPROVE, reviewer="eve")
    store.second_looks.draw("first", EVERYTHING, share=1, known=1)
    return ids


def work(case_id: int, verdict: Verdict = HOLE, **values: Any) -> Work:
    return replace(Work(1, case_id, 0, 1, True, verdict, "", None, "second", 0, None), **values)


def test_nothing_that_was_said_of_the_case_is_sent(store: Store, cases: list[int]) -> None:
    answer = open_case(store, cases[0], "bob", None, "second")
    sheet = answer["sheet"]
    assert (sheet["blind"], sheet["count"], sheet["revision"], sheet["history"]) == (True, 3, 0, [])
    assert answer["next"]["blind"], "nor in what is sent ahead"
    assert "dent" not in json.dumps(answer).replace("identity", "")
    assert not open_case(store, cases[0], "ann", None, "second")["sheet"]["blind"], "her own is not blind for ann"


def test_drafts_moves_and_saves_touch_no_revision_and_reveal_none(store: Store, cases: list[int]) -> None:
    kept = keep(store, work(cases[0]), "bob")
    assert (kept["kept"], kept["theirs"]) == (True, None)
    assert move(store, work(cases[0], step=1), "bob", None)["sheet"]["blind"]
    again = open_case(store, cases[0], "bob", None, "second")["sheet"]
    assert (again["blind"], again["theirs"], again["draft"]["defects"][0]["type"]) == (True, None, "hole")
    saved = save(store, work(cases[0], step=1), "bob", None)
    assert (saved["words"], saved["sheet"]["case_id"], saved["sheet"]["count"]) == ("Second look saved.", cases[1], 2)
    assert store.draft(cases[0], "bob") is None
    assert [one.verdict for one in store.annotations(cases[0])] == [DENT]


def test_a_draft_of_ordinary_work_is_neither_seen_nor_lost_in_a_second_look(store: Store, cases: list[int]) -> None:
    keep(store, work(cases[0], DENT, based_on=1, note="mine", queue="all"), "bob")
    assert open_case(store, cases[0], "bob", None, "second")["sheet"]["draft"] is None
    assert not keep(store, work(cases[0]), "bob")["kept"]
    save(store, work(cases[0]), "bob", None)
    draft = store.draft(cases[0], "bob")
    assert draft is not None
    assert (draft.note, draft.based_on) == ("mine", 1)


def test_when_both_are_done_the_second_is_seen_beside_the_first(store: Store, cases: list[int]) -> None:
    after = save(store, work(cases[0], note="a hole"), "bob", None)["sheet"]
    assert not after["blind"]
    [said] = after["history"][0]["reviews"]
    assert (said["words"], said["reason"]) == ("second look by bob: anomalous: hole", "a hole")
    [second] = look(store, cases[0], 1)["seconds"]
    assert (second["person"], second["words"]) == ("bob", ["dent → hole", "hole: box changed"])


def test_the_report_has_pairs_types_and_the_way_to_each_disagreement(store: Store, cases: list[int]) -> None:
    for case_id, verdict in zip(cases, (HOLE, DENT, NORMAL), strict=True):
        save(store, work(case_id, verdict), "bob", None)
    found = pairs(store)
    assert [pair.name for pair in found] == ["bob with known answers", "bob with ann"]
    known, other = report_json(found)
    assert (known["agreed"], known["cases"], known["disagreements"]) == (0, 1, [cases[2]])
    assert (other["agreed"], other["matched"], other["iou"], other["disagreements"]) == (2, 2, 0.75, [cases[0]])
    assert [row[0] for row in pair_rows(found)][1:] == [
        "  dent",
        ["bob with ann", "2 boxes of both, 0 of one only"],
        *["  dent", "  hole"],
    ]
    links = [row[0][2] for row in disagreement_rows(store, found)]
    assert links == [f"?tab=annotate&case={cases[2]}", f"?tab=annotate&case={cases[0]}"]
    assert f"case {cases[0]}: ann: anomalous: dent | bob: anomalous: hole" in report_words(found)
    assert report_words(pairs(store, "no such draw")) == "Nobody has done a second look yet."
