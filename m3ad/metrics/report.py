"""All metrics of a set of pairs in one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from m3ad.metrics.defects import HardF1, location_hard_f1, location_sweep, type_exact_f1, type_hard_f1
from m3ad.metrics.detection import Detection, Pair, detection, share
from m3ad.metrics.reflection import outcomes
from m3ad.records import Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the bench says about one model on one set (SPEC.md, M3-AD-Bench)."""

    final: Detection
    initial: Detection
    type_hard: HardF1
    type_exact: HardF1
    location: HardF1
    sweep: dict[float, HardF1]
    outcomes: dict[Outcome, int]
    reflected: int

    @property
    def readable(self) -> float | None:
        """Share of cases with a readable final verdict, 0..1."""
        return share(self.final.count - self.final.unreadable, self.final.count)

    def to_json(self) -> dict[str, Any]:
        """Flat numbers for logs and tables."""
        return {
            "count": self.final.count,
            "readable": self.readable,
            "accuracy": self.final.accuracy,
            "balanced_accuracy": self.final.balanced_accuracy,
            "recall_normal": self.final.recall_normal,
            "recall_anomalous": self.final.recall_anomalous,
            "initial_accuracy": self.initial.accuracy,
            "initial_balanced_accuracy": self.initial.balanced_accuracy,
            "initial_unreadable": self.initial.unreadable,
            "type_hard_f1": self.type_hard.value,
            "type_exact_f1": self.type_exact.value,
            "location_hard_f1": self.location.value,
            "location_sweep": {str(threshold): f1.value for threshold, f1 in self.sweep.items()},
            "reflected": self.reflected,
            "outcomes": {str(kind): number for kind, number in self.outcomes.items()},
        }


def report(pairs: Iterable[Pair]) -> Report:
    """Judge a set of pairs."""
    kept = list(pairs)
    return Report(
        final=detection(kept),
        initial=detection(kept, initial=True),
        type_hard=type_hard_f1(kept),
        type_exact=type_exact_f1(kept),
        location=location_hard_f1(kept),
        sweep=location_sweep(kept),
        outcomes=outcomes(kept),
        reflected=sum(trace.reflected for _, trace in kept),
    )
