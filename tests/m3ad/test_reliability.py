"""Bounds, operating points, calibrators and cases like this, against scipy and scikit-learn."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import binom, binomtest
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, confusion_matrix
from sklearn.neighbors import NearestNeighbors

from m3ad.errors import Conflict
from m3ad.metrics.calibration import calibration
from m3ad.records import Scenario
from m3ad.reliability.bounds import Rate, needed, upper_bound
from m3ad.reliability.calibrators import Isotonic, Kind, Logistic, cross_validated, fit, from_json
from m3ad.reliability.likeness import Features, Known, alike, diverges
from m3ad.reliability.operating import Call, Point, cost, propose
from m3ad.reliability.properties import Properties, measure


def said(count: int = 300, seed: int = 0) -> list[tuple[bool, float]]:
    """An overconfident model: what it calls 0.9 is anomalous 7 times in 10."""
    chance = random.Random(seed)
    given = [chance.random() for _ in range(count)]
    return [(chance.random() < 0.25 + 0.5 * p, p) for p in given]


# -- bounds


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_bound_is_where_so_few_failures_become_unlikely(part: int, more: int) -> None:
    whole = part + more
    bound = upper_bound(part, whole)
    assert binom.cdf(part, whole, bound) == pytest.approx(0.05)
    assert bound == pytest.approx(binomtest(part, whole, alternative="less").proportion_ci(0.95, "exact").high)


def test_with_300_defects_and_no_escape_the_bound_is_one_percent() -> None:
    assert round(100 * Rate(0, 300).bound, 1) == 1.0
    assert Rate(0, 300).interval == (0.0, pytest.approx(1 - 0.025 ** (1 / 300)))
    assert Rate(0, 0).bound == 1.0
    assert Rate(3, 3).bound == 1.0
    assert Rate(0, 0).share is Rate(0, 0).interval is None


@pytest.mark.parametrize(("target", "part", "count"), [(0.01, 0, 299), (0.01, 1, 473), (0.05, 0, 59), (0.001, 0, 2995)])
def test_how_many_cases_a_claim_needs(target: float, part: int, count: int) -> None:
    assert needed(target, part) == count  # 299 and 59: the usual tables of zero-failure sampling


@given(st.floats(0.002, 0.9), st.integers(0, 20))
def test_one_case_fewer_would_not_do(target: float, part: int) -> None:
    count = needed(target, part)
    assert upper_bound(part, count) <= target < upper_bound(part, count - 1)


@pytest.mark.parametrize("target", [0, 1, -0.1, 1.5])
def test_a_target_that_nothing_can_show_is_refused(target: float) -> None:
    with pytest.raises(Conflict, match="Choose one between 0 and 100 %"):
        needed(target)


# -- operating points


def test_a_point_sorts_parts_into_three() -> None:
    point = Point(0.2, 0.8)
    assert [point.call(p) for p in (0.0, 0.2, 0.79, 0.8, None)] == [
        Call.PASS, Call.LOOK, Call.LOOK, Call.REJECT, Call.LOOK,
    ]  # fmt: skip


@pytest.mark.parametrize("thresholds", [(0.8, 0.2), (-0.1, 0.5), (0.5, 1.1), (float("nan"), 0.5), (0.1, 0.2, 0.0)])
def test_thresholds_that_cannot_be_are_refused(thresholds: tuple[float, ...]) -> None:
    with pytest.raises(Conflict, match="Choose"):
        Point(*thresholds)


def test_costs_are_those_of_a_confusion_matrix() -> None:
    seen = said()
    found = cost(seen, Point(0.4, 0.4))
    (_, overkills), (escapes, _) = confusion_matrix([kind for kind, _ in seen], [p >= 0.4 for _, p in seen])
    assert (found.escapes.part, found.overkills.part, found.looks.part) == (escapes, overkills, 0)
    assert found.escapes.whole + found.overkills.whole == found.looks.whole == 300


def test_a_part_without_probability_is_for_a_person() -> None:
    found = cost([(True, None), (False, None), (True, 0.9)], Point(0.5, 0.5))
    assert found.looks == Rate(2, 3)
    assert found.good_looks == Rate(1, 1)
    assert found.escapes == Rate(0, 2)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60), st.floats(0, 0.5))
def test_a_proposed_point_keeps_to_its_target(seen: list[tuple[bool, float]], target: float) -> None:
    found = cost(seen, propose(seen, target))
    if found.escapes.whole and found.overkills.whole and max(p for _, p in seen) < 1:
        assert found.escapes.share <= target
        assert found.overkills.share <= target


def test_a_model_that_divides_the_classes_leaves_nobody_to_look() -> None:
    assert propose([(True, 0.9), (True, 0.8), (False, 0.1), (False, 0.3)]) == Point(0.8, 0.8)


# -- calibrators


def test_isotonic_is_scikit_learns() -> None:
    seen = said()
    made = fit(Kind.ISOTONIC, seen)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit([p for _, p in seen], [k for k, _ in seen])
    asked = np.linspace(0, 1, 101)
    assert [made(p) for p in asked] == pytest.approx(theirs.predict(asked).tolist())


def test_logistic_is_scikit_learns() -> None:
    seen = said()
    made = fit(Kind.LOGISTIC, seen)
    logits = np.array([[np.log(p / (1 - p))] for _, p in seen])
    theirs = LogisticRegression().fit(logits, [k for k, _ in seen]).predict_proba(logits)[:, 1]
    assert [made(p) for _, p in seen] == pytest.approx(theirs.tolist())
    assert made(0.0) < made(1.0)  # and the ends are numbers


@pytest.mark.parametrize("kind", Kind)
def test_a_calibrator_survives_json(kind: Kind) -> None:
    made = fit(kind, said())
    again = from_json(json.loads(json.dumps(made.to_json())))
    assert again == made
    assert isinstance(again, Isotonic | Logistic)


@pytest.mark.parametrize("kind", Kind)
def test_cross_validation_tells_the_gain_on_unseen_cases(kind: Kind) -> None:
    seen = said(600)
    tested = cross_validated(kind, seen)
    assert [truth for truth, _ in tested] == [truth for truth, _ in seen]  # in the order given
    before, after = calibration(seen), calibration(tested)
    assert after.error < before.error / 2
    assert after.brier < before.brier
    in_sample = fit(kind, seen)
    assert brier_score_loss([t for t, _ in seen], [in_sample(p) for _, p in seen]) <= after.brier  # the flattering one


def test_of_noise_the_cross_validated_score_does_not_flatter() -> None:
    chance = random.Random(5)
    noise = [(chance.random() < 0.5, chance.random()) for _ in range(200)]
    assert calibration(cross_validated(Kind.ISOTONIC, noise)).brier > 0.24  # in the sample it is well below


@pytest.mark.parametrize("kind", Kind)
def test_too_few_cases_are_refused(kind: Kind) -> None:
    few = [(True, 0.9)] * 30 + [(False, 0.1)] * 9
    for refused in (fit, cross_validated):
        with pytest.raises(Conflict, match="here are 9 and 30"):
            refused(kind, few)


def test_bins_and_scores_are_scikit_learns() -> None:
    seen = said()
    truth, given = [k for k, _ in seen], [p for _, p in seen]
    found = calibration(seen)
    shares, means = calibration_curve(truth, given, n_bins=10)
    assert [one.share for one in found.bins] == pytest.approx(shares.tolist())
    assert [one.probability for one in found.bins] == pytest.approx(means.tolist())
    assert found.brier == pytest.approx(brier_score_loss(truth, given))


# -- cases like this


def feature(p: float = 0.9, category: str = "tile", looks: Properties | None = None, agreement: float | None = None):
    return Features(p >= 0.5, p, Scenario.TEXTURE, category, looks, agreement)


def test_the_same_category_and_decision_are_nearest() -> None:
    known = [Known(i, feature(0.9, "tile" if i % 2 else "board"), i % 4 == 1) for i in range(40)]
    known += [Known(100 + i, feature(0.1), True) for i in range(40)]  # the other decision
    found = alike(feature(0.9), known)
    assert found is not None
    assert len(found.nearest) == 10  # a quarter of the 40 with the same decision
    assert all(one.features.category == "tile" and one.case_id < 100 for one in found.nearest)
    assert found.rate == Rate(5, 10)
    assert found.reliability == 0.5


def test_fewer_than_ten_comparable_cases_say_nothing() -> None:
    assert alike(feature(), [Known(i, feature(), True) for i in range(9)]) is None
    assert alike(feature(0.1), [Known(i, feature(0.9), True) for i in range(90)]) is None


def test_neighbours_are_those_of_a_plain_search_over_ranks() -> None:
    chance = np.random.default_rng(0)
    values = chance.permutation(np.linspace(0.1, 0.9, 48 * 3)).reshape(48, 3)
    known = [Known(i, feature(0.9, looks=Properties(*row)), True) for i, row in enumerate(values)]
    found = alike(known[0].features, known[1:])
    assert found is not None
    ranks = values[1:].argsort(0).argsort(0) + 0.5
    own = np.array([np.searchsorted(np.sort(values[1:, k]), values[0, k]) for k in range(3)])
    search = NearestNeighbors(n_neighbors=11, metric="manhattan").fit(ranks / 47)
    theirs = search.kneighbors([own / 47], return_distance=False)[0] + 1
    assert [one.case_id for one in found.nearest] == theirs.tolist()


def test_units_do_not_matter_and_the_unknown_does_not_count() -> None:
    chance = np.random.default_rng(1)
    rows = [Properties(*map(float, row)) for row in chance.random((60, 3))]
    far = [Properties(1000 * one.brightness, one.contrast, one.sharpness) for one in rows]

    def nearest(looks: list[Properties], mine: Properties | None) -> list[int]:
        known = [Known(i, feature(0.9, looks=one), True) for i, one in enumerate(looks)]
        found = alike(feature(0.9, looks=mine), known)
        assert found is not None
        return [one.case_id for one in found.nearest]

    assert nearest(rows, rows[7])[0] == 7
    assert nearest(rows, rows[7]) == nearest(far, far[7])
    assert nearest(rows, None) == list(range(15))  # nothing to tell them apart


def test_agreement_counts_where_there_are_samples() -> None:
    known = [Known(i, feature(agreement=1.0 if i < 30 else 0.5), i < 30) for i in range(40)]
    found = alike(feature(agreement=0.5), known)
    assert found is not None
    assert found.rate == Rate(0, 10)


def test_confidence_and_reliability_diverge_in_both_directions() -> None:
    right = alike(feature(0.55), [Known(i, feature(0.55), True) for i in range(20)])
    wrong = alike(feature(0.95), [Known(i, feature(0.95), i % 2 == 0) for i in range(20)])
    assert diverges(feature(0.55), right, 0.4)  # unsure, and always right
    assert diverges(feature(0.95), wrong, 0.4)  # sure, and right every other time
    assert not diverges(feature(0.95), wrong, 0.46)
    assert not diverges(feature(0.95), wrong, None)
    assert not diverges(feature(0.95), None, 0.1)


# -- pictures


def test_properties_are_measured_alike_at_any_size() -> None:
    half = Image.new("RGB", (200, 100), "black")
    half.paste("white", (0, 0, 100, 100))
    found = measure(half)
    assert (found.brightness, found.contrast) == (pytest.approx(0.5), pytest.approx(0.5))
    large = measure(half.resize((2000, 1000)))
    assert large.brightness == pytest.approx(0.5, abs=0.01)
    assert measure(Image.new("L", (30, 30), 51)) == Properties(pytest.approx(0.2), 0.0, pytest.approx(0, abs=1e-12))


def test_a_blurred_picture_is_less_sharp() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    blurred = noise.resize((16, 16)).resize((64, 64))
    assert measure(blurred).sharpness < measure(noise).sharpness / 3
