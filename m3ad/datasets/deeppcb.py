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
from m3ad.datasets.names import meaning_of
from m3ad.errors import BadData, BadImage
from m3ad.geometry import Box
from m3ad.images import describe
from m3ad.records import NORMAL, Defect, NewCase, Scenario, Verdict

TYPES = Path(__file__).with_name("deeppcb.toml")
CLASSES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")  # type 1 to 6
CATEGORY = "pcb"
DATASET = "deeppcb"
_TESTED, _TEMPLATE = "_test.jpg", "_temp.jpg"


def read_deeppcb(folder: Path) -> Iterator[NewCase | Refused]:
    """Cases of the folder that holds the groups (`PCBData`), or of the folder above it.

    Raises:
        BadData: at once, when there is no `group…` folder.
    """
    folder = Path(folder).resolve()
    root = folder / "PCBData" if (folder / "PCBData").is_dir() else folder
    groups = sorted(path for path in root.glob("group*") if path.is_dir())
    if not groups:
        raise BadData(
            f"{folder} is not in DeepPCB's layout: there is no group… folder in it. Give the folder PCBData, or the "
            "folder that holds it."
        )
    return _groups(root, groups)


def _groups(root: Path, groups: list[Path]) -> Iterator[NewCase | Refused]:
    splits = _splits(root, "trainval.txt", "train") | _splits(root, "test.txt", "test")
    for group in groups:
        number = group.name.removeprefix("group")
        for file in sorted((group / number).glob("*.jpg")):
            if file.name.endswith(_TESTED):
                name = file.name.removesuffix(_TESTED)
                label = group / f"{number}_not" / f"{name}.txt"
                yield _tested(root, file, file.with_name(name + _TEMPLATE), label, splits.get(name, ""))
            elif file.name.endswith(_TEMPLATE):
                name = file.name.removesuffix(_TEMPLATE)
                yield _case(root, (file,), splits.get(name, ""), NORMAL, ("template",))
            else:
                yield Refused(str(file), f"its name ends neither in {_TESTED} nor in {_TEMPLATE}")


def _splits(root: Path, file: str, split: str) -> dict[str, str]:
    """Picture id -> split, from a list file; a missing list leaves the split empty."""
    if not (root / file).is_file():
        return {}
    lines = (root / file).read_text(encoding="utf-8", errors="replace").splitlines()
    return {Path(line.split()[0]).stem: split for line in lines if line.strip()}


def _tested(root: Path, file: Path, template: Path, label: Path, split: str) -> NewCase | Refused:
    try:
        verdict = _read_label(label, file)
    except (BadData, BadImage) as error:
        return Refused(str(file), str(error))
    images = (file, template) if template.is_file() else (file,)
    return _case(root, images, split, verdict, ("primary", "template"))


def _case(root: Path, images: tuple[Path, ...], split: str, verdict: Verdict, roles: tuple[str, ...]) -> NewCase:
    key = images[0].relative_to(root).as_posix()
    return NewCase(DATASET, key, Scenario.ELECTRONIC, CATEGORY, images, split, verdict, roles)


def _read_label(label: Path, file: Path) -> Verdict:
    """The boxes of a label file. Raises BadData when it is missing, empty or wrong in any line; BadImage."""
    if not label.is_file():
        raise BadData(f"its label {label.name} is missing")
    lines = [line for line in label.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not lines:
        raise BadData(f"its label {label.name} is empty, although every tested board of DeepPCB has a defect")
    facts = describe(file)
    return Verdict(True, tuple(_defect(line, facts.width, facts.height, label.name) for line in lines))


def _defect(line: str, width: int, height: int, label: str) -> Defect:
    try:
        x1, y1, x2, y2, number = (int(value) for value in line.replace(",", " ").split())
    except ValueError as error:
        raise BadData(f"its label {label} has a line that is not 'x1 y1 x2 y2 type': {line[:60]!r}") from error
    if not 1 <= number <= len(CLASSES):
        raise BadData(f"its label {label} has type {number}; DeepPCB's types are 1 to {len(CLASSES)}")
    box = Box.from_pixels(x1, y1, x2, y2, width, height)
    if box.degenerate or box != box.clipped():
        raise BadData(f"its label {label} has a box outside the picture or without area: {line[:60]!r}")
    meaning = meaning_of(CLASSES[number - 1], CATEGORY, TYPES)
    assert meaning.type is not None  # a test holds that the table covers all six
    return Defect(meaning.type, box)
