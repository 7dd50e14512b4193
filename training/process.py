"""The edge of a training process: how it is recorded, asked to stop, and how its end is written down.

Knows the run folder and signals, not what is trained; imports no torch until the training is called.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from m3ad.errors import M3ADError
from m3ad.records import RunState, Stage
from training.checkpoints import sweep
from training.code_version import code_version
from training.run import RunFolder

LAUNCHED = "M3AD_LAUNCHED"  # set by training.launch, which records the process itself
# In what torch says when a process that it was exchanging with is gone.
LOST_PEER = ("Connection closed by peer", "Connection reset by peer", "remote process has been terminated")
SMALLER_STEPS = "Start a new run with a smaller learning rate or with precision float32."
PACKAGES = ("torch", "torchvision", "transformers", "trl", "peft", "accelerate", "bitsandbytes", "tokenizers")


def arguments(stage: Stage, folder: Path, processes: int) -> list[str]:
    """What Python is told to train the run in this folder: a module, or torchrun for several processes."""
    module = ["-m", f"training.{stage.value}", str(folder.resolve())]
    if processes == 1:
        return module
    # The default 30 seconds would cut off the saving of a large model.
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--shutdown-timeout", "600"]
    return [*torchrun, "--nproc-per-node", str(processes), *module]


class Interrupt:
    """Whether this process shall save and end: after SIGTERM, or when the run folder has a STOP file."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._terminated = False
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._terminated = True

    def requested(self) -> bool:
        """True once somebody asked this process to stop."""
        return self._terminated or self._run.stop_requested()


def is_main_process() -> bool:
    """True in the one process of a run that writes files."""
    return os.environ.get("RANK", "0") == "0"


def main(stage: Stage, train: Callable[[RunFolder, Interrupt], RunState]) -> None:
    """Body of `python -m training.raws RUN` and `training.rcrl`: run `train` and write down how it ended."""
    if len(sys.argv) != 2:
        print(f"usage: python -m training.{stage.value} RUN_FOLDER", file=sys.stderr)
        raise SystemExit(2)
    run = RunFolder(Path(sys.argv[1]).resolve())
    interrupt = Interrupt(run)
    if is_main_process():
        _begin(run)
    try:
        result = train(run, interrupt)
    except Exception as error:  # the edge of the process: nobody else is left to say what happened
        if is_main_process():
            why = words_of(error, run)
            sweep(run)  # first of all: it makes room on a full disk for what follows
            run.set_status(RunState.FAILED, why)
        traceback.print_exc()
        raise SystemExit(1) from error
    if is_main_process():
        words = {RunState.FINISHED: "Finished.", RunState.STOPPED: "Stopped; the model so far is kept."}
        run.set_status(result, words[result])


def _begin(run: RunFolder) -> None:
    """Forget the end of an earlier attempt and record this process, unless its launcher has."""
    if LAUNCHED in os.environ:
        return  # somebody may have asked it to stop while it was loading
    for name in ("STOP", "status.json"):
        (run.path / name).unlink(missing_ok=True)
    run.set_process(os.getpid())


def words_of(error: BaseException, run: RunFolder) -> str:
    """Why a training failed, as a sentence where the reason is known; call it before anything is cleaned up."""
    if isinstance(error, M3ADError):
        # From a process that opens pictures, torch hands on the whole traceback: its last line is the error's own.
        return str(error).rpartition(f"{type(error).__name__}: ")[2]
    if is_disk_full(error) or run.lacks_room():  # torch says neither why nor where a file could not be written
        return "The disk is full. Free some space, then let the run go on: it begins at its last whole checkpoint."
    if "probability tensor contains" in str(error):  # torch, asked to draw a token from NaN
        return f"The model's probabilities became NaN: its weights are spoilt. {SMALLER_STEPS}"
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and any(word in str(error) for word in LOST_PEER):
        return "Another process of this run ended. The log says more; let the run go on from its last checkpoint."
    return f"{type(error).__name__}: {error}"


def is_disk_full(error: BaseException | None) -> bool:
    """True when the error, or one that led to it, came of a full disk or a used-up quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "No space left on device" in str(error) or "Disk quota exceeded" in str(error):  # written by native code
            return True
        error = error.__cause__ or error.__context__
    return False


def write_environment(run: RunFolder, device: str) -> None:
    """Write environment.json: what the result depends on besides data and settings."""
    facts = {
        "code": code_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "packages": {name: version(name) for name in PACKAGES},
    }
    (run.path / "environment.json").write_text(json.dumps(facts, indent=1))
