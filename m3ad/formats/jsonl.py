"""M3-AD JSON Lines: our own form, one JSON object a line for each picture, with everything that is known of its case.

picture             name of the picture, below `images`
url                 address of a picture in a bucket, s3://bucket/folder/name; then `picture` may be left out
width, height       pixels of the upright picture; with `url` they may be left out
verdict             {"anomalous": bool, "defects": [{"type", "box": [x1, y1, x2, y2] in fractions or null}]} or null
                    (a box on a further picture of the case has "picture", 1 for the second, and is in fractions of it)
dataset, key, scenario, category, split, sha256, revision, author, note   the case and its newest annotation
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from m3ad.errors import BadData
from m3ad.formats.base import (
    AnnotatedPicture,
    Carries,
    Entry,
    Format,
    Unused,
    found_verdict,
    number,
    read_defect,
    read_type,
)
from m3ad.formats.origins import origin_of
from m3ad.formats.pictures import Frame, find_picture, frame, safe_name
from m3ad.formats.reading import LARGEST_FILE, annotation_files, attempt, json_object, list_in, object_in, root_of
from m3ad.formats.sink import Sink
from m3ad.geometry import Box
from m3ad.records import Defect
from m3ad.remote.buckets import key_path
from m3ad.remote.paths import RemotePath

FILE = "annotations.jsonl"


def read_jsonl(place: Path, unused: Unused) -> Iterator[Entry]:
    """The pictures of a file."""
    files = annotation_files(place, FILE, "*.jsonl")
    root = root_of(place)
    return (
        attempt(f"line {number}", _picture, line, number, root, unused)
        for file in files
        for number, line in _lines(file)
    )


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with file.open(encoding="utf-8-sig") as lines:
            place = 0
            while line := lines.readline(LARGEST_FILE):
                place += 1
                if not line.endswith("\n") and len(line) >= LARGEST_FILE:
                    raise BadData(f"Line {place} of {file.name} is longer than {LARGEST_FILE // 2**20} MB.")
                if line.strip():
                    yield place, line
    except (UnicodeDecodeError, OSError) as error:
        raise BadData(f"{file.name} cannot be read as text in UTF-8 ({str(error)[:80]}).") from error


def _picture(line: str, place: int, root: Path, unused: Unused) -> AnnotatedPicture:
    data = json_object(line, f"line {place}")
    url = data.get("url") or ""
    name = safe_name(data.get("picture") or _name_in(url))
    picture = find_picture(name, root)
    url = "" if picture else url
    width, height = data.get("width"), data.get("height")
    seen = Frame(0, 0) if url and not (width or height) else frame(width, height, picture)
    verdict = None
    if data.get("verdict") is not None:
        said = object_in(data["verdict"], "its verdict")
        anomalous = said.get("anomalous")
        if not isinstance(anomalous, bool):
            raise BadData("its verdict does not say whether it is anomalous: true or false")
        defects = [_defect(object_in(one, "a defect"), seen, unused) for one in list_in(said, "defects")]
        verdict = found_verdict(defects, normal=not anomalous)
    return AnnotatedPicture(name, *seen.upright, verdict, picture, origin_of(data), url)


def _name_in(url: Any) -> str:
    """`folder/name` of an address. Raises BadData for what is none."""
    if url and not isinstance(url, str):
        raise BadData("its url is no text")
    return "/".join(key_path(url).parts[2:]) if url else ""


def _defect(one: dict[str, Any], seen: Frame, unused: Unused) -> Defect:
    if one.get("box") is None:
        return Defect(read_type(one.get("type")))
    edges = [number(value, "box") for value in list_in(one, "box")]
    if len(edges) != 4:
        raise BadData("it has a box that is not [x1, y1, x2, y2]")
    picture = one.get("picture", 0)
    if not isinstance(picture, int) or isinstance(picture, bool) or picture < 0:
        raise BadData("it has a box whose picture is no number from 0")
    if picture:  # the size in the file is that of the primary picture, and says nothing of how this one is turned
        return replace(read_defect(one.get("type"), Box(*edges), unused), picture=picture)
    return read_defect(one.get("type"), seen.turned(Box(*edges)), unused)


def write_jsonl(pictures: Iterable[AnnotatedPicture], sink: Sink) -> None:
    """`annotations.jsonl`."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch, FILE)
        with path.open("w", encoding="utf-8") as file:
            for one in pictures:
                origin = {k: v for k, v in asdict(one.origin).items() if k != "verdict"} if one.origin else {}
                verdict = one.verdict.to_json() if one.verdict else None
                url = {"url": str(one.picture)} if isinstance(one.picture, RemotePath) else {}
                size = {"width": one.width, "height": one.height}
                row = {"picture": one.name, **url, **size, "verdict": verdict, **origin}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        sink.put(FILE, path)


_CARRIES = Carries(unplaced=True, bare=True, remarks=True, further=True)
JSONL = Format("M3-AD JSON Lines", "images", _CARRIES, read_jsonl, write_jsonl)
