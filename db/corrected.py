"""The corrected cases of a run, with what its start model and its own model say of each in their stored inspections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from db import corrections
from db.annotations import to_annotation
from db.lineage import verdict_of
from db.models import run
from db.schema import (
    AnnotationTable,
    CaseTable,
    InspectionTable,
    ModelTable,
    RunRowTable,
    RunTable,
    StandingTable,
    table_of,
)
from m3ad.formats.base import batches
from m3ad.lineage import Became, Look, became
from m3ad.metrics.effect import Aspect
from m3ad.records import Verdict

if TYPE_CHECKING:
    from db.store import Store

BATCH = 500


@dataclass(frozen=True, slots=True)
class Corrected:
    """A case whose annotation is a person's correction (`db.corrections`), among the examples of a run.

    Attributes:
        name: short name for lists.
        new: no earlier run had this revision among its examples.
        before, after: what the start model and the run's own model said last; None: not inspected.
    """

    case_id: int
    name: str
    revision: int
    author: str
    truth: Verdict
    new: bool
    before: Look | None
    after: Look | None

    def became(self, aspect: Aspect | None = None) -> Became:
        """What the run did to it in an aspect; None: the worst of all three."""
        return became(self.truth, self.before, self.after, aspect)


def corrected(store: Store, name: str) -> list[Corrected]:
    """The corrected cases of a run, what went wrong first, by the revisions it learnt from. Raises NotFound."""
    with store.reading() as session:
        found = run(session, name)
        rows = _rows(session, name)
        own = session.scalar(select(ModelTable.name).where(ModelTable.run == name).limit(1))
        ids = [row.case_id for row in rows]
        before = _looks(session, found.start_model, ids)
        after = _looks(session, own, ids) if own else {}
    cases = [
        Corrected(
            row.case_id,
            f"{row.category} {row.key.removeprefix(row.category + '/')}",
            row.revision,
            row.author,
            Verdict.from_json(row.verdict),
            not row.earlier,
            before.get(row.case_id),
            after.get(row.case_id),
        )
        for row in rows
    ]
    order = list(Became)
    return sorted(cases, key=lambda one: (order.index(one.became()), one.case_id))


def tally(cases: Sequence[Corrected], aspect: Aspect | None = None) -> dict[Became, int]:
    """How many cases became what; every word is there."""
    counts = Counter(one.became(aspect) for one in cases)
    return {word: counts[word] for word in Became}


def _rows(session: Session, name: str) -> Sequence[Any]:
    entered, other, this = aliased(RunRowTable), aliased(RunTable), aliased(RunTable)
    earlier = exists().where(
        entered.annotation_id == AnnotationTable.id, other.name == entered.run, other.created < this.created
    )
    query = (
        select(
            *table_of(AnnotationTable).c,
            *(CaseTable.category, CaseTable.key, earlier.label("earlier")),
        )
        .select_from(RunRowTable)
        .join(this, this.name == RunRowTable.run)
        .join(AnnotationTable, AnnotationTable.id == RunRowTable.annotation_id)
        .join(CaseTable, CaseTable.id == AnnotationTable.case_id)
        .where(RunRowTable.run == name)
    )
    rows = session.execute(query).all()
    wanted = corrections.corrected(session, map(to_annotation, rows))
    return [row for row in rows if row.case_id in wanted]


def _looks(session: Session, model: str, case_ids: Sequence[int]) -> dict[int, Look]:
    """By case, what a model said in its latest complete inspection."""
    found: dict[int, Look] = {}
    for some in batches(case_ids, BATCH):
        query = (
            select(StandingTable.case_id, InspectionTable.verdict)
            .join(InspectionTable, InspectionTable.id == StandingTable.inspection_id)
            .where(StandingTable.model == model, StandingTable.case_id.in_(some))
        )
        found |= {row.case_id: Look(model, verdict_of(row.verdict)) for row in session.execute(query)}
    return found
