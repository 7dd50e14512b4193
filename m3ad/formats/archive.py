"""ZIP archives from anybody, unpacked without tricks: names stay inside, no links, limits on count and size."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path

from m3ad.errors import BadData
from m3ad.formats.pictures import safe_name

MOST_FILES = 500_000
MOST_BYTES = 64 * 2**30
LARGEST_RATIO = 1000  # deflate cannot do better than 1032; real annotations stay below 100
_FREE_RATIO = 2**24  # bytes a file may have whatever its ratio: empty masks compress very well
_CHUNK = 2**20


def unpack(archive: Path, target: Path, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> None:
    """Unpack a ZIP file into the new folder `target`.

    What the archive says of itself is checked first, what comes out of it is counted again. Raises BadData, and leaves
    `target` as far as it got: the caller removes it.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _require_modest(members, archive.stat().st_size, most_files, most_bytes)
            names = [_name(member) for member in members]
            left = most_bytes
            for member, name in zip(members, names, strict=True):
                if not member.is_dir():
                    left -= _unpack_one(opened, member, target / name, left)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BadData(f"{archive.name} is no ZIP archive that can be read ({error}). Pack it again.") from error
    except OSError as error:
        raise BadData(f"{archive.name} cannot be unpacked: {error.strerror or error}.") from error


def _require_modest(members: list[zipfile.ZipInfo], size: int, most_files: int, most_bytes: int) -> None:
    if len(members) > most_files:
        raise BadData(f"The archive holds more than {most_files:,} files. Unpack it and give the folder.")
    total = sum(member.file_size for member in members)
    if total > most_bytes:
        raise BadData(f"The archive holds more than {most_bytes // 2**20:,} MB. Unpack it and give the folder.")
    if total > max(_FREE_RATIO, size * LARGEST_RATIO):  # also files that share their bytes
        raise BadData("The archive swells more than any data set does: it is not unpacked.")


def _name(member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadData(f"The archive holds a link or device ({member.filename[:100]!r}): pack the files themselves.")
    try:
        return safe_name(member.filename)
    except BadData as error:
        raise BadData(f"The archive holds a file whose name leads out of it: {member.filename[:100]!r}.") from error


def _unpack_one(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """The bytes written; never more than `left`, nor more than the archive said."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(member) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > min(left, member.file_size):
                raise BadData("The archive holds more than it says: it is not unpacked.")
            file.write(chunk)
    return written
