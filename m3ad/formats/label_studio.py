"""Label Studio JSON: a list of tasks, each with a picture and annotations; boxes are in percent of the picture.

We write the picture as a file of Label Studio's local storage, which reads `config.xml`'s labelling setup: rectangles
named "defect", a choice "verdict" (normal, anomalous), and a text "unplaced" with the types of defects without a place.
Of several annotations of a task the newest that was not skipped counts. A submitted annotation without boxes and choice
says that somebody looked and found nothing; a task without annotation is not decided.
"""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

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
    read_defect,
    read_type,
    text,
    word_of,
)
from m3ad.formats.cvat import turned
from m3ad.formats.pictures import Frame, base_name, find_picture, frame
from m3ad.formats.reading import annotation_files, attempt, json_items, list_in, object_in, require_shallow, root_of
from m3ad.formats.sink import Sink
from m3ad.formats.xml_stream import written
from m3ad.geometry import Box
from m3ad.records import Defect

LOCAL = "/data/local-files/?d=images/"
WORDS = (NORMAL_WORD, "anomalous")
_UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")  # what Label Studio puts before the name of an uploaded file
_SHAPES = ("rectanglelabels", "rectangle", "polygonlabels", "ellipselabels")


def read_label_studio(place: Path, unused: Unused) -> Iterator[Entry]:
    """The tasks of an export."""
    files = annotation_files(place, "*.json")
    root = root_of(place)
    return (
        attempt(f"task {number + 1}", _picture, task, root, unused)
        for file in files
        for number, task in enumerate(_tasks(file))
    )


def _tasks(file: Path) -> Iterator[Any]:
    require_shallow(file)
    found = 0
    for found, task in enumerate(json_items(file, "item"), start=1):  # noqa: B007 - counted for the end
        yield task
    if not found:
        raise BadData(f"{file.name} is not Label Studio's JSON: it is no list of tasks. Export as JSON, not JSON-MIN.")


def _picture(task: Any, root: Path, unused: Unused) -> AnnotatedPicture:
    data = object_in(object_in(task, "a task").get("data"), "the data of a task")
    name = _name(data)
    picture = find_picture(name, root)
    unused["predictions"] += len(list_in(task, "predictions"))
    annotation = _newest(task, unused)
    results = [object_in(one, "a result") for one in list_in(annotation or {}, "result")]
    seen = _frame(results, data, picture)
    if annotation is None:
        return AnnotatedPicture(name, *seen.upright, None, picture)
    choices, defects = [], []
    for one in results:
        kind, value = one.get("type"), object_in(one.get("value"), "a value")
        if kind == "choices":
            choices += [str(choice).lower() for choice in list_in(value, "choices")]
            unused["choices"] += sum(choice not in WORDS for choice in choices)
        elif kind == "textarea" and one.get("from_name") == "unplaced":
            defects += [Defect(read_type(name)) for name in list_in(value, "text")]
        elif kind in _SHAPES:
            defects.append(_defect(str(kind), value, seen, unused))
        else:
            unused[f"results of kind '{str(kind)[:40]}'"] += 1
    verdict = found_verdict(defects, normal=_normal(choices, bool(defects)))
    return AnnotatedPicture(name, *seen.upright, verdict, picture)


def _normal(choices: list[str], defects: bool) -> bool | None:
    """What the choices say; without any, a submitted annotation without defects says normal."""
    if said := [choice for choice in choices if choice in WORDS]:
        return NORMAL_WORD in said
    return None if defects or choices else True


def _name(data: dict[str, Any]) -> str:
    address = urlsplit(text(data.get("image"), "image"))
    local = parse_qs(address.query).get("d")
    name = base_name(local[0] if local else unquote(address.path))
    return _UPLOADED.sub("", name) if "/upload/" in address.path else name


def _newest(task: dict[str, Any], unused: Unused) -> dict[str, Any] | None:
    submitted = [object_in(one, "an annotation") for one in list_in(task, "annotations")]
    kept = [one for one in submitted if not one.get("was_cancelled")]
    unused["skipped annotations"] += len(submitted) - len(kept)
    unused["older annotations of the same picture"] += max(0, len(kept) - 1)
    return max(kept, key=lambda one: str(one.get("updated_at", "")), default=None)


def _frame(results: list[dict[str, Any]], data: dict[str, Any], picture: Path | None) -> Frame:
    """Percent need no size; what is stated is held against the picture, and kept where the picture is not there."""
    sizes = [(one.get("original_width"), one.get("original_height")) for one in results if one.get("original_width")]
    width, height = sizes[0] if sizes else (data.get("width"), data.get("height"))
    if picture is None and not width:
        return Frame(0, 0)
    return frame(width, height, picture)


def _defect(kind: str, value: dict[str, Any], seen: Frame, unused: Unused) -> Defect:
    names = list_in(value, kind) or [None]
    unused["further types of one box"] += len(names) - 1
    corners = _corners(kind, value, seen, unused)
    return read_defect(names[0], seen.turned(Box(*(edge / 100 for edge in corners))), unused)


def _corners(kind: str, value: dict[str, Any], seen: Frame, unused: Unused) -> tuple[float, float, float, float]:
    """Edges in percent."""

    def get(key: str) -> float:
        return number(value.get(key), key)

    if kind == "polygonlabels":
        unused["outlines taken as the boxes around them"] += 1
        points = [one if isinstance(one, list) and len(one) == 2 else (None, None) for one in list_in(value, "points")]
        return around((number(x, "point"), number(y, "point")) for x, y in points)
    if kind == "ellipselabels":
        unused["outlines taken as the boxes around them"] += 1
        x, y, rx, ry = (get(key) for key in ("x", "y", "radiusX", "radiusY"))
        return x - rx, y - ry, x + rx, y + ry
    x, y, width, height = (get(key) for key in ("x", "y", "width", "height"))
    turn = number(value.get("rotation", 0), "rotation") % 360
    if not turn:
        return x, y, x + width, y + height
    unused["turned boxes taken as the upright boxes around them"] += 1
    return _turned(x, y, width, height, turn, seen)


def _turned(
    x: float, y: float, width: float, height: float, turn: float, seen: Frame
) -> tuple[float, float, float, float]:
    """Label Studio turns about the upper left corner, in pixels: percent are not square."""
    wide, high = (seen.width or 1) / 100, (seen.height or 1) / 100
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    w, h = width * wide, height * high
    middle = (x * wide + (w * cosine - h * sine) / 2, y * high + (w * sine + h * cosine) / 2)
    x1, y1, x2, y2 = turned((middle[0] - w / 2, middle[1] - h / 2, middle[0] + w / 2, middle[1] + h / 2), turn)
    return x1 / wide, y1 / high, x2 / wide, y2 / high


def write_label_studio(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """`tasks.json`, and `config.xml` for the project's labelling setup."""
    kinds: dict[str, None] = {}
    with TemporaryDirectory() as scratch:
        tasks = Path(scratch, "tasks")
        with tasks.open("w", encoding="utf-8") as file:
            file.write("[\n")
            for place, one in enumerate(pictures, start=1):
                file.write((",\n" if place > 1 else "") + json.dumps(_task(one, place, kinds), ensure_ascii=False))
            file.write("\n]\n")
        sink.put("tasks.json", tasks)
    sink.put("config.xml", written(_config(kinds)).encode())


def _task(one: AnnotatedPicture, place: int, kinds: dict[str, None]) -> dict[str, Any]:
    annotations = []
    if one.verdict is not None:
        common = {
            "to_name": "image",
            "original_width": one.width,
            "original_height": one.height,
            "image_rotation": 0,
            "origin": "manual",
        }
        results = [{"type": "choices", "from_name": "verdict", "value": {"choices": [word_of(one.verdict)]}}]
        if unplaced := [defect.type for defect in one.verdict.defects if defect.box is None]:
            results.append({"type": "textarea", "from_name": "unplaced", "value": {"text": unplaced}})
        results += [_rectangle(defect.type, defect.box) for defect in one.verdict.defects if defect.box]
        kinds |= dict.fromkeys(defect.type for defect in one.verdict.defects if defect.box)
        result = [{"id": f"{place}-{number}", **each, **common} for number, each in enumerate(results)]
        annotations.append({"id": place, "was_cancelled": False, "ground_truth": False, "result": result})
    address = LOCAL + quote(one.name)
    data = {"image": address, "width": one.width, "height": one.height}
    return {"id": place, "data": data, "annotations": annotations, "predictions": []}


def _rectangle(kind: str, box: Box) -> dict[str, Any]:
    x1, y1, x2, y2 = (edge * 100 for edge in box.as_tuple())
    place = {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1, "rotation": 0}
    return {"type": "rectanglelabels", "from_name": "defect", "value": {**place, "rectanglelabels": [kind]}}


def _config(kinds: Iterable[str]) -> ET.Element:
    view = ET.Element("View")
    ET.SubElement(view, "Image", name="image", value="$image", zoom="true")
    choices = ET.SubElement(view, "Choices", name="verdict", toName="image", choice="single")
    for word in WORDS:
        ET.SubElement(choices, "Choice", value=word)
    boxes = ET.SubElement(view, "RectangleLabels", name="defect", toName="image")
    for kind in kinds:
        ET.SubElement(boxes, "Label", value=kind)
    ET.SubElement(view, "TextArea", name="unplaced", toName="image", placeholder="Types of defects without a place")
    return view


LABEL_STUDIO = Format(
    "Label Studio JSON", "images", Carries(unplaced=True, bare=True), read_label_studio, write_label_studio
)
