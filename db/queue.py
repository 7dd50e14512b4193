"""The queue: cases given out by priority, so that nobody gets what somebody else works on. Callers use `Store.queue`.

A case is given with a claim, in one transaction. A claim ends by itself some minutes after its holder's last sign of
life, with the save, or when its holder goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db import lists
from db.annotations import release_claim, require_case
from db.events import log, now
from db.filters import CaseFilter
from db.lists import Count, Within
from db.reasons import Reason
from db.schema import AnnotationTable, AssignmentTable, ClaimTable, InspectionTable, StandingTable, TallyTable, table_of
from db.standings import ANY, touch
from m3ad.errors import NotFound
from m3ad.formats.base import batches

if TYPE_CHECKING:
    from db.store import Store

CLAIM_MINUTES = 10.0
TRIED = 16  # cases looked up at once
ORDER = tuple(Reason)
# Statements are made once: making one costs more than running it.
_now: BindParameter[Any] = bindparam("now")
_of_case: BindParameter[Any] = bindparam("of_case")
_claims = table_of(ClaimTable)
_CLAIM = select(_claims.c.holder, _claims.c.until).where(_claims.c.case_id == _of_case).with_for_update()
_RENEW = (
    update(_claims).where(_claims.c.case_id == _of_case).values(holder=bindparam("person"), until=bindparam("ends"))
)
_FORGET = delete(_claims).where(_claims.c.until <= _now)
_STANDING = (
    select(TallyTable.reason, TallyTable.assigned, InspectionTable.model, ClaimTable.holder, ClaimTable.until)
    .select_from(StandingTable)
    .join(TallyTable, TallyTable.id == StandingTable.tally_id)
    .outerjoin(InspectionTable, InspectionTable.id == StandingTable.inspection_id)
    .outerjoin(ClaimTable, (ClaimTable.case_id == StandingTable.case_id) & (ClaimTable.until > _now))
    .where(StandingTable.model == ANY, StandingTable.case_id == _of_case)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a case is in the queue, for whom, and who works on it.

    Attributes:
        reason: the first that applies; None when nobody has to look at it.
        model: whose latest inspection that is about, "" when nothing was inspected.
        assigned: the person it is assigned to, or "".
        holder, until: whose claim is on it, or "" and None.
    """

    reason: Reason | None
    model: str
    assigned: str
    holder: str
    until: datetime | None


class Queue:
    """Gives out the cases of a store. `minutes` is how long a claim lasts."""

    def __init__(self, store: Store, minutes: float = CLAIM_MINUTES) -> None:
        self._store = store
        self.minutes = minutes

    # -- giving out ---------------------------------------------------------------------------------------------------

    def next(
        self, user: str, reasons: Sequence[Reason] = ORDER, *, after: tuple[Reason, int] | None = None
    ) -> int | None:
        """Claim and return the first free case by these reasons in their order; None when there is none.

        `after` is where the user is: the search goes on behind that case, and begins again at the top when nothing
        is left there. That case itself is not given.
        """
        with self._store.changing() as session:
            _forget_ended(session)
            for case_id in _candidates(session, user, reasons, after):
                if (after is None or case_id != after[1]) and self.take(session, case_id, user):
                    return case_id
        return None

    def peek(self, user: str, reasons: Sequence[Reason], *, after: tuple[Reason, int] | None) -> int | None:
        """The case that `next` would give, without a claim: for those who only look."""
        with self._store.reading() as session:
            found = _candidates(session, user, reasons, after)
            return next((case_id for case_id in found if after is None or case_id != after[1]), None)

    def next_of(self, user: str, wanted: CaseFilter, after: int) -> int | None:
        """Claim and return the first case of a filter behind `after`, in the order of import, that nobody else has."""
        with self._store.changing() as session:
            _forget_ended(session)
            while found := lists.stretch(session, wanted, Within(after, limit=TRIED), user=user):
                for case_id in found:
                    if self.take(session, case_id, user):
                        return case_id
                after = found[-1]
        return None

    def claim(self, case_id: int, user: str) -> bool:
        """Claim a case for the user, or renew the claim; False when somebody else has it. Raises NotFound."""
        with self._store.changing() as session:
            return self.take(session, case_id, user)

    def release(self, case_id: int, user: str) -> None:
        """Give up the user's claim, if there is one."""
        with self._store.changing() as session:
            release_claim(session, case_id, user)

    def take(self, session: Session, case_id: int, user: str) -> bool:
        """`claim` within a transaction that does more than that. Raises NotFound when there is no such case."""
        moment = now()
        until = moment + timedelta(minutes=self.minutes)
        row = session.execute(_CLAIM, {"of_case": case_id}).first()
        if row is not None and row.holder != user and row.until > moment:
            return False
        if row is None:
            require_case(session, case_id)
            session.connection().execute(insert(_claims), {"case_id": case_id, "holder": user, "until": until})
        else:
            session.connection().execute(_RENEW, {"of_case": case_id, "person": user, "ends": until})
        return True

    # -- what stands where --------------------------------------------------------------------------------------------

    def standing(self, case_id: int) -> Standing:
        """Where a case stands; NotFound when there is none."""
        with self._store.reading() as session:
            row = session.execute(_STANDING, {"of_case": case_id, "now": now()}).one_or_none()
            if row is None:
                raise NotFound(f"The store has no case {case_id}.")
        reason = Reason(row.reason) if row.reason else None
        return Standing(reason, row.model or "", row.assigned, row.holder or "", row.until)

    def counts(self, user: str) -> dict[Reason, int]:
        """How many cases each reason has for this person."""
        with self._store.reading() as session:
            return lists.reasons(session, user)

    def count(self, wanted: CaseFilter, user: str) -> Count:
        """How many cases a filter lets through, counted no further than `lists.COUNTED` where that takes looking."""
        with self._store.reading() as session:
            return lists.count(session, wanted, user=user, at_most=lists.COUNTED)

    def stretch(self, wanted: CaseFilter, within: Within, user: str | None = None) -> list[int]:
        """The ids of a stretch of a filter's list."""
        with self._store.reading() as session:
            return lists.stretch(session, wanted, within, user=user)

    def position(self, wanted: CaseFilter, case_id: int, user: str | None = None) -> int | None:
        """The place of a case in a filter's list, from 1; 0: not in it; None: further down than anybody counts."""
        with self._store.reading() as session:
            return lists.position(session, wanted, case_id, user=user, at_most=lists.COUNTED)

    def done_before(self, user: str, case_id: int) -> int | None:
        """The case that the user annotated before this one; before now, when they did not annotate it."""
        mine = select(AnnotationTable.id).where(AnnotationTable.author == user)
        with self._store.reading() as session:
            newest = mine.order_by(AnnotationTable.created.desc(), AnnotationTable.id.desc()).limit(1)
            this = session.scalar(newest.where(AnnotationTable.case_id == case_id))
            query = select(AnnotationTable.case_id).where(
                AnnotationTable.author == user, AnnotationTable.case_id != case_id
            )
            if this is not None:
                query = query.where(AnnotationTable.id < this)
            return session.scalar(query.order_by(AnnotationTable.created.desc(), AnnotationTable.id.desc()).limit(1))

    # -- assigning ----------------------------------------------------------------------------------------------------

    def assign(self, wanted: CaseFilter, person: str | None, *, actor: str) -> int:
        """Assign the cases of a filter to a person, or (None) to nobody: how many. Nobody else is given them."""
        with self._store.changing() as session:
            ids = lists.stretch(session, wanted, Within(), user=actor)
            for some in batches(ids, 500):
                session.execute(delete(AssignmentTable).where(AssignmentTable.case_id.in_(some)))
                if person:
                    rows = [{"case_id": each, "person": person, "author": actor, "created": now()} for each in some]
                    session.execute(insert(AssignmentTable), rows)
                for case_id in some:
                    touch(session, case_id)
            log(session, "cases.assigned", actor, person=person, count=len(ids), filter=wanted.to_json())
        return len(ids)


def _forget_ended(session: Session) -> None:
    """So that the claims are as few as the people at work."""
    session.connection().execute(_FORGET, {"now": now()})


def _candidates(
    session: Session, user: str, reasons: Sequence[Reason], after: tuple[Reason, int] | None
) -> Iterator[int]:
    """Free cases in the order of reasons, each by import; from `after` on to the end, then from the top to there."""
    at = reasons.index(after[0]) if after and after[0] in reasons else 0
    rounds: list[tuple[Reason, int]] = [(reason, 0) for reason in reasons[at:]]
    if rounds and after and after[0] in reasons:
        rounds = [after, *rounds[1:], *((reason, 0) for reason in reasons[: at + 1])]
    for reason, last in rounds:
        while (found := lists.first_free(session, reason, user, now(), last)) is not None:
            yield found
            last = found
