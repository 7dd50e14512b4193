"""Models and runs: what was trained, on which snapshot, from which start."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import BusyDeviceTable, ModelTable, QueuedRunTable, RunRowTable, RunTable, SnapshotTable
from m3ad.errors import Conflict, NotFound
from m3ad.records import Model, Run


def add_model(session: Session, model: Model, actor: str) -> Model:
    """Register a model; Conflict when the name is taken by another source, NotFound when its run is unknown."""
    present = session.get(ModelTable, model.name)
    if present is not None:
        if present.source == model.source:
            return _to_model(present)
        raise Conflict(f"There is a model named {model.name} already ({present.source}). Choose another name.")
    if model.run is not None and session.get(RunTable, model.run) is None:
        raise NotFound(f"The store has no run {model.run}, which model {model.name} is said to come from.")
    row = ModelTable(
        name=model.name, source=model.source, parent=model.parent, run=model.run, created=model.created or now()
    )
    session.add(row)
    log(session, "model.added", actor, name=model.name, source=model.source, run=model.run)
    return _to_model(row)


def _to_model(row: ModelTable) -> Model:
    return Model(row.name, row.source, row.parent, row.run, row.created)


def models(session: Session) -> list[Model]:
    """All models, oldest first."""
    return [_to_model(row) for row in session.scalars(select(ModelTable).order_by(ModelTable.created, ModelTable.name))]


def model(session: Session, name: str) -> Model:
    """One model; NotFound when there is none with this name."""
    row = session.get(ModelTable, name)
    if row is None:
        raise NotFound(f"The store has no model {name}. `model list` shows those it has.")
    return _to_model(row)


def add_run(session: Session, run: Run, actor: str) -> Run:
    """Register a run; Conflict when the name is taken, NotFound when its snapshot is unknown."""
    if session.get(RunTable, run.name) is not None:
        raise Conflict(f"There is a run named {run.name} already. Choose another name.")
    if session.get(SnapshotTable, run.snapshot_id) is None:
        raise NotFound(f"The store has no snapshot {run.snapshot_id}, which run {run.name} is to train on.")
    session.add(
        RunTable(
            name=run.name,
            stage=run.stage,
            snapshot_id=run.snapshot_id,
            start_model=run.start_model,
            folder=str(run.folder),
            created=run.created,
        )
    )
    log(session, "run.added", actor, name=run.name, stage=run.stage, snapshot=run.snapshot_id, start=run.start_model)
    return run


def _to_run(row: RunTable) -> Run:
    return Run(row.name, row.stage, row.snapshot_id, row.start_model, Path(row.folder), row.created)


def runs(session: Session) -> list[Run]:
    """All runs, newest first."""
    return [_to_run(row) for row in session.scalars(select(RunTable).order_by(RunTable.created.desc(), RunTable.name))]


def run(session: Session, name: str) -> Run:
    """One run; NotFound when there is none with this name."""
    row = session.get(RunTable, name)
    if row is None:
        raise NotFound(f"The store has no run {name}.")
    return _to_run(row)


def remove_run(session: Session, name: str, actor: str) -> None:
    """Forget a discarded run; Conflict while a model comes from it. Its folder is not touched."""
    run(session, name)
    if user := session.scalar(select(ModelTable.name).where(ModelTable.run == name)):
        raise Conflict(f"Run {name} cannot be discarded: model {user} comes from it.")
    session.execute(delete(RunRowTable).where(RunRowTable.run == name))
    session.execute(delete(BusyDeviceTable).where(BusyDeviceTable.run == name))
    session.execute(delete(QueuedRunTable).where(QueuedRunTable.run == name))
    session.delete(session.get_one(RunTable, name))
    log(session, "run.removed", actor, name=name)
