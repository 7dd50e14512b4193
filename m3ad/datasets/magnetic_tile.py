"""The layout of the magnetic tile defects: `MT_<Class>/Imgs/<stem>.jpg`, and its mask `<stem>.png`.

Huang, Qiu and Yuan, 2020; no licence is stated, its README asks to be cited. MT_Free is normal, its masks are black.
Some masks of MT_Uneven are black too: those pictures are refused, for nobody knows where they are uneven.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.records import NORMAL, NewCase

CATEGORY = "magnetic tile"
PREFIX, NORMAL_CLASS = "MT_", "Free"


def read_magnetic_tile(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all classes. Raises BadData at once where there is no `MT_…/Imgs` folder."""
    folder = folder.resolve()
    files = sorted(folder.glob(f"{PREFIX}*/Imgs/*.jpg"))
    if not files:
        raise BadData(f"{folder} is not in the layout of the magnetic tile defects: there is no MT_…/Imgs/….jpg in it.")
    return (attempt(file, _case, folder, file, source) for file in files)


def _case(root: Path, file: Path, source: Source) -> NewCase:
    kind = file.parent.parent.name.removeprefix(PREFIX)
    mask = file.with_suffix(".png")
    verdict = NORMAL
    if kind != NORMAL_CLASS:
        if not mask.is_file():
            raise BadData(f"its mask {mask.name} is missing")
        verdict = source.anomalous([(kind, box, 0) for box in boxes(mask, file)], CATEGORY)
    return source.case(file.relative_to(root).as_posix(), CATEGORY, (file,), verdict)
