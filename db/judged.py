"""What a model said of annotated cases, beside what holds: the ground for every question about a set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from db.briefs import Brief, briefs
from db.case_rows import CaseRow
from db.evidence import measured
from db.filters import EVERYTHING, CaseFilter
from db.schema import TallyTable
from db.splits import FROZEN
from db.standings import ANY
from m3ad.formats.base import batches
from m3ad.metrics.detection import Pair
from m3ad.records import Verdict
from m3ad.reliability.properties import Properties

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class Judged:
    """A case whose truth is known, and a model's newest complete inspection of it.

    `looks`: what was measured of its primary picture; None where it was not.
    """

    case: CaseRow
    truth: Verdict
    inspection: Brief
    looks: Properties | None = None

    @property
    def pair(self) -> Pair:
        """As the metrics take it."""
        return self.truth, self.inspection.trace


def judged(store: Store, model: str, wanted: CaseFilter = EVERYTHING, *, user: str | None = None) -> list[Judged]:
    """The annotated cases that pass and that the model inspected, by their newest annotation, in order of import.

    Args:
        user: the person whose drafts a filter for drafts means.
    """
    rows = store.case_rows(wanted, model, user)
    return _with_inspections(store, rows, {row.case_id: row.truth for row in rows if row.truth is not None})


def judged_frozen(store: Store, model: str, snapshot_id: int) -> list[Judged]:
    """As `judged`: the frozen cases of a snapshot, by the revisions that it froze."""
    frozen = {row.case.id: row.annotation.verdict for row in store.snapshot_rows(snapshot_id) if row.split == FROZEN}
    rows = [row for some in batches(frozen, 500) for row in store.case_rows(CaseFilter(ids=tuple(some)), model)]
    return _with_inspections(store, rows, frozen)


def models_that_inspected(store: Store) -> list[str]:
    """Names of the models whose inspections the store has, those that are gone too, in order."""
    query = select(TallyTable.model).where(TallyTable.model != ANY, TallyTable.count > 0).distinct()
    with store.reading() as session:
        return sorted(session.scalars(query))


def _with_inspections(store: Store, rows: Iterable[CaseRow], truths: Mapping[int, Verdict]) -> list[Judged]:
    known = {row.inspection_id: row for row in rows if row.case_id in truths and row.inspection_id is not None}
    with store.reading() as session:
        found = briefs(session, known)
        looks = measured(session, [row.picture_id for row in known.values()])
    return [
        Judged(row, truths[row.case_id], found[inspection_id], looks.get(row.picture_id))
        for inspection_id, row in known.items()
    ]
