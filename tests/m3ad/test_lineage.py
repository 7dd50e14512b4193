"""What a run did to a case, and since which model it is right."""

from __future__ import annotations

import pytest

from m3ad.geometry import Box
from m3ad.lineage import Became, Look, became, since_words
from m3ad.metrics.effect import Aspect
from m3ad.records import NORMAL, Defect, Verdict

HERE, THERE = Box(0.1, 0.1, 0.4, 0.4), Box(0.6, 0.6, 0.9, 0.9)
TRUTH = Verdict(True, (Defect("scratch", HERE),))
OTHER_TYPE = Verdict(True, (Defect("dent", HERE),))
OTHER_PLACE = Verdict(True, (Defect("scratch", THERE),))


@pytest.mark.parametrize(
    ("said", "fault"),
    [(TRUTH, ""), (NORMAL, "presence"), (OTHER_TYPE, "type"), (OTHER_PLACE, "location"), (None, "unreadable")],
)
def test_a_look_is_right_when_presence_types_and_boxes_are(said: Verdict | None, fault: str) -> None:
    look = Look("demo", said)
    assert (look.right(TRUTH), look.fault(TRUTH)) == (not fault, fault)


def test_each_aspect_is_judged_by_itself() -> None:
    look = Look("demo", OTHER_PLACE)
    assert [look.right(TRUTH, aspect) for aspect in Aspect] == [True, True, False]


def test_what_became_of_a_case_follows_from_both_looks() -> None:
    right, wrong = Look("a", TRUTH), Look("a", NORMAL)
    assert became(TRUTH, wrong, right) is Became.NOW_RIGHT
    assert became(TRUTH, wrong, wrong) is Became.STILL_WRONG
    assert became(TRUTH, right, wrong) is Became.BROKEN
    assert became(TRUTH, right, right) is Became.STILL_RIGHT
    assert became(TRUTH, None, right) is became(TRUTH, right, None) is Became.NOT_INSPECTED
    moved = Look("b", OTHER_PLACE)
    assert became(TRUTH, wrong, moved) is Became.STILL_WRONG
    assert became(TRUTH, wrong, moved, Aspect.TYPE) is Became.NOW_RIGHT
    assert became(TRUTH, moved, wrong) is Became.BROKEN, "it was right that there is a defect, and of which type"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "inspected by no model yet"),
        ([NORMAL], "still wrong with m0 (presence)"),
        ([TRUTH, TRUTH], "right with m1"),
        ([NORMAL, OTHER_TYPE, TRUTH, TRUTH], "wrong before (m1: type), right since m2"),
        ([TRUTH, TRUTH, NORMAL, None], "right before (m1), wrong since m2 (unreadable)"),
        ([TRUTH, NORMAL, TRUTH], "wrong before (m1: presence), right since m2"),
        ([NORMAL, OTHER_TYPE], "still wrong with m1 (type)"),
    ],
)
def test_since_when_it_is_right_is_said_by_the_last_turn(said: list[Verdict | None], words: str) -> None:
    assert since_words(TRUTH, [Look(f"m{number}", verdict) for number, verdict in enumerate(said)]) == words
