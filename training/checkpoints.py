"""Checkpoints one can trust: each is sealed with the hashes of its files, and a run goes on from the newest whole one.

A checkpoint without a seal was being written when its process died, one whose files differ from its seal is corrupt:
both are refused, told in events.jsonl and removed, and the one before is taken. With none left the run begins anew,
which costs time and ends with the same weights. Knows the run folder's files; no torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from m3ad.errors import RunError
from training.run import RunFolder, file_sha256, write_json

SEAL = "manifest.json"
KEPT = 2  # the newest, and the one before in case the newest is damaged


@dataclass(frozen=True, slots=True)
class Origin:
    """What a checkpoint was trained with, and all that it can go on with: one more or less is another training.

    Attributes:
        config: SHA-256 of config.json, which names start model, settings and the hash of the data.
        examples: SHA-256 of the cases that could be used, in their order.
        count: how many they were.
        processes: how many processes trained.
    """

    config: str
    examples: str
    count: int
    processes: int

    @classmethod
    def of(cls, run: RunFolder, cases: Sequence[str]) -> Origin:
        """The origin of what this process trains now on these cases."""
        named = hashlib.sha256("\n".join(cases).encode()).hexdigest()
        world = int(os.environ.get("WORLD_SIZE", "1"))
        return cls(file_sha256(run.path / "config.json"), named, len(cases), world)


def seal(checkpoint: Path, origin: Origin) -> None:
    """Write the manifest of a checkpoint that is complete: origin, and size in bytes and hash of every file."""
    files = sorted(file for file in checkpoint.rglob("*") if file.is_file() and file.name != SEAL)
    listed = {
        str(file.relative_to(checkpoint)): {"bytes": file.stat().st_size, "sha256": file_sha256(file)} for file in files
    }
    write_json(checkpoint / SEAL, {"origin": asdict(origin), "files": listed})


def damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint, as the end of a sentence; None when every file is as it was sealed."""
    try:
        files = json.loads((checkpoint / SEAL).read_text())["files"]
    except (OSError, ValueError, LookupError, TypeError):
        return "was not written to its end"
    for name, sealed in files.items():
        file = checkpoint / name
        if not file.is_file():
            return f"lacks its file {name}"
        if file.stat().st_size != sealed["bytes"] or file_sha256(file) != sealed["sha256"]:
            return f"has a damaged file, {name}"
    return None


def resume_point(run: RunFolder, origin: Origin) -> Path | None:
    """The checkpoint to go on from: the newest whole one; None at the first start, or when none is whole.

    What is damaged is removed and told in events.jsonl. Raises RunError when the checkpoint has another origin: other
    settings, data, pictures or processes would make a model that no settings describe.
    """
    for checkpoint in reversed(_ordered(run)):
        wrong = damage(checkpoint)
        if wrong is None:
            _require_origin(run, checkpoint, origin)
            return checkpoint
        shutil.rmtree(checkpoint)
        left = _ordered(run)
        then = f"{left[-1].name} is tried instead" if left else "the run begins anew"
        run.append_event("note", text=f"{checkpoint.name} {wrong}: it was removed, {then}.")
    return None


def keep_newest(run: RunFolder) -> None:
    """Remove all but the newest checkpoints, by their steps: file times would follow a clock that was set back."""
    for old in _ordered(run)[:-KEPT]:
        shutil.rmtree(old)


def sweep(run: RunFolder) -> None:
    """Remove checkpoints that were not written to their end: they are of no use, and the disk may be full of them."""
    for folder in _ordered(run):
        if not (folder / SEAL).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _ordered(run: RunFolder) -> list[Path]:
    """The checkpoint folders, lowest step first."""
    found = (folder for folder in run.checkpoints.glob("checkpoint-*") if folder.name.rsplit("-", 1)[1].isdigit())
    return sorted(found, key=lambda folder: int(folder.name.rsplit("-", 1)[1]))


def _require_origin(run: RunFolder, checkpoint: Path, now: Origin) -> None:
    then = Origin(**json.loads((checkpoint / SEAL).read_text())["origin"])
    if then.config != now.config:
        raise RunError(
            f"config.json of run {run.name} was changed after {checkpoint.name} was saved, and a run can only go on "
            "with the same data and settings. Put the old file back, or start a new run."
        )
    if then.examples != now.examples:
        raise RunError(
            f"Run {run.name} can only go on with the examples it had: {then.count} could be used when "
            f"{checkpoint.name} was saved, {now.count} can now. Put the missing pictures back (the run's notes list "
            "them), or start a new run."
        )
    if then.processes != now.processes:
        raise RunError(
            f"{checkpoint.name} of run {run.name} was trained by {then.processes} processes and can only go on with "
            f"as many, not with {now.processes}."
        )
