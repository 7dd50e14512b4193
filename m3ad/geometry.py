"""Boxes as fractions of the image, their overlap, and the assignment between two sets of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects, label
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """An axis-parallel box; all four numbers are fractions of the image's width and height, 0..1, origin top left."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def degenerate(self) -> bool:
        """True when the box has no area (also for reversed corners and NaN)."""
        return not (self.x2 > self.x1 and self.y2 > self.y1)

    @property
    def area(self) -> float:
        """Area as a fraction of the image; 0 for a degenerate box."""
        return 0.0 if self.degenerate else (self.x2 - self.x1) * (self.y2 - self.y1)

    def clipped(self) -> Box:
        """The part of the box inside the image, its corners put in order."""
        x1, x2 = sorted((_clip(self.x1), _clip(self.x2)))
        y1, y2 = sorted((_clip(self.y1), _clip(self.y2)))
        return Box(x1, y1, x2, y2)

    def rounded(self, digits: int = 3) -> Box:
        """The box with its fractions rounded, as the model's format writes them (three decimals)."""
        return Box(*(round(value, digits) for value in self.as_tuple()))

    def as_tuple(self) -> tuple[float, float, float, float]:
        """(x1, y1, x2, y2) in fractions."""
        return (self.x1, self.y1, self.x2, self.y2)

    def to_pixels(self, width: int, height: int) -> tuple[float, float, float, float]:
        """(x1, y1, x2, y2) in pixels of an image `width` x `height`; not rounded."""
        return (self.x1 * width, self.y1 * height, self.x2 * width, self.y2 * height)

    @classmethod
    def from_pixels(cls, x1: float, y1: float, x2: float, y2: float, width: int, height: int) -> Box:
        """A box from pixel edges (x2 and y2 exclusive: a box over the whole image is 0, 0, width, height)."""
        return cls(x1 / width, y1 / height, x2 / width, y2 / height)


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))


def iou(a: Box, b: Box) -> float:
    """Intersection over union, 0..1; 0 when either box has no area."""
    if a.degenerate or b.degenerate:
        return 0.0
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.area + b.area - shared)


def best_assignment(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """One-to-one pairs (row, column) with the largest sum of scores; pairs that score 0 are left out.

    Greedy matching would be worse: of [[.6, .55], [.5, 0]] it takes .6, the best assignment 1.05.
    """
    if not scores or not scores[0]:
        return []
    rows, columns = linear_sum_assignment(np.asarray(scores), maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if scores[r][c] > 0]


def greedy_matches(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """One-to-one pairs (row, column), highest score first; pairs that score 0 are left out (SPEC: M3-AD-Bench)."""
    ranked = sorted(
        ((score, r, c) for r, row in enumerate(scores) for c, score in enumerate(row) if score > 0),
        key=lambda entry: (-entry[0], entry[1], entry[2]),
    )
    pairs: list[tuple[int, int]] = []
    for _, r, c in ranked:
        if all(r != row and c != column for row, column in pairs):
            pairs.append((r, c))
    return pairs


def mask_to_boxes(mask: np.ndarray, *, min_pixels: int = 1) -> list[Box]:
    """Boxes around the connected components (8-neighbourhood) of a boolean mask, from left to right.

    Args:
        mask: array (height, width); everything not 0 belongs to a defect.
        min_pixels: components with fewer pixels are specks of the mask's drawing and give no box.
    """
    components, count = label(mask != 0, structure=np.ones((3, 3), int))
    if not count:
        return []
    sizes = np.bincount(components.ravel())
    height, width = mask.shape
    boxes = [
        Box.from_pixels(columns.start, rows.start, columns.stop, rows.stop, width, height)
        for number, (rows, columns) in enumerate(find_objects(components), start=1)
        if sizes[number] >= min_pixels
    ]
    return sorted(boxes)
