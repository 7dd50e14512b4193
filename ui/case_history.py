"""What a case has been through, beside a model's answer: whether that model has learnt from it, and where it went."""

from __future__ import annotations

from typing import Any

from db.lineage import CaseLineage
from db.store import Store
from m3ad.errors import NotFound
from ui.lineage_words import case_lines


def history_value(store: Store, case_id: int, model: str) -> dict[str, Any]:
    """The trace's line of history; empty texts for a case that entered no run.

    `learnt` is a warning: to be right about a part says little for a model that was trained on it, or came of one.
    `words` has a line for each revision that went somewhere, the newest first; what is right now leads it.
    """
    lineage = store.lineage.of_case(case_id)
    if not (runs := _runs(lineage)):
        return {"learnt": "", "words": []}
    revisions = store.annotations(case_id)
    lines = case_lines(lineage, revisions)
    return {
        "learnt": f"{model} has learnt from this case." if runs & _made_by(store, model) else "",
        "words": [
            f"{'; '.join(reversed(lines[one.revision]))} (r{one.revision} by {one.author} on {one.created:%Y-%m-%d})"
            for one in reversed(revisions)
            if one.revision in lines
        ],
    }


def _runs(lineage: CaseLineage) -> set[str]:
    return {entered.run for passed in lineage.passed.values() for entered in passed.runs}


def _made_by(store: Store, model: str) -> set[str]:
    """The runs that a model came of, its ancestors' among them; none for one that nobody here trained."""
    try:
        return {one.making.run.name for one in store.lineage.of_model(model) if one.making}
    except NotFound:
        return set()
