"""Changes of a region of a picture, to ask a model again: a region covered, made brighter, or cut out.

All regions are fractions of the picture as it came. What a model then says of a cut-out is in fractions of the cut-out:
`whole` takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.records import Defect, Trace, Verdict

LEAST = 8  # pixels of a side: a smaller region is a slip of the hand, and a smaller picture shows a model nothing
DIMMED = 0.25  # brightness of what lies outside a cut-out, where people look at it
WHOLE = Box(0.0, 0.0, 1.0, 1.0)


class ChangeKind(StrEnum):
    """What is done to a region."""

    MASK = "mask"  # covered with the mean colour of the picture
    BRIGHTEN = "brighten"
    CROP = "crop"


@dataclass(frozen=True, slots=True)
class PictureChange:
    """One change. `amount`: factor of brightness, below 1 darker; it says nothing for the other kinds."""

    kind: ChangeKind
    box: Box
    amount: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """`{"kind", "box": [x1, y1, x2, y2] in fractions, "amount"}`."""
        return {"kind": self.kind.value, "box": list(self.box.as_tuple()), "amount": self.amount}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PictureChange:
        """The inverse of `to_json`."""
        return cls(ChangeKind(data["kind"]), Box(*data["box"]), data["amount"])


def changed(image: Image.Image, changes: Sequence[PictureChange]) -> Image.Image:
    """The picture as a model is given it; the picture itself stays as it is.

    Raises:
        Conflict: a region of less than LEAST pixels.
    """
    return _painted(image, changes).crop(_pixels(image, seen(changes)))


def pictured(image: Image.Image, changes: Sequence[PictureChange]) -> Image.Image:
    """The picture for people, in its own size: what was cut off is dimmed. Raises Conflict as `changed` does."""
    painted = _painted(image, changes)
    area = _pixels(image, seen(changes))
    ground = ImageEnhance.Brightness(painted).enhance(DIMMED)
    ground.paste(painted.crop(area), area[:2])
    return ground


def seen(changes: Sequence[PictureChange]) -> Box:
    """The part of the picture that the model sees: what all cuts leave.

    Raises:
        Conflict: they leave nothing.
    """
    left = WHOLE
    for change in changes:
        if change.kind is ChangeKind.CROP:
            box = change.box.clipped()
            left = Box(max(left.x1, box.x1), max(left.y1, box.y1), min(left.x2, box.x2), min(left.y2, box.y2))
    if left.degenerate:
        raise Conflict("These cut-outs have no place in common: nothing of the picture is left. Draw another region.")
    return left


def whole(trace: Trace, changes: Sequence[PictureChange]) -> Trace:
    """The trace with its boxes as fractions of the whole picture; its text stays as it was written."""
    area = seen(changes)
    if area == WHOLE:
        return trace
    initial, verdict = (_taken_back(found, area) for found in (trace.initial, trace.verdict))
    return replace(trace, initial=initial, verdict=verdict)


def _taken_back(verdict: Verdict | None, area: Box) -> Verdict | None:
    if verdict is None:
        return None
    defects = (Defect(d.type, _outside(d.box, area) if d.box else None, d.picture) for d in verdict.defects)
    return Verdict(verdict.anomalous, tuple(defects))


def _outside(box: Box, area: Box) -> Box:
    width, height = area.x2 - area.x1, area.y2 - area.y1
    return Box(
        area.x1 + box.x1 * width, area.y1 + box.y1 * height, area.x1 + box.x2 * width, area.y1 + box.y2 * height
    ).clipped()


def _painted(image: Image.Image, changes: Sequence[PictureChange]) -> Image.Image:
    found = image.convert("RGB")  # a copy, also of a picture that is RGB already
    for change in changes:
        area = _pixels(image, change.box)
        if change.kind is ChangeKind.MASK:
            found.paste(_mean(image), area)
        elif change.kind is ChangeKind.BRIGHTEN:
            found.paste(ImageEnhance.Brightness(found.crop(area)).enhance(change.amount), area[:2])
    return found


def _mean(image: Image.Image) -> tuple[int, int, int]:
    red, green, blue = np.asarray(image.convert("RGB")).mean(axis=(0, 1))
    return round(red), round(green), round(blue)


def _pixels(image: Image.Image, box: Box) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(value) for value in box.clipped().to_pixels(image.width, image.height))
    if min(x2 - x1, y2 - y1) < min(LEAST, image.width, image.height):
        raise Conflict(f"The region is smaller than {LEAST} pixels: draw it larger.")
    return x1, y1, x2, y2
