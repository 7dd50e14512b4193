"""`train`: a RAWS or RCRL run, from its creation to its model."""

from __future__ import annotations

import argparse
import time
from typing import Any

from db.store import Store
from m3ad.errors import RunError
from m3ad.records import Run, RunState, Stage
from training.config import PRESETS, RawsSettings, settings_from_json
from training.promotion import register_finished
from training.run import RunFolder
from training.run_queue import SECONDS, advance, submit
from training.snapshots import example_source
from ui.commands.common import assignment, find_snapshot, make_settings, open_store, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which stage, on what, with which settings."""
    parser.add_argument("stage", choices=[stage.value for stage in Stage])
    parser.add_argument("--snapshot", help="Name or number; the latest one otherwise.")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="paper")
    parser.add_argument("--set", action="append", default=[], type=assignment, metavar="SETTING=VALUE")
    parser.add_argument("--wait", action="store_true", help="Follow the run to its end.")


def run(options: argparse.Namespace) -> None:
    """Create a run, start it detached or queue it behind others, and with --wait follow it to its end."""
    settings = make_settings(options)
    store = open_store(options)
    stage = Stage(options.stage)
    snapshot = find_snapshot(store, options.snapshot)
    config = PRESETS[options.preset][stage].to_json() | dict(options.set)
    created = submit(
        store,
        settings.workspace,
        stage=stage,
        start_model=settings.model,
        snapshot_id=snapshot.id,
        settings=settings_from_json(stage, config),
        cluster=settings.ray,
        actor=settings.user,
    )
    folder = RunFolder(created.folder)
    waits = any(one.run == created.name for one in store.run_queue.waiting())
    data: dict[str, Any] = {"run": created.name, "waits": waits, "folder": str(created.folder)}
    words = f"run {created.name} {'waits for its device' if waits else 'started'} in {created.folder}"
    if waits and not options.wait:
        words += "\n  It starts when its turn comes, while the app or `app.py queue work` runs."
    used = folder.config().settings
    raws = used if isinstance(used, RawsSettings) else None
    source = example_source(store, snapshot.id, settings.model, unchecked=raws is not None and raws.unchecked)
    if said := source.sentence() if raws else source.places():  # RCRL uses no texts
        data, words = {**data, "source": source.to_json()}, f"{words}\n  {said.strip()}"
    tell(options, data, words)
    if options.wait:
        follow(options, store, created, folder)


def follow(options: argparse.Namespace, store: Store, run: Run, folder: RunFolder) -> None:
    """Print a run's events until it ends; register its model. The queue goes on meanwhile."""
    position = 0
    while True:
        advance(store)
        state = folder.state()
        events, position = folder.events(position)
        for event in events:
            tell(options, event, " ".join(f"{key}={value}" for key, value in event.items() if key != "time"))
        if state not in (RunState.READY, RunState.RUNNING, RunState.STOPPING):
            break
        if state is RunState.READY and not any(one.run == run.name for one in store.run_queue.waiting()):
            raise RunError(f"Run {run.name} was taken out of the queue before it started.")
        time.sleep(SECONDS / 4)
    if state is RunState.FAILED:
        raise RunError(f"Run {run.name} failed: {folder.message()}\n{folder.log_tail(20)}")
    model = register_finished(store, run)
    tell(options, {"run": run.name, "state": state, "model": model.name}, f"run {run.name} {state}: model {model.name}")
