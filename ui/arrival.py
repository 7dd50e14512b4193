"""Where a link leads: the tab and the case of `?tab=annotate&case=12`, checked against what is there. No gradio."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from db.store import Store
from m3ad.errors import NotFound
from ui.access import LARGEST_ID


@dataclass(frozen=True, slots=True)
class Place:
    """A tab and a case; `missing` names a case that was asked for and is not there."""

    tab: str
    case_id: int | None
    missing: str | None = None


def arrive(wanted: Mapping[str, Any], tabs: Collection[str], store: Store) -> Place:
    """The place a link asks for. Unknown tabs lead to the first one, unknown cases to the first case of the store."""
    tab = str(wanted.get("tab") or "")
    case = str(wanted.get("case") or "")
    place = tab if tab in tabs else next(iter(tabs))
    if case and (found := _existing(case, store)) is not None:
        return Place(place, found)
    first = store.cases(limit=1)
    return Place(place, first[0].id if first else None, missing=case or None)


def _existing(case: str, store: Store) -> int | None:
    if not case.isdecimal() or len(case) > 16 or int(case) > LARGEST_ID:
        return None
    try:
        return store.case(int(case)).id
    except NotFound:
        return None
