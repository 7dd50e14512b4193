"""CVAT XML for images, version 1.1: one file with an `image` for each picture and its shapes inside.

Pixels count from 0 and xbr, ybr are the far edges, as in our boxes. A tag of a picture is a defect without a place; the
tag "normal" says that there is none. A picture without shape and tag does not say whether anybody looked.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

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
    read_type,
)
from m3ad.formats.pictures import find_picture, frame, safe_name
from m3ad.formats.reading import annotation_files, attempt, root_of
from m3ad.formats.sink import Sink
from m3ad.formats.xml_stream import elements, written
from m3ad.records import Defect

OUTLINES = ("polygon", "polyline", "ellipse", "mask")
NOT_USED = ("points", "cuboid", "skeleton")


def read_cvat(place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures of an `annotations.xml`."""
    files = annotation_files(place, "annotations.xml", "*.xml")
    return _entries(files, root_of(place), unused)


def _entries(files: list[Path], root: Path, unused: Unused) -> Iterator[Entry]:
    found = 0
    for file in files:
        for element in elements(file, ("image", "track")):
            if element.tag == "track":
                unused["tracks of videos"] += 1
                continue
            found += 1
            yield attempt(element.get("name"), _picture, element, root, unused)
    if not found:
        raise BadData(f"{files[0].name} is not CVAT XML for images: there is no image in it.")


def _picture(image: ET.Element, root: Path, unused: Unused) -> AnnotatedPicture:
    name = safe_name(image.get("name"))
    picture = find_picture(name, root)
    seen = frame(image.get("width"), image.get("height"), picture)
    tags = [read_type(tag.get("label")) for tag in image.iterfind("tag")]
    defects = [Defect(tag) for tag in tags if tag.lower() != NORMAL_WORD]
    for shape in image:
        unused["attributes"] += len(shape.findall("attribute"))
        if shape.tag == "box" or shape.tag in OUTLINES:
            box = seen.box(*_corners(shape, unused))
            defects.append(read_defect(shape.get("label"), box, unused))
        elif shape.tag in NOT_USED:
            unused[f"shapes of kind '{shape.tag}'"] += 1
    verdict = found_verdict(defects, normal=True if len(tags) > sum(d.box is None for d in defects) else None)
    return AnnotatedPicture(name, *seen.upright, verdict, picture)


def _corners(shape: ET.Element, unused: Unused) -> tuple[float, float, float, float]:
    def get(key: str) -> float:
        return number(shape.get(key), key)

    if shape.tag == "box":
        corners = (get("xtl"), get("ytl"), get("xbr"), get("ybr"))
        if turn := number(shape.get("rotation", 0), "rotation") % 360:
            unused["turned boxes taken as the upright boxes around them"] += 1
            return turned(corners, turn)
        return corners
    unused["outlines taken as the boxes around them"] += 1
    if shape.tag == "ellipse":
        x, y, rx, ry = (get(key) for key in ("cx", "cy", "rx", "ry"))
        return x - rx, y - ry, x + rx, y + ry
    if shape.tag == "mask":
        left, top, width, height = (get(key) for key in ("left", "top", "width", "height"))
        return left, top, left + width, top + height
    pairs = [pair.split(",") for pair in shape.get("points", "").split(";") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise BadData(f"it has a {shape.tag} whose points are not 'x,y;x,y;…'")
    return around((number(x, "point"), number(y, "point")) for x, y in pairs)


def turned(corners: tuple[float, float, float, float], degrees: float) -> tuple[float, float, float, float]:
    """The upright box around a box that is turned clockwise about its middle."""
    x1, y1, x2, y2 = corners
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    half_width, half_height = abs(x2 - x1) / 2, abs(y2 - y1) / 2
    wide, high = half_width * cosine + half_height * sine, half_width * sine + half_height * cosine
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return x - wide, y - high, x + wide, y + high


def write_cvat(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """`annotations.xml`; CVAT wants the names of all types before the first picture, so the pictures wait in a file."""
    kinds: dict[str, None] = {}
    with TemporaryDirectory() as scratch:
        images, whole = Path(scratch, "images"), Path(scratch, "whole")
        count = 0
        with images.open("w", encoding="utf-8") as file:
            for count, one in enumerate(pictures, start=1):
                file.write(written(_image(one, count - 1, kinds)))
        with whole.open("w", encoding="utf-8") as target, images.open(encoding="utf-8") as source:
            target.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n')
            target.write(written(_meta(kinds, count)))
            target.writelines(source)
            target.write("</annotations>\n")
        sink.put("annotations.xml", whole)


def _meta(kinds: Iterable[str], count: int) -> ET.Element:
    meta = ET.Element("meta")
    task = ET.SubElement(meta, "task")
    for tag, value in (("name", "RA-Monitor studio"), ("size", str(count)), ("mode", "annotation")):
        ET.SubElement(task, tag).text = value
    names = ET.SubElement(task, "labels")
    for kind in kinds:
        entry = ET.SubElement(names, "label")
        ET.SubElement(entry, "name").text = kind
        ET.SubElement(entry, "attributes")
    return meta


def _image(one: AnnotatedPicture, place: int, kinds: dict[str, None]) -> ET.Element:
    size = {"width": str(one.width), "height": str(one.height)}
    image = ET.Element("image", {"id": str(place), "name": one.name, **size})
    if one.verdict is not None and not one.verdict.anomalous:
        kinds.setdefault(NORMAL_WORD)
        ET.SubElement(image, "tag", label=NORMAL_WORD, source="manual")
    for defect in one.verdict.defects if one.verdict else ():
        kinds.setdefault(defect.type)
        if defect.box is None:
            ET.SubElement(image, "tag", label=defect.type, source="manual")
            continue
        values = (str(plain(value)) for value in defect.box.to_pixels(one.width, one.height))
        corners = dict(zip(("xtl", "ytl", "xbr", "ybr"), values, strict=True))
        ET.SubElement(
            image, "box", {"label": defect.type, "source": "manual", "occluded": "0", **corners, "z_order": "0"}
        )
    return image


CVAT = Format("CVAT XML for images", "images", Carries(unplaced=True), read_cvat, write_cvat)
