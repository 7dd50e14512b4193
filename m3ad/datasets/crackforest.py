"""The layout of CrackForest (CFD): `image/NNN.jpg`, and `seg/NNN.seg`, a text that gives each run of pixels a segment.

Shi et al., 2016; non-commercial research. A line of a `.seg` file after "data" is `segment row first last`, from 0,
both ends included. Segment 0 is the road, 1 a crack, 2 road enclosed by cracks, 3 a further crack. Pictures without a
file are mostly cracked too, and not labelled: they are refused, and never taken for normal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import drawn_boxes, require_size
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.images import MAX_PIXELS
from m3ad.records import NewCase

CATEGORY = "road"
CRACKS = (1, 3)
DEFECT = "crack"


def read_crackforest(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all labelled pictures. Raises BadData at once where there is no `image` or no `seg` folder."""
    folder = folder.resolve()
    if not (folder / "image").is_dir() or not (folder / "seg").is_dir():
        raise BadData(f"{folder} is not in CrackForest's layout: it has the folders image and seg.")
    files = sorted((folder / "image").glob("*.jpg"))
    return (attempt(file, _case, folder, file, source) for file in files)


def _case(root: Path, file: Path, source: Source) -> NewCase:
    label = root / "seg" / f"{file.stem}.seg"
    if not label.is_file():
        raise BadData("nobody labelled it (there is no file of its name in seg), and such pictures are mostly cracked")
    cracks = np.isin(read_segments(label), CRACKS)
    if not cracks.any():
        raise BadData(f"its label {label.name} marks no crack, although every labelled picture has one")
    require_size(cracks, label.name, file)
    found = [(DEFECT, box, 0) for box in drawn_boxes(cracks)]
    return source.case(f"image/{file.name}", CATEGORY, (file,), source.anomalous(found, CATEGORY))


def read_segments(label: Path) -> np.ndarray:
    """The segment of each pixel, (height, width). Raises BadData for what is no such file."""
    head, _, data = label.read_text(encoding="utf-8", errors="replace").partition("\ndata\n")
    facts = dict(line.split(maxsplit=1) for line in head.splitlines() if len(line.split(maxsplit=1)) == 2)
    try:
        width, height = int(facts["width"]), int(facts["height"])
        if not 0 < width * height <= MAX_PIXELS or min(width, height) < 1:
            raise BadData(f"its label {label.name} is for {width} x {height} pixels, which cannot be right")
        segments = np.zeros((height, width), np.int16)
        for line in data.splitlines():
            segment, row, first, last = (int(word) for word in line.split())
            if not (0 <= row < height and 0 <= first <= last < width and 0 <= segment < 2**15):
                raise BadData(f"its label {label.name} has a line outside the picture: {line[:60]!r}")
            segments[row, first : last + 1] = segment
    except (KeyError, ValueError) as error:
        raise BadData(
            f"its label {label.name} is no segmentation of width, height and 'segment row first last'"
        ) from error
    return segments
