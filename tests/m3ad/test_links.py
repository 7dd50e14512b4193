"""Prose is linked to the boxes that it speaks of, and the sentence that turned the decision is found."""

from __future__ import annotations

import pytest

from m3ad.geometry import Box
from m3ad.links import linked, together
from m3ad.records import Defect
from m3ad.taxonomy import default_taxonomy
from m3ad.turning import turning

TAXONOMY = default_taxonomy()
DEFECTS = [
    Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),
    Defect("bent", Box(0.7, 0.1, 0.9, 0.3)),
    Defect("scratch", Box(0.7, 0.7, 0.9, 0.9)),
    Defect("scratch"),
    Defect("scratch", Box(0.1, 0.1, 0.2, 0.2), 1),  # on another picture
]


@pytest.mark.parametrize(
    ("text", "kind", "numbers"),
    [
        ("scratches", "type", (0, 2)),
        ("bent pin", "type", (1,)),
        ("dent", "type", ()),
        ("on the right", "location", (1, 2)),
        ("in the upper left", "location", (0,)),
        ("(0.700,0.100) (0.900,0.310)", "location", (1,)),
        ("(0.400,0.400) (0.500,0.500)", "location", ()),
        ("no defect", "existence", ()),
    ],
)
def test_a_piece_speaks_of_the_boxes_of_its_type_or_place(text: str, kind: str, numbers: tuple[int, ...]) -> None:
    assert linked(text, kind, DEFECTS, TAXONOMY) == numbers


def test_a_sentence_speaks_of_its_types_in_its_places() -> None:
    assert together([("type", (0, 2)), ("location", (1, 2))]) == (2,)
    assert together([("type", (0, 2)), ("location", (1,))]) == (0, 2)  # they do not go together: the type counts
    assert together([("location", (1,)), ("existence", ())]) == (1,)
    assert together([]) == ()


@pytest.mark.parametrize(
    ("chances", "found"),
    [
        ([0.2, 0.1, 0.1, 0.9], (3, True)),
        ([0.2, 0.8, 0.3, 0.9, 0.95], (3, True)),  # the last time counts
        ([0.2, None, 0.9], (2, True)),
        ([0.1, 0.4, 0.45], (1, False)),
        ([0.9, 0.6, 0.7], (1, False)),
        ([0.9, 0.9, 0.92], None),
        ([0.5, 0.49], (1, True)),
        ([None, None], None),
        ([0.4], None),
        ([], None),
    ],
)
def test_the_place_that_turned_the_decision(chances: list[float | None], found: tuple[int, bool] | None) -> None:
    assert turning(chances) == found
