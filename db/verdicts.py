"""Checks on a verdict before it is stored as an annotation."""

from __future__ import annotations

import math

from m3ad.errors import Conflict
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import normalise
from m3ad.trace_fields import UNKNOWN_TYPE


def sound(verdict: Verdict) -> Verdict:
    """The verdict with its boxes clipped to the image; raises Conflict when it contradicts itself.

    A type is kept as it is written: the taxonomy may be extended after the fact.
    """
    if not verdict.anomalous and verdict.defects:
        raise Conflict("A normal part has no defects: remove them, or mark the part as anomalous.")
    return Verdict(verdict.anomalous, tuple(_sound(defect, n) for n, defect in enumerate(verdict.defects, start=1)))


def _sound(defect: Defect, number: int) -> Defect:
    if not defect.type.strip():
        raise Conflict(f"Defect {number} has no type yet: choose one, or remove the defect.")
    if defect.box is None:
        return defect
    if not all(math.isfinite(value) for value in defect.box.as_tuple()) or defect.box.clipped().degenerate:
        raise Conflict(f"The box of defect {number} ({defect.type}) has no area inside the image: draw it again.")
    return Defect(defect.type, defect.box.clipped())


def undecided(verdict: Verdict) -> bool:
    """Whether the type of a defect is "unknown": the annotator asks, and nobody may learn from it yet."""
    return any(normalise(defect.type) == UNKNOWN_TYPE for defect in verdict.defects)
