"""Starts and stops training processes. Knows the run folder, commands and signals; no torch, no store.

A started run belongs to nobody: it has its own session, reads nothing and prints into its folder, so neither a closed
page nor a restarted app touches it. It is stopped by the pid and start time in its folder, never by a name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from training.devices import visible
from training.process import LAUNCHED
from training.run import RunFolder

ROOT = Path(__file__).resolve().parents[1]
POLL = 0.2  # seconds


def command(run: RunFolder) -> list[str]:
    """The command that trains the run: plain Python, or torchrun for several processes."""
    config = run.config()
    return command_of(config.stage, run.path, config.settings.processes)


def command_of(stage: Stage, folder: Path, processes: int) -> list[str]:
    """The command that trains a run in this folder, whether or not the folder is there yet."""
    module = ["-m", f"training.{stage.value}", str(folder.resolve())]
    if processes == 1:
        return [sys.executable, *module]
    # The default 30 seconds would cut off the saving of a large model.
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--shutdown-timeout", "600"]
    return [sys.executable, *torchrun, "--nproc-per-node", str(processes), *module]


def environment(run: RunFolder) -> dict[str, str]:
    """The environment of a training process."""
    variables = {**os.environ, LAUNCHED: "1", "PYTHONUNBUFFERED": "1"}
    settings = run.config().settings
    if (cards := visible(settings.device, settings.processes)) is not None:
        variables["CUDA_VISIBLE_DEVICES"] = cards
    elif settings.processes == 1:
        # With several cards in sight and one process, transformers would wrap the model and TRL refuse it.
        variables["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    return variables


def start(run: RunFolder) -> int:
    """Start the run in a process of its own; returns its pid. An ended run goes on from its last checkpoint.

    Raises RunError when it is running or finished.
    """
    state = run.state()
    if state in (RunState.RUNNING, RunState.STOPPING, RunState.FINISHED):
        raise RunError(f"Run {run.name} is {state.value}: it cannot be started.")
    for name in ("STOP", "status.json"):  # of an earlier attempt
        (run.path / name).unlink(missing_ok=True)
    with (run.path / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command(run),
            cwd=ROOT,
            env=environment(run),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    run.set_process(process.pid)
    return process.pid


def stop(run: RunFolder, *, grace: float = 600.0, after_term: float = 60.0) -> None:
    """Ask the run to save and end, and return; a thread makes it end when it does not (see `end`)."""
    run.request_stop()
    threading.Thread(target=end, args=(run,), kwargs={"grace": grace, "after_term": after_term}, daemon=True).start()


def end(run: RunFolder, *, grace: float, after_term: float) -> RunState:
    """Ask the run to save and end; SIGTERM after `grace` seconds, SIGKILL after `after_term` more. Returns its state.

    Blocks until the process has ended. Nothing happens when it is not alive.
    """
    process = run.process()
    if process is None:
        return run.state()
    run.request_stop()
    if not _ended(run, grace):
        _signal(process, psutil.Process.terminate)
        if not _ended(run, after_term):
            _signal(process, psutil.Process.kill)
            _ended(run, after_term)
    return run.state()


def discard(run: RunFolder) -> None:
    """Kill the run if it is alive and delete its folder. The model goes with it: nothing may use it any more."""
    process = run.process()
    if process is not None:
        _signal(process, psutil.Process.kill)
        _ended(run, 30.0)
    doomed = run.path.with_name(f".{run.name}.discarded")
    run.path.rename(doomed)  # gone at once for everybody who looks, even if deleting takes a while
    shutil.rmtree(doomed)


def _ended(run: RunFolder, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while run.process() is not None:
        if time.monotonic() > end:
            return False
        time.sleep(POLL)
    return True


def _signal(process: psutil.Process, send: Callable[[psutil.Process], None]) -> None:
    """Signal the process and its children (a signal to the group would miss torchrun's workers)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                send(one)
