"""COCO: one JSON file with `images`, `categories` and `annotations`; boxes are [x, y, width, height] in pixels.

x and y count from 0 at the upper left corner of the picture, so the far edges are x + width and y + height. A picture
without annotations does not say whether it is normal or nobody looked. Read in four passes that hold six numbers for
each annotation, whatever else the file has.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from m3ad.datasets.account import Refused
from m3ad.errors import BadData
from m3ad.formats.base import (
    AnnotatedPicture,
    Carries,
    Entry,
    Format,
    Unused,
    found_verdict,
    number,
    plain,
    read_defect,
)
from m3ad.formats.pictures import find_picture, frame, safe_name
from m3ad.formats.reading import annotation_files, attempt, json_items, object_in, require_shallow, root_of
from m3ad.formats.sink import Sink

FILE = "annotations/instances_default.json"
FILES = ("*.json", "annotations/*.json", "*/_annotations.coco.json")
_FIELDS = 6  # picture's place in the file, category's place, x, y, width, height


def read_coco(place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures of a COCO file, or of all COCO files of a folder."""
    files = annotation_files(place, *FILES)
    return (entry for file in files for entry in _read_file(file, root_of(place), unused))


def _read_file(file: Path, root: Path, unused: Unused) -> Iterator[Entry]:
    require_shallow(file)
    names = [object_in(one, "a category") for one in json_items(file, "categories.item")]
    places = {_key(one.get("id")): place for place, one in enumerate(names)}
    pictures = {_key(object_in(one, "an image").get("id")): n for n, one in enumerate(json_items(file, "images.item"))}
    if not pictures:
        raise BadData(f"{file.name} is not in COCO's format: there is no image in it.")
    rows, refused = _annotations(file, pictures, places, unused)
    starts = np.searchsorted(rows[:, 0], np.arange(max(pictures.values()) + 2))
    yield from refused
    for place, image in enumerate(json_items(file, "images.item")):
        if pictures[_key(image.get("id"))] != place:
            yield Refused(str(image.get("file_name"))[:200], "its id is that of another picture of the file as well")
            continue
        mine = rows[starts[place] : starts[place + 1]].tolist()
        yield attempt(image.get("file_name"), _picture, image, mine, names, root, file, unused)


def _key(value: Any) -> str:
    return f"{type(value).__name__} {value}"


def _annotations(
    file: Path, pictures: dict[str, int], places: dict[str, int], unused: Unused
) -> tuple[np.ndarray, list[Refused]]:
    """Rows of _FIELDS numbers in the order of the pictures; what cannot be used is refused, NaN where numbers are."""
    flat, refused = array("d"), []
    for one in json_items(file, "annotations.item"):
        annotation = object_in(one, "an annotation")
        picture, category = (
            found.get(_key(annotation.get(key))) for found, key in ((pictures, "image_id"), (places, "category_id"))
        )
        if picture is None:
            refused.append(Refused(f"annotation {str(annotation.get('id'))[:40]}", "its picture is not in the file"))
            continue
        _count_unused(annotation, unused)
        box = annotation.get("bbox")
        values = [_number(value) for value in box] if isinstance(box, list) and len(box) == 4 else [np.nan] * 4
        flat.extend([picture, -1 if category is None else category, *values])
    rows = np.frombuffer(flat, dtype=np.float64).reshape(-1, _FIELDS) if flat else np.empty((0, _FIELDS))
    return rows[np.argsort(rows[:, 0], kind="stable")], refused


def _number(value: Any) -> float:
    try:
        return number(value, "box")
    except BadData:
        return float("nan")  # refused with its picture


def _count_unused(annotation: dict[str, Any], unused: Unused) -> None:
    if annotation.get("segmentation"):
        unused["outlines: the box beside them is used"] += 1
    if annotation.get("keypoints"):
        unused["key points"] += 1
    if annotation.get("iscrowd"):
        unused["crowd marks: taken as one box"] += 1


def _picture(
    image: dict[str, Any], rows: list[list[float]], names: list[dict[str, Any]], root: Path, file: Path, unused: Unused
) -> AnnotatedPicture:
    name = safe_name(image.get("file_name"))
    picture = find_picture(name, file.parent, root)
    seen = frame(image.get("width"), image.get("height"), picture)
    defects = []
    for _, category, x, y, width, height in rows:
        if category < 0:
            raise BadData("it has an annotation whose category is not in the file")
        box = seen.box(x, y, x + width, y + height)
        defects.append(read_defect(names[int(category)].get("name"), box, unused))
    return AnnotatedPicture(name, *seen.upright, found_verdict(defects, normal=None), picture)


def write_coco(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """One file, where CVAT and Datumaro look for it; its lists wait in files, for they may be larger than memory."""
    categories: dict[str, int] = {}
    with TemporaryDirectory() as scratch:
        images, annotations, whole = (Path(scratch, name) for name in ("images", "annotations", "whole"))
        count = 0
        with images.open("w", encoding="utf-8") as image_file, annotations.open("w", encoding="utf-8") as box_file:
            for place, one in enumerate(pictures, start=1):
                comma = ",\n" if place > 1 else ""
                size = {"width": one.width, "height": one.height}
                image_file.write(comma + json.dumps({"id": place, "file_name": one.name, **size}))
                for row in _rows(one, place, categories):
                    box_file.write(",\n" if count else "")
                    count += 1
                    box_file.write(json.dumps({"id": count, **row}))
        listed = [{"id": place, "name": name, "supercategory": "defect"} for name, place in categories.items()]
        with whole.open("w", encoding="utf-8") as target:
            target.write('{"info": {"description": "RA-Monitor studio"}, "licenses": [],\n"categories": ')
            target.write(json.dumps(listed, ensure_ascii=False))
            for key, part in (("images", images), ("annotations", annotations)):
                target.write(f',\n"{key}": [\n')
                with part.open(encoding="utf-8") as source:
                    target.writelines(source)
                target.write("\n]")
            target.write("}\n")
        sink.put(FILE, whole)


def _rows(one: AnnotatedPicture, place: int, categories: dict[str, int]) -> Iterator[dict[str, Any]]:
    for defect in one.verdict.defects if one.verdict else ():
        assert defect.box is not None  # `carried` keeps placed defects only
        x1, y1, x2, y2 = defect.box.to_pixels(one.width, one.height)
        yield {
            "image_id": place,
            "category_id": categories.setdefault(defect.type, len(categories) + 1),
            "bbox": [plain(value) for value in (x1, y1, x2 - x1, y2 - y1)],
            "area": plain((x2 - x1) * (y2 - y1)),
            "segmentation": [],
            "iscrowd": 0,
        }


COCO = Format("COCO", "images", Carries(normal=False), read_coco, write_coco)
