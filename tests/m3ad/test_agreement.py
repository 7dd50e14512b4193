"""Agreement of two people: kappa as scikit-learn has it, boxes one to one, and what counts as a disagreement."""

from __future__ import annotations

import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.agreement import agreement, by_type, cohen_kappa, differ
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict

NORMAL = Verdict(False)
A, NEAR_A, B = Box(0.1, 0.1, 0.3, 0.3), Box(0.1, 0.1, 0.3, 0.2), Box(0.6, 0.6, 0.9, 0.9)


def of(*defects: Defect) -> Verdict:
    return Verdict(True, defects)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed: it is in the dev group")
    ours = cohen_kappa(pairs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it has no number
        theirs = float(metrics.cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs]))
    assert (ours is None) == math.isnan(theirs)
    if ours is not None:
        assert ours == pytest.approx(theirs)


def test_presence_types_and_boxes_of_a_pair() -> None:
    looks = [
        (of(Defect("scratch", A), Defect("dent", B)), of(Defect("Scratches", NEAR_A), Defect("hole", B))),
        (of(Defect("scratch", A)), NORMAL),
        (NORMAL, NORMAL),
        (of(Defect("dent", A)), of(Defect("dent", A))),
    ]
    found = agreement(looks)
    assert (found.cases, found.agreed, found.matched, found.alone) == (4, 3, 3, 1)
    assert found.presence == pytest.approx(0.5)
    assert found.types == pytest.approx(cohen_kappa([("scratch", "scratch"), ("dent", "hole"), ("dent", "dent")]))
    assert found.iou == pytest.approx((0.5 + 1 + 1) / 3)
    types = {one.type: one for one in by_type(looks)}
    assert set(types) == {"dent", "hole", "scratch"}
    assert (types["scratch"].one, types["scratch"].other, types["scratch"].both) == (2, 1, 1)
    assert types["scratch"].iou == pytest.approx(0.5)
    assert types["hole"].kappa == pytest.approx(0)
    assert types["hole"].iou is None


def test_nothing_to_measure_is_no_number() -> None:
    assert agreement([]) == agreement([]).__class__(0, 0, None, None, 0, 0, None)
    assert by_type([]) == []
    assert agreement([(NORMAL, NORMAL)]).presence is None, "chance would agree as well"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (NORMAL, NORMAL, False),
        (NORMAL, of(), True),
        (of(Defect("dent", A)), of(Defect("dents", NEAR_A)), False),
        (of(Defect("dent", A)), of(Defect("hole", A)), True),
        (of(Defect("dent", A)), of(Defect("dent", B)), True),
        (of(Defect("dent", A)), of(Defect("dent", A), Defect("dent", B)), True),
        (of(Defect("dent")), of(Defect("dent")), False),
        (of(Defect("dent")), of(Defect("hole")), True),
        (of(Defect("dent", A), Defect("hole", B)), of(Defect("hole", B), Defect("dent", A)), False),
    ],
)
def test_what_counts_as_a_disagreement(one: Verdict, other: Verdict, expected: bool) -> None:
    assert differ(one, other) is differ(other, one) is expected


def test_boxes_on_different_pictures_are_not_the_same_box() -> None:
    box = Box(0.1, 0.1, 0.5, 0.5)
    here, there = of(Defect("dent", box)), of(Defect("dent", box, 1))
    assert differ(here, there)
    assert not differ(there, there)
    apart, together = agreement([(here, there)]), agreement([(there, there)])
    assert (apart.matched, apart.alone, apart.iou) == (0, 2, None)
    assert (together.matched, together.alone, together.iou) == (1, 0, 1.0)
