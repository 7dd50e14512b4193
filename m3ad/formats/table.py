"""CSV: `annotations.csv`, one row for each defect, or one for a picture without; boxes in pixels, far edges exclusive.

Columns: picture, width, height, verdict (normal, anomalous, undecided), type, x1, y1, x2, y2, and those of the case.
Rows of one picture follow one another. Cells that a spreadsheet would run as formulas begin with an apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import groupby
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
    found_verdict,
    number,
    plain,
    read_defect,
    read_type,
    word_of,
)
from m3ad.formats.origins import COLUMNS, cell, origin_cells, origin_of, rows
from m3ad.formats.pictures import Frame, find_picture, frame, safe_name
from m3ad.formats.reading import annotation_files, attempt, root_of
from m3ad.formats.sink import Sink
from m3ad.records import Defect

FILE = "annotations.csv"
OWN = ("picture", "width", "height", "verdict", "type", "x1", "y1", "x2", "y2")
EDGES = OWN[5:]
_WORDS = {NORMAL_WORD: True, "anomalous": False, "undecided": None, "": None}  # word -> is it normal?


def read_csv(place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures of a table. Only `picture`, `type` and the edges have to be there."""
    files = annotation_files(place, FILE, "*.csv")
    root = root_of(place)
    for file in files:
        lines = rows(file, ("picture", "type", *EDGES))
        for name, group in groupby(lines, key=lambda row: row["picture"]):
            yield attempt(name, _picture, list(group), root, unused)


def _picture(group: list[dict[str, str]], root: Path, unused: Unused) -> AnnotatedPicture:
    first = group[0]
    name = safe_name(first["picture"])
    picture = find_picture(name, root)
    seen = frame(first.get("width"), first.get("height"), picture)
    words = {row.get("verdict", "").strip().lower() for row in group}
    if len(words) > 1 or not words <= set(_WORDS):
        raise BadData(f"its verdict is not one of normal, anomalous and undecided: {' / '.join(sorted(words))[:80]}")
    defects = [_defect(row, seen, unused) for row in group if row["type"] or any(row[edge] for edge in EDGES)]
    verdict = found_verdict(defects, normal=_WORDS[words.pop()])
    return AnnotatedPicture(name, *seen.upright, verdict, picture, origin_of(first))


def _defect(row: dict[str, str], seen: Frame, unused: Unused) -> Defect:
    if not any(row[edge] for edge in EDGES):
        return Defect(read_type(row["type"]))
    box = seen.box(*(number(row[edge], edge) for edge in EDGES))
    return read_defect(row["type"], box, unused)


def write_csv(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """`annotations.csv`."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch, FILE)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, (*OWN, *(name for name in COLUMNS if name != "verdict")), restval="")
            writer.writeheader()
            for one in pictures:
                case = origin_cells(one.origin) | {"verdict": word_of(one.verdict)}
                size = {"picture": cell(one.name), "width": one.width, "height": one.height}
                for defect in (one.verdict.defects if one.verdict else ()) or (None,):
                    writer.writerow({**case, **size, **_cells(defect, one)})
        sink.put(FILE, path)


def _cells(defect: Defect | None, one: AnnotatedPicture) -> dict[str, object]:
    if defect is None:
        return {}
    edges = map(plain, defect.box.to_pixels(one.width, one.height)) if defect.box else ()
    return {"type": cell(defect.type), **dict(zip(EDGES, edges, strict=False))}


CSV = Format("CSV", "images", Carries(unplaced=True, bare=True, remarks=True), read_csv, write_csv)
