"""Boxes from a source's masks, by one rule for all of them.

Each connected component (8-neighbourhood) gives a box. Components smaller than SPECK_SHARE of the picture or than
SPECK_PIXELS are specks of the mask's drawing and give none; a mask of nothing but specks keeps its largest one, for
somebody meant it. In masks of black and white everything above MASK_THRESHOLD is defect (edges are often grey); in
masks of numbers each number is a kind of defect of its own, and 0 the background.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from m3ad.errors import BadData
from m3ad.formats.masks import mask_values
from m3ad.geometry import Box, mask_to_boxes
from m3ad.images import describe, open_image

SPECK_SHARE = 5e-5  # of the picture: 13 pixels of 512 x 512, 52 of 1024 x 1024
SPECK_PIXELS = 4
MASK_THRESHOLD = 127


def drawn_boxes(drawn: np.ndarray) -> list[Box]:
    """Boxes, in fractions, of what is drawn in a boolean array (height, width), from left to right."""
    if not drawn.any():
        return []
    enough = max(SPECK_PIXELS, round(SPECK_SHARE * drawn.size))
    return mask_to_boxes(drawn, min_pixels=enough) or [max(mask_to_boxes(drawn), key=lambda box: box.area)]


def is_drawn(mask: Path) -> np.ndarray:
    """What a mask of black and white marks, as booleans (height, width). Raises BadImage."""
    return np.asarray(open_image(mask).convert("L")) > MASK_THRESHOLD


def boxes(mask: Path, picture: Path) -> list[Box]:
    """Boxes of a mask of black and white. Raises BadImage, and BadData for one that is empty or of another size."""
    drawn = is_drawn(mask)
    if not drawn.any():
        raise BadData(f"its mask {mask.name} is empty, although the source says that there is a defect")
    require_size(drawn, mask.name, picture)
    return drawn_boxes(drawn)


def numbered_boxes(mask: Path, picture: Path) -> list[tuple[int, Box]]:
    """(number, box) of a mask of numbers. Raises BadImage, and BadData for one that is empty or of another size."""
    values = mask_values(mask)
    if not values.any():
        raise BadData(f"its mask {mask.name} is empty, although the source says that there is a defect")
    require_size(values, mask.name, picture)
    return [(int(value), box) for value in np.unique(values) if value for box in drawn_boxes(values == value)]


def require_size(mask: np.ndarray, name: str, picture: Path) -> None:
    """Raises BadData unless the mask is as large as its picture, BadImage when that cannot be opened."""
    facts = describe(picture)
    if (facts.height, facts.width) != mask.shape:
        raise BadData(
            f"its mask {name} is {mask.shape[1]} x {mask.shape[0]} pixels, the picture {facts.width} x "
            f"{facts.height}: nobody can say where the defect is"
        )


def first_file(folder: Path, names: Iterable[str]) -> Path | None:
    """The first of these files that is there."""
    return next((path for name in names if (path := folder / name).is_file()), None)
