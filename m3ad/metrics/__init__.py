"""How a model is judged (SPEC.md, M3-AD-Bench). One implementation serves training, bench and page.

A pair is `(truth, trace)`: the verdict that holds and what the model wrote. Unreadable traces count as wrong.
"""

from m3ad.metrics.defects import (
    HardF1,
    location_hard_f1,
    location_score,
    location_sweep,
    type_exact_f1,
    type_hard_f1,
    type_score,
)
from m3ad.metrics.detection import Detection, Pair, detection
from m3ad.metrics.reflection import outcome, outcomes, reflecting_from
from m3ad.metrics.report import Report, report

__all__ = [
    "Detection",
    "HardF1",
    "Pair",
    "Report",
    "detection",
    "location_hard_f1",
    "location_score",
    "location_sweep",
    "outcome",
    "outcomes",
    "reflecting_from",
    "report",
    "type_exact_f1",
    "type_hard_f1",
    "type_score",
]
