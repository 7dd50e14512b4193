"""An inspection in brief: its decisions and figures without its text, for questions about many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.inspections import said
from db.latest import texts
from db.schema import InspectionTable, table_of
from m3ad.formats.base import batches
from m3ad.records import Probability, Problem, Trace, Verdict
from m3ad.trace import read

BATCH = 500


@dataclass(frozen=True, slots=True)
class Brief:
    """What an inspection says.

    Attributes:
        initial, verdict: the decisions before and after the reflection; None when unreadable.
        words: of thinking and reflection.
        problems: those of the form and the contradictions (`m3ad.contradictions.all_problems`).
    """

    inspection_id: int
    initial: Verdict | None
    verdict: Verdict | None
    reflected: bool
    probability: Probability
    seconds: float
    words: int
    problems: tuple[Problem, ...]

    @property
    def trace(self) -> Trace:
        """The decisions as the metrics take them; its texts are empty."""
        return Trace("", "", "" if self.reflected else None, self.initial, self.verdict, self.problems)


_table = table_of(InspectionTable).c
_COLUMNS = (
    _table.id,
    _table.initial,
    _table.verdict,
    _table.reflected,
    _table.initial_probability,
    _table.final_probability,
    _table.seconds,
    _table.words,
    _table.problems,
)


def briefs(session: Session, inspection_ids: Iterable[int]) -> dict[int, Brief]:
    """By id; inspections that were stored before texts were read once are read from their texts."""
    found: dict[int, Brief] = {}
    for some in batches(inspection_ids, BATCH):
        rows = session.execute(select(*_COLUMNS).where(_table.id.in_(some))).all()
        unread = texts(session, {row.id for row in rows if row.problems is None})
        for row in rows:
            found[row.id] = _brief(row, said(read(unread[row.id])) if row.id in unread else row._mapping)
    return found


def _brief(row: Any, says: Any) -> Brief:
    return Brief(
        row.id,
        _verdict(says["initial"]),
        _verdict(row.verdict),
        row.reflected,
        Probability(row.initial_probability, row.final_probability),
        row.seconds,
        says["words"],
        tuple(Problem(*each) for each in says["problems"]),
    )


def _verdict(stored: dict[str, Any] | None) -> Verdict | None:
    return None if stored is None else Verdict.from_json(stored)
