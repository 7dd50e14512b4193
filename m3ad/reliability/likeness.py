"""How often a model was right on cases like this one: plain nearest neighbours over stated features.

Only cases of the same decision are compared: being right about "normal" says nothing of "anomalous". The distance is a
sum with equal weights: one for another scenario, one for another category, and for confidence, brightness, contrast,
sharpness and the agreement of samples the share of the known cases that lie between the two, so that no unit has to be
weighed against another. What either case lacks does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3ad.records import Scenario
from m3ad.reliability.bounds import Rate
from m3ad.reliability.properties import Properties

MOST, LEAST = 50, 10  # cases like this; with fewer than LEAST to compare with, nothing is said [U]
QUARTER = 0.25  # of the comparable ones at most: in a small set, half of it would not be "like this" [U]


@dataclass(frozen=True, slots=True)
class Features:
    """What cases are compared by.

    Attributes:
        anomalous: the model's final decision.
        probability: its P(anomalous), 0..1.
        properties: of the primary picture; None where not measured.
        agreement: the share, 0..1, of the model's answers to this case that decide so; None with one answer only.
    """

    anomalous: bool
    probability: float | None
    scenario: Scenario
    category: str
    properties: Properties | None = None
    agreement: float | None = None

    @property
    def confidence(self) -> float | None:
        """The model's probability for its own decision, 0..1."""
        if self.probability is None:
            return None
        return self.probability if self.anomalous else 1 - self.probability


@dataclass(frozen=True, slots=True)
class Known:
    """A case whose truth is known; `right`: the model's decision was."""

    case_id: int
    features: Features
    right: bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """How often the model was right on the cases most like one; `nearest`: those, the most alike first."""

    nearest: tuple[Known, ...]

    @property
    def rate(self) -> Rate:
        """Right in so many of so many."""
        return Rate(sum(known.right for known in self.nearest), len(self.nearest))

    @property
    def reliability(self) -> float:
        """The share of them that was right, 0..1."""
        return sum(known.right for known in self.nearest) / len(self.nearest)


def alike(features: Features, known: Sequence[Known]) -> Likeness | None:
    """The cases most like this one; None when there are too few to say anything. It must not be among them itself."""
    same = [one for one in known if one.features.anomalous == features.anomalous]
    if len(same) < LEAST:
        return None
    count = min(MOST, max(LEAST, int(QUARTER * len(same))))
    order = np.argsort(_distances(features, [one.features for one in same]), kind="stable")
    return Likeness(tuple(same[i] for i in order[:count]))


def diverges(features: Features, found: Likeness | None, setting: float | None) -> bool:
    """Whether confidence and reliability differ by more than the setting; False where one of the three is unknown."""
    if found is None or setting is None or features.confidence is None:
        return False
    return abs(features.confidence - found.reliability) > setting


def _distances(one: Features, others: Sequence[Features]) -> NDArray[np.float64]:
    distance = np.array([(each.scenario != one.scenario) + (each.category != one.category) for each in others], float)
    for mine, theirs in zip(_numbers(one), zip(*map(_numbers, others), strict=True), strict=True):
        distance += _between(mine, np.array(theirs, float))
    return distance


def _numbers(one: Features) -> tuple[float | None, ...]:
    found = one.properties
    looks = (found.brightness, found.contrast, found.sharpness) if found else (None, None, None)
    return (one.confidence, *looks, one.agreement)


def _between(mine: float | None, theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the known values between mine and each of theirs, 0..1; 0 for what is unknown (NaN)."""
    known = np.sort(theirs[~np.isnan(theirs)])
    if mine is None or not known.size:
        return np.zeros(theirs.size)
    place = (np.searchsorted(known, theirs, "left") + np.searchsorted(known, theirs, "right")) / (2 * known.size)
    own = (np.searchsorted(known, mine, "left") + np.searchsorted(known, mine, "right")) / (2 * known.size)
    return np.where(np.isnan(theirs), 0.0, np.abs(place - own))
