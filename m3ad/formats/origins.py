"""`cases.csv`: the case behind each picture of an export, so that annotations find their way back.

It lies beside the annotations of every export. Whoever works on an export in another program keeps the file beside
what that program writes; without it a picture is known again by its name, which ends in a part of its hash.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from m3ad.errors import BadData
from m3ad.formats.base import NORMAL_WORD, AnnotatedPicture, Entry, Origin
from m3ad.formats.sink import Sink
from m3ad.records import NORMAL, Scenario

FILE = "cases.csv"
COLUMNS = ("dataset", "key", "scenario", "category", "split", "sha256", "revision", "verdict", "author", "note")
# A spreadsheet takes a cell that begins like this for a formula; an apostrophe makes it text (and escapes itself).
_RISKY = ("=", "+", "-", "@", "\t", "\r", "'")


def cell(value: str) -> str:
    """A text as a cell that no spreadsheet runs."""
    return f"'{value}" if value.startswith(_RISKY) else value


def uncell(value: str) -> str:
    """The inverse of `cell`."""
    return value[1:] if value.startswith("'") else value


def rows(path: Path, needed: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with these columns, cells as texts. Raises BadData."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise BadData(f"{path.name} has no column {missing[0]!r} in its first line.")
            for row in reader:
                yield {key: uncell(value) for key, value in row.items() if isinstance(key, str) and value is not None}
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise BadData(f"{path.name} cannot be read as CSV in UTF-8 ({str(error)[:80]}).") from error


def origin_of(values: dict[str, Any]) -> Origin | None:
    """The case that a row or JSON object names; None where it names none. Raises BadData."""
    if not values.get("dataset") or not values.get("key"):
        return None
    try:
        scenario, revision = Scenario(values.get("scenario") or ""), int(values.get("revision") or 0)
    except (TypeError, ValueError) as error:
        raise BadData(f"its scenario or revision is not known: {str(error)[:80]}") from error
    words = {name: str(values.get(name) or "") for name in COLUMNS if name not in ("scenario", "revision")}
    if not 0 <= revision < 2**31 or max(map(len, words.values())) > 10_000:
        raise BadData("it names its case by values that cannot be right")
    return Origin(scenario=scenario, revision=revision, **words)


def origin_cells(origin: Origin | None) -> dict[str, str]:
    """A case's columns."""
    if origin is None:
        return dict.fromkeys(COLUMNS, "")
    return {name: cell(str(getattr(origin, name))) for name in COLUMNS}


def read_origins(root: Path) -> dict[str, Origin]:
    """Picture's stem -> case, from the file in this folder; empty where there is none. Raises BadData."""
    path = root / FILE
    if not path.is_file():
        return {}
    found = {}
    for row in rows(path, ("picture", *COLUMNS)):
        if (origin := origin_of(row)) is not None:
            found[PurePosixPath(row["picture"]).stem] = origin
    return found


def with_origins(entries: Iterable[Entry], origins: dict[str, Origin]) -> Iterator[Entry]:
    """The entries with the cases they came from, where that is known.

    A picture that was exported as normal and comes back without any statement is still normal.
    """
    for entry in entries:
        if isinstance(entry, AnnotatedPicture) and entry.origin is None:
            origin = origins.get(PurePosixPath(entry.name).stem)
            normal = entry.verdict is None and origin is not None and origin.verdict == NORMAL_WORD
            entry = replace(entry, origin=origin, verdict=NORMAL if normal else entry.verdict)
        yield entry


def noting_origins(pictures: Iterable[AnnotatedPicture], sink: Sink) -> Iterator[AnnotatedPicture]:
    """The pictures unchanged; after the last one `cases.csv` is written."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch, FILE)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ("picture", *COLUMNS))
            writer.writeheader()
            for one in pictures:
                if one.origin is not None:
                    noted = replace(one.origin, author="", note="")
                    writer.writerow({"picture": cell(one.name), **origin_cells(noted)})
                yield one
        sink.put(FILE, path)
