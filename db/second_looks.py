"""Second looks: a drawn share of the revisions is annotated again by another person, who does not see them.

Their verdicts are kept apart: they are no revisions of the truth. Revisions that were approved can be mixed in as known
answers, which everybody but their author may be given; of the others one person is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from db.annotations import pictures_for
from db.events import log, now
from db.filters import CaseFilter, Status, conditions, join_latest
from db.schema import AnnotationTable, CaseTable, SecondLookTable, SecondVerdictTable
from db.verdicts import sound, undecided
from m3ad.errors import Conflict
from m3ad.records import Verdict

if TYPE_CHECKING:
    from db.store import Store


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A revision and what another person said of the same case.

    Attributes:
        first, author: the revision's verdict and who saved it.
        second, person: the other one.
        known: the revision was approved and served as a known answer.
    """

    case_id: int
    revision: int
    batch: str
    known: bool
    author: str
    first: Verdict
    person: str
    second: Verdict
    note: str
    created: datetime


class SecondLooks:
    """The second looks of a store; reached as `store.second_looks`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def draw(
        self, batch: str, wanted: CaseFilter, *, share: float, known: float = 0.0, seed: int = 0, actor: str = "system"
    ) -> tuple[int, int]:
        """Draw a share of the cases that pass, and mix a share of those that were approved in: how many of each.

        Only what a person annotated and nobody drew before takes part; a case is drawn once for a revision.

        Args:
            batch: a name for the draw, as in the report.
            share: of the cases whose newest revision is not approved, 0..1.
            known: of those whose newest revision is, 0..1.

        Raises Conflict: the name or a share makes no sense, or nothing was drawn.
        """
        if not batch.strip():
            raise Conflict("A draw of second looks needs a name.")
        if not (0 <= share <= 1 and 0 <= known <= 1):
            raise Conflict("A share is a part of the cases, between 0 and 1.")
        with self._store.changing() as session:
            chance = random.Random(seed)
            approved = set(_annotated(session, wanted, Status.APPROVED))
            others = [one for one in _annotated(session, wanted, Status.BY_A_PERSON) if one not in approved]
            second, answers = _some(chance, others, share), _some(chance, sorted(approved), known)
            if not second and not answers:
                raise Conflict(
                    "Nothing was drawn: too few cases pass that a person has annotated and nobody drew before."
                )
            drawn = [(one, False) for one in second] + [(one, True) for one in answers]
            chance.shuffle(drawn)  # the order is that in which people see them: known answers are not told from others
            session.add_all(
                SecondLookTable(batch=batch, annotation_id=one, known=is_known, created=now())
                for one, is_known in drawn
            )
            log(session, "second_looks.drawn", actor, batch=batch, second=len(second), known=len(answers))
            return len(second), len(answers)

    def waiting_for(self, person: str) -> list[int]:
        """The cases that this person may look at for the second time, rising."""
        with self._store.reading() as session:
            query = select(AnnotationTable.case_id).join_from(SecondLookTable, AnnotationTable)
            return sorted(session.scalars(query.where(*_open_to(person))))

    def waiting(self, person: str) -> int:
        """How many cases `waiting_for` gives."""
        with self._store.reading() as session:
            return session.scalar(_waiting(person)) or 0

    def answer(self, case_id: int, person: str, verdict: Verdict, note: str = "") -> None:
        """Keep what the person says. Raises Conflict when it contradicts itself or they are not asked for it."""
        if undecided(verdict):
            raise Conflict("A second look is no question: choose a type, or leave the case to somebody else.")
        with self._store.changing() as session:
            verdict = sound(verdict, pictures_for(session, case_id, verdict))
            query = select(SecondLookTable.id).join_from(SecondLookTable, AnnotationTable)
            look = session.scalar(query.where(AnnotationTable.case_id == case_id, *_open_to(person)).limit(1))
            if look is None:
                raise Conflict(
                    "You are not asked for a second look at this case: somebody else has done it, or you have."
                )
            session.add(
                SecondVerdictTable(look_id=look, person=person, verdict=verdict.to_json(), note=note, created=now())
            )
            log(session, "second_look.saved", person, case_id)

    def done(self, *, batch: str | None = None, case_id: int | None = None) -> list[SecondLook]:
        """What was said in second looks, of one draw or of one case where given, in the order of the cases."""
        query = (
            select(SecondLookTable, SecondVerdictTable, AnnotationTable)
            .join_from(SecondLookTable, SecondVerdictTable)
            .join(AnnotationTable, AnnotationTable.id == SecondLookTable.annotation_id)
            .order_by(AnnotationTable.case_id, SecondVerdictTable.created)
        )
        if batch is not None:
            query = query.where(SecondLookTable.batch == batch)
        if case_id is not None:
            query = query.where(AnnotationTable.case_id == case_id)
        with self._store.reading() as session:
            return [_to_look(look, said, first) for look, said, first in session.execute(query)]


def _annotated(session: Session, wanted: CaseFilter, status: Status) -> list[int]:
    """Ids of the newest annotations that pass and that nobody drew before."""
    query = join_latest(select(AnnotationTable.id).select_from(CaseTable), model=wanted.model, user=None)
    query = query.where(*conditions(wanted), *conditions(CaseFilter(status=status)))
    drawn = select(SecondLookTable.annotation_id)
    return list(session.scalars(query.where(AnnotationTable.id.not_in(drawn)).order_by(CaseTable.id)))


def _some(chance: random.Random, ids: Sequence[int], share: float) -> list[int]:
    return chance.sample(ids, round(share * len(ids)))


@lru_cache(maxsize=256)
def _waiting(person: str) -> Select[Any]:
    """Kept: it is asked with every answer to an annotator, and making a statement costs more than running it."""
    joined = select(func.count()).select_from(SecondLookTable)
    joined = joined.join(AnnotationTable, AnnotationTable.id == SecondLookTable.annotation_id)
    return joined.where(*_open_to(person))


def _open_to(person: str) -> list[ColumnElement[bool]]:
    """Conditions on a look and its annotation: not the person's own, not done by them, nor by others unless known."""
    mine = select(SecondVerdictTable.look_id).where(SecondVerdictTable.person == person)
    anybody = select(SecondVerdictTable.look_id)
    return [
        AnnotationTable.author != person,
        SecondLookTable.id.not_in(mine),
        or_(SecondLookTable.known, SecondLookTable.id.not_in(anybody)),
    ]


def _to_look(look: SecondLookTable, said: SecondVerdictTable, first: AnnotationTable) -> SecondLook:
    return SecondLook(
        case_id=first.case_id,
        revision=first.revision,
        batch=look.batch,
        known=look.known,
        author=first.author,
        first=Verdict.from_json(first.verdict),
        person=said.person,
        second=Verdict.from_json(said.verdict),
        note=said.note,
        created=said.created,
    )
