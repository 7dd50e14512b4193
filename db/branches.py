"""Branches: what a model wrote when something was changed before it went on, each with its recipe. Only ever added.

The branches of a case are trees: a root is an inspection, and a branch goes off it or off another branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.events import log, now
from db.inspections import Answered, inspection, read_text
from db.schema import BranchTable
from m3ad.errors import Conflict, NotFound
from m3ad.recipes import BranchKind, Recipe
from m3ad.records import Probability, Trace

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Branch:
    """One stored branch.

    Attributes:
        inspection_id: the root of its tree.
        parent_id: the branch that it goes off; None: the inspection itself.
        trace: the whole text, with what the model was given to go on from; boxes are fractions of what it was shown.
        probability: P(anomalous) before and after reflection.
        seconds, tokens: what it cost.
    """

    id: int
    case_id: int
    inspection_id: int
    parent_id: int | None
    kind: BranchKind
    recipe: Recipe
    model: str
    trace: Trace
    probability: Probability
    doubt: float | None
    seconds: float
    tokens: int
    cancelled: bool
    author: str
    created: datetime


class Branches:
    """The branches of a store; reached as `store.branches`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        inspection_id: int,
        parent_id: int | None,
        kind: BranchKind,
        recipe: Recipe,
        model: str,
        answer: Answered,
        *,
        author: str,
    ) -> Branch:
        """Store what the model answered.

        Raises:
            NotFound: no such inspection or parent.
            Conflict: the parent belongs to another inspection's tree.
        """
        with self._store.changing() as session:
            root = inspection(session, inspection_id)
            if parent_id is not None and _row(session, parent_id).inspection_id != inspection_id:
                raise Conflict(f"Branch {parent_id} does not go off inspection {inspection_id}: choose it again.")
            row = BranchTable(
                case_id=root.case_id,
                inspection_id=inspection_id,
                parent_id=parent_id,
                kind=kind,
                recipe=recipe.to_json(),
                model=model,
                text=answer.trace.text,
                initial_probability=answer.probability.initial,
                final_probability=answer.probability.final,
                doubt=answer.doubt,
                seconds=answer.seconds,
                tokens=answer.tokens,
                cancelled=answer.cancelled,
                author=author,
                created=now(),
            )
            session.add(row)
            session.flush()
            log(session, "branch.added", author, root.case_id, branch=row.id, kind=kind.value, model=model)
            return _to_branch(row)

    def get(self, branch_id: int) -> Branch:
        """One branch; NotFound when there is none with this id."""
        with self._store.reading() as session:
            return _to_branch(_row(session, branch_id))

    def of_inspection(self, inspection_id: int) -> list[Branch]:
        """The whole tree of an inspection, oldest first: every parent comes before its branches."""
        query = select(BranchTable).where(BranchTable.inspection_id == inspection_id).order_by(BranchTable.id)
        with self._store.reading() as session:
            return [_to_branch(row) for row in session.scalars(query)]


def _row(session: Session, branch_id: int) -> BranchTable:
    row = session.get(BranchTable, branch_id)
    if row is None:
        raise NotFound(f"The store has no branch {branch_id}.")
    return row


def _to_branch(row: Any) -> Branch:
    return Branch(
        row.id,
        row.case_id,
        row.inspection_id,
        row.parent_id,
        row.kind,
        Recipe.from_json(row.recipe),
        row.model,
        read_text("", row.text),
        Probability(row.initial_probability, row.final_probability),
        row.doubt,
        row.seconds,
        row.tokens,
        row.cancelled,
        row.author,
        row.created,
    )
