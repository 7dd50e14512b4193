"""Inspections: what a model wrote about a case, kept as text and read again when it is wanted (`m3ad.dialects`)."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Protocol

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from db.annotations import require_case
from db.events import log, now
from db.schema import InspectionTable, table_of
from db.standings import touch
from m3ad.contradictions import all_problems
from m3ad.dialects import read_as
from m3ad.errors import NotFound
from m3ad.records import Inspection, Mode, Probability, Trace, Verdict


class Answered(Protocol):
    """What an inspection is stored from: `m3ad.monitor.base.Answer`, or anything with the same attributes."""

    @property
    def trace(self) -> Trace:
        """What the model wrote, read."""

    @property
    def probability(self) -> Probability:
        """P(anomalous) before and after reflection."""

    @property
    def doubt(self) -> float | None:
        """P(<reflection>) after the thinking, 0..1; None where it was not measured."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def tokens(self) -> int:
        """How many tokens were written."""

    @property
    def cancelled(self) -> bool:
        """True when it was stopped half-way."""

    @property
    def reading(self) -> str:
        """In which dialect the text was read; see `m3ad.dialects.read_as`."""


_inspections = table_of(InspectionTable)
_LATEST = (  # made once: making a statement costs more than running it
    select(*_inspections.c)
    .where(_inspections.c.case_id == bindparam("of_case"), _inspections.c.cancelled.is_(False))
    .order_by(_inspections.c.id.desc())
    .limit(1)
)
_LATEST_OF_MODEL = _LATEST.where(_inspections.c.model == bindparam("of_model"))
_ADD = insert(_inspections)
read_text = lru_cache(maxsize=512)(read_as)  # a case is shown ahead and then once more


def to_inspection(row: Any, trace: Trace | None = None) -> Inspection:
    """The record of a row; without `trace` its text is read: a better reader is better on old inspections too."""
    return Inspection(
        row.id,
        row.case_id,
        row.model,
        row.mode,
        row.seed,
        trace or read_text(row.reading, row.text),
        Probability(row.initial_probability, row.final_probability),
        row.seconds,
        row.tokens,
        row.cancelled,
        row.created,
        row.doubt,
    )


def add_inspection(
    session: Session, case_id: int, model: str, mode: Mode, seed: int, answer: Answered, *, actor: str
) -> Inspection:
    """Store an answer; NotFound when there is no such case."""
    require_case(session, case_id)
    trace = answer.trace
    row = {
        "case_id": case_id,
        "model": model,
        "mode": mode,
        "seed": seed,
        "text": trace.text,
        "verdict": trace.verdict.to_json() if trace.verdict else None,
        "initial_anomalous": _anomalous(trace.initial),
        "final_anomalous": _anomalous(trace.verdict),
        "reflected": trace.reflected,
        "initial_probability": answer.probability.initial,
        "final_probability": answer.probability.final,
        "doubt": answer.doubt,
        "seconds": answer.seconds,
        "tokens": answer.tokens,
        "cancelled": answer.cancelled,
        "created": now(),
        "reading": answer.reading,
        **said(trace),
    }
    made = session.connection().execute(_ADD, row).inserted_primary_key
    assert made is not None
    log(session, "inspection.added", actor, case_id, inspection=made[0], model=model)
    touch(session, case_id)
    return to_inspection(SimpleNamespace(id=made[0], **row), trace)


def said(trace: Trace) -> dict[str, Any]:
    """What a text says, for the columns that keep it."""
    return {
        "initial": trace.initial.to_json() if trace.initial else None,
        "problems": [[found.code, found.text] for found in all_problems(trace)],
        "words": len(f"{trace.think} {trace.reflection or ''}".split()),
    }


def _anomalous(verdict: Verdict | None) -> bool | None:
    return None if verdict is None else verdict.anomalous


def inspection(session: Session, inspection_id: int) -> Inspection:
    """One inspection; NotFound when there is none with this id."""
    row = session.get(InspectionTable, inspection_id)
    if row is None:
        raise NotFound(f"The store has no inspection {inspection_id}.")
    return to_inspection(row)


def inspections(session: Session, case_id: int, model: str | None) -> list[Inspection]:
    """All inspections of a case, cancelled ones too, newest first."""
    query = select(InspectionTable).where(InspectionTable.case_id == case_id).order_by(InspectionTable.id.desc())
    if model is not None:
        query = query.where(InspectionTable.model == model)
    return [to_inspection(row) for row in session.scalars(query)]


def latest_inspection(session: Session, case_id: int, model: str | None) -> Inspection | None:
    """The newest inspection that was not cancelled."""
    query = _LATEST if model is None else _LATEST_OF_MODEL
    row = session.execute(query, {"of_case": case_id, "of_model": model}).first()
    return None if row is None else to_inspection(row)


def latest_inspections(session: Session, model: str) -> dict[int, Inspection]:
    """By case, the newest inspection of one model that was not cancelled; one query for any number of cases."""
    newest = (
        select(func.max(InspectionTable.id))
        .where(InspectionTable.model == model, InspectionTable.cancelled.is_(False))
        .group_by(InspectionTable.case_id)
    )
    rows = session.scalars(select(InspectionTable).where(InspectionTable.id.in_(newest)))
    return {row.case_id: to_inspection(row) for row in rows}
