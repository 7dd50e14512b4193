"""How far the work is: per person and per data set, with the pace of today and the time that the rest will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.authors import PERSON, source_of
from db.events import now
from db.schema import AnnotationTable, CaseTable, TallyTable
from db.standings import ANY

if TYPE_CHECKING:
    from db.store import Store

PAUSE = timedelta(minutes=5)  # a longer gap between two saves is a pause and no work [ours]
ENOUGH = 0.05  # hours of work, 3 minutes, after which a pace can be told [ours]


@dataclass(frozen=True, slots=True)
class PersonProgress:
    """What one person did: cases today and in all, and cases an hour of today's active time (None: too few to say)."""

    person: str
    today: int
    total: int
    pace: float | None


@dataclass(frozen=True, slots=True)
class DatasetProgress:
    """Where a data set stands.

    Attributes:
        total, done: its cases, and how many of them a person annotated.
        remaining: those that the queue still gives out, for whatever reason.
        pace: cases of it an hour today, of all people together; None: too few to say.
        hours: what the remaining ones take at that pace, None where there is none.
    """

    dataset: str
    total: int
    done: int
    remaining: int
    pace: float | None
    hours: float | None


def active_hours(times: Iterable[datetime]) -> float:
    """The time that saves at these moments, rising, took: gaps longer than PAUSE are not counted."""
    gaps = (after - before for before, after in pairwise(times))
    return sum((gap for gap in gaps if gap <= PAUSE), timedelta()) / timedelta(hours=1)


def progress(store: Store, moment: datetime | None = None) -> tuple[list[PersonProgress], list[DatasetProgress]]:
    """The progress of every person and data set; "today" began at midnight where the program runs."""
    moment = moment or now()
    midnight = moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    with store.reading() as session:
        people = list(_people(session))
        saves = {person: _saves(session, person, midnight) for person in people}
        totals = {person: _total(session, person) for person in people}
        standing = _datasets(session)
    persons = [
        PersonProgress(person, len({case for _, case, _ in saves[person]}), totals[person], _pace(saves[person]))
        for person in people
    ]
    return persons, [_dataset(name, *counts, saves) for name, counts in sorted(standing.items())]


Save = tuple[datetime, int, str]  # when, which case, of which data set


def _dataset(name: str, total: int, done: int, remaining: int, saves: dict[str, list[Save]]) -> DatasetProgress:
    paces = [_pace([save for save in one if save[2] == name]) for one in saves.values()]
    pace = sum(each for each in paces if each) or None
    return DatasetProgress(name, total, done, remaining, pace, remaining / pace if pace else None)


def _pace(saves: list[Save]) -> float | None:
    """Cases an hour. The first save has no beginning: n saves span the work on n - 1 cases."""
    hours = active_hours(when for when, _, _ in saves)
    return (len({case for _, case, _ in saves}) - 1) / hours if hours >= ENOUGH else None


def _people(session: Session) -> Iterator[str]:
    """The people who annotated, by name: one look into the index for each author, not for each annotation."""
    author = session.scalar(select(func.min(AnnotationTable.author)))
    while author is not None:
        if source_of(author) == PERSON:
            yield author
        author = session.scalar(select(func.min(AnnotationTable.author)).where(AnnotationTable.author > author))


def _saves(session: Session, person: str, since: datetime) -> list[Save]:
    query = (
        select(AnnotationTable.created, AnnotationTable.case_id, CaseTable.dataset)
        .join(CaseTable, CaseTable.id == AnnotationTable.case_id)
        .where(AnnotationTable.author == person, AnnotationTable.created >= since)
        .order_by(AnnotationTable.created)
    )
    return [(row.created, row.case_id, row.dataset) for row in session.execute(query)]


def _total(session: Session, person: str) -> int:
    query = select(func.count(func.distinct(AnnotationTable.case_id))).where(AnnotationTable.author == person)
    return session.scalar(query) or 0


def _datasets(session: Session) -> dict[str, tuple[int, int, int]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    query = select(TallyTable.dataset, TallyTable.source, TallyTable.reason, TallyTable.count)
    for dataset, source, reason, number in session.execute(query.where(TallyTable.model == ANY, TallyTable.count > 0)):
        for place, counts in enumerate((True, source == PERSON, reason != "")):
            found[dataset][place] += number if counts else 0
    return {name: (total, done, remaining) for name, (total, done, remaining) in found.items()}
