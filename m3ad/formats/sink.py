"""Where an export goes: a new folder or a new ZIP file, complete or not there at all."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from m3ad.errors import ExportError

STORED = {".jpg", ".jpeg", ".png", ".webp", ".gif"}  # compressed already


class Sink(Protocol):
    """Takes files one by one."""

    def put(self, name: str, data: bytes | Path) -> None:
        """A file by its path inside the export ("images/a.png"): its bytes, or a file to copy them from."""


class FolderSink:
    """Writes into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes | Path) -> None:
        """See `Sink`."""
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Path):
            shutil.copyfile(data, target)
        else:
            target.write_bytes(data)


class ZipSink:
    """Writes into an open ZIP file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def put(self, name: str, data: bytes | Path) -> None:
        """See `Sink`. Times are left out: the same content gives the same file."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_STORED if Path(name).suffix.lower() in STORED else zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        if isinstance(data, bytes):
            self._archive.writestr(info, data)
            return
        info.file_size = data.stat().st_size  # so that files over 4 GB get the header they need
        with data.open("rb") as source, self._archive.open(info, "w") as target:
            shutil.copyfileobj(source, target, 2**20)


@contextmanager
def pack(target: Path) -> Iterator[Sink]:
    """A sink for the new ZIP file `target`, or for the new folder where its name does not end in .zip.

    Raises ExportError when it is there already or cannot be written; what failed or was killed leaves no `target`.
    """
    target = Path(os.path.abspath(target))
    if os.path.lexists(target):
        raise ExportError(f"{target} is there already: choose another name or remove it first.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as draft:
            made = Path(draft) / target.name
            if target.suffix.lower() == ".zip":
                with zipfile.ZipFile(made, "x") as archive:
                    yield ZipSink(archive)
            else:
                made.mkdir()
                yield FolderSink(made)
            made.rename(target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror or error}. Choose another place.") from error
