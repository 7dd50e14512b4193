"""The layout of VisA: `<object>/Data/Images/{Normal,Anomaly}/*.JPG`, `<object>/Data/Masks/Anomaly/NNN.png`.

Zou et al., ECCV 2022. A pixel's number in a mask says which defect it is (`visa.toml` names them for each object), so
several defects of one picture stay apart. `split_csv/1cls.csv` gives the split where it is there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import numbered_boxes
from m3ad.datasets.mvtec import visible
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.images import EXTENSIONS
from m3ad.records import NORMAL, NewCase, Verdict

SPLITS = Path("split_csv", "1cls.csv")


def read_visa(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of one object, or of all in a folder. Raises BadData at once where there is no `Data/Images`."""
    folder = folder.resolve()
    root = folder.parent if (folder / "Data" / "Images").is_dir() else folder
    objects = [folder] if root != folder else [one for one in visible(folder) if (one / "Data" / "Images").is_dir()]
    if not objects:
        raise BadData(f"{folder} is not in VisA's layout: there is no <object>/Data/Images in it.")
    return _objects(root, objects, _splits(root / SPLITS), source)


def _objects(root: Path, objects: list[Path], splits: dict[str, str], source: Source) -> Iterator[NewCase | Refused]:
    for one in objects:
        for kind in ("Normal", "Anomaly"):
            for file in visible(one / "Data" / "Images" / kind):
                if file.suffix.lower() in EXTENSIONS:
                    yield attempt(file, _case, root, one, file, splits, source)


def _splits(file: Path) -> dict[str, str]:
    """Picture's path -> split; empty where the list is missing. Raises BadData for a list without these columns."""
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not all(row.get("image") and row.get("split") for row in rows):
        raise BadData(f"{SPLITS.as_posix()} has not the columns split and image. Copy it again from its source.")
    return {row["image"]: row["split"] for row in rows}


def _case(root: Path, part: Path, file: Path, splits: dict[str, str], source: Source) -> NewCase:
    key = file.relative_to(root).as_posix()
    verdict = NORMAL if file.parent.name == "Normal" else _truth(part, file, source)
    return source.case(key, part.name, (file,), verdict, split=splits.get(key, ""))


def _truth(part: Path, file: Path, source: Source) -> Verdict:
    mask = part / "Data" / "Masks" / "Anomaly" / f"{file.stem}.png"
    if not mask.is_file():
        raise BadData(f"its mask Data/Masks/Anomaly/{mask.name} is missing")
    names = source.table.values.get(part.name, {})
    found = numbered_boxes(mask, file)
    if unnamed := sorted({number for number, _ in found} - names.keys()):
        raise BadData(f"its mask holds the number {unnamed[0]}, which VisA does not name for {part.name!r}")
    return source.anomalous([(names[number], box, 0) for number, box in found], part.name)
