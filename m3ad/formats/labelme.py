"""LabelMe: `NAME.json` beside each picture, with shapes in pixels that count from 0 and end at the far edge.

The flag "normal" of a picture says that there is no defect. A file without shapes and without that flag does not say
whether anybody looked, nor does a picture without a file. Pictures inside the files (`imageData`) are not used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from m3ad.errors import BadData
from m3ad.formats.base import (
    NORMAL_WORD,
    AnnotatedPicture,
    Carries,
    Entry,
    Format,
    Unused,
    around,
    found_verdict,
    number,
    plain,
    read_defect,
)
from m3ad.formats.pictures import base_name, find_picture, frame, walk_files, walk_pictures
from m3ad.formats.reading import attempt, json_object, list_in, object_in, root_of, small_text
from m3ad.formats.sink import Sink
from m3ad.formats.voc import undecided

VERSION = "5.5.0"  # of the files we write; LabelMe reads any, and warns where the first number is not its own
OUTLINES = ("polygon", "circle", "linestrip", "line", "mask")


def read_labelme(place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures with a file, then those without one."""
    files = [place] if place.is_file() else list(walk_files(place, (".json",)))
    if not files:
        raise BadData(f"{place.name} is not in LabelMe's format: there is no JSON file in it.")
    return _entries(files, root_of(place), unused)


def _entries(files: list[Path], root: Path, unused: Unused) -> Iterator[Entry]:
    seen: set[Path] = set()
    for file in files:
        entry = attempt(file.name, _picture, file, root, unused)
        seen.add(file.with_suffix(""))
        if isinstance(entry, AnnotatedPicture) and entry.picture:
            seen.add(entry.picture.with_suffix(""))
        yield entry
    for path in walk_pictures(root):
        if path.with_suffix("") not in seen:
            yield attempt(path.name, undecided, path)


def _picture(file: Path, root: Path, unused: Unused) -> AnnotatedPicture:
    data = json_object(small_text(file), file.name)
    if "shapes" not in data:
        raise BadData("it is not LabelMe's: it has no shapes")
    name = base_name(data.get("imagePath"))
    picture = find_picture(name, file.parent, root)
    seen = frame(data.get("imageWidth"), data.get("imageHeight"), picture)
    unused["pictures inside the files"] += data.get("imageData") is not None
    flags = [str(flag).lower() for flag, on in object_in(data.get("flags") or {}, "flags").items() if on is True]
    unused["flags"] += sum(flag != NORMAL_WORD for flag in flags)
    defects = []
    for one in list_in(data, "shapes"):
        shape = object_in(one, "a shape")
        if shape.get("shape_type", "polygon") in ("point", "points"):
            unused["shapes of kind 'point'"] += 1
            continue
        box = seen.box(*_corners(shape, unused))
        defects.append(read_defect(shape.get("label"), box, unused))
    verdict = found_verdict(defects, normal=True if NORMAL_WORD in flags else None)
    return AnnotatedPicture(name, *seen.upright, verdict, picture)


def _corners(shape: dict[str, Any], unused: Unused) -> tuple[float, float, float, float]:
    kind = shape.get("shape_type", "polygon")
    points = [_point(one) for one in list_in(shape, "points")]
    if kind != "rectangle":
        if kind not in OUTLINES:
            raise BadData(f"it has a shape of kind {str(kind)[:40]!r}, which is not known")
        unused["outlines taken as the boxes around them"] += 1
    unused["descriptions"] += bool(shape.get("description"))
    if kind == "circle" and len(points) == 2:
        (x, y), edge = points
        reach = math.dist((x, y), edge)
        return x - reach, y - reach, x + reach, y + reach
    return around(points)


def _point(one: Any) -> tuple[float, float]:
    if not isinstance(one, list) or len(one) != 2:
        raise BadData("it has a point that is not [x, y]")
    return number(one[0], "point"), number(one[1], "point")


def write_labelme(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """A file for every decided picture, beside it."""
    for one in pictures:
        if one.verdict is not None:
            text = json.dumps(_file(one), ensure_ascii=False, indent=2)
            sink.put(f"{PurePosixPath(one.name).stem}.json", text.encode())


def _file(one: AnnotatedPicture) -> dict[str, Any]:
    assert one.verdict is not None
    shapes: list[dict[str, Any]] = []
    for defect in one.verdict.defects:
        assert defect.box is not None  # `carried` keeps placed defects only
        x1, y1, x2, y2 = map(plain, defect.box.to_pixels(one.width, one.height))
        rectangle = {"label": defect.type, "points": [[x1, y1], [x2, y2]], "group_id": None, "description": ""}
        shapes.append({**rectangle, "shape_type": "rectangle", "flags": {}})
    return {
        "version": VERSION,
        "flags": {} if one.verdict.anomalous else {NORMAL_WORD: True},
        "shapes": shapes,
        "imagePath": one.name,
        "imageData": None,
        "imageHeight": one.height,
        "imageWidth": one.width,
    }


LABELME = Format("LabelMe", "", Carries(), read_labelme, write_labelme)
