"""The layouts of KolektorSDD and KolektorSDD2: a mask beside each picture, black throughout where there is no defect.

KolektorSDD (Tabernik et al., 2020): `kosNN/PartM.jpg`, `PartM_label.bmp`; no split. Items are pictured twice under
two names in the copies that we know (kos19 = kos01): the store's search for copies keeps them on one side of a split.
KolektorSDD2 (Božič et al., 2021): `{train,test}/NNNNN.png`, `NNNNN_GT.png`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.masks import boxes, is_drawn
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.records import NORMAL, NewCase

FIRST, SECOND = "commutator", "ksdd2 surface"  # categories: neither set names its product's folder
DEFECT = "defect"  # neither names its defects either


def read_kolektor(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of KolektorSDD. Raises BadData at once where there is no `kos…/Part…` picture."""
    folder = folder.resolve()
    files = sorted(folder.glob("kos*/Part*.jpg"))
    if not files:
        raise BadData(f"{folder} is not in KolektorSDD's layout: there is no kosNN/PartM.jpg in it.")
    return _cases(folder, files, "_label.bmp", FIRST, source)


def read_kolektor2(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of KolektorSDD2. Raises BadData at once where there is no mask NNNNN_GT.png in train or test."""
    folder = folder.resolve()
    masks = [path for split in ("train", "test") for path in sorted(folder.glob(f"{split}/*_GT.png"))]
    if not masks:
        raise BadData(f"{folder} is not in KolektorSDD2's layout: there is no {{train,test}}/NNNNN_GT.png in it.")
    files = [path for split in ("train", "test") for path in sorted(folder.glob(f"{split}/*.png"))]
    return _cases(folder, (path for path in files if path not in set(masks)), "_GT.png", SECOND, source)


def _cases(
    root: Path, files: Iterable[Path], ending: str, category: str, source: Source
) -> Iterator[NewCase | Refused]:
    for file in files:
        yield attempt(file, _case, root, file, file.with_name(file.stem + ending), category, source)


def _case(root: Path, file: Path, mask: Path, category: str, source: Source) -> NewCase:
    if not mask.is_file():
        raise BadData(f"its mask {mask.name} is missing, and without it nobody knows whether there is a defect")
    split = file.parent.name if file.parent.name in ("train", "test") else ""
    verdict = NORMAL
    if is_drawn(mask).any():
        verdict = source.anomalous([(DEFECT, box, 0) for box in boxes(mask, file)], category)
    return source.case(file.relative_to(root).as_posix(), category, (file,), verdict, split=split)
