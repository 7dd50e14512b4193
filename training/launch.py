"""Starts and stops training processes, here or on a cluster. Knows the run folder and commands; no torch, no store.

Where a run trains is one of two launchers: `Local` (plain Python, or torchrun for several processes) and
`training.ray_launcher.RayLauncher` (a job on a Ray cluster). A started run belongs to nobody: it has its own session,
reads nothing and prints into its folder, so neither a closed page nor a restarted app touches it. It is stopped by what
its folder says, pid and start time or the job; never by a name in a process table.
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
from typing import Protocol

import psutil

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from training.devices import cluster_of, visible
from training.process import LAUNCHED, arguments
from training.ray_job import FRESH_AWAY
from training.ray_launcher import Away, RayLauncher
from training.run import RunFolder

ROOT = Path(__file__).resolve().parents[1]
POLL = 0.2  # seconds
KILLED = 90.0  # seconds until what was killed has surely ended; a cluster kills only after it has asked


def command(run: RunFolder) -> list[str]:
    """The command that trains the run: plain Python, torchrun for several processes, or a job for its cluster."""
    config = run.config()
    processes, cluster = config.settings.processes, cluster_of(config.settings.device)
    if cluster is not None:
        return job_command(config.stage, run.path, processes, cluster)
    return command_of(config.stage, run.path, processes)


def command_of(stage: Stage, folder: Path, processes: int) -> list[str]:
    """The command that trains a run in this folder, whether or not the folder is there yet."""
    return [sys.executable, *arguments(stage, folder, processes)]


def job_command(stage: Stage, folder: Path, processes: int, cluster: str) -> list[str]:
    """What a cluster is asked for, as one would type it in this program's folder."""
    job = ["ray", "job", "submit", "--address", cluster, "--working-dir", ".", "--"]
    return [*job, "python", *arguments(stage, folder, processes)]


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


class Launcher(Protocol):
    """Where runs train."""

    def start(self, run: RunFolder) -> None:
        """Start the run and record in its folder what runs it. Raises RunError or OSError when that cannot be."""

    def terminate(self, run: RunFolder) -> None:
        """Ask what runs it to save and end at once. Raises RunError when it cannot be asked."""

    def kill(self, run: RunFolder) -> None:
        """End what runs it. Raises RunError when it cannot be asked."""


class Local:
    """Processes of this machine."""

    def start(self, run: RunFolder) -> None:
        """A process of its own, in its own session."""
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

    def terminate(self, run: RunFolder) -> None:
        """SIGTERM."""
        _signal(run, psutil.Process.terminate)

    def kill(self, run: RunFolder) -> None:
        """SIGKILL."""
        _signal(run, psutil.Process.kill)


def start(run: RunFolder) -> None:
    """Start the run where its settings say. An ended run goes on from its last checkpoint.

    Raises RunError when it is running or finished, or when its cluster is away.
    """
    state = run.state()
    if state in (RunState.RUNNING, RunState.STOPPING, RunState.FINISHED):
        raise RunError(f"Run {run.name} is {state.value}: it cannot be started.")
    for name in ("STOP", "status.json"):  # of an earlier attempt
        (run.path / name).unlink(missing_ok=True)
    launcher: Launcher = RayLauncher() if cluster_of(run.config().settings.device) else Local()
    launcher.start(run)


def _launcher(run: RunFolder) -> Launcher:
    """Who started what runs it: the folder says so, for somebody may have started it by hand."""
    return Local() if run.job() is None else RayLauncher()


def stop(run: RunFolder, *, grace: float = 600.0, after_term: float = 60.0) -> None:
    """Ask the run to save and end, and return; a thread makes it end when it does not (see `end`)."""
    run.request_stop()
    threading.Thread(target=_insist, args=(run, grace, after_term), daemon=True).start()


def end(run: RunFolder, *, grace: float, after_term: float) -> RunState:
    """Ask the run to save and end; terminate it after `grace` seconds, kill it after `after_term` more.

    Blocks until it has ended, and returns its state. Nothing happens when it is not alive. Raises RunError when its
    cluster is away.
    """
    if not run.alive():
        return run.state()
    run.request_stop()
    if not _ended(run, grace):
        launcher = _launcher(run)
        launcher.terminate(run)
        if not _ended(run, after_term):
            launcher.kill(run)
            _ended(run, after_term)
    return run.state()


def _insist(run: RunFolder, grace: float, after_term: float) -> None:
    """End a run whose cluster may be away for a while."""
    while True:
        try:
            end(run, grace=grace, after_term=after_term)
            return
        except Away:
            time.sleep(FRESH_AWAY)


def kill(run: RunFolder) -> None:
    """End the run if it is alive, whatever it is doing. Raises RunError when its cluster is away, or needs longer."""
    if not run.alive():
        return
    _launcher(run).kill(run)
    job = run.job()
    if job is not None and job.waits():  # Ray cannot stop what has no machine yet
        raise RunError(
            f"Run {run.name} waits in the cluster, which ends it only when it would begin, or gives it up by itself "
            "after a quarter of an hour: try again then."
        )
    if not _ended(run, KILLED) and job is not None:
        raise RunError(f"The cluster has not ended run {run.name} yet: try again in a minute.")


def discard(run: RunFolder) -> None:
    """Kill the run if it is alive and delete its folder. The model goes with it: nothing may use it any more."""
    kill(run)
    doomed = run.path.with_name(f".{run.name}.discarded")
    run.path.rename(doomed)  # gone at once for everybody who looks, even if deleting takes a while
    shutil.rmtree(doomed)


def _ended(run: RunFolder, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while run.alive():
        if time.monotonic() > end:
            return False
        time.sleep(POLL)
    return True


def _signal(run: RunFolder, send: Callable[[psutil.Process], None]) -> None:
    """Signal the process and its children (a signal to the group would miss torchrun's workers)."""
    process = run.process()
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                send(one)
