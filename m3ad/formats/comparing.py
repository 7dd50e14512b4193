"""Whether what comes back from another program is what the store has: to the pixel, by what the format carries."""

from __future__ import annotations

from collections import Counter

from m3ad.formats.base import AnnotatedPicture, Format
from m3ad.formats.carrying import carried
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import normalise

HALF_A_PIXEL = 0.51  # formats of whole pixels move an edge by up to a half


def unchanged(latest: Verdict, back: AnnotatedPicture, format: Format) -> bool:
    """True when an export of `latest` in this format, read again, gives the verdict of `back`."""
    assert back.verdict is not None
    if same(latest, back.verdict, back.width, back.height):
        return True
    kept = carried(AnnotatedPicture(back.name, back.width, back.height, latest), format, Counter())
    return kept.verdict is not None and same(kept.verdict, back.verdict, back.width, back.height)


def same(one: Verdict, other: Verdict, width: int, height: int) -> bool:
    """Equal in yes or no and in their defects, in any order; edges up to half a pixel, types however spelt."""
    if one.anomalous != other.anomalous or len(one.defects) != len(other.defects):
        return False
    left = list(other.defects)
    for defect in one.defects:
        twin = next((each for each in left if _alike(defect, each, width, height)), None)
        if twin is None:
            return False
        left.remove(twin)
    return True


def _alike(one: Defect, other: Defect, width: int, height: int) -> bool:
    if normalise(one.type) != normalise(other.type):
        return False
    if one.box is None or other.box is None:
        return one.box is other.box
    if one.picture or other.picture:  # which no format of whole pixels carries
        return (one.picture, one.box.rounded(9)) == (other.picture, other.box.rounded(9))
    return _distance(one.box, other.box, width, height) <= HALF_A_PIXEL


def _distance(one: Box, other: Box, width: int, height: int) -> float:
    """The most that an edge is moved, in pixels."""
    pairs = zip(one.to_pixels(width, height), other.to_pixels(width, height), strict=True)
    return max(abs(a - b) for a, b in pairs)


def completed(back: Verdict, latest: Verdict, format: Format) -> Verdict:
    """What came back changed, with those defects of the latest annotation that the format could not carry."""
    can = format.carries
    further = tuple(defect for defect in latest.defects if defect.picture and not can.further)
    if not back.anomalous:
        return Verdict(True, further) if further else back  # the file spoke of the primary picture alone
    unplaced = tuple(defect for defect in latest.defects if defect.box is None and not can.unplaced)
    return Verdict(True, (*back.defects, *unplaced, *further))
