"""Small trees of the sources' layouts, and what is read of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from m3ad.datasets.account import Refused
from m3ad.datasets.layouts import LAYOUTS
from m3ad.records import NewCase

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
Rectangle = tuple[int, int, int, int]


def picture(path: Path, size: tuple[int, int] = (100, 80)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "gray").save(path)
    return path


def mask(path: Path, *rectangles: Rectangle, size: tuple[int, int] = (100, 80), value: int = 255) -> Path:
    """A mask with filled rectangles, given as x1, y1, x2, y2 in pixels, ends exclusive."""
    return numbers(path, *((value, rectangle) for rectangle in rectangles), size=size)


def numbers(path: Path, *rectangles: tuple[int, Rectangle], size: tuple[int, int] = (100, 80)) -> Path:
    """A mask of several values."""
    drawn = np.zeros((size[1], size[0]), dtype=np.uint8)
    for value, (x1, y1, x2, y2) in rectangles:
        drawn[y1:y2, x1:x2] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn).save(path)
    return path


def read(layout: str, folder: Path, **options) -> tuple[dict[str, NewCase], dict[str, str]]:
    """(cases by key, why by file name) of everything that an importer yields."""
    cases: dict[str, NewCase] = {}
    refused: dict[str, str] = {}
    for entry in LAYOUTS[layout].open(folder, **options)[1]:
        if isinstance(entry, Refused):
            refused[Path(entry.file).name] = entry.why
        else:
            assert entry.key not in cases
            cases[entry.key] = entry
    return cases, refused
