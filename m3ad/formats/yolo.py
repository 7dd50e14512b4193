"""YOLO: `labels/NAME.txt` for each picture in `images`, type names in `data.yaml` (or `classes.txt`).

A line is `class x y width height`, all but the class in fractions of the picture, x and y of the middle. Lines with
more numbers are outlines and give the box around them. An empty file says that nothing is there, as Ultralytics
documents it; a picture without a file is not decided. Fractions are of the upright picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from m3ad.errors import BadData
from m3ad.formats.base import (
    AnnotatedPicture,
    Carries,
    Entry,
    Format,
    Unused,
    around,
    looked_at,
    number,
    read_defect,
)
from m3ad.formats.pictures import frame, walk_files, walk_pictures
from m3ad.formats.reading import attempt, small_text
from m3ad.formats.sink import Sink
from m3ad.geometry import Box
from m3ad.records import Defect

DIGITS = 9  # of a fraction: a millionth of a pixel in the largest pictures
LARGEST_YAML = 2**20


def read_yolo(place: Path, unused: Unused) -> Iterator[Entry]:
    """Every picture of the folder, then label files whose picture is not there."""
    root = place if place.is_dir() else place.parent
    return _entries(root, _names(root), unused)


def _entries(root: Path, names: list[str], unused: Unused) -> Iterator[Entry]:
    seen: set[Path] = set()
    for path in walk_pictures(root):
        file = _file_of(path.relative_to(root))
        seen.add(file)
        yield attempt(path.name, _picture, path, root, root / file, names, unused)
    for path in walk_files(root, (".txt",)):
        if "labels" in path.relative_to(root).parts[:-1] and path.relative_to(root) not in seen:
            yield attempt(path.name, _alone, path, names, unused)


def _file_of(picture: Path) -> Path:
    """Where a picture's lines are: the last folder `images` of its path is `labels` there."""
    parts = list(picture.parts)
    places = [place for place, part in enumerate(parts[:-1]) if part == "images"]
    if places:
        parts[places[-1]] = "labels"
    return Path(*parts).with_suffix(".txt")


def _names(root: Path) -> list[str]:
    """The types' names, by number. Raises BadData."""
    for file in (root / "data.yaml", root / "dataset.yaml"):
        if file.is_file():
            return _yaml_names(file)
    for file in (root / "classes.txt", root / "labels" / "classes.txt"):
        if file.is_file():
            return small_text(file).splitlines()
    raise BadData(f"{root.name} is not in YOLO's format: neither data.yaml nor classes.txt is in it to name the types.")


def _yaml_names(file: Path) -> list[str]:
    try:
        if file.stat().st_size > LARGEST_YAML:
            raise BadData(f"{file.name} is too large to be a list of types.")
        data = yaml.safe_load(file.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadData(f"{file.name} is not YAML: {str(error)[:200]}") from error
    if not isinstance(data, dict) or not isinstance(data.get("names"), list | dict):
        raise BadData(f"{file.name} has no 'names': list the types there.")
    if "kpt_shape" in data:
        raise BadData(f"{file.name} describes key points, whose lines cannot be told from outlines.")
    names: Any = data["names"]
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not all(isinstance(name, str | int | float) for name in names.values()):  # a list may refer to itself
        raise BadData(f"{file.name}: 'names' must be texts.")
    if not all(isinstance(key, int) and 0 <= key < 100_000 for key in names):
        raise BadData(f"{file.name}: the keys of 'names' must be numbers from 0.")
    return [str(names.get(key, "")) for key in range(max(names, default=-1) + 1)]


def _picture(path: Path, root: Path, file: Path, names: list[str], unused: Unused) -> AnnotatedPicture:
    seen = frame(None, None, path)
    verdict = looked_at(_defects(file, names, unused)) if file.is_file() else None
    return AnnotatedPicture(_name(path.relative_to(root)), *seen.upright, verdict, path)


def _name(picture: Path) -> str:
    return PurePosixPath(*(part for part in picture.parts if part != "images")).as_posix()


def _alone(file: Path, names: list[str], unused: Unused) -> AnnotatedPicture:
    return AnnotatedPicture(file.stem, 0, 0, looked_at(_defects(file, names, unused)))


def _defects(file: Path, names: list[str], unused: Unused) -> list[Defect]:
    return [_defect(line, names, unused) for line in small_text(file).splitlines() if line.strip()]


def _defect(line: str, names: list[str], unused: Unused) -> Defect:
    kind, *words = line.split()
    if not kind.isdecimal() or len(kind) > 6 or int(kind) >= len(names):
        raise BadData(f"it has class {kind[:20]!r}, which has no name")
    values = [number(word, "line") for word in words]
    if len(values) in (4, 5):
        unused["confidences"] += len(values) == 5
        x, y, width, height = values[:4]
        box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    elif len(values) >= 6 and len(values) % 2 == 0:
        unused["outlines taken as the boxes around them"] += 1
        box = Box(*around(zip(values[::2], values[1::2], strict=True)))
    else:
        raise BadData(f"it has a line that is not 'class x y width height': {line[:60]!r}")
    return read_defect(names[int(kind)], box, unused)


def write_yolo(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """A label file for every decided picture, and `data.yaml`."""
    kinds: dict[str, int] = {}
    for one in pictures:
        if one.verdict is not None:
            lines = "".join(_line(defect, kinds) for defect in one.verdict.defects)
            sink.put(f"labels/{PurePosixPath(one.name).stem}.txt", lines.encode())
    names = {place: name for name, place in kinds.items()}
    facts = {"path": ".", "train": "images", "val": "images", "names": names}
    sink.put("data.yaml", yaml.safe_dump(facts, allow_unicode=True, sort_keys=False).encode())


def _line(defect: Defect, kinds: dict[str, int]) -> str:
    assert defect.box is not None  # `carried` keeps placed defects only
    x1, y1, x2, y2 = defect.box.as_tuple()
    values = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    return " ".join([str(kinds.setdefault(defect.type, len(kinds))), *(f"{v:.{DIGITS}f}" for v in values)]) + "\n"


YOLO = Format("YOLO", "images", Carries(), read_yolo, write_yolo)
