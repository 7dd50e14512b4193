"""The operating point of a model in quality assurance: two thresholds on P(anomalous), and what they cost.

Below the lower one a part passes, from the higher one on it is rejected, between them a person looks again. A part of
which the model gives no probability is for a person too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from m3ad.errors import Conflict
from m3ad.reliability.bounds import Rate

Seen = tuple[bool, float | None]  # whether the part is anomalous, and P(anomalous), 0..1, where there is one
TARGET = 0.05  # escapes of the defects, and overkill of the good parts, that a proposed point allows itself [U]


class Call(StrEnum):
    """What becomes of a part."""

    PASS = "pass"
    REJECT = "reject"
    LOOK = "look again"


@dataclass(frozen=True, slots=True)
class Point:
    """Two thresholds on P(anomalous), 0..1.

    Attributes:
        pass_below: a part with less passes.
        reject_from: a part with so much or more is rejected.
        revise_from: the difference of confidence and reliability, 0..1, beyond which a model that did not reflect is
            made to (`m3ad.reliability.likeness.diverges`); None: never.
    """

    pass_below: float
    reject_from: float
    revise_from: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.pass_below <= self.reject_from <= 1:
            raise Conflict(
                f"Parts cannot pass below {self.pass_below:g} and be rejected from {self.reject_from:g}. "
                "Choose two numbers from 0 to 1, the first not above the second."
            )
        if self.revise_from is not None and not 0 < self.revise_from <= 1:
            raise Conflict(
                f"Confidence and reliability cannot differ by {self.revise_from:g}. Choose a number above 0, at most 1."
            )

    def call(self, probability: float | None) -> Call:
        """What becomes of a part with this P(anomalous)."""
        if probability is None:
            return Call.LOOK
        if probability < self.pass_below:
            return Call.PASS
        return Call.REJECT if probability >= self.reject_from else Call.LOOK


@dataclass(frozen=True, slots=True)
class Cost:
    """What a point did to parts whose truth is known.

    Attributes:
        escapes: parts with a defect that passed, of all with a defect.
        overkills: good parts that were rejected, of all good ones.
        looks: parts sent to a person, of all.
        good_looks: good parts sent to a person, of all good ones.
    """

    escapes: Rate
    overkills: Rate
    looks: Rate
    good_looks: Rate


def cost(seen: Iterable[Seen], point: Point) -> Cost:
    """What the point would have done."""
    calls = [(anomalous, point.call(probability)) for anomalous, probability in seen]
    defects = sum(anomalous for anomalous, _ in calls)
    good = len(calls) - defects
    return Cost(
        escapes=Rate(calls.count((True, Call.PASS)), defects),
        overkills=Rate(calls.count((False, Call.REJECT)), good),
        looks=Rate(sum(call is Call.LOOK for _, call in calls), len(calls)),
        good_looks=Rate(calls.count((False, Call.LOOK)), good),
    )


def propose(seen: Sequence[Seen], target: float = TARGET) -> Point:
    """The point that sends the fewest parts to a person with at most `target` escapes and as much overkill, as shares.

    Where the two thresholds would cross, one threshold serves for both and nobody looks again.
    """
    defects = sorted(p for anomalous, p in seen if anomalous and p is not None)
    good = sorted((p for anomalous, p in seen if not anomalous and p is not None), reverse=True)
    if not defects or not good:
        return Point(0.0, 1.0)
    pass_below = defects[min(int(target * len(defects)), len(defects) - 1)]
    may_go = min(int(target * len(good)), len(good) - 1)
    reject_from = next((p for p in defects if p > good[may_go]), 1.0)
    return Point(min(pass_below, reject_from), reject_from)
