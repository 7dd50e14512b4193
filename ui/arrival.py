"""Where a link leads: the tab, case and queue of `?tab=annotate&case=12&queue=unsure`, checked. No gradio.

`&filter=` names a saved filter by its name or number. Annotate without a case leads to its queue's next case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from db.filters import EVERYTHING, CaseFilter
from db.lists import Within
from db.store import Store
from m3ad.errors import NotFound
from ui.access import LARGEST_ID
from ui.annotate_queue import PRIORITY, filter_of, following, queue_named


@dataclass(frozen=True, slots=True)
class Place:
    """A tab, a case and a queue (None: not said); `missing` names a case that was asked for and is not there."""

    tab: str
    case_id: int | None
    missing: str | None = None
    queue: str | None = None


def arrive(
    wanted: Mapping[str, Any], tabs: Collection[str], store: Store, user: str = "", *, claims: bool = True
) -> Place:
    """The place a link asks for. Unknown tabs lead to the first one, unknown cases to the first case of the store.

    Args:
        claims: False for those who only look: nothing is claimed for them.
    """
    tab = str(wanted.get("tab") or "")
    case = str(wanted.get("case") or "")
    place = tab if tab in tabs else next(iter(tabs))
    queue = queue_named(store, str(wanted.get("queue") or "")[:80], str(wanted.get("filter") or "")[:80])
    if case and (found := _existing(case, store)) is not None:
        return Place(place, found, queue=queue)
    given = _given(store, queue or PRIORITY, user, claims) if place == "annotate" and not case else None
    return Place(place, given or _first(store, EVERYTHING, user), missing=case or None, queue=queue)


def _given(store: Store, queue: str, user: str, claims: bool) -> int | None:
    """The queue's next case; its first one where others have claimed them all."""
    return following(store, queue, user, 0, None, claims=claims) or _first(store, filter_of(store, queue), user)


def _first(store: Store, wanted: CaseFilter, user: str) -> int | None:
    return next(iter(store.queue.stretch(wanted, Within(limit=1), user)), None)


def _existing(case: str, store: Store) -> int | None:
    if not case.isdecimal() or len(case) > 16 or int(case) > LARGEST_ID:
        return None
    try:
        return store.case(int(case)).id
    except NotFound:
        return None
