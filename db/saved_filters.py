"""Filters that somebody gave a name, for all to use and to send as links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from db.events import log, now
from db.filters import CaseFilter
from db.schema import FilterTable
from m3ad.errors import Conflict, NotFound

if TYPE_CHECKING:
    from db.store import Store

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter with its name and who made it."""

    id: int
    name: str
    author: str
    filter: CaseFilter
    created: datetime


def _to_record(row: FilterTable) -> SavedFilter:
    return SavedFilter(row.id, row.name, row.author, CaseFilter.from_json(row.filter), row.created)


class SavedFilters:
    """The saved filters of a store; callers use `Store.filters`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, wanted: CaseFilter, *, actor: str) -> SavedFilter:
        """Save a filter; Conflict when the name is empty, too long or taken."""
        name = " ".join(name.split())
        if not 0 < len(name) <= LONGEST_NAME:
            raise Conflict(f"A filter needs a name of at most {LONGEST_NAME} letters.")
        with self._store.changing() as session:
            if session.scalar(select(FilterTable.id).where(FilterTable.name == name)):
                raise Conflict(f"There is a filter named {name} already. Choose another name, or remove that one.")
            row = FilterTable(name=name, author=actor, filter=wanted.to_json(), created=now())
            session.add(row)
            log(session, "filter.saved", actor, name=name, filter=row.filter)
            session.flush()
            return _to_record(row)

    def remove(self, filter_id: int, *, actor: str) -> None:
        """Remove a filter; NotFound when there is none with this id."""
        found = self.get(filter_id)
        with self._store.changing() as session:
            session.execute(delete(FilterTable).where(FilterTable.id == filter_id))
            log(session, "filter.removed", actor, name=found.name, filter=found.filter.to_json())

    def get(self, which: int | str) -> SavedFilter:
        """One filter by id or name; NotFound when there is none."""
        column = FilterTable.name if isinstance(which, str) else FilterTable.id
        with self._store.reading() as session:
            row = session.scalar(select(FilterTable).where(column == which))
            if row is None:
                raise NotFound(f"There is no saved filter {which} (any more).")
            return _to_record(row)

    def all(self) -> list[SavedFilter]:
        """All filters by name."""
        with self._store.reading() as session:
            return sorted((_to_record(row) for row in session.scalars(select(FilterTable))), key=lambda kept: kept.name)
