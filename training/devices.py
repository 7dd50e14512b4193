"""What a run can train on here, and how much memory that has: the processor, and the cards that NVIDIA's driver names.

Asks `nvidia-smi`, not torch: the page must not load torch, and torch would take memory of each card that it asks about.
A card is called as a process sees it: `cuda:1` is the second one that CUDA_VISIBLE_DEVICES leaves in sight.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from m3ad.errors import RunError

CPU, AUTO = "cpu", "auto"
CLUSTER_CPU, CLUSTER_CARD = "ray:cpu", "ray:cuda"  # of a Ray cluster; placed, its address follows: "ray:cpu@http://…"
CLUSTER = (CLUSTER_CPU, CLUSTER_CARD)
GIB = 2**30
_QUERY = ("--query-gpu=index,uuid,name,memory.total,memory.free", "--format=csv,noheader,nounits")
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Device:
    """Something to train on. `total` and `free` are bytes of its memory, now."""

    name: str
    words: str
    total: int
    free: int


def devices() -> list[Device]:
    """Every card in sight, then the processor."""
    return [*_cards(), _processor()]


def device(name: str) -> Device:
    """One of `devices`. Raises RunError when it is not here."""
    found = {one.name: one for one in devices()}
    if name not in found:
        raise RunError(f"This machine has no device {name}: choose auto or one of {', '.join(found)}.")
    return found[name]


def plain(name: str) -> str:
    """A device without the address of its cluster."""
    return name.partition("@")[0]


def cluster_of(name: str) -> str | None:
    """The address of the Ray cluster that a placed device belongs to; None for one of this machine."""
    return name.partition("@")[2] if name.startswith(CLUSTER) else None


def visible(name: str, processes: int) -> str | None:
    """CUDA_VISIBLE_DEVICES for a run on a card: that one, and the next ones where it has several processes."""
    if not name.startswith("cuda:"):
        return None
    first, given = int(name.removeprefix("cuda:")), os.environ.get("CUDA_VISIBLE_DEVICES")
    seen = given.split(",") if given else [str(number) for number in range(first + processes)]
    return ",".join(seen[first : first + processes])


def _processor() -> Device:
    memory = psutil.virtual_memory()
    limit, used = _number(_CGROUP / "memory.max"), _number(_CGROUP / "memory.current")
    total = min(memory.total, limit) if limit else memory.total
    free = min(memory.available, limit - used) if limit and used else memory.available
    return Device(CPU, f"{os.cpu_count()} processor cores", total, max(0, free))


def _number(file: Path) -> int:
    """A limit of a container; 0 where there is none."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def _cards() -> list[Device]:
    program = shutil.which("nvidia-smi")
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if program is None or given in ("", "-1"):
        return []
    try:
        said = subprocess.run([program, *_QUERY], text=True, capture_output=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []  # a driver that does not answer has no card to train on
    return read_cards(said, given)


def read_cards(said: str, given: str | None) -> list[Device]:
    """The cards that `nvidia-smi` lists, as a process with this CUDA_VISIBLE_DEVICES numbers them (None: all)."""
    rows = [[part.strip() for part in line.split(",")] for line in said.splitlines() if line.count(",") == 4]
    known = {key: row for row in rows for key in row[:2] if row[3].isdigit() and row[4].isdigit()}
    order = [row[0] for row in rows] if given is None else given.split(",")
    in_sight = [known[key.strip()] for key in order if key.strip() in known]
    return [
        Device(f"cuda:{number}", row[2], int(row[3]) * 2**20, int(row[4]) * 2**20)
        for number, row in enumerate(in_sight)
    ]
