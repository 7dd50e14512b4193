"""What reflection did over a set, in presence, types and boxes; held against `outcome`, counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.geometry import Box
from m3ad.metrics import detection, outcome
from m3ad.metrics.effect import Aspect, Way, effect, is_right, way
from m3ad.records import NORMAL, Defect, Trace, Verdict

LEFT, NEAR, RIGHT = Box(0.1, 0.1, 0.3, 0.3), Box(0.12, 0.1, 0.32, 0.3), Box(0.6, 0.6, 0.8, 0.8)
HOLE = Verdict(True, (Defect("hole", LEFT),))


def trace(initial: Verdict | None, final: Verdict | None, *, reflected: bool = True) -> Trace:
    return Trace("", "", "because" if reflected else None, initial, final)


verdicts = st.sampled_from([None, NORMAL, HOLE, Verdict(True)])
pairs = st.tuples(
    st.sampled_from([NORMAL, HOLE]),
    st.builds(lambda a, b, r: trace(a, b, reflected=r), verdicts, verdicts, st.booleans()),
)


@given(st.lists(pairs))
def test_presence_agrees_with_the_outcome_of_each_case_and_the_balanced_accuracies(drawn: list) -> None:
    found = effect(enumerate(drawn))
    assert sorted(n for ids in found.ways.values() for n in ids) == list(range(len(drawn)))
    for number, (truth, each) in enumerate(drawn):
        happened = outcome(truth, each)
        if happened is not None:
            assert number in found.ways[Way(happened.value)]
    seen = [(truth, each) for truth, each in drawn if each.initial is not None or not each.reflected]
    assert found.difference.count == len(seen)
    assert found.difference.after == pytest.approx(detection(seen).balanced_accuracy)
    assert found.difference.gained == len(found.ways[Way.FIXED])
    assert found.difference.lost == len(found.ways[Way.BROKE])


@pytest.mark.parametrize(
    ("verdict", "presence", "type_", "location"),
    [
        (None, False, False, False),
        (NORMAL, False, False, False),
        (HOLE, True, True, True),
        (Verdict(True, (Defect("holes", NEAR),)), True, True, True),  # an alias, and near enough
        (Verdict(True, (Defect("crack", LEFT),)), True, False, True),
        (Verdict(True, (Defect("hole", RIGHT),)), True, True, False),
        (Verdict(True, (Defect("hole", LEFT), Defect("hole", RIGHT))), True, False, False),  # one too many
        (Verdict(True), True, False, False),
    ],
)
def test_what_counts_as_right(verdict: Verdict | None, presence: bool, type_: bool, location: bool) -> None:
    assert [is_right(aspect, HOLE, verdict) for aspect in Aspect] == [presence, type_, location]


def test_a_normal_part_found_normal_is_right_in_everything() -> None:
    assert all(is_right(aspect, NORMAL, NORMAL) for aspect in Aspect)
    assert not any(is_right(aspect, NORMAL, HOLE) for aspect in Aspect)


def test_a_truth_without_boxes_leaves_the_place_open() -> None:
    truth = Verdict(True, (Defect("hole"),))
    assert is_right(Aspect.LOCATION, truth, HOLE)
    assert effect([(1, (truth, trace(NORMAL, HOLE)))]).overlap is None


def test_boxes_on_further_pictures_leave_the_place_open_too() -> None:
    truth = Verdict(True, (Defect("hole", LEFT, picture=1),))
    assert is_right(Aspect.LOCATION, truth, HOLE), "the model saw the primary picture only"


def test_a_reflection_can_fix_the_box_and_break_the_type() -> None:
    before = Verdict(True, (Defect("hole", RIGHT),))
    after = Verdict(True, (Defect("crack", LEFT),))
    assert [way(aspect, HOLE, trace(before, after)) for aspect in Aspect] == [Way.KEPT_RIGHT, Way.BROKE, Way.FIXED]


def test_the_overlap_of_the_boxes_before_and_after() -> None:
    cases = [
        (1, (HOLE, trace(Verdict(True, (Defect("hole", RIGHT),)), HOLE))),
        (2, (HOLE, trace(None, HOLE, reflected=False))),
        (3, (NORMAL, trace(NORMAL, NORMAL))),
        (4, (HOLE, trace(HOLE, None))),
    ]
    found = effect(cases, Aspect.LOCATION)
    assert found.overlap == pytest.approx((2 / 3, 2 / 3))
    assert found.reflected == 3
    assert found.ways[Way.RIGHT_AT_ONCE] == (2,)
    assert found.ways[Way.BROKE] == (4,)


def test_a_first_look_that_cannot_be_read_is_counted_apart() -> None:
    found = effect([(7, (HOLE, trace(None, HOLE))), (8, (HOLE, trace(None, None, reflected=False)))])
    assert found.ways[Way.NO_FIRST_LOOK] == (7,)
    assert found.ways[Way.WRONG_AT_ONCE] == (8,)
    assert (found.difference.count, found.difference.before) == (1, 0.0)
