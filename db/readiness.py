"""What there is to train on: what no model has learnt from yet, beside what earlier runs had. Counts, by the tallies.

New is an annotation that is a case's newest, on no frozen case, of no category that is kept back, and among the
examples of no run that a model came of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Subquery, case, func, select
from sqlalchemy.orm import Session

from db.authors import PERSON
from db.replay import was_learnt
from db.schema import (
    CaseTable,
    Decision,
    ModelTable,
    NamedTypeTable,
    PictureTable,
    RunTable,
    SnapshotRowTable,
    StandingTable,
    TallyTable,
)
from db.splits import FROZEN, bench_categories
from db.standings import ANY
from m3ad.duplicates import near_any
from m3ad.formats.base import batches

if TYPE_CHECKING:
    from db.store import Store

COMPARED = 2_000  # new cases whose pictures are compared with the frozen ones, the latest annotated: about a second
BATCH = 500
HELD = (Decision.ASK.value, Decision.SEND_BACK.value)  # nobody may learn from these


@dataclass(slots=True)
class Part:
    """Annotations that one can train on, counted. `scenarios` and `types`: how many cases have each."""

    anomalous: int = 0
    normal: int = 0
    scenarios: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.anomalous + self.normal


@dataclass(frozen=True, slots=True)
class Readiness:
    """What there is to train on, in numbers of cases.

    Attributes:
        run, model: the last run that a model came of, and that model; None while there is none.
        new, older: what no model has learnt from yet, and what one has.
        unreviewed: of the new ones that a person annotated, those of which nobody has said anything.
        waiting: further new ones that a snapshot leaves out: sent back, or with an open question.
        frozen: cases that snapshots kept back to judge models on.
        compared, alike: of how many new cases the pictures were compared with those of frozen ones and of kept back
            categories, and how many look like one: a snapshot puts these on the frozen side.
    """

    run: str | None
    model: str | None
    new: Part
    older: Part
    unreviewed: int
    waiting: int
    frozen: int
    compared: int
    alike: int


def readiness(store: Store) -> Readiness:
    """Count what there is to train on."""
    with store.reading() as session:
        kept = bench_categories(session)
        open_cases = _open_cases(session)
        parts = {False: Part(), True: Part()}
        unreviewed = waiting = 0
        for row in _ways(session, open_cases, kept):
            if row.review in HELD:
                waiting += 0 if row.learnt else row.number
                continue
            _count(parts[bool(row.learnt)], row)
            unreviewed += row.number if row.source == PERSON and row.review == "" and not row.learnt else 0
        for name, is_learnt, number in _types(session, open_cases, kept):
            parts[bool(is_learnt)].types[name] += number
        last = session.execute(_LAST).first()
        frozen = session.scalar(select(func.count(SnapshotRowTable.case_id.distinct())).where(_IS_FROZEN)) or 0
        compared, alike = _alike(session, open_cases, kept)
    run, model = (last.run, last.name) if last else (None, None)
    return Readiness(run, model, parts[False], parts[True], unreviewed, waiting, frozen, compared, alike)


_IS_FROZEN = SnapshotRowTable.split == FROZEN
_FROZEN = select(SnapshotRowTable.case_id).where(_IS_FROZEN)
_LAST = (
    select(ModelTable.run, ModelTable.name)
    .join(RunTable, RunTable.name == ModelTable.run)
    .order_by(RunTable.created.desc(), RunTable.name.desc())
    .limit(1)
)


def _open_cases(session: Session) -> Subquery:
    """Annotated cases that no snapshot froze, with their newest annotation and whether a model has learnt from it."""
    here = StandingTable
    known = case((was_learnt(here.annotation_id), 1), else_=0).label("learnt")
    query = select(here.case_id, here.annotation_id, here.tally_id, known)
    return query.where(here.model == ANY, here.annotation_id.is_not(None), here.case_id.not_in(_FROZEN)).subquery()


def _ways(session: Session, open_cases: Subquery, kept: set[str]) -> Any:
    """How many there are of each scenario, truth, source, review, learnt or not."""
    way = TallyTable
    columns = (way.scenario, way.truth, way.source, way.review, open_cases.c.learnt)
    query = select(*columns, func.count().label("number")).join_from(open_cases, way, way.id == open_cases.c.tally_id)
    return session.execute(query.where(way.category.not_in(kept)).group_by(*columns))


def _types(session: Session, open_cases: Subquery, kept: set[str]) -> Any:
    """How many cases name each type, learnt or not."""
    named, way = NamedTypeTable, TallyTable
    query = (
        select(named.type, open_cases.c.learnt, func.count())
        .join_from(open_cases, named, named.case_id == open_cases.c.case_id)
        .join(way, way.id == open_cases.c.tally_id)
        .where(way.category.not_in(kept), way.review.not_in(HELD))
        .group_by(named.type, open_cases.c.learnt)
    )
    return session.execute(query)


def _count(part: Part, row: Any) -> None:
    part.scenarios[row.scenario] += row.number
    if row.truth == "anomalous":
        part.anomalous += row.number
    else:
        part.normal += row.number


def _alike(session: Session, open_cases: Subquery, kept: set[str]) -> tuple[int, int]:
    """(compared, alike), see `Readiness`. Near through a third picture is left to the snapshot itself."""
    way = TallyTable
    query = (
        select(open_cases.c.case_id)
        .join(way, way.id == open_cases.c.tally_id)
        .where(open_cases.c.learnt == 0, way.category.not_in(kept), way.review.not_in(HELD))
        .order_by(open_cases.c.annotation_id.desc())
        .limit(COMPARED)
    )
    new = list(session.scalars(query))
    prints = _prints(session, PictureTable.case_id.in_(_FROZEN))
    if kept:
        bench = select(CaseTable.id).where(CaseTable.category.in_(kept))
        prints += _prints(session, PictureTable.case_id.in_(bench))
    if not new or not prints:
        return len(new), 0
    exact = {value for row in prints for value in (row.sha256, row.pixels)}
    mine = [row for some in batches(new, BATCH) for row in _prints(session, PictureTable.case_id.in_(some))]
    near = near_any([row.perceptual or "" for row in mine], [row.perceptual or "" for row in prints])
    same = [row.sha256 in exact or row.pixels in exact for row in mine]
    return len(new), len({row.case_id for row, *hits in zip(mine, near, same, strict=True) if any(hits)})


def _prints(session: Session, which: Any) -> list[Any]:
    columns = (PictureTable.case_id, PictureTable.sha256, PictureTable.pixels, PictureTable.perceptual)
    return list(session.execute(select(*columns).where(which)))
