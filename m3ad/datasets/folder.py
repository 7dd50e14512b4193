"""A plain folder: in it a folder of normal pictures, and one for each kind of defect, named after it.

There are no masks, so the place of a defect is not known. Scenario and category are what the person who imports says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.mvtec import visible
from m3ad.datasets.source import Source, attempt, stated_licence
from m3ad.errors import BadData
from m3ad.images import EXTENSIONS
from m3ad.records import NORMAL, NewCase
from m3ad.taxonomy import normalise

NORMAL_FOLDERS = ("good", "ok", "normal", "no defect", "defect free")


def read_folder(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of all pictures in the folders. Raises BadData at once where no folder of normal pictures is there."""
    folder = folder.resolve()
    kinds = [kind for kind in visible(folder) if kind.is_dir()]
    if not any(_is_normal(kind) and _pictures(kind) for kind in kinds):
        raise BadData(
            f"{folder} is not in the layout of a plain folder: none of the folders in it is called "
            f"{', '.join(NORMAL_FOLDERS)} and holds pictures."
        )
    licence = stated_licence(folder)
    return (attempt(file, _case, folder, kind, file, source, licence) for kind in kinds for file in _pictures(kind))


def _is_normal(kind: Path) -> bool:
    return normalise(kind.name) in {normalise(name) for name in NORMAL_FOLDERS}


def _pictures(kind: Path) -> list[Path]:
    return [file for file in visible(kind) if file.suffix.lower() in EXTENSIONS]


def _case(root: Path, kind: Path, file: Path, source: Source, licence: str) -> NewCase:
    verdict = NORMAL if _is_normal(kind) else source.anomalous([(kind.name, None, 0)], root.name)
    key = file.relative_to(root).as_posix()
    return source.case(key, root.name, (file,), verdict, dataset=root.name, licence=licence)
