"""What a model is made of, and where an annotation went: the snapshots and runs it entered, and what models say since.

Everything is in the store, so that it is known when a run's folder is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from db.latest import ANY, latest_inspections
from db.models import model, run
from db.schema import (
    AnnotationTable,
    ModelTable,
    RunRowTable,
    RunTable,
    SnapshotRowTable,
    SnapshotTable,
    table_of,
)
from db.snapshots import snapshot
from db.splits import TRAIN
from m3ad.formats.base import batches
from m3ad.lineage import Look
from m3ad.records import Model, Run, Snapshot, Stage, Verdict

if TYPE_CHECKING:
    from db.store import Store

BATCH = 500


@dataclass(frozen=True, slots=True)
class Making:
    """What a run is made of, beside its snapshot and start model.

    Attributes:
        settings, data_hash: as in the run folder's config.json; None for runs of earlier versions.
        environment: as in its environment.json; None until its model is registered.
        examples: how many annotations are among its examples.
    """

    run: Run
    snapshot: Snapshot
    settings: dict[str, Any] | None
    data_hash: str | None
    environment: dict[str, Any] | None
    examples: int


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A model on the way from a model to the one that nobody here trained.

    `model` is None for a name that the store does not know; `making` where it came of no run.
    """

    name: str
    model: Model | None
    making: Making | None


@dataclass(frozen=True, slots=True)
class Entered:
    """A run that had an annotation among its examples; `model`: what came of it, if anything did."""

    run: str
    stage: Stage
    model: str | None


@dataclass(frozen=True, slots=True)
class Passed:
    """Where one revision went: the snapshots it is in, as (name, split), and the runs it entered, the oldest first."""

    snapshots: tuple[tuple[str, str], ...]
    runs: tuple[Entered, ...]


@dataclass(frozen=True, slots=True)
class CaseLineage:
    """Where the revisions of a case went.

    Attributes:
        passed: by annotation id; one that is in no snapshot is not there.
        looks: what each model said last, the oldest model first; empty while no revision has entered a run.
    """

    passed: Mapping[int, Passed]
    looks: tuple[Look, ...]


# Statements are made once: every sheet of Annotate asks them, and making one costs more than running it.
_of_case: BindParameter[Any] = bindparam("of_case")
_SNAPSHOTS = (
    select(SnapshotRowTable.annotation_id, SnapshotTable.name, SnapshotRowTable.split)
    .join(SnapshotTable, SnapshotTable.id == SnapshotRowTable.snapshot_id)
    .where(SnapshotRowTable.case_id == _of_case)
    .order_by(SnapshotTable.id)
)
_RUNS = (
    select(RunRowTable.annotation_id, RunTable.name, RunTable.stage, func.min(ModelTable.name).label("model"))
    .join(AnnotationTable, AnnotationTable.id == RunRowTable.annotation_id)
    .join(RunTable, RunTable.name == RunRowTable.run)
    .outerjoin(ModelTable, ModelTable.run == RunTable.name)
    .where(AnnotationTable.case_id == _of_case)
    .group_by(RunRowTable.annotation_id, RunTable.name, RunTable.stage, RunTable.created)
    .order_by(RunTable.created, RunTable.name)
)
_BIRTHS = select(ModelTable.name, ModelTable.created).where(ModelTable.name.in_(bindparam("names", expanding=True)))


class Lineage:
    """The lineage of a store; reached as `store.lineage`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, name: str, settings: dict[str, Any], data_hash: str, case_ids: Collection[int]) -> None:
        """Keep what a new run is made of. `case_ids`: its examples, all of them cases of its snapshot."""
        with self._store.changing() as session:
            snapshot_id = run(session, name).snapshot_id
            made = {"settings": settings, "data_hash": data_hash}
            session.execute(update(RunTable).where(RunTable.name == name).values(**made))
            for some in batches(case_ids, BATCH):
                of_run = bindparam("run", name, type_=RunRowTable.run.type)
                rows = select(SnapshotRowTable.annotation_id, of_run)
                rows = rows.where(SnapshotRowTable.snapshot_id == snapshot_id, SnapshotRowTable.case_id.in_(some))
                session.execute(insert(table_of(RunRowTable)).from_select(["annotation_id", "run"], rows))

    def keep_environment(self, name: str, environment: Mapping[str, Any]) -> None:
        """Keep what a run's process wrote of itself last (it may be stopped and go on); the same again is no write."""
        with self._store.reading() as session:
            if session.get_one(RunTable, name).environment == environment:
                return
        with self._store.changing() as session:
            session.execute(update(RunTable).where(RunTable.name == name).values(environment=dict(environment)))

    def cases_of_run(self, name: str) -> set[int]:
        """The cases among a run's examples; of a run older than these rows, its snapshot's whole training part."""
        rows = select(AnnotationTable.case_id).join(RunRowTable, RunRowTable.annotation_id == AnnotationTable.id)
        with self._store.reading() as session:
            found = set(session.scalars(rows.where(RunRowTable.run == name)))
            if found:
                return found
            whole = select(SnapshotRowTable.case_id).where(SnapshotRowTable.split == TRAIN)
            return set(session.scalars(whole.where(SnapshotRowTable.snapshot_id == run(session, name).snapshot_id)))

    def of_case(self, case_id: int) -> CaseLineage:
        """Where the revisions of a case went."""
        with self._store.reading() as session:
            return of_case(session, case_id)

    def of_model(self, name: str) -> list[Ancestor]:
        """A model, the one it was trained from, and so on, down to one that nobody here trained. Raises NotFound."""
        with self._store.reading() as session:
            model(session, name)
            found: dict[str, Ancestor] = {}
            while name and name not in found:
                row = session.get(ModelTable, name)
                known = model(session, name) if row else None
                found[name] = Ancestor(name, known, _making(session, known.run) if known and known.run else None)
                name = (known.parent if known else None) or ""
            return list(found.values())

    def of_run(self, name: str) -> Making:
        """What a run is made of. Raises NotFound."""
        with self._store.reading() as session:
            return _making(session, name)


def of_case(session: Session, case_id: int) -> CaseLineage:
    """See `Lineage.of_case`. One look-up for a case that is in no snapshot."""
    placed = session.execute(_SNAPSHOTS, {"of_case": case_id}).all()
    entered = session.execute(_RUNS, {"of_case": case_id}).all() if placed else []
    passed = {
        annotation: Passed(
            tuple((row.name, row.split) for row in placed if row.annotation_id == annotation),
            tuple(Entered(row.name, row.stage, row.model) for row in entered if row.annotation_id == annotation),
        )
        for annotation in {row.annotation_id for row in placed}
    }
    return CaseLineage(passed, _looks(session, case_id) if entered else ())


def _looks(session: Session, case_id: int) -> tuple[Look, ...]:
    """Base models, which nobody registered, come before those that were trained here."""
    found = {name: row for (name, _), row in latest_inspections(session, [case_id]).items() if name != ANY}
    born = {row.name: row.created for row in session.execute(_BIRTHS, {"names": list(found)})}
    order = sorted(found, key=lambda name: (name in born, born.get(name, found[name].created), name))
    return tuple(Look(name, verdict_of(found[name].verdict)) for name in order)


def verdict_of(stored: dict[str, Any] | None) -> Verdict | None:
    """A stored verdict; None for an answer that cannot be read."""
    return None if stored is None else Verdict.from_json(stored)


def _making(session: Session, name: str) -> Making:
    found, row = run(session, name), session.get_one(RunTable, name)
    examples = session.scalar(select(func.count()).select_from(RunRowTable).where(RunRowTable.run == name)) or 0
    frozen = snapshot(session, found.snapshot_id)
    return Making(found, frozen, row.settings, row.data_hash, row.environment, examples)
