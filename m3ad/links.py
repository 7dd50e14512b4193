"""Which boxes a coloured piece of prose speaks of: those of the type that it names, or those in the place."""

from __future__ import annotations

from collections.abc import Sequence

from m3ad.contradictions import fits
from m3ad.geometry import iou
from m3ad.records import Defect
from m3ad.taxonomy import Taxonomy
from m3ad.trace_boxes import read_boxes

SAME_PLACE = 0.3  # IoU from which a written box is one of the boxes: that of the bench


def linked(text: str, kind: str, defects: Sequence[Defect], taxonomy: Taxonomy) -> tuple[int, ...]:
    """Numbers of the defects with a box on the primary picture that a piece of `m3ad.spans` speaks of.

    A piece about existence speaks of none: "there is a defect" points nowhere.
    """
    there = [(number, one) for number, one in enumerate(defects) if one.box is not None and not one.picture]
    if kind == "type":
        named = {mention.node.name for mention in taxonomy.mentions(text)}
        return tuple(number for number, one in there if (node := taxonomy.find(one.type)) and node.name in named)
    if kind == "location":
        written = [box for box in read_boxes(text).boxes if box is not None]
        return tuple(
            number
            for number, one in there
            if one.box and (any(iou(one.box, box) >= SAME_PLACE for box in written) if written else fits(one.box, text))
        )
    return ()


def together(links: Sequence[tuple[str, tuple[int, ...]]]) -> tuple[int, ...]:
    """What a sentence speaks of, by its pieces (kind, numbers): of its types those in its places, if there are any."""
    types = {number for kind, found in links if kind == "type" for number in found}
    places = {number for kind, found in links if kind == "location" for number in found}
    return tuple(sorted((types & places) or types or places))
