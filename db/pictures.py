"""Picture files: their facts, their copies in the workspace, and finding them again. Knows no tables but its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.places import Places
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
    """A picture that was opened and measured. `path` is a place as `db.places` has it.

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


def measure(path: Path, places: Places, *, copy: bool) -> PictureFile:
    """Open a picture fully, and copy it to where the store keeps its own where asked. Raises BadImage.

    Of a WAV file the picture is its spectrogram, which is always kept by the store; raises BadData.
    """
    if is_sound(path):
        return _heard(path, places)
    image, facts = load_image(path)
    place = str(path.resolve())
    if copy:
        name = f"{facts.sha256[:2]}/{facts.sha256}{SUFFIXES[facts.format]}"
        place = places.keep(_unchanged(path, facts.sha256), name)
    return PictureFile(place, facts.sha256, _pixels(image), perceptual_hash(image), facts.width, facts.height)


def _heard(path: Path, places: Places) -> PictureFile:
    """The spectrogram of a sound. No perceptual hash: what counts as near was measured on photographs."""
    data = spectrogram(path)
    image, facts = load_image(data)
    place = places.keep(data, f"{facts.sha256[:2]}/{facts.sha256}-spectrogram.png")
    return PictureFile(place, facts.sha256, _pixels(image), "", facts.width, facts.height)


def _pixels(image: Image.Image) -> str:
    return hashlib.sha256(f"{image.width}x{image.height}:".encode() + image.tobytes()).hexdigest()


def _unchanged(source: Path, sha256: str) -> bytes:
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadImage(f"{source.name} changed while it was being imported. Import it again.")
    return data


def file_hash(path: Path) -> str:
    """SHA-256 of a picture file's bytes, of a WAV file's spectrogram; BadImage or BadData when it cannot be read."""
    if is_sound(path):
        return hashlib.sha256(spectrogram(path)).hexdigest()
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadImage(f"{path.name} cannot be read: {error.strerror}.") from error


def to_picture(row: Any, places: Places) -> Picture:
    """The record of a row; its path is absolute, and may lead into a bucket."""
    return Picture(row.id, places.path(row.path, row.sha256), row.sha256, row.width, row.height, row.role)


def picture(session: Session, places: Places, picture_id: int) -> Picture:
    """A picture whose file is there; NotFound when the store does not know it or the file is gone.

    Of one in a bucket only opening it tells.
    """
    row = session.get(PictureTable, picture_id)
    if row is None:
        raise NotFound(f"The store has no picture {picture_id}.")
    found = to_picture(row, places)
    if not found.path.is_file():
        raise NotFound(
            f"The file of picture {picture_id} is gone: {found.path}. Put it back, or import its data set again from "
            "where it is now: the store then follows it."
        )
    return found


def pictures_of(session: Session, places: Places, case_ids: Iterable[int]) -> dict[int, list[Picture]]:
    """The pictures of each case, primary first, in one query per 10,000 cases."""
    ids = list(case_ids)
    found: dict[int, list[Picture]] = {}
    for start in range(0, len(ids), 10_000):
        for row in session.execute(_OF_CASES, {"ids": ids[start : start + 10_000]}):
            found.setdefault(row.case_id, []).append(to_picture(row, places))
    return found
