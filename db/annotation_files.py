"""Annotations from a folder, a file or a ZIP archive into the store: what the page and the command line call."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from db.annotation_cases import Into
from db.annotation_import import import_annotations
from m3ad.datasets.account import Account
from m3ad.errors import BadData
from m3ad.formats import read_format
from m3ad.formats.archive import unpack
from m3ad.formats.base import Entry, Unused

if TYPE_CHECKING:
    from db.store import Store


def import_place(
    store: Store,
    place: Path,
    into: Into,
    progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Account:
    """Import the annotations that lie there; what was taken by the time it is cancelled or fails stays.

    A ZIP archive is unpacked into the workspace, and removed from there afterwards: its pictures are always copied.

    Raises BadData for what is not there or not in the format.
    """
    if not place.exists():
        raise BadData(f"{place} is not there on the machine that runs the app. Check the path.")
    unused: Unused = Counter()
    if place.is_file() and place.suffix.lower() == ".zip":
        into = replace(into, copy=True)
        with _unpacked(place, store.workspace) as folder:
            return import_annotations(store, _until(cancelled, into.format, folder, unused), into, unused, progress)
    return import_annotations(store, _until(cancelled, into.format, place, unused), into, unused, progress)


def _until(cancelled: Callable[[], bool], format: str, place: Path, unused: Unused) -> Iterator[Entry]:
    for entry in read_format(format, place, unused):
        if cancelled():
            return
        yield entry


@contextmanager
def _unpacked(archive: Path, workspace: Path) -> Iterator[Path]:
    """What the archive holds, for a while; where it holds one folder and nothing else, that folder."""
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=workspace) as scratch:
        target = Path(scratch, archive.stem)
        target.mkdir()
        unpack(archive, target)
        inner = list(target.iterdir())
        yield inner[0] if len(inner) == 1 and inner[0].is_dir() and inner[0].name != "images" else target
