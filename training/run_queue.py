"""Runs one after the other on each device: given to the queue once, started when their turn comes, by any program.

Everything it knows is in the store and in the run folders, nothing in memory: an app that was closed goes on where it
was, and several apps and commands on one workspace start no run twice. A run is started inside the transaction that
gives it its device: either both are true, or neither.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from db.store import SYSTEM, Store
from m3ad.errors import Conflict, M3ADError, RunError
from m3ad.records import Run, RunState, Stage
from training import launch
from training.config import Settings
from training.devices import AUTO, CLUSTER, CPU, cluster_of, device, devices, plain
from training.fitting import Fit
from training.loop import create_run, discard_run, start_source
from training.promotion import register_finished
from training.ray_job import answers
from training.ray_launcher import Away, require_ray
from training.run import RunFolder
from training.shapes import read_shapes

ALIVE = (RunState.RUNNING, RunState.STOPPING)
WITH_MODEL = (RunState.FINISHED, RunState.STOPPED)
AGAIN = (RunState.READY, RunState.FAILED)  # states from which a run can be given to the queue (again)
SECONDS = 2.0  # between two looks of the worker
LOG = logging.getLogger(__name__)


def submit(
    store: Store,
    workspace: Path,
    *,
    stage: Stage,
    start_model: str,
    snapshot_id: int,
    settings: Settings,
    form: str = "",
    cluster: str | None = None,
    actor: str = SYSTEM,
) -> Run:
    """Create a run and give it to the queue; it is started at once when its device is free.

    Args:
        form: what names the form that the run comes from; the same content from the same form gives the same run.
        cluster: address of the Ray cluster that a run can be placed on, if any.

    Raises RunError when just this waits or is trained already, when it cannot fit into the device's memory, and what
    `create_run` raises.
    """
    twin = _content(stage, start_model, snapshot_id, settings)
    key = hashlib.sha256(f"{form}\n{twin}".encode()).hexdigest() if form else None
    if (known := _came_before(store, key, twin)) is not None:
        return known
    placed = dataclasses.replace(settings, device=place(store, settings, cluster))
    if (fit := weigh(store, start_model, placed, cluster)) is not None:
        fit.require()
    run = create_run(store, workspace, stage=stage, start_model=start_model, snapshot_id=snapshot_id, settings=placed)
    try:
        store.run_queue.add(run.name, devices_of(placed), twin=twin, key=key, actor=actor)
    except Conflict:  # another program was faster by a moment
        discard_run(store, run.name)
        if (known := _came_before(store, key, twin)) is not None:
            return known
        raise
    advance(store)
    return run


def put_back(store: Store, name: str, *, actor: str = SYSTEM) -> None:
    """Give a run to the queue that is there but does not wait: it was taken out, or it failed.

    Raises RunError in any other state, Conflict when it waits or when just this waits or is trained as another run.
    """
    run = store.run(name)
    folder = RunFolder(run.folder)
    if (state := folder.state()) not in AGAIN:
        raise RunError(f"Run {name} is {state.value}: only one that never started or that failed can be queued.")
    settings = folder.config().settings
    twin = _content(run.stage, run.start_model, run.snapshot_id, settings)
    release_ended(store)
    store.run_queue.add(name, devices_of(settings), twin=twin, actor=actor)
    advance(store)


def place(store: Store, settings: Settings, cluster: str | None = None) -> str:
    """The device that a run is for: the one it names, or for "auto" the card with the fewest runs, else the processor.

    Several processes take as many cards, from that one on. Raises RunError when they are not here, or when it is for a
    cluster and the program knows of none. Whatever address a setting names, the cluster is the program's own.
    """
    if settings.device.startswith(CLUSTER):
        if cluster is None:
            raise RunError(f"{plain(settings.device)} is a device of a cluster: start the program with --ray ADDRESS.")
        require_ray()
        return f"{plain(settings.device)}@{cluster}"
    cards = [one.name for one in devices() if one.name != CPU]
    if settings.device == CPU or (settings.device == AUTO and not cards):
        return CPU
    enough = cards[: max(0, len(cards) - settings.processes + 1)]
    wanted = enough if settings.device == AUTO else [settings.device]
    if not enough or wanted[0] not in enough:
        here = f"{len(cards)} card{'' if len(cards) == 1 else 's'} ({', '.join(cards)})" if cards else "no card"
        raise RunError(
            f"A run on {settings.device} with {settings.processes} process(es) cannot be placed: there is {here} here. "
            "Choose device cpu or auto, or fewer processes."
        )
    taken = [*store.run_queue.busy(), *(name for one in store.run_queue.waiting() for name in one.devices)]
    return min(wanted, key=taken.count)


def devices_of(settings: Settings) -> tuple[str, ...]:
    """The devices that a run takes: a card for each process, counted from its own, or the processor for all of them.

    A cluster shares out its machines itself: to the queue its processors are one device, and so are its cards.
    """
    name = devices()[0].name if settings.device == AUTO else settings.device
    if name == CPU or cluster_of(name):
        return (name,)
    first = int(name.removeprefix("cuda:"))
    return tuple(f"cuda:{first + number}" for number in range(settings.processes))


def weigh(store: Store, start_model: str, settings: Settings, cluster: str | None = None) -> Fit | None:
    """What a run needs beside what its device has; None while the start model's files are not on this machine.

    None too for a cluster: it does not say how much memory its machines have.
    """
    shapes, name = read_shapes(start_source(store, start_model)), place(store, settings, cluster)
    if shapes is None or cluster_of(name):
        return None
    here = device(name)
    waited = here.name in store.run_queue.busy()
    return Fit(shapes, settings, here, here.total if waited else here.free)


def advance(store: Store) -> list[str]:
    """Free the devices of runs that have ended, and start every run whose turn it is; returns the names of these."""
    started: list[str] = []
    closed = closed_devices(store)
    while _to_do(store, closed):
        try:
            with store.at_once(changes=True):
                release_ended(store)
                if (one := store.run_queue.next(closed)) is None:
                    continue
                store.run_queue.hold(one.run)
                _begin(store, one.run)
                started.append(one.run)
        except Conflict:  # another program has just done it
            break
        except Away:  # since it was asked: the run waits on
            closed = closed_devices(store)
    return started


def closed_devices(store: Store) -> set[str]:
    """Devices that runs wait for whose cluster does not answer."""
    wanted = {name for one in store.run_queue.waiting() for name in one.devices}
    placed = {name: cluster for name in wanted - set(store.run_queue.busy()) if (cluster := cluster_of(name))}
    away = {cluster for cluster in set(placed.values()) if not answers(cluster)}
    return {name for name, cluster in placed.items() if cluster in away}


def release_ended(store: Store) -> None:
    """Free the devices of runs that are not under way any more; models that came of them are there from now on."""
    for name in set(store.run_queue.busy().values()):
        if _alive(store, name):
            continue
        store.run_queue.release(name)
        run = store.run(name)
        if RunFolder(run.folder).state() in WITH_MODEL:
            register_finished(store, run)


class Worker:
    """Keeps the queue going from a thread, as long as the block lasts in which it is used."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="run-queue", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                advance(self._store)
            except Exception:  # the queue must go on: what happened is in the log, and it is tried again
                LOG.exception("the queue of runs could not go on; it tries again")
            self._ended.wait(SECONDS)


def _to_do(store: Store, closed: set[str]) -> bool:
    """Whether a device is to be freed or a run to be started; reads only."""
    with store.at_once():
        busy = store.run_queue.busy().values()
        return store.run_queue.next(closed) is not None or any(not _alive(store, run) for run in busy)


def _alive(store: Store, name: str) -> bool:
    return RunFolder(store.run(name).folder).state() in ALIVE


def _begin(store: Store, name: str) -> None:
    """Start the run unless somebody has done so by hand; one that cannot be started has failed, and says why."""
    folder = RunFolder(store.run(name).folder)
    if folder.state() in ALIVE:
        return
    try:
        launch.start(folder)
    except Away:
        raise
    except (M3ADError, OSError) as error:
        LOG.warning("run %s cannot be started: %s", name, error)
        if folder.path.is_dir() and folder.state() in AGAIN:
            folder.set_status(RunState.FAILED, f"It could not be started: {error}")


def _came_before(store: Store, key: str | None, twin: str) -> Run | None:
    """The run that the same form gave already. Raises RunError when another one is for just the same."""
    if key is not None and (name := store.run_queue.of_key(key)) is not None:
        return store.run(name)
    release_ended(store)
    if (name := store.run_queue.of_twin(twin)) is not None:
        raise RunError(
            f"Run {name} is for just this: same data, same start model, same settings. "
            "Watch it, or change something first."
        )
    return None


def _content(stage: Stage, start_model: str, snapshot_id: int, settings: Settings) -> str:
    """A hash of all that makes two runs the same; of the device nothing, which is no property of the result."""
    content = {**settings.to_json(), "device": ""}
    return hashlib.sha256(json.dumps([stage, start_model, snapshot_id, content], sort_keys=True).encode()).hexdigest()
