"""What reflection did over a set of cases: each case's way from the first look to the final answer, and its effect.

The same for three aspects: whether there is a defect (presence), which types, and where the boxes are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from m3ad.metrics.defects import location_hard_f1, location_score, type_exact_f1
from m3ad.metrics.detection import Pair
from m3ad.metrics.paired import Difference, difference
from m3ad.records import Trace, Verdict


class Aspect(StrEnum):
    """In what a decision can be right."""

    PRESENCE = "presence"
    TYPE = "type"
    LOCATION = "location"


class Way(StrEnum):
    """How a case came to its final answer; the first four are the outcomes of a reflection."""

    FIXED = "fixed"
    BROKE = "broke"
    KEPT_RIGHT = "kept right"
    KEPT_WRONG = "kept wrong"
    RIGHT_AT_ONCE = "right at once"  # no reflection
    WRONG_AT_ONCE = "wrong at once"
    NO_FIRST_LOOK = "no first look"  # reflected, and the decision before that cannot be read


RIGHT = {  # whether the first look was right, and the final answer
    Way.FIXED: (False, True),
    Way.BROKE: (True, False),
    Way.KEPT_RIGHT: (True, True),
    Way.KEPT_WRONG: (False, False),
    Way.RIGHT_AT_ONCE: (True, True),
    Way.WRONG_AT_ONCE: (False, False),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What reflection did in one aspect.

    Attributes:
        ways: ids of the cases by way, in the order they were given; every way is there.
        difference: first look against final answer, over all cases with a first look.
        overlap: mean IoU score of the boxes (`location_score`) before and after, over the anomalous cases with boxes
            in their truth and a first look; None where there are none.
    """

    aspect: Aspect
    ways: dict[Way, tuple[int, ...]]
    difference: Difference
    overlap: tuple[float, float] | None

    @property
    def reflected(self) -> int:
        """How many cases were reflected on."""
        return sum(len(self.ways[way]) for way in Way if way not in (Way.RIGHT_AT_ONCE, Way.WRONG_AT_ONCE))


def is_right(aspect: Aspect, truth: Verdict, verdict: Verdict | None) -> bool:
    """Whether a decision is right; an unreadable one is wrong, and so is every aspect of one wrong in presence.

    Types are right when all are named and no other (an alias counts, a kin type does not), boxes when each true one is
    found at IoU 0.3 and no other. A truth without boxes leaves the place open: right when presence is.
    """
    if verdict is None or verdict.anomalous != truth.anomalous:
        return False
    if aspect is Aspect.PRESENCE or not truth.anomalous:
        return True
    if aspect is Aspect.LOCATION and location_score(truth, verdict) is None:
        return True
    judge = type_exact_f1 if aspect is Aspect.TYPE else location_hard_f1
    found = judge([(truth, Trace("", "", None, None, verdict))])
    return found.fp == found.fn == 0


def way(aspect: Aspect, truth: Verdict, trace: Trace) -> Way:
    """How the trace came to its final answer in this aspect."""
    after = is_right(aspect, truth, trace.verdict)
    if not trace.reflected:
        return Way.RIGHT_AT_ONCE if after else Way.WRONG_AT_ONCE
    if trace.initial is None:
        return Way.NO_FIRST_LOOK
    if is_right(aspect, truth, trace.initial):
        return Way.KEPT_RIGHT if after else Way.BROKE
    return Way.FIXED if after else Way.KEPT_WRONG


def effect(cases: Iterable[tuple[int, Pair]], aspect: Aspect = Aspect.PRESENCE) -> Effect:
    """What reflection did. `cases`: an id and (truth, trace) each."""
    ways: dict[Way, list[int]] = {each: [] for each in Way}
    decisions: list[tuple[bool, bool, bool]] = []
    overlaps: list[tuple[float, float]] = []
    for case_id, (truth, trace) in cases:
        taken = way(aspect, truth, trace)
        ways[taken].append(case_id)
        if taken is Way.NO_FIRST_LOOK:
            continue
        decisions.append((truth.anomalous, *RIGHT[taken]))
        scores = [location_score(truth, verdict or Verdict(False)) for verdict in (first_look(trace), trace.verdict)]
        if truth.anomalous and scores[0] is not None and scores[1] is not None:
            overlaps.append((scores[0], scores[1]))
    found = {each: tuple(ids) for each, ids in ways.items()}
    return Effect(aspect, found, difference(decisions), _means(overlaps))


def _means(pairs: list[tuple[float, float]]) -> tuple[float, float] | None:
    if not pairs:
        return None
    return sum(one for one, _ in pairs) / len(pairs), sum(other for _, other in pairs) / len(pairs)


def first_look(trace: Trace) -> Verdict | None:
    """The decision before any reflection: the final one where there was none."""
    return trace.initial if trace.reflected else trace.verdict
