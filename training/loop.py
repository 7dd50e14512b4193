"""Creates and discards runs: the one place where run folders and the store's rows of runs are kept together."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from db.store import Store
from m3ad.errors import M3ADError, NotFound, RunError
from m3ad.monitor.names import resolve
from m3ad.records import Run, Stage
from training import launch
from training.config import RawsSettings, Settings
from training.examples import Example
from training.held import held_examples
from training.run import RunFolder
from training.snapshots import example_source, snapshot_examples


def create_run(
    store: Store, workspace: Path, *, stage: Stage, start_model: str, snapshot_id: int, settings: Settings
) -> Run:
    """Write a run folder for a snapshot and register the run; it is started by `training.launch.start`.

    Args:
        start_model: a name of the store's models, or a source as `m3ad.monitor.open_monitor` takes it.

    Raises RunError, ModelUnavailable or NotFound with a sentence when something does not fit.
    """
    source = start_source(store, start_model)
    if resolve(source).kind == "served":
        raise RunError(f"{start_model} runs on a server: only a model whose weights are here can be trained.")
    root = workspace / "runs"
    root.mkdir(parents=True, exist_ok=True)
    examples = snapshot_examples(store, snapshot_id, start_model, settings)
    if not examples and isinstance(settings, RawsSettings):
        found = example_source(store, snapshot_id, start_model, unchecked=settings.unchecked)
        if found.stored:
            raise RunError(
                f"There is nothing to learn from. {found.sentence()} Approve some, have those sent back written again "
                "(app.py caption), or let the run learn from unchecked texts too (its setting unchecked)."
            )
    examples = held_examples(store, examples)
    folder = _new_folder(store, workspace, stage=stage, start=source, settings=settings, examples=examples)
    try:
        run = Run(folder.name, stage, snapshot_id, start_model, folder.path.resolve(), datetime.now(UTC))
        with store.at_once(changes=True):
            store.add_run(run)
            made = folder.config()
            cases = [int(example.case) for example in examples]
            store.lineage.record(folder.name, made.settings.to_json(), made.data_sha256, cases)
        return run
    except M3ADError:
        shutil.rmtree(folder.path)
        raise


def _new_folder(
    store: Store, workspace: Path, *, stage: Stage, start: str, settings: Settings, examples: list[Example]
) -> RunFolder:
    """A new run folder under the next free name, also while others take names."""
    root = workspace / "runs"
    while True:
        name = next_run_name(store, workspace, stage)
        try:
            return RunFolder.create(root, name, stage=stage, start=start, settings=settings, examples=examples)
        except RunError:
            if not (root / name).exists():  # it was refused for something else than its name
                raise


def discard_run(store: Store, name: str) -> None:
    """End the run if it is alive, forget it and delete its folder.

    Raises Conflict while a model comes from it, RunError while its cluster is away.
    """
    run = store.run(name)
    if run.folder.exists():
        launch.kill(RunFolder(run.folder))  # first: a run whose cluster is away must not be forgotten
    store.remove_run(name)
    if run.folder.exists():
        launch.discard(RunFolder(run.folder))


def start_source(store: Store, start_model: str) -> str:
    """The source of a start model: a stored model's own, else the name itself."""
    try:
        return store.model(start_model).source
    except NotFound:
        return start_model


def next_run_name(store: Store, workspace: Path, stage: Stage) -> str:
    """ "raws-1", "raws-2", …: the first number that neither the store nor the folder of runs knows."""
    root = workspace / "runs"
    folders = {folder.name for folder in root.iterdir()} if root.is_dir() else set()
    taken = folders | {run.name for run in store.runs()}
    number = 1
    while f"{stage.value}-{number}" in taken:
        number += 1
    return f"{stage.value}-{number}"
