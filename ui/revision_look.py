"""One revision of a case to look at: its document, what it changed, and what has changed since, in words and boxes.

Boxes are fractions of the picture they are on; a "was" names what was there before, where it differs.
"""

from __future__ import annotations

from typing import Any

from db.store import Store
from m3ad import changes as change
from m3ad.errors import NotFound
from m3ad.records import Defect, Verdict
from ui.annotation_words import changes


def look(store: Store, case_id: int, revision: int) -> dict[str, Any]:
    """The answer of `GET /revision/CASE/REVISION`; raises NotFound.

    "since" compares with the newest revision, and is None for that one itself; "seconds" with what others said of the
    case in second looks.
    """
    found = store.annotations(case_id)
    if not 1 <= revision <= len(found):
        raise NotFound(f"Case {case_id} has no revision {revision}.")
    this, newest = found[revision - 1], found[-1]
    before = found[revision - 2] if revision > 1 else None
    return {
        "case_id": case_id,
        "revision": revision,
        "newest": newest.revision,
        "document": {**this.verdict.to_json(), "note": this.note},
        "changed": _compared(before.verdict if before else None, this.verdict),
        "since": _compared(this.verdict, newest.verdict) if newest is not this else None,
        "seconds": [
            {"person": one.person, **_compared(this.verdict, one.second)}
            for one in store.second_looks.done(case_id=case_id)
            if one.revision == revision
        ],
    }


def _compared(before: Verdict | None, after: Verdict) -> dict[str, Any]:
    words = changes(before, after)
    return {"words": words or ["the same boxes and types"], "items": items(before, after)}


def items(before: Verdict | None, after: Verdict) -> list[dict[str, Any]]:
    """Every defect of both with what became of it, for `static/box_editor_history.js`."""
    return [
        {"what": one.kind, "now": _defect(one.after), "was": _defect(one.before)}
        for one in change.changes(before, after)
    ]


def _defect(defect: Defect | None) -> dict[str, Any] | None:
    return defect.to_json() if defect else None
