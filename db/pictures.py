"""Picture files: their facts, their copies in the workspace, and finding them again. Knows no tables but its own."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.schema import PictureTable, table_of
from m3ad.duplicates import perceptual_hash
from m3ad.errors import BadImage, NotFound
from m3ad.images import load_image
from m3ad.records import Picture
from m3ad.spectrogram import spectrogram
from m3ad.wav import is_sound

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "BMP": ".bmp", "TIFF": ".tiff", "WEBP": ".webp", "GIF": ".gif"}
_pictures = table_of(PictureTable)
_OF_CASES = (  # made once: making a statement costs more than running it
    select(*_pictures.c)
    .where(_pictures.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(_pictures.c.case_id, _pictures.c.position)
)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that was opened and measured. `path` is absolute, or relative to the workspace when copied there.

    Attributes:
        sha256: of the file's bytes; of a sound, of its spectrogram's.
        pixels: SHA-256 of size and decoded pixels: the same picture saved again, in another lossless format or with
            other metadata, has the same.
        perceptual: what it looks like, see `m3ad.duplicates`; empty for one even tone.
        width, height: in pixels, after EXIF orientation.
    """

    path: str
    sha256: str
    pixels: str
    perceptual: str
    width: int
    height: int


def measure(path: Path, workspace: Path, *, copy: bool) -> PictureFile:
    """Open a picture fully, and copy it into the workspace where asked. Raises BadImage.

    Of a WAV file the picture is its spectrogram, which is always kept in the workspace; raises BadData.
    """
    if is_sound(path):
        return _heard(path, workspace)
    image, facts = load_image(path)
    place = str(path.resolve())
    if copy:
        place = f"images/{facts.sha256[:2]}/{facts.sha256}{SUFFIXES[facts.format]}"
        _copy(path, workspace / place, facts.sha256)
    return PictureFile(place, facts.sha256, _pixels(image), perceptual_hash(image), facts.width, facts.height)


def _heard(path: Path, workspace: Path) -> PictureFile:
    """The spectrogram of a sound. No perceptual hash: what counts as near was measured on photographs."""
    data = spectrogram(path)
    image, facts = load_image(data)
    place = f"images/{facts.sha256[:2]}/{facts.sha256}-spectrogram.png"
    _write(data, workspace / place)
    return PictureFile(place, facts.sha256, _pixels(image), "", facts.width, facts.height)


def _pixels(image: Image.Image) -> str:
    return hashlib.sha256(f"{image.width}x{image.height}:".encode() + image.tobytes()).hexdigest()


def _copy(source: Path, target: Path, sha256: str) -> None:
    if target.exists():
        return
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadImage(f"{source.name} changed while it was being imported. Import it again.")
    _write(data, target)


def _write(data: bytes, target: Path) -> None:
    """Complete and on the disk, or not there at all: a killed process leaves no half picture under the final name."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk too, where the system lets a folder be opened (Windows does not)."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        os.fsync(handle)
        os.close(handle)


def file_hash(path: Path) -> str:
    """SHA-256 of a picture file's bytes, of a WAV file's spectrogram; BadImage or BadData when it cannot be read."""
    if is_sound(path):
        return hashlib.sha256(spectrogram(path)).hexdigest()
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadImage(f"{path.name} cannot be read: {error.strerror}.") from error


def to_picture(row: Any, workspace: Path) -> Picture:
    """The record of a row; its path is absolute (joining an absolute path to the workspace leaves it as it is)."""
    return Picture(row.id, workspace / row.path, row.sha256, row.width, row.height, row.role)


def picture(session: Session, workspace: Path, picture_id: int) -> Picture:
    """A picture whose file is there; NotFound when the store does not know it or the file is gone."""
    row = session.get(PictureTable, picture_id)
    if row is None:
        raise NotFound(f"The store has no picture {picture_id}.")
    found = to_picture(row, workspace)
    if not found.path.is_file():
        raise NotFound(
            f"The file of picture {picture_id} is gone: {found.path}. Put it back, or import its data set again from "
            "where it is now: the store then follows it."
        )
    return found


def pictures_of(session: Session, workspace: Path, case_ids: Iterable[int]) -> dict[int, list[Picture]]:
    """The pictures of each case, primary first, in one query per 10,000 cases."""
    ids = list(case_ids)
    found: dict[int, list[Picture]] = {}
    for start in range(0, len(ids), 10_000):
        for row in session.execute(_OF_CASES, {"ids": ids[start : start + 10_000]}):
            found.setdefault(row.case_id, []).append(to_picture(row, workspace))
    return found
