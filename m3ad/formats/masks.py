"""Masks: `masks/NAME.png` for each picture in `images`; a pixel's value is a type's number, 0 is the background.

`classes.txt` names the types, line by line from number 1. A mask with 0 and 255 only stands for the one type of a file
that names one. Each connected component of a type gives a box; so boxes of one type that touch come back as one, and
of two that overlap the later one covers the earlier. An empty mask says that there is no defect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from m3ad.errors import BadData, BadImage, ExportError
from m3ad.formats.base import AnnotatedPicture, Carries, Entry, Format, Unused, looked_at, read_type
from m3ad.formats.pictures import frame, walk_files, walk_pictures
from m3ad.formats.reading import attempt, small_text
from m3ad.formats.sink import Sink
from m3ad.geometry import mask_to_boxes
from m3ad.images import FORMATS, MAX_PIXELS, encode
from m3ad.records import Defect, Verdict

CLASSES = "classes.txt"
MOST_TYPES = 254  # what a byte can number beside the background and the 255 of masks with two values
_ONLY = 255


def read_masks(place: Path, unused: Unused) -> Iterator[Entry]:
    """Every picture of `images`, then masks whose picture is not there."""
    if not (place / CLASSES).is_file() or not (place / "masks").is_dir():
        raise BadData(f"{place.name} is not a folder of masks: it needs {CLASSES}, masks and images in it.")
    return _entries(place, small_text(place / CLASSES).splitlines())


def _entries(place: Path, names: list[str]) -> Iterator[Entry]:
    seen = set()
    for path in walk_pictures(place / "images"):
        name = path.relative_to(place / "images")
        mask = place / "masks" / name.with_suffix(".png")
        seen.add(mask)
        yield attempt(path.name, _picture, name.as_posix(), path, mask, names)
    for mask in walk_files(place / "masks", (".png",)):
        if mask not in seen:
            name = mask.relative_to(place / "masks")
            yield attempt(mask.name, _picture, name.as_posix(), None, mask, names)


def _picture(name: str, picture: Path | None, mask: Path, names: list[str]) -> AnnotatedPicture:
    if not mask.is_file():
        return AnnotatedPicture(name, *frame(None, None, picture).upright, None, picture)
    values = mask_values(mask)
    height, width = values.shape
    seen = frame(width, height, picture)
    kinds = _kinds(values, names)
    defects = [Defect(kind, seen.turned(box)) for value, kind in kinds for box in mask_to_boxes(values == value)]
    return AnnotatedPicture(name, *seen.upright, looked_at(defects), picture)


def mask_values(mask: Path) -> np.ndarray:
    """The mask's numbers, (height, width); colours of a palette do not matter. Raises BadImage, BadData."""
    try:
        with Image.open(mask, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise BadData(f"its mask has more than {MAX_PIXELS:,} pixels")
            if opened.mode not in ("1", "L", "P"):
                raise BadData(f"its mask is in colours ({opened.mode}), not of numbers: save it in 8-bit grey")
            return np.asarray(opened.convert("L") if opened.mode == "1" else opened)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadImage(f"its mask cannot be opened ({error})") from error


def _kinds(values: np.ndarray, names: list[str]) -> list[tuple[int, str]]:
    """(number, type) of every number but 0 that the mask holds. Raises BadData for one without a name."""
    present = [int(value) for value in np.unique(values) if value]
    if present == [_ONLY] and len(names) == 1:
        return [(_ONLY, read_type(names[0]))]
    unnamed = [value for value in present if value > len(names)]
    if unnamed:
        raise BadData(f"its mask holds the number {unnamed[0]}, for which {CLASSES} has no line")
    return [(value, read_type(names[value - 1])) for value in present]


def draw(one: AnnotatedPicture, kinds: dict[str, int]) -> np.ndarray:
    """The mask of a picture, (height, width) in bytes; `kinds` gets the types it did not know. Raises ExportError."""
    values = np.zeros((one.height, one.width), np.uint8)
    for defect in one.verdict.defects if one.verdict else ():
        assert defect.box is not None  # `carried` keeps placed defects only
        number = kinds.setdefault(defect.type, len(kinds) + 1)
        if number > MOST_TYPES:
            raise ExportError(f"A mask can hold {MOST_TYPES} types, and there are more: choose another format.")
        x1, y1, x2, y2 = (round(edge) for edge in defect.box.to_pixels(one.width, one.height))
        values[y1:y2, x1:x2] = number
    return values


def as_masked(one: AnnotatedPicture) -> AnnotatedPicture:
    """The picture as its mask tells it: boxes that touch or overlap are what is left of them.

    A box around such a rest may cover another box that its pixels did not: so until drawing it changes nothing.
    """
    while one.verdict is not None and one.verdict.anomalous and (told := _told(one)) != one.verdict:
        one = replace(one, verdict=told)
    return one


def _told(one: AnnotatedPicture) -> Verdict:
    kinds: dict[str, int] = {}
    values = draw(one, kinds)
    boxes = [Defect(kind, box) for kind, number in kinds.items() for box in mask_to_boxes(values == number)]
    return Verdict(True, tuple(boxes))


def write_masks(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """A mask for every decided picture, and `classes.txt`."""
    kinds: dict[str, int] = {}
    for one in pictures:
        if one.verdict is not None:
            name = PurePosixPath(one.name).with_suffix(".png")
            sink.put(f"masks/{name}", encode(Image.fromarray(draw(one, kinds)), "PNG"))
    sink.put(CLASSES, "".join(f"{kind}\n" for kind in kinds).encode())


MASKS = Format("Masks (PNG)", "images", Carries(fractions=False), read_masks, write_masks)
