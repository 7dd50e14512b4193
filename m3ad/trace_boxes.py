"""Boxes out of the text of `<location>` (or of prose), whatever notation a model chose, as fractions of the image.

It does not know the image: pixel coordinates are refused unless a `Notation` tells the size that they are counted in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import isfinite

from m3ad.geometry import Box
from m3ad.records import Problem
from m3ad.trace_problems import problem, quoted

MAX_DEFECTS = 100  # a model caught in a loop writes thousands; matching them would take minutes
PLACEHOLDERS = frozenset(
    {"", "unknown", "none", "n/a", "na", "null", "-", "no", "nil", "nothing", "normal", "no defect"}
)

_NUMBER = re.compile(
    r"(?<![\w.])([+\-\u2212]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+\-]?\d+)?|[+\-\u2212]?(?:nan|inf(?:inity)?))"
    r"\s?(%|px|pixels?)?(?!\w)",
    re.IGNORECASE,
)
_NOISE = re.compile(r"<[^<>]{0,40}>|```[a-z]{0,10}", re.IGNORECASE)
_OBJECT = re.compile(r"\{[^{}]*\}?")
_BOX_KEY = re.compile(
    r"[\"']?(bbox_2d|bbox2d|box_2d|bounding_box|bbox|box|coordinates|location)[\"']?\s{0,3}[:=]", re.IGNORECASE
)
_LABEL = re.compile(
    r"[\"']?(?:label|type|class|name|category|defect)[\"']?\s{0,3}[:=]\s{0,3}[\"']([^\"'\n]{0,80})[\"']", re.IGNORECASE
)
_SIZE = re.compile(r"(?<![a-z])[\"']?(w|width|h|height)[\"']?\s{0,3}[:=]", re.IGNORECASE)
_OVERSHOOT = 1.5  # above this a number is no fraction that slipped over the edge of the image
_SLIPPED = 1.1  # the same for a model whose scale is known: above this it counts in another unit


@dataclass(frozen=True, slots=True)
class BoxList:
    """Boxes in the order of the text; None where one is announced but cannot be read. Labels only from JSON."""

    boxes: tuple[Box | None, ...]
    labels: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Notation:
    """What the numbers of a box mean in the way of writing that a model has learnt.

    Attributes:
        scale: the numbers at the right and at the lower edge of the image, e.g. (1000, 1000) or its size in pixels;
            None: to be guessed from the numbers.
        y_first: y stands before x, whatever the box is called.
    """

    scale: tuple[float, float] | None = None
    y_first: bool = False


GUESSED = Notation()


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    unit: str


_Corners = tuple[_Number, ...]  # four of them


def read_boxes(text: str, notation: Notation = GUESSED) -> BoxList:
    """All boxes of a location text. Never raises; every repair and every loss is in `problems`."""
    plain = _NOISE.sub(" ", unicodedata.normalize("NFKC", text))
    found: list[Problem] = []
    if "{" in plain:
        raw, labels = _from_objects(plain, found)
    else:
        raw, labels = _from_items(plain, found), []
    if len(raw) > MAX_DEFECTS:
        found.append(problem("too-many-defects", MAX_DEFECTS))
    raw, labels = raw[:MAX_DEFECTS], labels[:MAX_DEFECTS]
    if notation.y_first and problem("y-first") not in found:
        raw = [corners and (corners[1], corners[0], corners[3], corners[2]) for corners in raw]
    boxes = _scaled(raw, notation, found)
    return BoxList(tuple(boxes), tuple(labels), tuple(dict.fromkeys(found)))


def _from_items(text: str, found: list[Problem]) -> list[_Corners | None]:
    """Notation without JSON: items between ';', each one box, several boxes, or words."""
    raw: list[_Corners | None] = []
    items = text.strip().strip(";").split(";")
    if len(items) > 1 and not any(_count(item) >= 4 for item in items) and sum(map(_count, items)) % 4 == 0:
        items = [" ".join(items)]  # "(x1,y1); (x2,y2)": the corners are separated as well
    for item in items[: MAX_DEFECTS + 1]:
        if not _NUMBER.search(item):
            raw.append(None)
            words = item.strip(" \t\n.,:()[]'\"")
            if words.casefold() not in PLACEHOLDERS:
                found.append(problem("location-in-words", quoted(words)))
            continue
        corners = _item_corners(item)
        if not corners:
            found.append(problem("bad-coordinates", quoted(item)))
        raw.extend(corners or [None])
    return [] if raw == [None] and not text.strip() else raw


def _count(item: str) -> int:
    return sum(1 for _ in _NUMBER.finditer(item))


def _item_corners(item: str) -> list[_Corners]:
    """The boxes of one item: numbers in brackets if these make whole boxes, otherwise line by line, otherwise all."""
    inside = [number for line in item.splitlines() for number in _numbers(_bracketed(line))]
    if inside and len(inside) % 4 == 0:
        return _fours(inside)
    lines = [list(_numbers(line)) for line in item.splitlines()]
    whole = [line for line in lines if line and len(line) % 4 == 0]
    if whole:
        return list(chain.from_iterable(map(_fours, whole)))
    numbers = list(chain.from_iterable(lines))
    return _fours(numbers) if len(numbers) % 4 == 0 else []


def _bracketed(line: str) -> str:
    """The parts of a line inside round or square brackets; a bracket never closed reaches to the end."""
    depth, kept = 0, []
    for character in line:
        depth = max(0, depth + (character in "([") - (character in ")]"))
        kept.append(character if depth else " ")
    return "".join(kept)


def _numbers(text: str) -> Iterator[_Number]:
    for match in islice(_NUMBER.finditer(text), 4 * MAX_DEFECTS + 4):
        yield _Number(float(match[1].replace("\u2212", "-")), (match[2] or "").lower())


def _fours(numbers: Sequence[_Number]) -> list[_Corners]:
    return [tuple(numbers[start : start + 4]) for start in range(0, len(numbers) - 3, 4)]


def _from_objects(text: str, found: list[Problem]) -> tuple[list[_Corners | None], list[str]]:
    """JSON objects, also broken off ones: `{"bbox_2d": [..], "label": ".."}`, box_2d with y first, x/y/width/height."""
    found.append(problem("json-boxes"))
    raw: list[_Corners | None] = []
    labels: list[str] = []
    for match in islice(_OBJECT.finditer(text), MAX_DEFECTS + 1):
        content = match.group()
        label = _LABEL.search(content)
        key = _BOX_KEY.search(content)
        numbers = list(islice(_numbers(content[key.end() :] if key else content), 4))
        if not numbers and not label:
            continue
        labels.append(label[1].strip() if label else "")
        if len(numbers) < 4:
            found.append(problem("bad-coordinates", quoted(content)))
            raw.append(None)
            continue
        raw.append(_ordered(tuple(numbers), key[1].lower() if key else "", content, len(raw) + 1, found))
    return raw, labels


def _ordered(numbers: _Corners, key: str, content: str, place: int, found: list[Problem]) -> _Corners:
    """The numbers as x1, y1, x2, y2, for keys that announce another order."""
    a, b, c, d = numbers
    if key == "box_2d":
        found.append(problem("y-first"))
        return (b, a, d, c)
    if len({size[1].lower()[0] for size in _SIZE.finditer(content)}) == 2:
        found.append(problem("width-height", place))
        return (a, b, _Number(a.value + c.value, c.unit), _Number(b.value + d.value, d.unit))
    return numbers


def _scaled(raw: Sequence[_Corners | None], notation: Notation, found: list[Problem]) -> list[Box | None]:
    """Fractions from whatever unit the list as a whole is in: one model does not change its unit from box to box."""
    scale = _scale(raw, notation, found)
    boxes: list[Box | None] = []
    for place, corners in enumerate(raw, start=1):
        if corners is None or scale is None:
            boxes.append(None)
        elif not all(isfinite(number.value) for number in corners):
            found.append(problem("coordinates-not-finite", place))
            boxes.append(None)
        else:
            x1, y1, x2, y2 = (number.value / edge for number, edge in zip(corners, scale * 2, strict=True))
            boxes.append(_sound(Box(x1, y1, x2, y2).rounded(9), place, found))
    return boxes


def _scale(raw: Sequence[_Corners | None], notation: Notation, found: list[Problem]) -> tuple[float, float] | None:
    """What x and y are to be divided by to be fractions; None when that cannot be known."""
    numbers = [number for corners in raw if corners for number in corners if isfinite(number.value)]
    if notation.scale is None or any(number.unit == "%" for number in numbers):
        divisor = _divisor(numbers, found)
        return None if divisor is None else (divisor, divisor)
    if any(not number.value.is_integer() for number in numbers) and all(abs(number.value) <= 1 for number in numbers):
        found.append(problem("coordinates-fractions"))
        return 1.0, 1.0
    edges = notation.scale * 2
    placed = [
        (abs(number.value), edge) for corners in raw if corners for number, edge in zip(corners, edges, strict=True)
    ]
    if any(isfinite(value) and value > _SLIPPED * edge for value, edge in placed):
        found.append(problem("coordinates-pixels"))
        return None
    return notation.scale


def _divisor(numbers: Sequence[_Number], found: list[Problem]) -> float | None:
    """What the numbers are to be divided by to be fractions; None when their unit cannot be known."""
    if not numbers:
        return 1.0
    largest = max(abs(number.value) for number in numbers)
    units = {number.unit for number in numbers}
    if "%" in units:
        if units != {"%"}:
            found.append(problem("coordinates-mixed"))
            return None
        found.append(problem("coordinates-percent"))
        return 100.0
    if units != {""} or largest > 1000:
        found.append(problem("coordinates-pixels"))
        return None
    if largest <= _OVERSHOOT:
        return 1.0
    if any(0 < abs(number.value) < 1 for number in numbers):
        found.append(problem("coordinates-mixed"))
        return None
    found.append(problem("coordinates-0-1000"))
    return 1000.0


def _sound(box: Box, place: int, found: list[Problem]) -> Box | None:
    """The box inside the image with its corners in order; None when nothing of it is left."""
    if box.x1 > box.x2 or box.y1 > box.y2:
        found.append(problem("reversed-corners", place))
    inside = box.clipped()
    if min(box.as_tuple()) < 0 or max(box.as_tuple()) > 1:
        found.append(problem("clipped-box", place))
    if inside.degenerate:
        found.append(problem("degenerate-box", place))
        return None
    return inside
