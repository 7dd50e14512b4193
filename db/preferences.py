"""What each person chose for themselves, such as other keys: one JSON object under a name. It is not in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.schema import PreferenceTable

if TYPE_CHECKING:
    from db.store import Store

Value = dict[str, Any]


class Preferences:
    """The preferences of a store; reached as `store.preferences`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, user: str, name: str) -> Value:
        """What the person chose; empty when nothing, or when what is stored is no JSON object (any more)."""
        with self._store.reading() as session:
            return _read(session, user, name)

    def change(self, user: str, name: str, how: Callable[[Value], Value]) -> Value:
        """Replace what the person chose by what `how` makes of it, and return that; empty: the row goes.

        What `how` raises is raised, and nothing is changed.
        """
        with self._store.changing() as session:
            value = how(_read(session, user, name))
            theirs = (PreferenceTable.user == user, PreferenceTable.name == name)
            session.execute(delete(PreferenceTable).where(*theirs))
            if value:
                session.execute(insert(PreferenceTable).values(user=user, name=name, value=value))
            return value


def _read(session: Session, user: str, name: str) -> Value:
    query = select(PreferenceTable.value).where(PreferenceTable.user == user, PreferenceTable.name == name)
    try:
        found = session.scalar(query)
    except ValueError:  # not JSON: somebody wrote into the file
        return {}
    return found if isinstance(found, dict) else {}
