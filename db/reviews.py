"""Reviews of annotations: approved, sent back with a reason and a place, or asked about. Only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from db.annotations import add_review, latest_annotation, release_claim, require_case, to_annotation
from db.filters import reviewed
from db.latest import ANY
from db.schema import AnnotationTable, Decision, NamedTypeTable, ReviewTable, StandingTable, TallyTable
from db.standings import type_name
from db.verdicts import undecided
from m3ad.errors import Conflict, NotFound
from m3ad.records import Annotation

if TYPE_CHECKING:
    from db.store import Store

_last_review = select(func.max(ReviewTable.id)).where(ReviewTable.annotation_id == AnnotationTable.id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said of one revision of a case.

    Attributes:
        reason: why it was sent back, or the question; may be empty for an approval.
        pin: the place that is meant, (x, y) in fractions of the primary picture; None for the whole.
    """

    id: int
    case_id: int
    revision: int
    reviewer: str
    decision: Decision
    reason: str
    pin: tuple[float, float] | None
    created: datetime


class Reviews:
    """The reviews of a store; reached as `store.reviews`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        case_id: int,
        revision: int,
        decision: Decision,
        *,
        reviewer: str,
        reason: str = "",
        pin: tuple[float, float] | None = None,
        own: bool = True,
    ) -> Review:
        """Say something of the newest revision; `own` False: nobody approves a revision that they saved themselves.

        Raises:
            Conflict: another revision came between, the reason is missing, the pin is off the picture, a type is still
                unknown, or it is the reviewer's own.
            NotFound: no such case or revision.
        """
        with self._store.changing() as session:
            annotation = _newest(session, case_id, revision)
            _require_sense(annotation, decision, reason, pin)
            if decision is Decision.APPROVE and not own and annotation.author == reviewer:
                raise Conflict(f"You saved revision {revision} yourself: somebody else has to approve it.")
            release_claim(session, case_id, reviewer)  # the annotator may go on at once
            return _to_review(add_review(session, annotation, decision, reviewer, reason, pin), case_id, revision)

    def of_case(self, case_id: int) -> list[Review]:
        """All reviews of all revisions of a case, oldest first."""
        query = (
            select(ReviewTable, AnnotationTable.revision)
            .join(AnnotationTable, AnnotationTable.id == ReviewTable.annotation_id)
            .where(AnnotationTable.case_id == case_id)
            .order_by(ReviewTable.id)
        )
        with self._store.reading() as session:
            return [_to_review(row, case_id, revision) for row, revision in session.execute(query)]

    def latest_approved(self, type: str, *, besides: int = 0, most: int = 1) -> list[Annotation]:
        """The newest revisions with a defect of this type whose last word is an approval, the latest approved first.

        `besides` leaves out one case: who looks at a case a second time must not be shown the first verdict.
        """
        query = (
            select(AnnotationTable)
            .select_from(NamedTypeTable)
            .join(StandingTable, and_(StandingTable.case_id == NamedTypeTable.case_id, StandingTable.model == ANY))
            .join(TallyTable, TallyTable.id == StandingTable.tally_id)
            .join(AnnotationTable, AnnotationTable.id == StandingTable.annotation_id)
            .where(NamedTypeTable.type == type_name(type), NamedTypeTable.case_id != besides)
            .where(TallyTable.review == Decision.APPROVE)
            .order_by(_last_review.desc())
            .limit(most)
        )
        with self._store.reading() as session:
            return [to_annotation(row) for row in session.scalars(query)]


def held_back(session: Session) -> set[int]:
    """Ids of the annotations that nobody may learn from: sent back, or with a question that nobody has answered."""
    return {
        found
        for decision in (Decision.ASK, Decision.SEND_BACK)
        for found in session.scalars(select(AnnotationTable.id).where(reviewed(decision)))
    }


def _newest(session: Session, case_id: int, revision: int) -> Annotation:
    require_case(session, case_id)
    newest = latest_annotation(session, case_id)
    if newest is None or revision > newest.revision or revision < 1:
        raise NotFound(f"Case {case_id} has no revision {revision}.")
    if revision < newest.revision:
        raise Conflict(
            f"{newest.author} saved revision {newest.revision} of this case meanwhile: nothing was said of revision "
            f"{revision}. Look at the new one first."
        )
    return newest


def _require_sense(annotation: Annotation, decision: Decision, reason: str, pin: tuple[float, float] | None) -> None:
    if decision is Decision.SEND_BACK and not reason.strip():
        raise Conflict("Say why it is sent back: the annotator is told.")
    if decision is Decision.ASK and not reason.strip():
        raise Conflict("Write what you want to know: the reviewer is told.")
    if pin is not None and not all(0 <= value <= 1 for value in pin):
        raise Conflict("The pin lies outside the picture.")
    if decision is Decision.APPROVE and undecided(annotation.verdict):
        raise Conflict('The type of a defect is still "unknown": choose one and save, or send it back.')


def _to_review(row: ReviewTable, case_id: int, revision: int) -> Review:
    pin = None if row.pin_x is None or row.pin_y is None else (row.pin_x, row.pin_y)
    return Review(row.id, case_id, revision, row.reviewer, row.decision, row.reason, pin, row.created)
