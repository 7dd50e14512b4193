"""Which types and where: the hard micro-F1 of the bench and the soft scores that the rewards pay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from m3ad.geometry import Box, best_assignment, greedy_matches, iou
from m3ad.metrics.detection import Pair
from m3ad.records import Trace, Verdict
from m3ad.taxonomy import Taxonomy, default_taxonomy

T = TypeVar("T")

TYPE_THRESHOLD = 0.5  # [U] the paper prints no value; 0.5 lets the same level-2 group (0.6) count
IOU_THRESHOLD = 0.3  # appendix D, after VisionAD
IOU_SWEEP = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class HardF1:
    """Micro-F1 over a whole set: 2TP / (2TP + FP + FN); None of nothing."""

    tp: int
    fp: int
    fn: int

    @property
    def value(self) -> float | None:
        """The F1, 0..1."""
        whole = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / whole if whole else None


def type_hard_f1(pairs: Iterable[Pair], threshold: float = TYPE_THRESHOLD, taxonomy: Taxonomy | None = None) -> HardF1:
    """Types match greedily by similarity; a pair counts when its similarity exceeds `threshold`."""
    similarity = (taxonomy or default_taxonomy()).similarity
    return _hard_f1(pairs, _types, similarity, lambda score: score > threshold)


def type_exact_f1(pairs: Iterable[Pair], taxonomy: Taxonomy | None = None) -> HardF1:
    """As `type_hard_f1`, but only the same type (or an alias of it) counts."""
    similarity = (taxonomy or default_taxonomy()).similarity
    return _hard_f1(pairs, _types, similarity, lambda score: score >= 1.0)


def location_hard_f1(pairs: Iterable[Pair], threshold: float = IOU_THRESHOLD) -> HardF1:
    """Boxes match greedily by IoU; a pair counts when its IoU is at least `threshold`.

    Truths without a box are left out.
    """
    return _hard_f1(pairs, _boxes, iou, lambda score: score >= threshold)


def location_sweep(pairs: Iterable[Pair]) -> dict[float, HardF1]:
    """`location_hard_f1` at IoU 0.1 to 0.5 (paper: threshold sensitivity)."""
    kept = list(pairs)
    return {threshold: location_hard_f1(kept, threshold) for threshold in IOU_SWEEP}


def type_score(truth: Verdict, found: Verdict, taxonomy: Taxonomy | None = None) -> float:
    """How well the types agree, 0..1: best one-to-one sum of similarities / max(number found, number true)."""
    similarity = (taxonomy or default_taxonomy()).similarity
    return _soft_score(_types(truth), _types(found), similarity)


def location_score(truth: Verdict, found: Verdict) -> float | None:
    """How well the boxes agree, 0..1: best one-to-one sum of IoU / max(number found, number true).

    None when the truth has no box at all: then a place can be neither right nor wrong.
    """
    boxes = _boxes(truth)
    return _soft_score(boxes, _boxes(found), iou) if boxes else None


def found_verdict(trace: Trace) -> Verdict:
    """What counts as found: an unreadable or normal verdict finds nothing, so every truth is missed."""
    if trace.verdict is None or not trace.verdict.anomalous:
        return Verdict(False)
    return trace.verdict


def _types(verdict: Verdict) -> list[str]:
    return [defect.type for defect in verdict.defects if defect.type]


def _boxes(verdict: Verdict) -> list[Box]:
    """Those on the primary picture: the model has seen no other."""
    return [defect.box for defect in verdict.defects if defect.box is not None and not defect.picture]


def _soft_score(truths: Sequence[T], found: Sequence[T], score: Callable[[T, T], float]) -> float:
    if not truths or not found:
        return 0.0
    scores = [[score(truth, other) for other in found] for truth in truths]
    return sum(scores[row][column] for row, column in best_assignment(scores)) / max(len(truths), len(found))


def _hard_f1(
    pairs: Iterable[Pair],
    items: Callable[[Verdict], list[T]],
    score: Callable[[T, T], float],
    counts: Callable[[float], bool],
) -> HardF1:
    tp = fp = fn = 0
    for truth, trace in pairs:
        wanted, found = items(truth), items(found_verdict(trace))
        scores = [[score(one, other) for other in found] for one in wanted]
        hits = sum(counts(scores[row][column]) for row, column in greedy_matches(scores))
        tp += hits
        fp += len(found) - hits
        fn += len(wanted) - hits
    return HardF1(tp, fp, fn)
