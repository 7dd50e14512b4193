"""Trials: a run's model and the one that the run started from answer the same cases; which were begun, how they ended.

Their answers are evaluations (`db.evaluations`), so that a trial that was cut off goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import ModelTable, RunTable, TrialTable
from m3ad.bench.records import EvaluationState
from m3ad.errors import Conflict, NotFound

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Trial:
    """One model's trial.

    Attributes:
        parent: the model that its run started from, which answers the same cases.
        snapshot_id: the snapshot that the run learnt from, whose frozen and corrected cases are asked.
        problem: the sentence of what ended it, or empty.
    """

    model: str
    parent: str
    snapshot_id: int
    state: EvaluationState
    problem: str
    author: str
    created: datetime
    changed: datetime


class Trials:
    """The trials of a store; reached as `store.trials`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, model: str, *, actor: str) -> Trial:
        """Open the model's trial, or open it again to go on.

        Raises:
            NotFound: the store has no such model.
            Conflict: it came of no run, so there is no parent to stand beside.
        """
        with self._store.changing() as session:
            run = _run_of(session, model)
            row = session.get(TrialTable, model)
            if row is None:
                row = TrialTable(model=model, created=now())
                session.add(row)
            row.state, row.problem, row.author, row.changed = EvaluationState.OPEN, "", actor, now()
            log(session, "trial.started", actor, model=model)
            return _to_trial(row, run)

    def settle(self, model: str, state: EvaluationState, problem: str = "", *, actor: str) -> None:
        """Write down how it ended for now. Raises NotFound."""
        with self._store.changing() as session:
            row = session.get(TrialTable, model)
            if row is None:
                raise NotFound(f"{model} was never judged.")
            row.state, row.problem, row.changed = state, problem, now()
            log(session, f"trial.{state.value}", actor, model=model)

    def get(self, model: str) -> Trial | None:
        """The model's trial; None while it was never judged."""
        with self._store.reading() as session:
            row = session.get(TrialTable, model)
            return None if row is None else _to_trial(row, _run_of(session, model))

    def cut_off(self) -> list[Trial]:
        """Those that are open, oldest first: under way, or cut off with the program that was at them."""
        query = select(TrialTable).where(TrialTable.state == EvaluationState.OPEN).order_by(TrialTable.changed)
        with self._store.reading() as session:
            return [_to_trial(row, _run_of(session, row.model)) for row in session.scalars(query)]


def _run_of(session: Session, model: str) -> RunTable:
    known = session.get(ModelTable, model)
    if known is None:
        raise NotFound(f"The store has no model {model}. `model list` shows those it has.")
    if known.run is None:
        raise Conflict(f"{model} came of no run here: there is no model that it could be better or worse than.")
    return session.get_one(RunTable, known.run)


def _to_trial(row: TrialTable, run: RunTable) -> Trial:
    return Trial(
        row.model, run.start_model, run.snapshot_id, row.state, row.problem, row.author, row.created, row.changed
    )
