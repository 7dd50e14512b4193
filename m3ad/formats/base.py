"""What annotation formats have in common: an annotated picture, and the values that a format's files are read into."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from m3ad.datasets.account import Refused
from m3ad.errors import BadData
from m3ad.formats.sink import Sink
from m3ad.geometry import Box
from m3ad.records import Defect, Scenario, Verdict

LONGEST_TYPE = 200  # characters
NORMAL_WORD = "normal"  # the tag, flag or choice that says so, where a format has such things
# Control characters, halves of surrogate pairs and non-characters: XML cannot hold them, and no type needs them.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")

Item = TypeVar("Item")

# What a reader saw and did not use as it is written: words -> how often.
Unused = Counter[str]


@dataclass(frozen=True, slots=True)
class Origin:
    """The case that a picture was exported from. `revision` 0: it had no annotation; `verdict` is the word for it."""

    dataset: str
    key: str
    scenario: Scenario
    category: str
    split: str = ""
    sha256: str = ""
    revision: int = 0
    verdict: str = ""
    author: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnnotatedPicture:
    """One picture with what a file says about it, or is to say.

    Attributes:
        name: as the file names it; a path with "/" that stays inside the data set.
        width, height: pixels of the upright picture; 0 where neither file nor picture says it.
        verdict: boxes in fractions of the upright picture; None when nobody decided, or the format cannot say.
        picture: where the picture lies; None when it is not there.
        origin: the case it came from, where that is known.
        url: the address in a bucket under which the file says that the picture lies; not asked for yet.
    """

    name: str
    width: int
    height: int
    verdict: Verdict | None
    picture: Path | None = None
    origin: Origin | None = None
    url: str = ""


Entry = AnnotatedPicture | Refused


@dataclass(frozen=True, slots=True)
class Carries:
    """What of a verdict a format can carry.

    Attributes:
        normal: a normal picture can be told from one that nobody decided.
        unplaced: a defect whose place is not known.
        bare: anomalous, without any defect named.
        fractions: boxes between whole pixels.
        remarks: author and note.
        further: boxes on further pictures of the case.
    """

    normal: bool = True
    unplaced: bool = False
    bare: bool = False
    fractions: bool = True
    remarks: bool = False
    further: bool = False


@dataclass(frozen=True)
class Format:
    """An annotation format. `pictures` is the folder in which an export holds the pictures.

    `read(place, unused)` takes a folder or a file; it raises BadData for what is not in the format at all.
    """

    title: str
    pictures: str
    carries: Carries
    read: Callable[[Path, Unused], Iterator[Entry]]
    write: Callable[[Iterable[AnnotatedPicture], Sink], None]


def word_of(verdict: Verdict | None) -> str:
    """The verdict in one word: "normal", "anomalous", or "undecided" for none."""
    if verdict is None:
        return "undecided"
    return "anomalous" if verdict.anomalous else NORMAL_WORD


def clean_type(text: str) -> str:
    """A type's name as every format can hold it: without control characters, blanks at its ends, or endless length."""
    return _UNWRITABLE.sub(" ", text).strip()[:LONGEST_TYPE].strip()


def read_type(value: Any) -> str:
    """A type's name from a file; kept as it is written. Raises BadData when it is none."""
    name = clean_type(value) if isinstance(value, str) else ""
    if not name:
        raise BadData("it has a box without a type: give every box a type")
    return name


def read_defect(value: Any, box: Box, unused: Unused) -> Defect:
    """A defect from a file, its box cut at the picture's edge. Raises BadData for a box without area inside it."""
    name = read_type(value)
    if not all(math.isfinite(number) for number in box.as_tuple()) or box.degenerate or box.clipped().degenerate:
        raise BadData(f"its box of type {name!r} has no area inside the picture: correct or remove it")
    if max(-box.x1, -box.y1, box.x2 - 1, box.y2 - 1) > 0.005:  # less is the rounding of other programs
        unused["boxes cut at the picture's edge"] += 1
    return Defect(name, box.clipped())


def found_verdict(defects: Iterable[Defect], *, normal: bool | None) -> Verdict | None:
    """The verdict from what a file shows; without defects it is `normal`'s word (None: it does not say).

    Raises BadData when it says normal and shows defects.
    """
    all_defects = tuple(defects)
    if all_defects and normal:
        raise BadData("it says normal and has defects: remove one of the two")
    if all_defects:
        return Verdict(True, all_defects)
    return None if normal is None else Verdict(not normal)


def looked_at(defects: Iterable[Defect]) -> Verdict:
    """The verdict of a file whose being there says that somebody looked: normal without defects."""
    found = tuple(defects)
    return Verdict(bool(found), found)


def around(points: Iterable[tuple[float, float]]) -> tuple[float, float, float, float]:
    """The upright box around points: x1, y1, x2, y2. Raises BadData for fewer than two."""
    xs, ys = zip(*points, strict=True) if (points := list(points)) else ((), ())
    if len(xs) < 2:
        raise BadData("it has a shape of fewer than two points: redraw or remove it")
    return min(xs), min(ys), max(xs), max(ys)


def number(value: Any, what: str) -> float:
    """A finite number from a file, which may be written as text. Raises BadData."""
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        read = math.nan
    if isinstance(value, bool) or not math.isfinite(read):
        raise BadData(f"its {what} is not a number: {str(value)[:60]!r}")
    return read


def text(value: Any, what: str) -> str:
    """A text from a file. Raises BadData when it is none or empty."""
    if not isinstance(value, str) or not value.strip():
        raise BadData(f"it has no {what}")
    return value


def batches(entries: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The entries in lists of `size`, the last one shorter; read as they are asked for."""
    waiting = iter(entries)
    while some := list(islice(waiting, size)):
        yield some


def plain(value: float) -> int | float:
    """A pixel as files should show it: whole where it is whole, otherwise to a millionth."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded
