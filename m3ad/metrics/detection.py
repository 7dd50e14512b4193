"""Is there a defect or not: accuracy and balanced accuracy of the final and of the initial decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from m3ad.records import Trace, Verdict

Pair = tuple[Verdict, Trace]


@dataclass(frozen=True, slots=True)
class Detection:
    """Shares are 0..1, or None where there is no case to measure them on.

    Attributes:
        accuracy: share of right decisions; an unreadable one is wrong.
        balanced_accuracy: mean of the two recalls (paper, appendix D); the one recall there is if a class is absent.
        recall_normal: share of normal cases found normal (1 - overkill rate).
        recall_anomalous: share of anomalous cases found anomalous (1 - escape rate).
        unreadable: how many decisions could not be read.
        count: how many cases were judged.
    """

    accuracy: float | None
    balanced_accuracy: float | None
    recall_normal: float | None
    recall_anomalous: float | None
    unreadable: int
    count: int


def detection(pairs: Iterable[Pair], *, initial: bool = False) -> Detection:
    """Judge the final decisions, or with `initial` the ones made before any reflection."""
    right = {True: 0, False: 0}
    total = {True: 0, False: 0}
    unreadable = 0
    for truth, trace in pairs:
        verdict = trace.initial if initial else trace.verdict
        total[truth.anomalous] += 1
        if verdict is None:
            unreadable += 1
        elif verdict.anomalous == truth.anomalous:
            right[truth.anomalous] += 1
    recalls = {kind: share(right[kind], total[kind]) for kind in total}
    known = [recall for recall in recalls.values() if recall is not None]
    count = sum(total.values())
    return Detection(
        accuracy=share(sum(right.values()), count),
        balanced_accuracy=sum(known) / len(known) if known else None,
        recall_normal=recalls[False],
        recall_anomalous=recalls[True],
        unreadable=unreadable,
        count=count,
    )


def share(part: int, whole: int) -> float | None:
    """part / whole, or None of nothing."""
    return part / whole if whole else None
