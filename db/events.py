"""The event log: who changed what, and when. Written in the transaction of the change itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.schema import EventTable, table_of

_ADD = insert(table_of(EventTable))  # made once: making a statement costs more than running it


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log. `event` is like "annotation.saved"; `data` holds what the change was about."""

    id: int
    created: datetime
    event: str
    actor: str
    case_id: int | None
    data: dict[str, Any]


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def log(session: Session, event: str, actor: str, case_id: int | None = None, **data: Any) -> None:
    """Add an entry to the log: `write_log` writes all of a transaction at its end, in one statement."""
    entry = {"created": now(), "event": event, "actor": actor, "case_id": case_id, "data": data}
    session.info.setdefault("log", []).append(entry)


def write_log(session: Session) -> None:
    """Write what this transaction has logged."""
    if entries := session.info.pop("log", None):
        session.connection().execute(_ADD, entries)


def events(session: Session, *, case_id: int | None, event: str | None, limit: int) -> list[Event]:
    """The newest entries first, of one case or of one kind where given."""
    query = select(EventTable).order_by(EventTable.id.desc()).limit(limit)
    if case_id is not None:
        query = query.where(EventTable.case_id == case_id)
    if event is not None:
        query = query.where(EventTable.event == event)
    rows = session.scalars(query)
    return [Event(row.id, row.created, row.event, row.actor, row.case_id, row.data) for row in rows]
