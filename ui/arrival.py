"""Where a link leads: the tab, case and queue of `?tab=annotate&case=12&queue=unsure`, checked. No gradio.

`&filter=` names a saved filter by its name or number. A queue without a case leads to the queue's next case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from db.filters import EVERYTHING
from db.lists import Within
from db.store import Store
from m3ad.errors import NotFound
from ui.access import LARGEST_ID
from ui.annotate_queue import following, queue_named


@dataclass(frozen=True, slots=True)
class Place:
    """A tab, a case and a queue (None: not said); `missing` names a case that was asked for and is not there."""

    tab: str
    case_id: int | None
    missing: str | None = None
    queue: str | None = None


def arrive(wanted: Mapping[str, Any], tabs: Collection[str], store: Store, user: str = "") -> Place:
    """The place a link asks for. Unknown tabs lead to the first one, unknown cases to the first case of the store."""
    tab = str(wanted.get("tab") or "")
    case = str(wanted.get("case") or "")
    place = tab if tab in tabs else next(iter(tabs))
    queue = queue_named(store, str(wanted.get("queue") or "")[:80], str(wanted.get("filter") or "")[:80])
    if case and (found := _existing(case, store)) is not None:
        return Place(place, found, queue=queue)
    given = following(store, queue, user, 0, None) if queue and place == "annotate" and not case else None
    first = store.queue.stretch(EVERYTHING, Within(limit=1))
    return Place(place, given or (first[0] if first else None), missing=case or None, queue=queue)


def _existing(case: str, store: Store) -> int | None:
    if not case.isdecimal() or len(case) > 16 or int(case) > LARGEST_ID:
        return None
    try:
        return store.case(int(case)).id
    except NotFound:
        return None
