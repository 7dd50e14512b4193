"""Paired decisions: held against scipy, against a plain bootstrap, and by hand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from sklearn.metrics import balanced_accuracy_score

from m3ad.metrics.paired import difference, mcnemar, share_interval

triples = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1)


@given(st.integers(1, 400), st.data())
def test_the_interval_of_a_share_is_wilsons(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    low, high = share_interval(part, whole) or (None, None)
    z, p = norm.ppf(0.975), part / whole
    middle = (p + z**2 / (2 * whole)) / (1 + z**2 / whole)
    half = z / (1 + z**2 / whole) * (p * (1 - p) / whole + z**2 / (4 * whole**2)) ** 0.5
    assert (low, high) == pytest.approx((max(0, middle - half), min(1, middle + half)), abs=1e-9)
    assert share_interval(0, 0) is None


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_twice_the_smaller_tail(gained: int, lost: int) -> None:
    both = gained + lost
    tail = 2 * binom.cdf(min(gained, lost), both, 0.5) if both else 1.0
    assert mcnemar(gained, lost) == pytest.approx(min(1.0, tail))


@given(triples)
def test_balanced_accuracies_are_scikit_learns(decisions: list[tuple[bool, bool, bool]]) -> None:
    found = difference(decisions)
    truth = [anomalous for anomalous, _, _ in decisions]
    for place, value in ((1, found.before), (2, found.after)):
        said = [one[0] == one[place] for one in decisions]  # right: says what is true
        if len(set(truth)) == 2:
            assert value == pytest.approx(balanced_accuracy_score(truth, said))
    assert found.interval is not None
    low, high = found.interval
    assert found.before is not None
    assert found.after is not None
    assert low - 1e-9 <= high
    assert low >= -1
    assert high <= 1


def test_the_bootstrap_agrees_with_a_plain_one() -> None:
    chance = random.Random(5)
    cases = [(chance.random() < 0.6, chance.random() < 0.7, chance.random() < 0.8) for _ in range(300)]
    plain = []
    for _ in range(2000):
        recalls = []
        for kind in (False, True):
            mine = [one for one in cases if one[0] is kind]
            drawn = chance.choices(mine, k=len(mine))
            recalls.append(sum(b - a for _, a, b in drawn) / len(drawn))
        plain.append(sum(recalls) / 2)
    plain.sort()
    found = difference(cases)
    assert found.interval == pytest.approx((plain[50], plain[1949]), abs=0.012)


def test_nothing_to_compare_says_nothing() -> None:
    found = difference([])
    assert (found.count, found.before, found.after, found.interval, found.p) == (0, None, None, None, 1.0)
