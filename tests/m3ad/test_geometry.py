"""Boxes, overlap and assignment, each row small enough to check by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.geometry import Box, best_assignment, greedy_matches, iou, mask_to_boxes

WHOLE = Box(0, 0, 1, 1)

fractions = st.floats(0, 1)
boxes = st.builds(Box, fractions, fractions, fractions, fractions)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (WHOLE, WHOLE, 1.0),  # identical
        (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1), 0.0),  # touching edges share no area
        (Box(0, 0, 0.5, 1), WHOLE, 0.5),  # one inside the other
        (Box(0, 0, 0.75, 1), Box(0.25, 0, 1, 1), 0.5),  # 0.5 shared of 1.0
        (Box(0.2, 0.2, 0.2, 0.8), WHOLE, 0.0),  # degenerate: no width
        (Box(0.8, 0.8, 0.2, 0.2), WHOLE, 0.0),  # reversed corners have no area
        (Box(float("nan"), 0, 1, 1), WHOLE, 0.0),  # NaN is degenerate, not an error
    ],
)
def test_iou(a: Box, b: Box, expected: float) -> None:
    assert iou(a, b) == pytest.approx(expected)


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(a: Box, b: Box) -> None:
    assert 0 <= iou(a, b) <= 1
    assert iou(a, b) == pytest.approx(iou(b, a))


def test_clipped_puts_corners_in_order_and_inside() -> None:
    assert Box(1.2, 0.9, -0.1, 0.1).clipped() == Box(0.0, 0.1, 1.0, 0.9)


@given(st.integers(1, 9000), st.integers(1, 9000), st.data())
def test_pixels_survive_the_way_to_fractions_and_back(width: int, height: int, data: st.DataObject) -> None:
    x1, x2 = sorted((data.draw(st.integers(0, width)), data.draw(st.integers(0, width))))
    y1, y2 = sorted((data.draw(st.integers(0, height)), data.draw(st.integers(0, height))))
    pixels = Box.from_pixels(x1, y1, x2, y2, width, height).rounded(7).to_pixels(width, height)
    assert [round(value) for value in pixels] == [x1, y1, x2, y2]


def test_best_assignment_beats_greedy_where_greedy_is_short_sighted() -> None:
    scores = [[0.6, 0.55], [0.5, 0.0]]
    assert greedy_matches(scores) == [(0, 0)]
    assert sorted(best_assignment(scores)) == [(0, 1), (1, 0)]


@given(st.integers(1, 4), st.integers(1, 4), st.randoms(use_true_random=False))
def test_best_assignment_is_the_best_of_all(rows: int, columns: int, random) -> None:  # type: ignore[no-untyped-def]
    scores = [[random.random() for _ in range(columns)] for _ in range(rows)]
    found = sum(scores[r][c] for r, c in best_assignment(scores))
    small, large = sorted((rows, columns))
    best = max(
        sum(scores[r][c] if rows <= columns else scores[c][r] for r, c in enumerate(choice))
        for choice in itertools.permutations(range(large), small)
    )
    assert found == pytest.approx(best)


def test_assignments_of_nothing_are_empty() -> None:
    assert best_assignment([]) == greedy_matches([]) == best_assignment([[]]) == []


def test_mask_gives_one_box_per_component_and_drops_specks() -> None:
    mask = np.zeros((10, 20), bool)
    mask[1:3, 2:5] = True
    mask[5:9, 10:15] = True
    mask[9, 19] = True
    assert mask_to_boxes(mask, min_pixels=2) == [
        Box.from_pixels(2, 1, 5, 3, 20, 10),
        Box.from_pixels(10, 5, 15, 9, 20, 10),
    ]
    assert len(mask_to_boxes(mask)) == 3
    assert mask_to_boxes(np.zeros((4, 4))) == []


def test_diagonal_pixels_belong_together() -> None:
    assert mask_to_boxes(np.eye(4)) == [WHOLE]
