"""Checks on a verdict before it is stored as an annotation."""

from __future__ import annotations

import math

from m3ad.errors import Conflict
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import normalise
from m3ad.trace_fields import UNKNOWN_TYPE


def sound(verdict: Verdict, pictures: int = 1) -> Verdict:
    """The verdict with its boxes clipped to the image; raises Conflict when it contradicts itself, or the case.

    `pictures`: how many the case has; a box can be on one of these only.

    A type is kept as it is written: the taxonomy may be extended after the fact.
    """
    if not verdict.anomalous and verdict.defects:
        raise Conflict("A normal part has no defects: remove them, or mark the part as anomalous.")
    found = (_sound(defect, number, pictures) for number, defect in enumerate(verdict.defects, start=1))
    return Verdict(verdict.anomalous, tuple(found))


def _sound(defect: Defect, number: int, pictures: int) -> Defect:
    if not defect.type.strip():
        raise Conflict(f"Defect {number} has no type yet: choose one, or remove the defect.")
    if defect.box is None:
        return Defect(defect.type)
    if not 0 <= defect.picture < pictures:
        raise Conflict(
            f"The box of defect {number} ({defect.type}) is on picture {defect.picture + 1} of a case that has "
            f"{pictures}: draw it on a picture that is there, or remove it."
        )
    if not all(math.isfinite(value) for value in defect.box.as_tuple()) or defect.box.clipped().degenerate:
        raise Conflict(f"The box of defect {number} ({defect.type}) has no area inside the image: draw it again.")
    return Defect(defect.type, defect.box.clipped(), defect.picture)


def undecided(verdict: Verdict) -> bool:
    """Whether the type of a defect is "unknown": the annotator asks, and nobody may learn from it yet."""
    return any(normalise(defect.type) == UNKNOWN_TYPE for defect in verdict.defects)
