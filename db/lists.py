"""Lists of cases that are as quick at a million as at a thousand: how many pass a filter, and which come next.

Most filters are questions that the tallies answer (`db.standings`): a count is the sum of the tallies that pass, and
the next cases are the first ones of each such tally, merged. What no tally knows (words, types, probabilities, ids,
drafts) is looked for case by case, in the order of import, and counted up to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from db.authors import PERSON
from db.filters import CaseFilter, Status, loose
from db.reasoning import INDEX, matches
from db.reasons import Reason
from db.schema import CaseTable, ClaimTable, Decision, DraftTable, StandingTable, TallyTable
from db.standings import ANY
from m3ad.records import Outcome

COUNTED = 10_000  # cases that no tally knows are counted so far and no further


@dataclass(frozen=True, slots=True)
class Count:
    """How many; `more`: that many and more, nobody counted on."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.more else ''}"


@dataclass(frozen=True, slots=True)
class Within:
    """A stretch of a list: the cases after `after`, or before `before` going backwards; `skip` of them passed over."""

    after: int = 0
    before: int | None = None
    limit: int | None = None
    skip: int = 0


@dataclass(slots=True)
class _Plan:
    """A filter as conditions on tallies, and on the rows of standings themselves.

    Attributes:
        key: which rows: those about this model's inspections, or about any model's.
        ways: conditions on `TallyTable`.
        rows: conditions on `StandingTable`, and on `CaseTable` when `cases` is set.
        lacking: a model that must not have inspected the case.
    """

    key: str
    ways: list[ColumnElement[bool]] = field(default_factory=list)
    rows: list[ColumnElement[bool]] = field(default_factory=list)
    cases: bool = False
    lacking: str | None = None
    reasoning: str = ""


_way = TallyTable
_inspected = _way.decision != ""
_readable = _way.decision.in_(("anomalous", "normal"))
_judged = and_(_way.truth != "", _inspected)
_right = and_(_judged, _way.decision == _way.truth)
_wrong = and_(_judged, _way.decision != _way.truth)  # an unreadable answer is wrong in the sense of the metrics

_STATUS: dict[Status, ColumnElement[bool]] = {
    Status.ANNOTATED: _way.truth != "",
    Status.UNANNOTATED: _way.truth == "",
    Status.BY_A_PERSON: _way.source == PERSON,
    Status.TO_REVIEW: or_(and_(_way.source == PERSON, _way.review == ""), _way.review == Decision.ASK),
    Status.ASKED: _way.review == Decision.ASK,
    Status.SENT_BACK: _way.review == Decision.SEND_BACK,
    Status.APPROVED: _way.review == Decision.APPROVE,
    Status.UNINSPECTED: not_(_inspected),
    Status.INSPECTED: _inspected,
    Status.REFLECTED: _way.reflected.is_(True),
    Status.UNREADABLE: _way.decision == "unreadable",
    Status.UNSURE: _way.unsure.is_(True),
    Status.RIGHT: _right,
    Status.WRONG: _wrong,
    Status.ESCAPE: and_(_way.truth == "anomalous", _way.decision == "normal"),
    Status.OVERKILL: and_(_way.truth == "normal", _way.decision == "anomalous"),
}
_OF_THE_CASE = {
    *(Status.ANNOTATED, Status.UNANNOTATED, Status.BY_A_PERSON, Status.DRAFT),
    *(Status.TO_REVIEW, Status.ASKED, Status.SENT_BACK, Status.APPROVED),
}


def _outcome(wanted: Outcome) -> ColumnElement[bool]:
    reflected = and_(_way.reflected.is_(True), _way.initial != "")
    before = _way.initial == _way.truth if wanted in (Outcome.KEPT_RIGHT, Outcome.BROKE) else _way.initial != _way.truth
    return and_(reflected, before, _right if wanted in (Outcome.KEPT_RIGHT, Outcome.FIXED) else _wrong)


def _plan(wanted: CaseFilter, user: str | None) -> _Plan:
    inspected = wanted.status is not None and wanted.status not in _OF_THE_CASE
    by_model = inspected or wanted.outcome is not None or wanted.probability is not None
    plan = _Plan((wanted.model or ANY) if by_model else ANY)
    if wanted.model and wanted.status is Status.UNINSPECTED:
        # A model has no row about what it did not inspect.
        plan = _Plan(ANY, lacking=wanted.model)
    elif wanted.status is not None and wanted.status is not Status.DRAFT:
        plan.ways.append(_STATUS[wanted.status])
    if wanted.outcome is not None:
        plan.ways.append(_outcome(wanted.outcome))
    for name in ("scenario", "category", "dataset", "split"):
        if (value := getattr(wanted, name)) is not None:
            plan.ways.append(getattr(_way, name) == value)
    if wanted.verdict is not None:
        plan.ways.append(_way.truth == wanted.verdict)
    _plan_of_any(plan, wanted)
    _plan_rows(plan, wanted, user)
    return plan


def _plan_of_any(plan: _Plan, wanted: CaseFilter) -> None:
    """Reason and assignment are kept with the row about any model; another model's row has its own reason."""
    asked: list[ColumnElement[bool]] = []
    here = _way if plan.key == ANY else aliased(TallyTable)
    if wanted.reason is not None:
        asked.append(here.reason == wanted.reason)
    if wanted.assigned is not None:
        asked.append(here.assigned == wanted.assigned)
    if plan.key == ANY:
        plan.ways += asked
    elif asked:
        row = aliased(StandingTable)
        joined = and_(row.model == ANY, row.case_id == StandingTable.case_id, here.id == row.tally_id)
        plan.rows.append(exists().where(joined, *asked))


def _plan_rows(plan: _Plan, wanted: CaseFilter, user: str | None) -> None:
    row = StandingTable
    plan.rows += loose(replace(wanted, reasoning=""), row.case_id, row.final_probability)
    plan.reasoning = wanted.reasoning.strip()
    plan.cases = bool(wanted.text.split())
    if wanted.ids is not None:
        plan.rows.append(row.case_id.in_(wanted.ids))
    if wanted.status is Status.DRAFT:
        drafts = select(DraftTable.case_id).where(DraftTable.user == (user or ""))
        plan.rows.append(row.case_id.in_(drafts))
    if plan.lacking is not None:
        other = aliased(StandingTable)
        plan.rows.append(not_(exists().where(other.model == plan.lacking, other.case_id == row.case_id)))


def count(session: Session, wanted: CaseFilter, *, user: str | None = None, at_most: int | None = None) -> Count:
    """How many cases pass; where no tally knows, `at_most` (None: all of them) are counted."""
    statements, looked_for = _counting(wanted, user, at_most)
    first, *less = (int(session.scalar(one) or 0) for one in statements)  # PostgreSQL's sums are decimals
    found = first - sum(less)
    more = looked_for and at_most is not None and found > at_most
    return Count(at_most, True) if more and at_most is not None else Count(found)


@lru_cache(maxsize=256)
def _counting(wanted: CaseFilter, user: str | None, at_most: int | None) -> tuple[list[Select[Any]], bool]:
    """Statements that give the number (those after the first one are taken off), and whether they look case by case.

    Kept: every answer to an annotator has a few of these counts, and making a statement costs more than running it.
    """
    plan = _plan(wanted, user)
    if plan.lacking is not None and len(plan.rows) == 1 and not plan.reasoning:
        return [_sum(key, plan.ways) for key in (ANY, plan.lacking)], False
    if not plan.rows and not plan.reasoning:
        return [_sum(plan.key, plan.ways)], False
    # In order, so that SQLite goes from the index of reasoning to the rows and never the other way round.
    limit = None if at_most is None else at_most + 1
    query = _cut(_rows(plan), plan, Within(limit=limit))
    return [select(func.count()).select_from(query.subquery())], True


def _sum(key: str, ways: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return select(func.coalesce(func.sum(TallyTable.count), 0)).where(TallyTable.model == key, *ways)


def reasons(session: Session, user: str) -> dict[Reason, int]:
    """How many cases each reason has, without those that are assigned to somebody else."""
    found = {row.reason: int(row.number) for row in session.execute(_REASONS, {"user": user})}
    return {reason: found.get(reason, 0) for reason in Reason}


def stretch(session: Session, wanted: CaseFilter, within: Within, *, user: str | None = None) -> list[int]:
    """The ids of a stretch of the list, in the order of import, or against it where `before` is given."""
    plan = _plan(wanted, user)
    if plan.rows or plan.reasoning or not plan.ways or within.limit is None or within.skip:
        return list(session.scalars(_cut(_rows(plan), plan, within)))
    return _merged(session, plan.key, plan.ways, within)


def position(session: Session, wanted: CaseFilter, case_id: int, *, user: str | None, at_most: int) -> int | None:
    """The place of a case in the list, from 1; 0 when it does not pass, None when it is further down than `at_most`."""
    plan = _plan(wanted, user)
    query = _rows(plan)
    if not session.scalar(select(query.where(StandingTable.case_id == case_id).exists())):
        return 0
    before = query.where(StandingTable.case_id < case_id).limit(at_most + 1)
    passed = session.scalar(select(func.count()).select_from(before.subquery())) or 0
    return None if passed > at_most else passed + 1


def first_free(session: Session, reason: Reason, user: str, now: Any, after: int) -> int | None:
    """The first case behind `after` with this reason that can be given to the user; None when there is none left.

    Nobody else's claim or assignment is on it.
    """
    asked = {"reason": str(reason), "user": user, "now": now, "after": after}
    return session.scalar(_FIRST_FREE, asked)


def _first_free() -> Select[Any]:
    """Each tally with its first free case: the nearest of them."""
    row = StandingTable
    user: BindParameter[str] = bindparam("user")
    taken = select(ClaimTable.case_id).where(ClaimTable.until > bindparam("now"), ClaimTable.holder != user)
    behind = (row.tally_id == TallyTable.id, row.case_id > bindparam("after"), row.case_id.not_in(taken))
    first = select(func.min(row.case_id)).where(*behind).correlate(TallyTable).scalar_subquery()
    ways = (TallyTable.reason == bindparam("reason"), or_(TallyTable.assigned == "", TallyTable.assigned == user))
    each = select(first.label("first")).where(TallyTable.model == ANY, TallyTable.count > 0, *ways).subquery()
    return select(func.min(each.c.first))


# Statements are made once: making one costs more than running it.
_FIRST_FREE = _first_free()
_REASONS = (
    select(TallyTable.reason, func.sum(TallyTable.count).label("number"))
    .where(
        TallyTable.model == ANY,
        TallyTable.reason != "",
        or_(TallyTable.assigned == "", TallyTable.assigned == bindparam("user")),
    )
    .group_by(TallyTable.reason)
)


def _rows(plan: _Plan) -> Select[Any]:
    """The ids that pass, as a query over standings."""
    row = StandingTable
    query: Select[Any]
    if plan.reasoning:
        # From the index to the rows: the index gives its cases in order, so a page of a common word is quick.
        joined = INDEX.join(row.__table__, row.case_id == INDEX.c.rowid)
        query = select(row.case_id).select_from(joined).where(matches(plan.reasoning))
    else:
        query = select(row.case_id)
    if plan.cases:
        query = query.join(CaseTable, CaseTable.id == row.case_id)
    query = query.where(row.model == plan.key, *plan.rows)
    if plan.ways:
        passing = select(TallyTable.id).where(TallyTable.model == plan.key, TallyTable.count > 0, *plan.ways)
        query = query.where(row.tally_id.in_(passing))
    return query


def _cut(query: Select[Any], plan: _Plan, within: Within) -> Select[Any]:
    place = INDEX.c.rowid if plan.reasoning else StandingTable.case_id
    if within.before is not None:
        query = query.where(place < within.before).order_by(place.desc())
    else:
        query = query.where(place > within.after).order_by(place)
    return query.limit(within.limit).offset(within.skip or None)


def _merged(
    session: Session, key: str, ways: Sequence[ColumnElement[bool]], within: Within, *rows: ColumnElement[bool]
) -> list[int]:
    """The first ids over all tallies that pass, by a few look-ups in each: no other case is looked at.

    Only the tallies with the nearest first cases can hold any of the nearest `limit` ones.
    """
    assert within.limit is not None
    backwards = within.before is not None
    row = StandingTable
    end = func.max(row.case_id) if backwards else func.min(row.case_id)
    inside = row.case_id < within.before if within.before is not None else row.case_id > within.after
    first = select(end).where(row.tally_id == TallyTable.id, inside, *rows).correlate(TallyTable).scalar_subquery()
    passing = select(TallyTable.id, first).where(TallyTable.model == key, TallyTable.count > 0, *ways)
    found = [(case_id, tally) for tally, case_id in session.execute(passing) if case_id is not None]
    nearest = sorted(found, reverse=backwards)[: within.limit]
    if within.limit == 1 or not nearest:
        return [case_id for case_id, _ in nearest]
    order = row.case_id.desc() if backwards else row.case_id
    parts = [
        select(
            select(row.case_id)
            .where(row.tally_id == tally, inside, *rows)
            .order_by(order)
            .limit(within.limit)
            .subquery()
        )
        for _, tally in nearest
    ]
    ids = sorted(session.scalars(union_all(*parts)), reverse=backwards)
    return ids[: within.limit]
