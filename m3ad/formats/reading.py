"""Finding and opening the files of a format: limits on what is read at once, and errors as sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from m3ad.datasets.account import Refused
from m3ad.errors import BadData, BadImage
from m3ad.formats.base import AnnotatedPicture, Entry

LARGEST_FILE = 64 * 2**20  # bytes of a file that is read whole (LabelMe puts pictures into its files)
DEEPEST = 64  # brackets inside one another


def annotation_files(place: Path, *patterns: str) -> list[Path]:
    """`place` itself when it is a file, else what one of the patterns finds there, the first that finds anything.

    Raises BadData when there is nothing.
    """
    if place.is_file():
        return [place]
    for pattern in patterns:
        if found := sorted(path for path in place.glob(pattern) if path.is_file()):
            return found
    raise BadData(f"{place.name} has no annotations in this format: looked for {', '.join(patterns)} in it.")


def root_of(place: Path) -> Path:
    """The folder of the data set: `place` itself, or where a file lies (COCO's lie in a folder `annotations` of it)."""
    if place.is_dir():
        return place
    return place.parent.parent if place.parent.name == "annotations" else place.parent


def attempt(name: object, read: Callable[..., AnnotatedPicture], *arguments: Any) -> Entry:
    """What `read` makes of its arguments, or its refusal under `name`."""
    try:
        return read(*arguments)
    except (BadData, BadImage) as error:
        return Refused(str(name)[:200], str(error))


def small_text(path: Path) -> str:
    """A file that is read whole. Raises BadData when it is too large, or no text."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadData(f"{path.name} is larger than {LARGEST_FILE // 2**20} MB, too much for one picture's file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadData(f"{path.name} is not text in UTF-8") from error
    except OSError as error:
        raise BadData(f"{path.name} cannot be read: {error.strerror}") from error


def json_object(text: str, name: str) -> dict[str, Any]:
    """A JSON object. Raises BadData for anything else."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadData(f"{name} is not JSON ({str(error)[:80]})") from error
    return object_in(data, name)


def object_in(data: Any, what: str) -> dict[str, Any]:
    """`data` where it is an object. Raises BadData."""
    if not isinstance(data, dict):
        raise BadData(f"{what} is not what this format has there: an object with fields")
    return data


def list_in(data: dict[str, Any], key: str) -> list[Any]:
    """The list under a key, empty where there is none. Raises BadData."""
    found = data.get(key)
    if found is not None and not isinstance(found, list):
        raise BadData(f"its {key} is not a list")
    return found or []


def json_items(path: Path, prefix: str) -> Iterator[Any]:
    """What lies at a place of a large JSON file (`ijson`'s prefix), one after another. Raises BadData.

    The file must have passed `require_shallow`.
    """
    with _opened(path) as file:
        try:
            yield from ijson.items(file, prefix, use_float=True)
        except (ijson.JSONError, ValueError, OverflowError) as error:
            raise _no_json(path, error) from error


def require_shallow(path: Path) -> None:
    """Raises BadData for a large JSON file whose brackets are nested without end: reading it would take all memory."""
    depth = 0
    with _opened(path) as file:
        try:
            for event, _ in ijson.basic_parse(file, use_float=True):
                depth += event.startswith("start") - event.startswith("end_")
                if depth > DEEPEST:
                    raise BadData(f"{path.name} is nested more than {DEEPEST} deep, which no annotation file is.")
        except (ijson.JSONError, ValueError, OverflowError) as error:
            raise _no_json(path, error) from error


def _no_json(path: Path, error: Exception) -> BadData:
    return BadData(f"{path.name} is not JSON, or cut off ({str(error)[:80]!r}). Export it again.")


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BadData(f"{path.name} cannot be read: {error.strerror}.") from error
