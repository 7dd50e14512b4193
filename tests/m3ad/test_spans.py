"""Prose is cut into coloured pieces that together are the prose."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.spans import KINDS, spans
from m3ad.taxonomy import default_taxonomy

TAXONOMY = default_taxonomy()

COLOURED = [
    ("There are no visible defects.", [("no visible defects", "existence")]),  # denial
    ("The part is anomalous.", [("anomalous", "existence")]),  # state
    ("The part is not normal.", [("not normal", "existence")]),  # negated state
    ("It is free of defects.", [("free of defects", "existence")]),  # free of
    ("One pin is bent.", [("bent", "type")]),  # predicate
    ("There is a bent pin.", [("bent pin", "type")]),  # alias of two words
    ("Two scratches.", [("scratches", "type")]),  # plural
    ("A mark in the upper left corner.", [("in the upper left corner", "location")]),  # place in words
    ("It lies on the left.", [("on the left", "location")]),  # side
    ("Near the bottom-right edge it ends.", [("Near the bottom-right edge", "location")]),  # hyphen
    ("In the upper and left area.", [("In the upper and left area", "location")]),  # and
    ("At (0.1,0.2) (0.3,0.4).", [("(0.1,0.2) (0.3,0.4)", "location")]),  # coordinates
    ("At [100, 200, 300, 400].", [("[100, 200, 300, 400]", "location")]),  # list
    ("So it is abnormal with bent in the middle.",
     [("abnormal", "existence"), ("bent", "type"), ("in the middle", "location")]),  # all three
    ("The image shows a bottle.", []),  # nothing
    ("The leftover belongs to the topmost scratchy normality.", []),  # words that only contain the words
    ("", []),  # empty
]  # fmt: skip


@pytest.mark.parametrize(("text", "coloured"), COLOURED)
def test_existence_type_and_place_are_told_apart(text: str, coloured: list[tuple[str, str]]) -> None:
    assert [(piece, kind) for piece, kind in spans(text, TAXONOMY) if kind] == coloured


WORDS = st.sampled_from(["no", "defects", "bent", "in", "the", "upper", "left", "(0.1,", "0.2)", ".", "normal"])


@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join)))
def test_the_pieces_joined_are_the_text_and_neighbours_differ(text: str) -> None:
    pieces = spans(text, TAXONOMY)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece and kind in ("", *KINDS) for piece, kind in pieces)
    assert all(one[1] != other[1] for one, other in pairwise(pieces))


@pytest.mark.parametrize("piece", [" ", "in the ", "left ", "(", "no ", "0.1,", "upper-", "bent "])
def test_hostile_text_costs_no_more_than_a_moment(piece: str) -> None:
    started = time.process_time()
    spans(piece * (60_000 // len(piece)), TAXONOMY)
    assert time.process_time() - started < 3.0
