"""Figures of cells with 95 % intervals, from resampling seeds and parts.

All models answer the same parts, so seeds and parts are crossed: each resample draws seeds with replacement and, apart
from that, parts with replacement, the same for all cells. The difference of two cells is therefore taken over the same
parts each time. With three seeds the spread over seeds is on the small side (a mean of three drawn from three).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000
# Gives the sum of a count over the drawn answers, one number for each resample.
Total = Callable[[str], np.ndarray]
Metric = Callable[[Total], np.ndarray]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure: over all answers of all seeds, then over each resample. NaN where there is nothing to measure."""

    drawn: np.ndarray

    @property
    def value(self) -> float:
        """The figure over all answers."""
        return float(self.drawn[0])

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95 % of the resamples; a resample in which there was nothing to measure counts for nothing."""
        resampled = self.drawn[1:]
        resampled = resampled[~np.isnan(resampled)]
        if not len(resampled):
            return float("nan"), float("nan")
        low, high = np.percentile(resampled, [2.5, 97.5])
        return float(low), float(high)

    def __sub__(self, other: Estimate) -> Estimate:
        return Estimate(self.drawn - other.drawn)


class Resampling:
    """The draws, the same for all cells. The first is everything once."""

    def __init__(self, seeds: int, parts: int, resamples: int = RESAMPLES) -> None:
        rng = np.random.default_rng(0)
        self._seeds = _weights(rng, seeds, resamples)
        self._parts = _weights(rng, parts, resamples)

    def estimate(
        self, rows: Sequence[dict[str, Any]], answers: str, metric: Metric, scenario: str | None = None
    ) -> Estimate:
        """A metric of one cell.

        Args:
            rows: the results of its seeds, in the order of the seeds; one row stands for all (the base model).
            answers: "own" or "forced".
            scenario: only the parts of this one.
        """

        def total(name: str) -> np.ndarray:
            counts = np.array([[_count(part, answers, name, scenario) for part in row["parts"]] for row in rows])
            every = np.broadcast_to(counts, (self._seeds.shape[1], counts.shape[1]))
            return ((self._seeds @ every) * self._parts).sum(axis=1)

        with np.errstate(invalid="ignore", divide="ignore"):
            return Estimate(metric(total))


def mean(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of several cells."""
    return Estimate(np.mean([one.drawn for one in estimates], axis=0))


def _weights(rng: np.random.Generator, count: int, resamples: int) -> np.ndarray:
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    return np.vstack([np.ones(count), drawn])


def _count(part: dict[str, Any], answers: str, name: str, scenario: str | None) -> float:
    if scenario is not None and part["scenario"] != scenario:
        return 0.0
    if name == "parts":
        return 1.0
    if name == "doubt":
        return part["doubt"] or 0.0
    return part[answers].get(name, 0)


def accuracy(total: Total, first: str = "") -> np.ndarray:
    """Share of right decisions; `first="first_"` for the initial ones."""
    return (total(f"{first}right_normal") + total(f"{first}right_anomalous")) / total("parts")


def balanced(total: Total, first: str = "") -> np.ndarray:
    """Mean of the recalls of normal and anomalous parts."""
    recalls = [total(f"{first}right_{kind}") / total(kind) for kind in ("normal", "anomalous")]
    return np.mean(recalls, axis=0)


def initial_accuracy(total: Total) -> np.ndarray:
    """`accuracy` of the initial decisions."""
    return accuracy(total, "first_")


def initial_balanced(total: Total) -> np.ndarray:
    """`balanced` of the initial decisions."""
    return balanced(total, "first_")


def type_f1(total: Total) -> np.ndarray:
    """Hard micro-F1 of the types."""
    return _f1(total, "type")


def location_f1(total: Total) -> np.ndarray:
    """Hard micro-F1 of the boxes."""
    return _f1(total, "location")


def share_of(name: str) -> Metric:
    """The share of parts with this count; "doubt": the mean P(<reflection>)."""
    return lambda total: total(name) / total("parts")


def _f1(total: Total, what: str) -> np.ndarray:
    hits = 2 * total(f"{what}_tp")
    return hits / (hits + total(f"{what}_fp") + total(f"{what}_fn"))
