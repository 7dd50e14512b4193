"""The pictures that annotations are about: finding them by a name from a file, and which way up the annotations are.

Boxes inside are fractions of the upright picture. Programs that ignore the EXIF orientation write them for the picture
as it is stored; which of the two a file means shows in the size that it states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from m3ad.errors import BadData, BadImage
from m3ad.formats.base import number
from m3ad.geometry import Box
from m3ad.images import EXTENSIONS, FORMATS

LONGEST_NAME = 400  # characters
FOLDERS = ("", "images", "JPEGImages", "data")  # where formats keep pictures
_ORIENTATION = 0x0112
# EXIF orientation -> where a point (x, y) of the stored picture, in fractions, is when it is upright. Only those that
# exchange width and height: with the others the stated size does not say what is meant, and upright is what people see.
_TURNS = {
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}


def safe_name(value: Any) -> str:
    """A picture's name from a file as a path with "/" inside the data set. Raises BadData for one that leads out."""
    if not isinstance(value, str) or not value.strip():
        raise BadData("it has no file name")
    path = PurePosixPath(value.replace("\\", "/"))
    bad = path.is_absolute() or ".." in path.parts or ":" in value or "\0" in value or len(value) > LONGEST_NAME
    if bad or not path.name:
        raise BadData("its file name leads out of the folder or is none: rename the picture")
    return path.as_posix()


def base_name(value: Any) -> str:
    """The last part of a path from a file, for formats whose paths hold only on the machine that wrote them."""
    return safe_name(value.replace("\\", "/").rsplit("/", 1)[-1] if isinstance(value, str) else value)


def find_picture(name: str, *roots: Path) -> Path | None:
    """The picture of a safe name below one of the folders."""
    for root in roots:
        for folder in FOLDERS:
            if (path := root / folder / name).is_file():
                return path
    return None


def walk_files(place: Path, extensions: tuple[str, ...]) -> Iterator[Path]:
    """All visible files below a folder with one of these endings, in a fixed order; links to folders not followed."""
    try:
        found = sorted(path for path in place.iterdir() if not path.name.startswith("."))
    except OSError:  # no folder, or one that we may not read: others may
        return
    folders = {path: not path.is_symlink() for path in found if path.is_dir()}
    yield from (path for path in found if path.name.lower().endswith(extensions) and path not in folders)
    for folder, followed in folders.items():
        if followed:
            yield from walk_files(folder, extensions)


def walk_pictures(place: Path) -> Iterator[Path]:
    """All pictures below a folder, by their names."""
    return walk_files(place, tuple(EXTENSIONS))


@dataclass(frozen=True, slots=True)
class Frame:
    """What pixels in a file are relative to: the size they are written for, and how that picture has to be turned."""

    width: int
    height: int
    turn: int = 1

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (self.height, self.width) if self.turn in _TURNS else (self.width, self.height)

    def box(self, x1: float, y1: float, x2: float, y2: float) -> Box:
        """Pixel edges (x2 and y2 exclusive) as fractions of the upright picture."""
        return self.turned(Box.from_pixels(x1, y1, x2, y2, self.width, self.height))

    def turned(self, box: Box) -> Box:
        """Fractions of the picture that the file means as fractions of the upright picture."""
        if self.turn not in _TURNS or box.degenerate:
            return box
        (ax, ay), (bx, by) = _TURNS[self.turn](box.x1, box.y1), _TURNS[self.turn](box.x2, box.y2)
        return Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


def frame(width: Any, height: Any, picture: Path | None) -> Frame:
    """What the pixels of a file are relative to; `width` and `height` as the file states them (None or 0: it does not).

    Raises:
        BadData: no size is known, or it is not the picture's.
        BadImage: the picture cannot be opened.
    """
    stated = (round(number(width or 0, "width")), round(number(height or 0, "height")))
    if min(stated) < 0 or max(stated) > 2**31:
        raise BadData(f"its size cannot be right: {stated[0]} x {stated[1]} pixels")
    if picture is None:
        if not all(stated):
            raise BadData("neither its size nor the picture is there: nobody can say where the boxes are")
        return Frame(*stated)
    stored, turn = _header(picture)
    upright = stored[::-1] if turn in _TURNS else stored
    if not all(stated) or stated == upright:
        return Frame(*upright)
    if stated == stored:
        return Frame(*stored, turn)
    raise BadData(
        f"it is for {stated[0]} x {stated[1]} pixels, but the picture has {upright[0]} x {upright[1]}: nobody can say "
        "where the boxes are"
    )


def _header(path: Path) -> tuple[tuple[int, int], int]:
    """Size as stored, and EXIF orientation; only the header is read."""
    try:
        with Image.open(path, formats=FORMATS) as opened:
            return opened.size, int(opened.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, Image.DecompressionBombError) as error:
        raise BadImage(f"{path.name} cannot be opened as a picture ({error})") from error
