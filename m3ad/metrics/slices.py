"""Cutting a set of cases into slices, so that one sees where a model is good: by scenario, type, size and the like."""

from __future__ import annotations

from enum import StrEnum

from m3ad.records import Scenario, Verdict
from m3ad.reliability.properties import Properties
from m3ad.taxonomy import default_taxonomy

NONE = "–"  # the slice of what has nothing of the kind, or of which it is not known
# Upper ends (shares of the picture) of the slices by the largest box, and (megapixels) by the picture.
DEFECT_SIZES = ((0.005, "box up to 0.5 %"), (0.02, "0.5 to 2 %"), (0.08, "2 to 8 %"), (1.0, "over 8 %"))
# Of the picture in grey, 0 to 1; see `m3ad.reliability.properties`.
BRIGHTNESS = ((0.3, "dark, up to 0.3"), (0.6, "0.3 to 0.6"), (1.0, "bright, over 0.6"))
CONTRAST = ((0.1, "flat, up to 0.1"), (0.2, "0.1 to 0.2"), (1.0, "over 0.2"))
PICTURE_SIZES = ((0.3, "up to 0.3 MP"), (1.0, "0.3 to 1 MP"), (4.0, "1 to 4 MP"), (float("inf"), "over 4 MP"))


class Facet(StrEnum):
    """By what a set is cut."""

    SCENARIO = "scenario"
    CATEGORY = "category"
    TYPE = "type"
    DEFECT_SIZE = "defect size"
    PICTURE_SIZE = "picture size"
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"


def slices_of(
    facet: Facet,
    truth: Verdict,
    *,
    scenario: Scenario,
    category: str,
    width: int,
    height: int,
    looks: Properties | None = None,
) -> tuple[str, ...]:
    """The slices that a case belongs to: one of each facet, of type as many as its truth names.

    Args:
        width, height: of the primary picture, in pixels.
        looks: what was measured of it; None where it was not.
    """
    match facet:
        case Facet.SCENARIO:
            return (scenario.value,)
        case Facet.CATEGORY:
            return (category,)
        case Facet.TYPE:
            return tuple(dict.fromkeys(_type(defect.type) for defect in truth.defects)) or (NONE,)
        case Facet.DEFECT_SIZE:
            areas = [defect.box.area for defect in truth.defects if defect.box is not None]
            return (_bin(max(areas), DEFECT_SIZES),) if areas else (NONE,)
        case Facet.PICTURE_SIZE:
            return (_bin(width * height / 1e6, PICTURE_SIZES),)
        case Facet.BRIGHTNESS:
            return (_bin(looks.brightness, BRIGHTNESS) if looks else NONE,)
        case Facet.CONTRAST:
            return (_bin(looks.contrast, CONTRAST) if looks else NONE,)


def in_order(facet: Facet, names: set[str]) -> list[str]:
    """Slices as they are listed: sizes from small to large, else by name; the slice of nothing last."""
    ends = {
        Facet.DEFECT_SIZE: DEFECT_SIZES,
        Facet.PICTURE_SIZE: PICTURE_SIZES,
        Facet.BRIGHTNESS: BRIGHTNESS,
        Facet.CONTRAST: CONTRAST,
    }.get(facet)
    known = [name for _, name in ends] if ends else sorted(names - {NONE})
    return [name for name in [*known, NONE] if name in names]


def _type(name: str) -> str:
    node = default_taxonomy().find(name)
    return node.name if node else name


def _bin(value: float, ends: tuple[tuple[float, str], ...]) -> str:
    return next((name for end, name in ends if value <= end), ends[-1][1])
