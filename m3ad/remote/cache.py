"""Files from elsewhere, kept here under the hash of their content; those used longest ago make room for new ones.

fsspec's own file caches have no bound on their size, and two programs that write one overwrite each other's index. Here
the folder is all there is to know: a file's name says what is in it, its time says when it was last used. So any number
of programs and threads may share it without a lock: each writes beside and renames, and a file that another one has
just removed is fetched again. A file that is open when it is removed can still be read to its end.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

IN_USE = 60.0  # seconds for which a file that was asked for is not removed: its path may not have been opened yet
ROOM = 0.9  # of the bound is what is left after making room, so that not every new file has to
RECOUNT = 0.05  # of the bound may be written before the folder is counted again: others write into it too
LEFT_OVER = 3600.0  # seconds after which a half-written file is one of a killed program


class FileCache:
    """A folder of files by SHA-256, of about `bound` bytes at most; nothing is written before the first `add`."""

    def __init__(self, folder: Path, bound: int) -> None:
        self.folder = folder
        self.bound = bound
        self._lock = threading.Lock()
        self._written = bound  # since the folder was counted; so much that the first file has it counted
        self._counted = 0

    def find(self, sha256: str, suffix: str) -> Path | None:
        """The file with this content, which counts as used now; None when it is not here."""
        file = self._place(sha256, suffix)
        try:
            os.utime(file)
        except FileNotFoundError:
            return None
        return file

    def add(self, fill: Callable[[Path], None], suffix: str) -> tuple[str, Path]:
        """(SHA-256, file) of what `fill(path)` writes: there as a whole, or not at all. Raises what `fill` raises."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".incoming-")
        os.close(handle)
        try:
            fill(Path(draft))
            with open(draft, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            size = os.path.getsize(draft)
            kept = self._place(sha256, suffix)
            kept.parent.mkdir(exist_ok=True)
            os.replace(draft, kept)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        self._make_room(size)
        return sha256, kept

    def _place(self, sha256: str, suffix: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}{suffix}"

    def _make_room(self, size: int) -> None:
        with self._lock:
            self._written += size
            if self._counted + self._written <= self.bound and self._written <= self.bound * RECOUNT:
                return
            self._counted, self._written = self._evict(), 0

    def _evict(self) -> int:
        """Remove the files used longest ago where there are too many; the bytes that are left."""
        now = time.time()
        files = _with_facts(self.folder.glob("*/*"))
        total = sum(facts.st_size for facts, _ in files)
        if total > self.bound:
            for facts, path in sorted(files, key=lambda one: one[0].st_mtime):
                if total <= self.bound * ROOM or facts.st_mtime > now - IN_USE:
                    break
                path.unlink(missing_ok=True)
                total -= facts.st_size
        for facts, draft in _with_facts(self.folder.glob(".incoming-*")):
            if facts.st_mtime < now - LEFT_OVER:
                draft.unlink(missing_ok=True)
        return total


def _with_facts(paths: Iterable[Path]) -> list[tuple[os.stat_result, Path]]:
    """The files that are there; another program may have removed one meanwhile."""
    found = []
    for path in paths:
        with suppress(FileNotFoundError):
            found.append((path.stat(), path))
    return found
