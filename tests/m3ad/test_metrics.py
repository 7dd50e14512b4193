"""The bench's metrics by hand-computed cases."""

from __future__ import annotations

import pytest

from m3ad.geometry import Box
from m3ad.metrics import (
    detection,
    location_hard_f1,
    location_score,
    location_sweep,
    outcome,
    outcomes,
    reflecting_from,
    report,
    type_exact_f1,
    type_hard_f1,
    type_score,
)
from m3ad.records import NORMAL, Defect, Outcome, Trace, Verdict

LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)
SCRATCH = Verdict(True, (Defect("scratch", LEFT),))


def trace(final: Verdict | None, initial: Verdict | None = None, reflected: bool = False) -> Trace:
    return Trace("", "t", "r" if reflected else None, initial, final)


def anomalous(*defects: tuple[str, Box | None]) -> Verdict:
    return Verdict(True, tuple(Defect(kind, box) for kind, box in defects))


def test_accuracy_and_balanced_accuracy_differ_on_unbalanced_sets() -> None:
    pairs = [(NORMAL, trace(NORMAL))] * 3 + [(SCRATCH, trace(NORMAL))]
    found = detection(pairs)
    assert (found.accuracy, found.balanced_accuracy) == (0.75, 0.5)
    assert (found.recall_normal, found.recall_anomalous) == (1.0, 0.0)


def test_unreadable_is_wrong_for_both_truths_and_counted() -> None:
    found = detection([(NORMAL, trace(None)), (SCRATCH, trace(None)), (SCRATCH, trace(SCRATCH))])
    assert (found.accuracy, found.unreadable, found.count) == (pytest.approx(1 / 3), 2, 3)


def test_initial_decisions_are_judged_apart() -> None:
    pairs = [(SCRATCH, trace(SCRATCH, initial=NORMAL, reflected=True)), (NORMAL, trace(NORMAL, initial=None))]
    assert detection(pairs).accuracy == 1.0
    before = detection(pairs, initial=True)
    assert (before.accuracy, before.unreadable) == (0.0, 1)


def test_of_nothing_nothing_is_known() -> None:
    assert detection([]).accuracy is None
    assert detection([]).balanced_accuracy is None
    assert location_hard_f1([(NORMAL, trace(NORMAL))]).value is None


@pytest.mark.parametrize(
    ("truth", "found", "counts"),
    [
        (SCRATCH, SCRATCH, (1, 0, 0)),  # found
        (SCRATCH, NORMAL, (0, 0, 1)),  # escape: the truth is missed
        (NORMAL, SCRATCH, (0, 1, 0)),  # overkill: the finding is false
        (SCRATCH, None, (0, 0, 1)),  # unreadable finds nothing
        (SCRATCH, anomalous(("scratch", None)), (0, 0, 1)),  # no box, no place
        (SCRATCH, anomalous(("scratch", RIGHT)), (0, 1, 1)),  # elsewhere
        (SCRATCH, anomalous(("a", LEFT), ("b", LEFT), ("c", LEFT)), (1, 2, 0)),  # many to one: one counts
        (anomalous(("scratch", None)), SCRATCH, (0, 1, 0)),  # the truth has no box
        (anomalous(("a", LEFT), ("b", RIGHT)), anomalous(("a", RIGHT), ("b", LEFT)), (2, 0, 0)),  # order is free
    ],
)
def test_location_counts(truth: Verdict, found: Verdict | None, counts: tuple[int, int, int]) -> None:
    f1 = location_hard_f1([(truth, trace(found))])
    assert (f1.tp, f1.fp, f1.fn) == counts


def test_location_threshold_is_inclusive_and_swept() -> None:
    half = Verdict(True, (Defect("scratch", Box(0, 0, 0.25, 1)),))  # IoU with LEFT is exactly 0.5
    sweep = location_sweep([(SCRATCH, trace(half))])
    assert [f1.tp for f1 in sweep.values()] == [1, 1, 1, 1, 1]
    assert location_hard_f1([(SCRATCH, trace(half))], 0.51).tp == 0


def test_a_kin_type_counts_as_hard_but_not_as_exact() -> None:
    scrape = Verdict(True, (Defect("scrape", LEFT),))  # same level-2 group as scratch: 0.6
    crack = Verdict(True, (Defect("crack", LEFT),))  # another class: 0
    assert type_hard_f1([(SCRATCH, trace(scrape))]).value == 1.0
    assert type_exact_f1([(SCRATCH, trace(scrape))]).value == 0.0
    assert type_hard_f1([(SCRATCH, trace(crack))]).value == 0.0


def test_micro_f1_is_taken_over_the_whole_set() -> None:
    pairs = [(SCRATCH, trace(SCRATCH)), (SCRATCH, trace(NORMAL)), (NORMAL, trace(SCRATCH))]
    assert location_hard_f1(pairs).value == pytest.approx(2 / 4)


def test_soft_scores_divide_by_the_larger_count() -> None:
    two = anomalous(("scratch", LEFT), ("crack", RIGHT))
    assert type_score(two, SCRATCH) == pytest.approx(0.5)
    assert location_score(SCRATCH, two) == pytest.approx(0.5)
    assert location_score(anomalous(("scratch", None)), SCRATCH) is None


@pytest.mark.parametrize(
    ("initial", "final", "expected"),
    [
        (NORMAL, SCRATCH, Outcome.FIXED),
        (SCRATCH, NORMAL, Outcome.BROKE),
        (SCRATCH, SCRATCH, Outcome.KEPT_RIGHT),
        (NORMAL, NORMAL, Outcome.KEPT_WRONG),
        (SCRATCH, None, Outcome.BROKE),  # an unreadable end is wrong
        (None, SCRATCH, None),  # an unreadable beginning is not judged
    ],
)
def test_outcome_of_a_reflection_on_a_scratched_part(
    initial: Verdict | None, final: Verdict | None, expected: Outcome | None
) -> None:
    assert outcome(SCRATCH, trace(final, initial, reflected=True)) == expected
    assert outcome(SCRATCH, trace(final, initial)) is None


def test_below_the_threshold_the_first_decision_stands() -> None:
    fixed, broke = trace(SCRATCH, NORMAL, reflected=True), trace(NORMAL, SCRATCH, reflected=True)
    trials = [(SCRATCH, fixed, 0.6), (SCRATCH, broke, 0.3)]
    assert [outcome(*pair) for pair in reflecting_from(0.0, trials)] == [Outcome.FIXED, Outcome.BROKE]
    assert [outcome(*pair) for pair in reflecting_from(0.6, trials)] == [Outcome.FIXED, None]
    assert [found.verdict for _, found in reflecting_from(0.9, trials)] == [NORMAL, SCRATCH]


def test_report_counts_every_outcome_and_is_json() -> None:
    pairs = [(SCRATCH, trace(SCRATCH, NORMAL, True)), (NORMAL, trace(NORMAL, NORMAL)), (NORMAL, trace(None, NORMAL))]
    found = report(pairs)
    assert outcomes(pairs)[Outcome.FIXED] == 1
    assert found.readable == pytest.approx(2 / 3)
    data = found.to_json()
    assert data["outcomes"] == {"fixed": 1, "broke": 0, "kept right": 0, "kept wrong": 0}
    assert data["location_sweep"]["0.3"] == 1.0


def test_a_box_on_a_further_picture_is_neither_found_nor_missed_but_its_type_counts() -> None:
    box = Box(0.1, 0.1, 0.5, 0.5)
    truth = Verdict(True, (Defect("scratch", box), Defect("dent", box, 1)))
    found = trace(anomalous(("scratch", box)))
    hits = location_hard_f1([(truth, found)])
    assert (hits.tp, hits.fp, hits.fn) == (1, 0, 0)
    types = type_hard_f1([(truth, found)])
    assert (types.tp, types.fn) == (1, 1)
    assert location_score(Verdict(True, (Defect("dent", box, 1),)), anomalous(("dent", box))) is None
    assert Verdict.from_json(truth.to_json()) == truth
    assert truth.to_json()["defects"][0] == {"type": "scratch", "box": [0.1, 0.1, 0.5, 0.5]}, "as ever"
    assert truth.on_primary() == Verdict(True, (Defect("scratch", box), Defect("dent")))
