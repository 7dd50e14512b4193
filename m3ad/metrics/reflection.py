"""What a reflection did to the decision: fixed, broke, kept right, kept wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from m3ad.metrics.detection import Pair
from m3ad.records import Outcome, Trace, Verdict


def outcome(truth: Verdict, trace: Trace) -> Outcome | None:
    """The outcome of a trace's reflection; None without a reflection or with an unreadable initial decision.

    An unreadable final verdict is wrong.
    """
    if not trace.reflected or trace.initial is None:
        return None
    before = trace.initial.anomalous == truth.anomalous
    after = trace.verdict is not None and trace.verdict.anomalous == truth.anomalous
    if before:
        return Outcome.KEPT_RIGHT if after else Outcome.BROKE
    return Outcome.FIXED if after else Outcome.KEPT_WRONG


def outcomes(pairs: Iterable[Pair]) -> dict[Outcome, int]:
    """How often each outcome happened; all four keys are there."""
    found = Counter(outcome(truth, trace) for truth, trace in pairs)
    return {kind: found[kind] for kind in Outcome}


def reflecting_from(threshold: float, trials: Iterable[tuple[Verdict, Trace, float]]) -> list[Pair]:
    """What would have come of reflecting only where the model doubts: the choice of a threshold without new answers.

    Args:
        threshold: P(`<reflection>`), 0..1, from which a reflection counts; below it the initial decision is the final.
        trials: truth, a trace with a reflection, and the model's doubt at that place.
    """
    return [
        (truth, trace if doubt >= threshold else replace(trace, verdict=trace.initial, reflection=None))
        for truth, trace, doubt in trials
    ]
