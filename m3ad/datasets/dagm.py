"""The layout of DAGM 2007: `ClassN/{Train,Test}/NNNN.PNG`, and `Label/NNNN_label.PNG` for those with a defect.

Wieler and Hahn, 2007. The masks are coarse ellipses around the defect. A class is a texture with one kind of defect,
and neither has a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.records import NORMAL, NewCase

SPLITS = {"Train": "train", "Test": "test"}
DEFECT = "defect"


def read_dagm(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all classes. Raises BadData at once where there is no `ClassN/Train` or `ClassN/Test`."""
    folder = folder.resolve()
    parts = [path for split in SPLITS for path in folder.glob(f"Class*/{split}") if path.is_dir()]
    if not parts:
        raise BadData(f"{folder} is not in DAGM's layout: there is no ClassN/Train or ClassN/Test in it.")
    files = (file for part in sorted(parts) for file in sorted(part.iterdir()) if file.suffix.lower() == ".png")
    return (attempt(file, _case, folder, file, source) for file in files)


def _case(root: Path, file: Path, source: Source) -> NewCase:
    category = file.parent.parent.name
    mask = file.parent / "Label" / f"{file.stem}_label{file.suffix}"
    verdict = NORMAL
    if mask.is_file():
        verdict = source.anomalous([(DEFECT, box, 0) for box in boxes(mask, file)], category)
    key = file.relative_to(root).as_posix()
    return source.case(key, category, (file,), verdict, split=SPLITS[file.parent.name])
