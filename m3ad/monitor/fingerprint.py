"""A fingerprint of a model's files: the same model has the same one anywhere, another model under its name another.

Small files are read whole, large ones in part: their headers and pieces all over them, which no training leaves as
they were. No torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from m3ad.errors import ModelUnavailable
from m3ad.monitor.folders import HEADER_LIMIT, adapter_base, is_adapter
from m3ad.monitor.names import resolve

WHOLE_BYTES = 64 * 1024 * 1024  # up to this size every byte of a file counts
PIECES, PIECE_BYTES = 64, 64 * 1024
FILES = ("*.safetensors", "*.json", "*.jinja")  # weights, settings, tokenizer, processor, chat template


def fingerprint(folder: Path) -> str:
    """64 hexadecimal digits over names, sizes and content of all files that decide what a model answers.

    Raises:
        ModelUnavailable: a file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for file in sorted(path for pattern in FILES for path in folder.glob(pattern)):
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
            for piece in _pieces(file):
                digest.update(piece)
    except OSError as error:
        raise ModelUnavailable(f"The model in {folder} cannot be read ({error}). Copy its folder again.") from error
    return digest.hexdigest()


def fingerprints(folder: Path, base: Path) -> str:
    """`Monitor.weights` of the model in a folder: an adapter's has its base's too. Raises as `fingerprint`."""
    return " ".join(fingerprint(each) for each in dict.fromkeys((folder, base)))


def weights_of(source: str) -> str:
    """`Monitor.weights` of a model that is not loaded, whose files are here or can be downloaded.

    Raises ModelUnavailable.
    """
    from m3ad.monitor.local_load import local_folder

    folder = local_folder(resolve(source))
    return fingerprints(folder, local_folder(resolve(adapter_base(folder))) if is_adapter(folder) else folder)


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of the same files: changes with nearly every change of them, and reads none."""
    found = sorted((path, path.stat()) for pattern in FILES for path in folder.glob(pattern) if path.is_file())
    return tuple((path.name, about.st_size, about.st_mtime_ns) for path, about in found)


def _pieces(file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        if size <= WHOLE_BYTES:
            yield stream.read()
            return
        yield stream.read(min(int.from_bytes(stream.read(8), "little"), HEADER_LIMIT))
        for number in range(PIECES):
            stream.seek((size - PIECE_BYTES) * number // (PIECES - 1))
            yield stream.read(PIECE_BYTES)
