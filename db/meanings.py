"""What people say that a source's own names of defects mean; it goes before the table of the importer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import MeaningTable
from m3ad.datasets.layouts import LAYOUTS
from m3ad.datasets.source import checked_type
from m3ad.errors import BadData

if TYPE_CHECKING:
    from db.store import Store

LONGEST_NAME = 200  # characters of a category or a name


class Meanings:
    """The meanings of a store; reached as `store.meanings`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, layout: str) -> dict[tuple[str, str], str]:
        """(category, name) -> type, as people said it for a layout; category "any" for every one."""
        with self._store.reading() as session:
            rows = session.scalars(select(MeaningTable).where(MeaningTable.layout == layout))
            return {(row.category, row.name): row.type for row in rows}

    def say(self, layout: str, category: str, name: str, type_: str, actor: str) -> str:
        """Map a name to a type, and return the type's own name; what was imported before is not changed.

        `type_` may be "unknown": the cases are imported, and somebody chooses the types in Annotate.

        Raises BadData for a layout or type that there is not, or for an empty or endless name.
        """
        kind = checked_type(type_)
        if layout not in LAYOUTS:
            raise BadData(f"There is no layout {layout!r}. Choose one of {', '.join(LAYOUTS)}.")
        for what, words in (("category", category), ("name", name)):
            if not words.strip() or len(words) > LONGEST_NAME:
                raise BadData(f"The {what} has to have 1 to {LONGEST_NAME} characters. Choose a name of the list.")
        with self._store.changing() as session:
            _replace(session, layout, category, name)
            row = MeaningTable(layout=layout, category=category, name=name, type=kind, author=actor, created=now())
            session.add(row)
            log(session, "meaning.said", actor, layout=layout, category=category, name=name, type=kind)
        return kind

    def forget(self, layout: str, category: str, name: str, actor: str) -> None:
        """Let the importer's table speak again."""
        with self._store.changing() as session:
            if _replace(session, layout, category, name):
                log(session, "meaning.forgotten", actor, layout=layout, category=category, name=name)


def _replace(session: Session, layout: str, category: str, name: str) -> bool:
    """Remove what was said of a name; whether there was something."""
    row = session.get(MeaningTable, (layout, category, name))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True
