"""Pascal VOC: `Annotations/NAME.xml` for each picture in `JPEGImages`; pixels count from 1, both ends belong to a box.

That is the convention of the VOC development kit: a box over the whole of a picture W x H is 1, 1, W, H. So we write
x1 + 1 and x2, and read xmin - 1 and xmax; programs that count from 0 or take xmax as the far edge differ by one pixel.
A file without an object says that somebody looked and found nothing; a picture without a file is not decided.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from m3ad.errors import BadData
from m3ad.formats.base import (
    AnnotatedPicture,
    Carries,
    Entry,
    Format,
    Unused,
    looked_at,
    number,
    read_defect,
)
from m3ad.formats.pictures import base_name, find_picture, frame, walk_files, walk_pictures
from m3ad.formats.reading import attempt, root_of
from m3ad.formats.sink import Sink
from m3ad.formats.xml_stream import elements, written
from m3ad.geometry import Box
from m3ad.records import Defect


def read_voc(place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures with a file, then those without one."""
    root = root_of(place)
    files = [place] if place.is_file() else list(walk_files(place, (".xml",)))
    if not files:
        raise BadData(f"{place.name} is not in Pascal VOC's format: there is no XML file in it.")
    return _entries(files, root, unused)


def _entries(files: list[Path], root: Path, unused: Unused) -> Iterator[Entry]:
    seen: set[str] = set()
    for file in files:
        entry = attempt(file.name, _picture, file, root, unused)
        seen.add(PurePosixPath(entry.name).stem if isinstance(entry, AnnotatedPicture) else file.stem)
        yield entry
    for path in walk_pictures(root / "JPEGImages"):
        if path.stem not in seen:
            yield attempt(path.name, undecided, path)


def undecided(path: Path) -> AnnotatedPicture:
    """A picture that no file speaks of. Raises BadImage."""
    return AnnotatedPicture(path.name, *frame(None, None, path).upright, None, path)


def _picture(file: Path, root: Path, unused: Unused) -> AnnotatedPicture:
    tree = _tree_of(file)
    name = base_name(tree.findtext("filename"))
    return _annotated(tree, name, find_picture(name, root, file.parent, file.parent.parent), unused)


def annotated_picture(file: Path, picture: Path, unused: Unused) -> AnnotatedPicture:
    """What a file says of a picture, whatever picture it names itself. Raises BadData, BadImage."""
    return _annotated(_tree_of(file), picture.name, picture, unused)


def _tree_of(file: Path) -> ET.Element:
    tree = next(elements(file, ("annotation",)), None)
    if tree is None:
        raise BadData("it is not in Pascal VOC's format: there is no annotation element")
    return tree


def _annotated(tree: ET.Element, name: str, picture: Path | None, unused: Unused) -> AnnotatedPicture:
    seen = frame(tree.findtext("size/width"), tree.findtext("size/height"), picture)
    defects = []
    for one in tree.iterfind("object"):
        for flag in ("difficult", "truncated", "occluded"):
            unused[f"marks '{flag}'"] += one.findtext(flag, "0").strip() == "1"
        unused["parts of objects"] += len(one.findall("part"))
        x1, y1, x2, y2 = (number(one.findtext(f"bndbox/{key}"), key) for key in ("xmin", "ymin", "xmax", "ymax"))
        box = seen.box(x1 - 1, y1 - 1, x2, y2)
        defects.append(read_defect(one.findtext("name"), box, unused))
    return AnnotatedPicture(name, *seen.upright, looked_at(defects), picture)


def write_voc(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """A file for every decided picture, the list of all, and the types' names, which CVAT and Datumaro ask for."""
    stems, kinds = [], set[str]()
    for one in pictures:
        stems.append(PurePosixPath(one.name).stem)
        if one.verdict is not None:
            kinds |= {defect.type for defect in one.verdict.defects}
            sink.put(f"Annotations/{stems[-1]}.xml", written(_tree(one, one.verdict.defects)).encode())
    names = sorted(kind for kind in kinds if ":" not in kind)  # which would end a name there
    sink.put("labelmap.txt", "".join(f"{kind}:::\n" for kind in names).encode())
    sink.put("ImageSets/Main/all.txt", "".join(f"{stem}\n" for stem in stems).encode())


def _tree(one: AnnotatedPicture, defects: Iterable[Defect]) -> ET.Element:
    tree = ET.Element("annotation")
    _add(tree, folder="JPEGImages", filename=one.name)
    _add(ET.SubElement(tree, "size"), width=one.width, height=one.height, depth=3)
    _add(tree, segmented=0)
    for defect in defects:
        assert isinstance(defect.box, Box)  # `carried` keeps placed defects only
        x1, y1, x2, y2 = (round(value) for value in defect.box.to_pixels(one.width, one.height))
        element = ET.SubElement(tree, "object")
        _add(element, name=defect.type, pose="Unspecified", truncated=0, difficult=0)
        _add(ET.SubElement(element, "bndbox"), xmin=x1 + 1, ymin=y1 + 1, xmax=x2, ymax=y2)
    return tree


def _add(parent: ET.Element, **values: object) -> None:
    for tag, value in values.items():
        ET.SubElement(parent, tag).text = str(value)


VOC = Format("Pascal VOC", "JPEGImages", Carries(fractions=False), read_voc, write_voc)
