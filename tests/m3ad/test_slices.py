from __future__ import annotations

import pytest

from m3ad.geometry import Box
from m3ad.metrics.slices import NONE, Facet, in_order, slices_of
from m3ad.records import Defect, Scenario, Verdict
from m3ad.reliability.properties import Properties

BIG, SMALL = Box(0.0, 0.0, 0.5, 0.5), Box(0.0, 0.0, 0.1, 0.1)
BOTH = Verdict(True, (Defect("scratch", SMALL), Defect("bent", BIG), Defect("scratch", None)))
FACTS = {
    "scenario": Scenario.LOGICAL,
    "category": "tray",
    "width": 1000,
    "height": 1000,
    "looks": Properties(0.2, 0.15, 0.1),
}


@pytest.mark.parametrize(
    ("facet", "truth", "found"),
    [
        (Facet.SCENARIO, BOTH, ("logical",)),
        (Facet.CATEGORY, BOTH, ("tray",)),
        (Facet.TYPE, BOTH, ("scratch", "bent")),
        (Facet.TYPE, Verdict(True, (Defect("no such type"),)), ("no such type",)),
        (Facet.TYPE, Verdict(False), (NONE,)),
        (Facet.DEFECT_SIZE, BOTH, ("over 8 %",)),  # the largest counts
        (Facet.DEFECT_SIZE, Verdict(True, (Defect("scratch", SMALL),)), ("0.5 to 2 %",)),
        (Facet.DEFECT_SIZE, Verdict(True, (Defect("scratch"),)), (NONE,)),
        (Facet.PICTURE_SIZE, BOTH, ("0.3 to 1 MP",)),
        (Facet.BRIGHTNESS, BOTH, ("dark, up to 0.3",)),
        (Facet.CONTRAST, BOTH, ("0.1 to 0.2",)),
    ],
)
def test_a_case_belongs_to_its_slices(facet: Facet, truth: Verdict, found: tuple[str, ...]) -> None:
    assert slices_of(facet, truth, **FACTS) == found


def test_what_nobody_measured_is_a_slice_of_its_own() -> None:
    assert slices_of(Facet.BRIGHTNESS, BOTH, **{**FACTS, "looks": None}) == (NONE,)


def test_sizes_are_listed_from_small_to_large() -> None:
    assert in_order(Facet.DEFECT_SIZE, {NONE, "over 8 %", "box up to 0.5 %"}) == ["box up to 0.5 %", "over 8 %", NONE]
    assert in_order(Facet.TYPE, {"scratch", NONE, "bent"}) == ["bent", "scratch", NONE]
