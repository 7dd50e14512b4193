"""Runs that are written into a store by hand, with their models and without any training."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.splits import TRAIN
from db.store import Store
from m3ad.records import Model, Run, Snapshot, Stage

START = datetime(2026, 1, 2, tzinfo=UTC)


def made_run(store: Store, snapshot: Snapshot, *, start: str = "demo", model: bool = True) -> str:
    """A run that learnt all of a snapshot's training part, and the model "NAME-model" that came of it; its name."""
    number = len(store.runs()) + 1
    name = f"raws-{number}"
    folder = Path("runs") / name
    store.add_run(Run(name, Stage.RAWS, snapshot.id, start, folder, START + timedelta(hours=number)))
    cases = [row.case.id for row in store.snapshot_rows(snapshot.id) if row.split == TRAIN]
    store.lineage.record(name, {"epochs": 1.0}, "ab" * 32, cases)
    if model:
        store.add_model(Model(f"{name}-model", f"runs/{name}/model", parent=start, run=name))
    return name
