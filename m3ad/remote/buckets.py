"""The buckets that the app may read: which addresses are allowed, what lies there, and fetching it into the cache.

Only places that an admin named when the app was started are ever asked: an address in an imported file cannot make this
machine call another one. Who we are to the server is the storage library's business (environment, profile, role of the
machine): no address holds a password, and what a server says in an error is not repeated.
"""

from __future__ import annotations

import errno
import importlib.util
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from m3ad.errors import BadData, BadImage, Conflict
from m3ad.remote.cache import FileCache

if TYPE_CHECKING:
    from m3ad.remote.paths import RemotePath

SCHEME = "s3://"
LISTED_FOR = 60.0  # seconds for which a listing is believed
LONGEST_KEY = 1024
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Waiting for a server that is away holds up a person: seconds, and how often the client itself tries again.
_CLIENT = {"connect_timeout": 5, "read_timeout": 60, "retries": {"max_attempts": 1}}


def is_remote(place: str) -> bool:
    """True for the address of something in a bucket; anything else is a path of this machine."""
    return place.startswith(SCHEME)


def key_path(url: str) -> PurePosixPath:
    """`/bucket/folder/name` of an address. Raises BadData for one that is none, or that leads somewhere else."""
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    parts = key.removesuffix("/").split("/") if key else []
    if not is_remote(url) or not _BUCKET.fullmatch(bucket):
        raise BadData(f"{shown(url)} is no address of a bucket. Write s3://bucket/folder, without user or password.")
    if len(key) > LONGEST_KEY or "\0" in key or any(part in ("", ".", "..") for part in parts):
        raise BadData(f"{shown(url)} cannot be used as an address: it is too long, or has empty parts, '.' or '..'.")
    return PurePosixPath("/", bucket, *parts)


def shown(url: str) -> str:
    """The address as it may be shown: what stands before an @ in its first part could be a password."""
    scheme, found, rest = url[:200].partition("://")
    host, slash, key = rest.partition("/")
    return f"{scheme}{found}{host.rpartition('@')[2]}{slash}{key}"


class Buckets:
    """The places that may be read.

    Attributes:
        cache: where files that were fetched are kept.
        path: the class of paths of these buckets; `buckets.path("/bucket/folder")` makes one.
    """

    def __init__(self, places: tuple[str, ...], cache: FileCache) -> None:
        """Nothing is asked of a server yet. Raises BadData for a bad address, Conflict without the storage library."""
        from m3ad.remote.paths import RemotePath

        self.cache = cache
        self._places = tuple(key_path(place) for place in places)
        if places and importlib.util.find_spec("s3fs") is None:
            raise Conflict("Buckets cannot be read: s3fs is not installed. Install it with `uv sync --extra remote`.")
        self.path: type[RemotePath] = type("BucketPath", (RemotePath,), {"buckets": self})
        # One download of a file at a time: the page asks for a picture in several sizes at once.
        self._turns = [threading.Lock() for _ in range(64)]

    def at(self, url: str) -> RemotePath:
        """The path of an address that a person or a file gave. Raises BadData unless it may be read."""
        path = self.path(key_path(url))
        if not self._allows(path):
            raise BadData(self._forbidden(path))
        return path

    def fetch(self, path: RemotePath) -> Path:
        """The file, here; from the server where the cache does not have it. Raises BadImage."""
        if not self._allows(path):
            raise BadImage(self._forbidden(path))
        wanted, suffix = path.sha256, path.suffix.lower()
        if wanted and (here := self.cache.find(wanted, suffix)):
            return here
        with self._turns[hash(path) % len(self._turns)]:
            if wanted and (here := self.cache.find(wanted, suffix)):
                return here
            with self._asking(path):
                sha256, kept = self.cache.add(lambda draft: self._files.get_file(_key(path), str(draft)), suffix)
        if wanted and sha256 != wanted:
            raise BadImage(
                f"{path} was changed after it was imported: what lies there now is another picture. Put the old one "
                "back, or import the new one under another data set name."
            )
        path.sha256 = sha256
        return kept

    def kind(self, path: RemotePath) -> str | None:
        """ "file" or "directory"; None where there is nothing, or nothing that may be read. Raises BadImage."""
        if not self._allows(path):
            return None
        with self._asking(path):
            try:
                return str(self._files.info(_key(path))["type"])
            except FileNotFoundError:
                return None

    def names(self, path: RemotePath) -> list[str]:
        """The names of what lies in a folder, sorted; none where it is not there. Raises BadImage."""
        if not self._allows(path):
            return []
        with self._asking(path):
            try:
                found = self._files.ls(_key(path), detail=False)
            except FileNotFoundError:
                return []
        inside = _key(path) + "/"
        names = {name.removeprefix(inside).rstrip("/") for name in found if name.startswith(inside)}
        return sorted(name for name in names if name not in ("", ".", "..") and "/" not in name)

    def put(self, path: RemotePath, data: bytes) -> None:
        """Write an object that was not there: whole, or not at all. Raises BadImage."""
        with self._asking(path):
            if not self._files.exists(_key(path)):
                self._files.pipe_file(_key(path), data)

    def look_again(self) -> None:
        """Forget listings: what was put there meanwhile is seen."""
        self._files.invalidate_cache()

    def _allows(self, path: RemotePath) -> bool:
        return any(PurePosixPath(place) in (key := _pure(path), *key.parents) for place in self._places)

    def _forbidden(self, path: RemotePath) -> str:
        return (
            f"{path} is not in a place that this app may read, so it was not asked for. An admin names such places "
            "when the app is started (--remote)."
        )

    @cached_property
    def _files(self) -> Any:
        from s3fs import S3FileSystem

        return S3FileSystem(skip_instance_cache=True, listings_expiry_time=LISTED_FOR, config_kwargs=_CLIENT)

    @contextmanager
    def _asking(self, path: RemotePath) -> Iterator[None]:
        """Errors of the storage library as a sentence."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except FileNotFoundError as error:
            raise BadImage(f"{path} is not there any more. Put it back, or import it from where it is now.") from error
        except PermissionError as error:
            raise BadImage(
                f"{path} may not be read with this machine's credentials. Ask who runs the bucket."
            ) from error
        except (OSError, BotoCoreError, ClientError) as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise BadImage(f"{path} cannot be kept here: the disk is full. Make room, and try again.") from error
            raise BadImage(
                f"{path} cannot be read now ({type(error).__name__}). Check that its server is up and can be reached "
                "from here, and try again."
            ) from error


def _pure(path: RemotePath) -> PurePosixPath:
    return PurePosixPath(path.as_key())


def _key(path: RemotePath) -> str:
    """`bucket/folder/name`, as fsspec names it."""
    return path.as_key().removeprefix("/")
