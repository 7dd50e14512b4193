"""Where a store's pictures lie: in the workspace, elsewhere on this machine, or in a bucket; and keeping new ones."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from m3ad.errors import BadData
from m3ad.records import Picture
from m3ad.remote.buckets import Buckets, is_remote, key_path
from m3ad.remote.cache import FileCache
from m3ad.remote.paths import RemotePath

GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Remote:
    """What an admin says of buckets when the app starts.

    Attributes:
        places: addresses of folders that may be read; nothing else is.
        cache: gigabytes of fetched files that are kept in the workspace.
        keep: the address of a folder for the pictures that would be copied into the workspace; read like `places`.
    """

    places: tuple[str, ...] = ()
    cache: int = 20
    keep: str | None = None


LOCAL = Remote()


class Places:
    """The places of one store's pictures. A place is text: relative to the workspace, absolute, or an address."""

    def __init__(self, workspace: Path, remote: Remote) -> None:
        """Raises BadData for an address that is none, Conflict without the storage library."""
        if remote.cache < 1:
            raise BadData(f"--remote-cache is {remote.cache} gigabytes: at least 1 is needed to show a picture.")
        self.workspace = workspace
        self._keep = remote.keep.rstrip("/") if remote.keep else None
        cache = FileCache(workspace / "cache" / "remote", remote.cache * GIGABYTE)
        self.buckets = Buckets((*remote.places, *([self._keep] if self._keep else [])), cache)

    def given(self, text: str) -> Path:
        """The place that a person names, as it is now. Raises BadData for an address that may not be read."""
        if not is_remote(text):
            return Path(text)
        self.buckets.look_again()
        return self.buckets.at(text)

    def path(self, place: str, sha256: str | None = None) -> Path:
        """The path of a stored place; a file in a bucket is fetched, and compared with its hash, when it is opened."""
        if not is_remote(place):
            return self.workspace / place
        found = self.buckets.path(key_path(place))
        found.sha256 = sha256
        return found

    def keep(self, data: bytes, name: str) -> str:
        """Keep a picture under `images/`, in the workspace or in the bucket for it; the place. Raises BadImage."""
        place = f"images/{name}"
        if self._keep is None:
            write_whole(data, self.workspace / place)
            return place
        address = f"{self._keep}/{place}"
        self.buckets.put(self.buckets.at(address), data)
        return address

    def held(self, picture: Picture) -> Path:
        """A file that stays, for what reads it much later: the picture, or a copy of what lies in a bucket.

        Raises BadImage.
        """
        if not isinstance(picture.path, RemotePath):
            return picture.path.resolve()
        target = self.workspace / "held" / picture.sha256[:2] / f"{picture.sha256}{picture.path.suffix.lower()}"
        if not target.exists():
            write_whole(picture.path.read_bytes(), target)
        return target


def write_whole(data: bytes, target: Path) -> None:
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
