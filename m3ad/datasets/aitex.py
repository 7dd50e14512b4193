"""The layout of AITEX (AFID): strips of fabric, 4096 x 256.

    Defect_images/NNNN_DDD_FF.png     Mask_images/NNNN_DDD_FF_mask.png (or _mask1, _mask2)
    NODefect_images/<fabric>/NNNN_000_FF.png

DDD is the kind of defect (`aitex.toml` names the codes), FF the fabric. A strip is one case, whole: nothing is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.records import NORMAL, NewCase

CATEGORY = "aitex fabric"
MASKS = ("_mask.png", "_mask1.png", "_mask2.png")


def read_aitex(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all strips. Raises BadData at once where there is neither `Defect_images` nor `NODefect_images`."""
    folder = folder.resolve()
    files = [*sorted(folder.glob("Defect_images/*.png")), *sorted(folder.glob("NODefect_images/**/*.png"))]
    if not files:
        raise BadData(f"{folder} is not in AITEX's layout: there are no pictures in Defect_images or NODefect_images.")
    return (attempt(file, _case, folder, file, source) for file in files)


def _case(root: Path, file: Path, source: Source) -> NewCase:
    verdict = NORMAL
    if file.parent.name == "Defect_images":
        name = _name(file, source)
        masks = [path for end in MASKS if (path := root / "Mask_images" / f"{file.stem}{end}").is_file()]
        if not masks:
            raise BadData(f"its mask is missing: there is no {file.stem}_mask.png in Mask_images")
        found = [(name, box, 0) for mask in masks for box in boxes(mask, file)]
        verdict = source.anomalous(found, CATEGORY)
    return source.case(file.relative_to(root).as_posix(), CATEGORY, (file,), verdict)


def _name(file: Path, source: Source) -> str:
    """The defect of which the file's name has the code. Raises BadData for a code that the table does not name."""
    code = ([*file.stem.split("_"), "", ""])[1]
    if not code.isdecimal() or int(code) not in source.table.values[CATEGORY]:
        raise BadData(f"its name is not NNNN_DDD_FF with the code DDD of a known defect: {code[:20]!r}")
    return source.table.values[CATEGORY][int(code)]
