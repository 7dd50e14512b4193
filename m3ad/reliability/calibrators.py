"""Calibrators: functions from a model's P(anomalous) to how often parts with it were anomalous, as plain numbers.

Fitted by scikit-learn (imported where it is used: it takes a second), kept as JSON and never as a pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from m3ad.errors import Conflict
from m3ad.metrics.calibration import Said

LEAST = 10  # normal and anomalous parts each: two of either in every fold
FOLDS = 5
EDGE = 1e-6  # a probability nearer to 0 or 1 is taken for this near: its logit would be infinite
SEED = 0


class Kind(StrEnum):
    """The two kinds of calibrators."""

    ISOTONIC = "isotonic"
    LOGISTIC = "logistic"


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising line through (P, calibrated P), straight between two and level outside (isotonic regression)."""

    knots: tuple[tuple[float, float], ...]

    def __call__(self, probability: float) -> float:
        """The calibrated probability, 0..1."""
        given, found = zip(*self.knots, strict=True)
        return float(np.interp(probability, given, found))

    def to_json(self) -> dict[str, Any]:
        """`{"kind": "isotonic", "knots": [[P, calibrated P], ...]}`."""
        return {"kind": Kind.ISOTONIC.value, "knots": [list(knot) for knot in self.knots]}


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic function of the logit of P (J. Platt's scaling, 1999)."""

    slope: float
    intercept: float

    def __call__(self, probability: float) -> float:
        """The calibrated probability, 0..1."""
        return float(1 / (1 + np.exp(-(self.slope * logit(probability) + self.intercept))))

    def to_json(self) -> dict[str, Any]:
        """`{"kind": "logistic", "slope": ..., "intercept": ...}`."""
        return {"kind": Kind.LOGISTIC.value, "slope": self.slope, "intercept": self.intercept}


Calibrator = Isotonic | Logistic


def from_json(data: dict[str, Any]) -> Calibrator:
    """The inverse of `to_json`."""
    if data["kind"] == Kind.ISOTONIC:
        return Isotonic(tuple((given, found) for given, found in data["knots"]))
    return Logistic(data["slope"], data["intercept"])


def fit(kind: Kind, said: Sequence[Said]) -> Calibrator:
    """The calibrator of these cases.

    Raises:
        Conflict: fewer than LEAST normal or anomalous ones.
    """
    anomalous = sum(truth for truth, _ in said)
    if min(anomalous, len(said) - anomalous) < LEAST:
        raise Conflict(
            f"A calibrator needs {LEAST} normal and {LEAST} anomalous cases with a probability; here are "
            f"{len(said) - anomalous} and {anomalous}. Annotate and inspect more, or choose a larger set."
        )
    return _fit(kind, said)


def cross_validated(kind: Kind, said: Sequence[Said]) -> list[Said]:
    """What calibrators say of cases that they were not fitted on: in FOLDS parts, each by one fitted on the others.

    Raises:
        Conflict: as `fit`.
    """
    from sklearn.model_selection import StratifiedKFold

    fit(kind, said)  # refuses what is too small to divide
    found: dict[int, Said] = {}
    truth = [anomalous for anomalous, _ in said]
    for learnt, kept in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(truth, truth):
        calibrate = _fit(kind, [said[i] for i in learnt])
        found |= {int(i): (said[i][0], calibrate(said[i][1])) for i in kept}
    return [found[i] for i in range(len(said))]


def _fit(kind: Kind, said: Sequence[Said]) -> Calibrator:
    truth, given = [anomalous for anomalous, _ in said], [probability for _, probability in said]
    return _isotonic(truth, given) if kind is Kind.ISOTONIC else _logistic(truth, given)


def _isotonic(truth: list[bool], given: list[float]) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    found = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(given, truth)
    return Isotonic(tuple(zip(found.X_thresholds_.tolist(), found.y_thresholds_.tolist(), strict=True)))


def _logistic(truth: list[bool], given: list[float]) -> Logistic:
    """With scikit-learn's own regularisation (C = 1): without it the slope is infinite where P divides the classes."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression().fit([[logit(probability)] for probability in given], truth)
    return Logistic(float(found.coef_[0][0]), float(found.intercept_[0]))


def logit(probability: float) -> float:
    """The logarithm of the odds, about -14 to 14."""
    inside = min(max(probability, EDGE), 1 - EDGE)
    return float(np.log(inside / (1 - inside)))
