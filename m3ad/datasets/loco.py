"""The layout of MVTec LOCO AD: that of MVTec AD, but with a folder of masks for each picture, one mask for each defect.

    <category>/test/{logical,structural}_anomalies/NNN.png     <category>/defects_config.json
    <category>/ground_truth/{logical,structural}_anomalies/NNN/KKK.png

A pixel's value in a mask says which defect it is, by `defects_config.json` (255 is a defect like any other, not
white). Bergmann et al., IJCV 2022.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import numbered_boxes
from m3ad.datasets.mvtec import categories, read_mvtec, visible
from m3ad.datasets.source import Source
from m3ad.errors import BadData
from m3ad.formats.base import clean_type
from m3ad.records import NewCase, Verdict

CONFIG = "defects_config.json"


def read_loco(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of one category, or of all in a folder. Raises BadData at once where a category has no list of defects."""
    found = categories(folder)
    if not found or not all((category / CONFIG).is_file() for category in found):
        raise BadData(f"{folder} is not in MVTec LOCO AD's layout: its categories have a file {CONFIG}.")
    return read_mvtec(folder, source, by_numbers)


def by_numbers(source: Source, category: Path, kind: str, file: Path) -> Verdict:
    """The defects of all masks of a picture. Raises BadData, BadImage."""
    names = _names(category / CONFIG)
    masks = [path for path in visible(category / "ground_truth" / kind / file.stem) if path.suffix == ".png"]
    if not masks:
        raise BadData(f"its masks are missing: there is no PNG file in ground_truth/{kind}/{file.stem}")
    found = [(number, box) for mask in masks for number, box in numbered_boxes(mask, file)]
    if unnamed := sorted({number for number, _ in found} - names.keys()):
        raise BadData(f"its masks hold the number {unnamed[0]}, which {CONFIG} does not name")
    return source.anomalous([(names[number], box, 0) for number, box in found], category.name)


def _names(config: Path) -> dict[int, str]:
    """Number in the masks -> name of the defect. Raises BadData."""
    try:
        return {
            int(one["pixel_value"]): clean_type(str(one["defect_name"]))
            for one in json.loads(config.read_text("utf-8"))
        }
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadData(
            f"{CONFIG} is not a list of defect_name and pixel_value. Copy it again from its source."
        ) from error
