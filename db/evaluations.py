"""Evaluations: on which cases a model was judged, how far it got, and the inspections that were made for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.corrections import corrected
from db.events import log, now
from db.inspections import Answered, add_inspection, to_inspection
from db.schema import EvaluationRowTable, EvaluationTable, InspectionTable, SnapshotTable
from db.splits import FROZEN, TRAIN
from m3ad.bench.records import METRIC_VERSION, CaseSet, Evaluation, EvaluationState, Part
from m3ad.errors import Conflict, NotFound
from m3ad.records import Case, Inspection, Mode, SnapshotRow, Verdict

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class EvaluatedCase:
    """A case of a set; `inspection` None: not tried yet, or `reason` says why it has none."""

    case: Case
    truth: Verdict
    inspection: Inspection | None = None
    reason: str = ""


class Evaluations:
    """The evaluations of a store; reached as `store.evaluations`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def frozen_set(self, snapshot_id: int) -> CaseSet:
        """The frozen cases of a snapshot; raises as `case_set`."""
        return self.case_set(snapshot_id, Part.FROZEN)

    def case_set(self, snapshot_id: int, part: Part) -> CaseSet:
        """A part of a snapshot's cases.

        Raises:
            NotFound: there is no such snapshot.
            Conflict: it has no such case, so there is nothing to judge on.
        """
        with self._store.at_once():
            snapshot, rows = self._store.snapshot(snapshot_id), self._cases(snapshot_id, part)
        if rows:
            return CaseSet(snapshot_id, _titled(snapshot.name, part), _hash(rows), len(rows), part)
        if part is Part.CORRECTED:
            raise Conflict(f"The snapshot {snapshot.name} has no case to train on that a person corrected.")
        raise Conflict(
            f"The snapshot {snapshot.name} keeps no case back from training, so there is nothing to judge a model "
            "on. Take one with a frozen share or with frozen categories."
        )

    def begin(
        self,
        snapshot_id: int,
        model: str,
        mode: Mode,
        prompt: str,
        weights: str = "",
        *,
        part: Part = Part.FROZEN,
        actor: str,
    ) -> Evaluation:
        """The newest evaluation of this model, asked in this way, on a part of a snapshot's cases, open to go on.

        A new one is begun where there is none, and where the prompt, the model's weights (their fingerprint, empty
        where it is not known) or the metrics have changed since. Raises as `case_set` does.
        """
        wanted = self.case_set(snapshot_id, part)
        present = {
            "part": part, "set_hash": wanted.hash, "model": model, "mode": mode, "prompt": prompt,
            "weights": weights, "metric_version": METRIC_VERSION,
        }  # fmt: skip
        with self._store.changing() as session:
            query = select(EvaluationTable).filter_by(snapshot_id=snapshot_id, **present)
            row = session.scalar(query.order_by(EvaluationTable.id.desc()).limit(1))
            if row is None:
                row = EvaluationTable(snapshot_id=snapshot_id, size=wanted.size, author=actor, created=now(), **present)
                session.add(row)
            row.state, row.problem, row.changed = EvaluationState.OPEN, "", now()
            session.flush()
            log(session, "evaluation.started", actor, evaluation=row.id, model=model, set=wanted.hash)
            return _to_evaluation(row, _name(session, snapshot_id))

    def keep(self, evaluation_id: int, answers: Mapping[int, Answered | str], *, actor: str) -> None:
        """Store what came of some cases, all or nothing: an answer each, or the reason why there is none.

        A case that has an answer keeps it: another process may have been quicker.
        """
        with self._store.changing() as session:
            evaluation = _row(session, evaluation_id)
            for case_id, answer in answers.items():
                row = session.get(EvaluationRowTable, (evaluation_id, case_id))
                if row is not None and row.inspection_id is not None:
                    continue
                reason = answer if isinstance(answer, str) else ""
                made = None if isinstance(answer, str) else _inspected(session, case_id, evaluation, answer, actor)
                session.merge(
                    EvaluationRowTable(evaluation_id=evaluation_id, case_id=case_id, inspection_id=made, reason=reason)
                )
            evaluation.changed = now()

    def settle(self, evaluation_id: int, state: EvaluationState, problem: str = "", *, actor: str) -> None:
        """Write down how it ended for now."""
        with self._store.changing() as session:
            row = _row(session, evaluation_id)
            row.state, row.problem, row.changed = state, problem, now()
            log(session, f"evaluation.{state.value}", actor, evaluation=evaluation_id)

    def get(self, evaluation_id: int) -> Evaluation:
        """One evaluation; NotFound when there is none with this id."""
        with self._store.reading() as session:
            row = _row(session, evaluation_id)
            return _to_evaluation(row, _name(session, row.snapshot_id))

    def newest(self, snapshot_id: int, part: Part, model: str, mode: Mode = Mode.AUTO) -> Evaluation | None:
        """The newest evaluation of this model on a part of a snapshot's cases, whatever the prompt; None: never."""
        query = select(EvaluationTable).filter_by(snapshot_id=snapshot_id, part=part, model=model, mode=mode)
        with self._store.reading() as session:
            row = session.scalar(query.order_by(EvaluationTable.id.desc()).limit(1))
            return None if row is None else _to_evaluation(row, _name(session, row.snapshot_id))

    def former(self, evaluation: Evaluation) -> Evaluation | None:
        """The newest evaluation of the same cases by the same model, as it was when it had other weights."""
        query = select(EvaluationTable).where(
            EvaluationTable.id < evaluation.id,
            EvaluationTable.snapshot_id == evaluation.set.snapshot_id,
            EvaluationTable.part == evaluation.set.part,
            EvaluationTable.model == evaluation.model,
            EvaluationTable.mode == evaluation.mode,
            EvaluationTable.weights.not_in(("", evaluation.weights)),
        )
        with self._store.reading() as session:
            row = session.scalar(query.order_by(EvaluationTable.id.desc()).limit(1))
            return None if row is None else _to_evaluation(row, _name(session, row.snapshot_id))

    def all(self) -> list[Evaluation]:
        """All evaluations, newest first."""
        query = (
            select(EvaluationTable, SnapshotTable.name)
            .join(SnapshotTable, SnapshotTable.id == EvaluationTable.snapshot_id)
            .order_by(EvaluationTable.id.desc())
        )
        with self._store.reading() as session:
            return [_to_evaluation(row, name) for row, name in session.execute(query)]

    def cases(self, evaluation_id: int) -> list[EvaluatedCase]:
        """The whole set in the order of the cases, each with what came of it so far."""
        query = (
            select(EvaluationRowTable, InspectionTable)
            .outerjoin(InspectionTable, InspectionTable.id == EvaluationRowTable.inspection_id)
            .where(EvaluationRowTable.evaluation_id == evaluation_id)
        )
        with self._store.at_once(), self._store.reading() as session:
            evaluation = _row(session, evaluation_id)
            wanted = self._cases(evaluation.snapshot_id, evaluation.part)
            tried = {row.case_id: (row.reason, made) for row, made in session.execute(query)}
        return [
            EvaluatedCase(one.case, one.annotation.verdict, to_inspection(made) if made else None, reason)
            for one in wanted
            for reason, made in [tried.get(one.case.id, ("", None))]
        ]

    def _cases(self, snapshot_id: int, part: Part) -> list[SnapshotRow]:
        rows = self._store.snapshot_rows(snapshot_id)
        if part is Part.FROZEN:
            return [row for row in rows if row.split == FROZEN]
        trained = [row for row in rows if row.split == TRAIN]
        with self._store.reading() as session:
            found = corrected(session, [row.annotation for row in trained])
        return [row for row in trained if row.case.id in found]


def _inspected(session: Session, case_id: int, row: EvaluationTable, answer: Answered, actor: str) -> int:
    return add_inspection(session, case_id, row.model, row.mode, 0, answer, actor=actor).id


def _hash(rows: Iterable[SnapshotRow]) -> str:
    """SHA-256 over pictures and truth of each case; free of ids and order."""
    data = ([[picture.sha256 for picture in row.case.pictures], row.annotation.verdict.to_json()] for row in rows)
    lines = sorted(json.dumps(one, sort_keys=True) for one in data)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _row(session: Session, evaluation_id: int) -> EvaluationTable:
    row = session.get(EvaluationTable, evaluation_id)
    if row is None:
        raise NotFound(f"The store has no evaluation {evaluation_id}.")
    return row


def _name(session: Session, snapshot_id: int) -> str:
    name = session.scalar(select(SnapshotTable.name).where(SnapshotTable.id == snapshot_id))
    assert name is not None, "a foreign key holds it"
    return name


def _titled(snapshot: str, part: Part) -> str:
    return snapshot if part is Part.FROZEN else f"corrected cases of {snapshot}"


def _to_evaluation(row: EvaluationTable, snapshot: str) -> Evaluation:
    judged = CaseSet(row.snapshot_id, _titled(snapshot, row.part), row.set_hash, row.size, row.part)
    return Evaluation(
        row.id,
        judged,
        row.model,
        row.mode,
        row.prompt,
        row.metric_version,
        row.state,
        row.problem,
        row.author,
        row.created,
        row.changed,
        row.weights,
    )
