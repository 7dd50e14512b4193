"""The layout of DeepPCB: `groupG/G/<id>_test.jpg`, `<id>_temp.jpg` beside it, boxes in `groupG/G_not/<id>.txt`.

Tang et al., arXiv 1902.06197; MIT licence, research use asked for in its README. A tested board is a case with two
pictures, itself and its template; the template, a board without defects, is also a normal case of its own. Lines of a
label are `x1 y1 x2 y2 type`, blank-separated (the README says commas; both are read), pixels, type 1 to 6
(`deeppcb.toml` says what they are in the taxonomy). `trainval.txt` and `test.txt` give the split ("train", "test"):
they name `<id>.jpg`, which does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from m3ad.datasets.account import Refused
from m3ad.datasets.source import Source, attempt
from m3ad.errors import BadData
from m3ad.geometry import Box
from m3ad.images import describe
from m3ad.records import NORMAL, NewCase, Verdict

CLASSES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")  # type 1 to 6
CATEGORY = "pcb"
_TESTED, _TEMPLATE = "_test.jpg", "_temp.jpg"


def read_deeppcb(folder: Path, source: Source) -> Iterator[NewCase | Refused]:
    """Cases of the folder that holds the groups (`PCBData`), or of the folder above it.

    Raises:
        BadData: at once, when there is no `group…` folder.
    """
    folder = folder.resolve()
    root = folder / "PCBData" if (folder / "PCBData").is_dir() else folder
    groups = sorted(path for path in root.glob("group*") if path.is_dir())
    if not groups:
        raise BadData(
            f"{folder} is not in DeepPCB's layout: there is no group… folder in it. Give the folder PCBData, or the "
            "folder that holds it."
        )
    return _groups(root, groups, source)


def _groups(root: Path, groups: list[Path], source: Source) -> Iterator[NewCase | Refused]:
    splits = _splits(root, "trainval.txt", "train") | _splits(root, "test.txt", "test")
    for group in groups:
        for file in sorted((group / group.name.removeprefix("group")).glob("*.jpg")):
            name = file.name.removesuffix(_TESTED).removesuffix(_TEMPLATE)
            yield attempt(file, _case, root, file, name, splits.get(name, ""), source)


def _splits(root: Path, file: str, split: str) -> dict[str, str]:
    """Picture id -> split, from a list file; a missing list leaves the split empty."""
    if not (root / file).is_file():
        return {}
    lines = (root / file).read_text(encoding="utf-8", errors="replace").splitlines()
    return {Path(line.split()[0]).stem: split for line in lines if line.strip()}


def _case(root: Path, file: Path, name: str, split: str, source: Source) -> NewCase:
    key = file.relative_to(root).as_posix()
    if file.name.endswith(_TEMPLATE):
        return source.case(key, CATEGORY, (file,), NORMAL, split=split, roles=("template",))
    if not file.name.endswith(_TESTED):
        raise BadData(f"its name ends neither in {_TESTED} nor in {_TEMPLATE}")
    label = file.parent.with_name(f"{file.parent.name}_not") / f"{name}.txt"
    verdict = _read_label(label, file, source)
    template = file.with_name(name + _TEMPLATE)
    images = (file, template) if template.is_file() else (file,)
    return source.case(key, CATEGORY, images, verdict, split=split, roles=("primary", "template"))


def _read_label(label: Path, file: Path, source: Source) -> Verdict:
    """The boxes of a label file. Raises BadData when it is missing, empty or wrong in any line; BadImage."""
    if not label.is_file():
        raise BadData(f"its label {label.name} is missing")
    lines = [line for line in label.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not lines:
        raise BadData(f"its label {label.name} is empty, although every tested board of DeepPCB has a defect")
    facts = describe(file)
    found = [_read_line(line, facts.width, facts.height, label.name) for line in lines]
    return source.anomalous([(name, box, 0) for name, box in found], CATEGORY)


def _read_line(line: str, width: int, height: int, label: str) -> tuple[str, Box]:
    try:
        x1, y1, x2, y2, number = (int(value) for value in line.replace(",", " ").split())
    except ValueError as error:
        raise BadData(f"its label {label} has a line that is not 'x1 y1 x2 y2 type': {line[:60]!r}") from error
    if not 1 <= number <= len(CLASSES):
        raise BadData(f"its label {label} has type {number}; DeepPCB's types are 1 to {len(CLASSES)}")
    box = Box.from_pixels(x1, y1, x2, y2, width, height)
    if box.degenerate or box != box.clipped():
        raise BadData(f"its label {label} has a box outside the picture or without area: {line[:60]!r}")
    return CLASSES[number - 1], box
