"""The cache of files from elsewhere: bounded, the longest unused first, whole files only, shared by programs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from m3ad.remote.cache import IN_USE, LEFT_OVER, FileCache

ROOT = Path(__file__).resolve().parents[3]


def content(number: int, size: int = 1000) -> bytes:
    return bytes([number]) * size


def filling(data: bytes) -> Callable[[Path], None]:
    def fill(path: Path) -> None:
        path.write_bytes(data)

    return fill


def add(cache: FileCache, number: int, unused: float = 0.0) -> tuple[str, Path]:
    """Add a file that was last used so many seconds ago."""
    sha256, path = cache.add(filling(content(number)), ".png")
    os.utime(path, (time.time() - unused,) * 2)
    return sha256, path


def test_what_was_added_is_found_by_its_content(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache", 10_000)
    assert cache.find("0" * 64, ".png") is None
    sha256, path = cache.add(filling(b"picture"), ".png")
    assert sha256 == hashlib.sha256(b"picture").hexdigest()
    assert cache.find(sha256, ".png") == path
    assert FileCache(tmp_path / "cache", 10_000).find(sha256, ".png") == path
    assert path.read_bytes() == b"picture"


def test_the_file_used_longest_ago_makes_room(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 5_000)
    added = [add(cache, number, 2 * IN_USE + 10 - number) for number in range(5)]
    assert cache.find(added[0][0], ".png")  # asked for: now it is the youngest
    add(cache, 9)
    assert [cache.find(sha256, ".png") is not None for sha256, _ in added] == [True, False, False, True, True]
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 5_000


def test_a_file_that_was_just_asked_for_stays_even_where_that_is_over_the_bound(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 2_000)
    added = [add(cache, number) for number in range(5)]
    assert all(cache.find(sha256, ".png") for sha256, _ in added)


def test_a_file_that_is_open_when_it_makes_room_is_read_to_its_end(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 1_500)
    sha256, path = add(cache, 1, 2 * IN_USE)
    with path.open("rb") as file:
        head = file.read(10)
        add(cache, 2)
        assert cache.find(sha256, ".png") is None
        assert head + file.read() == content(1)


def test_what_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)

    def fails(path: Path) -> None:
        path.write_bytes(b"half a pic")
        raise OSError("the line went dead")

    with pytest.raises(OSError, match="line went dead"):
        cache.add(fails, ".png")
    assert list(tmp_path.rglob("*")) == []


def test_what_a_killed_program_left_is_cleared_away(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)
    old, young = tmp_path / ".incoming-old", tmp_path / ".incoming-young"
    for path in (old, young):
        path.write_bytes(b"half a pic")
    os.utime(old, (time.time() - 2 * LEFT_OVER,) * 2)
    add(cache, 1)
    assert (old.exists(), young.exists()) == (False, True)


def test_threads_may_add_the_same_file(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 100_000)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: cache.add(filling(content(number % 3)), ".png"), range(48)))
    assert len({path for _, path in found}) == 3
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3


WORKER = """
import hashlib, random, sys
from pathlib import Path
from m3ad.remote import cache
cache.IN_USE = 0.0  # whatever is not open may go at any moment
held = cache.FileCache(Path(sys.argv[1]), 20_000)
rng = random.Random(sys.argv[2])
for _ in range(400):
    data = bytes([rng.randrange(60)]) * 1000
    sha256, _ = held.add(lambda path: path.write_bytes(data), ".png")
    if (path := held.find(sha256, ".png")) is not None:
        try:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        except FileNotFoundError:
            pass
"""


def test_programs_share_a_cache_without_a_lock(tmp_path: Path) -> None:
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path), str(n)], cwd=ROOT) for n in range(3)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem for path in files)
    assert sum(path.stat().st_size for path in files) <= 20_000 * 1.2  # each counts again after a twentieth
