"""How far a probability can be believed: reliability by bins, expected calibration error, Brier score.

P(anomalous) is compared with what holds: of 100 parts of which a model says 0.8, 80 should be anomalous.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from m3ad.metrics.paired import Interval, share_interval

BINS = 10

Said = tuple[bool, float]  # whether the part is anomalous, and P(anomalous), 0..1


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases whose probability is from `low` up to, not including, `high` (the last bin includes 1).

    Attributes:
        count: how many there are, at least one.
        probability: their mean probability.
        share: how many of them are anomalous, 0..1, with its 95 % interval.
    """

    low: float
    high: float
    count: int
    probability: float
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities can be believed.

    Attributes:
        count: how many cases have one.
        brier: mean squared distance to what holds (G. W. Brier, 1950), 0 best; None of nothing.
        error: expected calibration error, the mean distance of share and probability in the bins; None of nothing.
        bins: those that hold a case, rising.
    """

    count: int
    brier: float | None
    error: float | None
    bins: tuple[Bin, ...]


def calibration(said: Iterable[Said], bins: int = BINS) -> Calibration:
    """Judge probabilities, in `bins` bins of equal width."""
    found = list(said)
    filled: list[list[Said]] = [[] for _ in range(bins)]
    for one in found:
        filled[min(int(one[1] * bins), bins - 1)].append(one)
    made = tuple(_bin(number / bins, (number + 1) / bins, some) for number, some in enumerate(filled) if some)
    count = len(found)
    return Calibration(
        count=count,
        brier=sum((p - anomalous) ** 2 for anomalous, p in found) / count if count else None,
        error=sum(one.count * abs(one.share - one.probability) for one in made) / count if count else None,
        bins=made,
    )


def _bin(low: float, high: float, some: Sequence[Said]) -> Bin:
    count, anomalous = len(some), sum(kind for kind, _ in some)
    interval = share_interval(anomalous, count)
    assert interval is not None, "a bin that is made holds a case"
    return Bin(low, high, count, sum(p for _, p in some) / count, anomalous / count, interval)
