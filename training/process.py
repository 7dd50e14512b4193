"""The edge of a training process: how it is recorded, asked to stop, and how its end is written down.

Knows the run folder and signals, not what is trained; imports no torch until the training is called.
"""

from __future__ import annotations

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

from m3ad.records import RunState, Stage
from training.code_version import code_version
from training.run import RunFolder

LAUNCHED = "M3AD_LAUNCHED"  # set by training.launch, which records the process itself
PACKAGES = ("torch", "torchvision", "transformers", "trl", "peft", "accelerate", "bitsandbytes", "tokenizers")


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
        traceback.print_exc()
        if is_main_process():
            run.set_status(RunState.FAILED, f"{type(error).__name__}: {error}")
        raise SystemExit(1) from error
    if is_main_process():
        words = {RunState.FINISHED: "Finished.", RunState.STOPPED: "Stopped; the model so far is kept."}
        run.set_status(result, words[result])


def _begin(run: RunFolder) -> None:
    """Forget the end of an earlier attempt, and record this process unless its launcher does."""
    for name in ("STOP", "status.json"):
        (run.path / name).unlink(missing_ok=True)
    if LAUNCHED not in os.environ:
        run.set_process(os.getpid())


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
