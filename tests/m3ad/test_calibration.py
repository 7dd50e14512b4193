"""Calibration: held against scikit-learn, and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from m3ad.metrics.calibration import calibration

probabilities = st.integers(0, 1000).map(lambda n: n / 1000).filter(lambda p: p in (0, 1) or (p * 10) % 1)
drawn = st.lists(st.tuples(st.booleans(), probabilities), min_size=1, max_size=80)


@given(drawn)
def test_brier_score_and_curve_are_scikit_learns(said: list[tuple[bool, float]]) -> None:
    truth, p = [kind for kind, _ in said], [value for _, value in said]
    found = calibration(said)
    assert found.brier == pytest.approx(brier_score_loss(truth, p, labels=[False, True]))
    shares, means = calibration_curve([*truth, True, False], [*p, 0.05, 0.05], n_bins=10)  # it wants both classes
    mine = calibration([*said, (True, 0.05), (False, 0.05)]).bins
    assert [one.share for one in mine] == pytest.approx(list(shares))
    assert [one.probability for one in mine] == pytest.approx(list(means))
    assert sum(one.count for one in found.bins) == found.count == len(said)


def test_the_error_by_hand() -> None:
    said = [(True, 0.9), (True, 0.9), (False, 0.9), (False, 0.15), (True, 0.15)]
    found = calibration(said)
    assert found.error == pytest.approx(3 / 5 * abs(2 / 3 - 0.9) + 2 / 5 * abs(0.5 - 0.15))
    assert [(one.low, one.high, one.count) for one in found.bins] == [(0.1, 0.2, 2), (0.9, 1.0, 3)]
    low, high = found.bins[0].interval
    assert low < 0.5 < high


def test_the_last_bin_holds_one_and_nothing_says_nothing() -> None:
    assert calibration([(True, 1.0)]).bins[0].low == 0.9
    assert calibration([(True, 1.0)]).error == 0.0
    assert calibration([]) == calibration(iter(()))
    assert calibration([]).brier is None
