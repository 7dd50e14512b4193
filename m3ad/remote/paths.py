"""A path into a bucket that readers walk like a folder: names are listed, and a file is fetched when it is opened.

It is a `Path`, so whatever opens pictures and annotations of this machine opens these too. To the operating system it
is the file in the cache: `os.fspath` fetches it. Reading only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PosixPath, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self

from m3ad.remote.buckets import SCHEME

if TYPE_CHECKING:
    from m3ad.remote.buckets import Buckets

_TRIES = 3  # to open a file that makes room for others between being found and being opened


class RemotePath(PosixPath):
    """`/bucket/folder/name` in `buckets`; `Buckets.path` is the class to make one with.

    Attributes:
        sha256: of the content, where it is known: from the store, or once the file was fetched.
    """

    buckets: ClassVar[Buckets]
    sha256: str | None = None

    def as_key(self) -> str:
        """`/bucket/folder/name`."""
        return super().__str__()

    def __str__(self) -> str:
        """The address; of a relative path, the path."""
        key = self.as_key()
        return f"{SCHEME}{key[1:]}" if key.startswith("/") else key

    def __fspath__(self) -> str:
        """The path of the file in the cache, fetched if need be. Raises BadImage."""
        return os.fspath(self.buckets.fetch(self)) if self.is_absolute() else str(self)

    def open(self, mode: str = "r", *rest: Any, **named: Any) -> IO[Any]:  # type: ignore[override]
        """As `Path.open`, for reading."""
        if set(mode) & set("wax+"):
            raise PermissionError(f"{self} is only read.")
        for _ in range(_TRIES - 1):
            try:
                return open(self, mode, *rest, **named)
            except FileNotFoundError:  # it made room for another one just now
                continue
        return open(self, mode, *rest, **named)

    def resolve(self, strict: bool = False) -> Self:
        """Itself: there are no links."""
        return self

    def expanduser(self) -> Self:
        """Itself."""
        return self

    def is_file(self) -> bool:
        """Whether it is a file; a picture of the store is taken to be there, opening it tells. Raises BadImage."""
        return self.sha256 is not None or self.buckets.kind(self) == "file"

    def is_dir(self) -> bool:
        """Whether it is a folder, which in a bucket is what names begin with. Raises BadImage."""
        return self.sha256 is None and self.buckets.kind(self) == "directory"

    def is_symlink(self) -> bool:
        """There are none."""
        return False

    def exists(self) -> bool:
        """Whether anything is there. Raises BadImage."""
        return self.sha256 is not None or self.buckets.kind(self) is not None

    def iterdir(self) -> Iterator[Self]:  # type: ignore[override]
        """What lies in it, by name. Raises BadImage."""
        yield from (self / name for name in self.buckets.names(self))

    def glob(self, pattern: str) -> Iterator[Self]:  # type: ignore[override]
        """What matches, in the order of names: `*`, `?`, `[...]`, and `**` for any number of folders."""
        yield from _matching(self, PurePosixPath(pattern).parts)


def _matching(folder: Any, parts: tuple[str, ...]) -> Iterator[Any]:
    first, *rest = parts
    if first == "**":
        yield from _matching(folder, tuple(rest)) if rest else (folder,)
        for inner in folder.iterdir():
            if inner.is_dir():
                yield from _matching(inner, parts)
        return
    for found in folder.iterdir():
        if fnmatchcase(found.name, first):
            if not rest:
                yield found
            elif found.is_dir():
                yield from _matching(found, tuple(rest))
