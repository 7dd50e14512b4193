"""Saved filters, assignments and progress as the Data tab shows them: plain values. Knows no Gradio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from db.filters import CaseFilter, Status
from db.progress import progress
from db.reasons import Reason
from db.store import Store
from m3ad.errors import BadData, NotFound
from m3ad.records import Outcome, Scenario

TEXTS = ("category", "type", "model", "low", "high", "reasoning", "text")


def filter_from(form: Mapping[str, Any]) -> CaseFilter:
    """The filter that a form describes; empty fields do not restrict.

    Args:
        form: scenario, category, type, status, verdict, reason, model, outcome, low, high, reasoning, text.

    Raises:
        BadData: a range that is none, or a form that restricts nothing.
    """
    text = {name: str(form.get(name) or "").strip() for name in TEXTS}
    status = Status(form["status"]) if form.get("status") else None
    verdict: Literal["anomalous", "normal"] | None = form.get("verdict") or None
    wanted = CaseFilter(
        scenario=Scenario(form["scenario"]) if form.get("scenario") else None,
        category=text["category"] or None,
        type=text["type"] or None,
        # A model alone means what it inspected: the filter itself only says whose inspections the others look at.
        status=status or (Status.INSPECTED if text["model"] and not form.get("outcome") else None),
        verdict=verdict,
        reason=Reason(form["reason"]) if form.get("reason") else None,
        model=text["model"] or None,
        outcome=Outcome(form["outcome"]) if form.get("outcome") else None,
        probability=_range(text["low"], text["high"]),
        reasoning=text["reasoning"][:200],
        text=text["text"][:200],
    )
    if wanted == CaseFilter():
        raise BadData("This filter lets every case through: fill in at least one field.")
    return wanted


def _range(low: str, high: str) -> tuple[float, float] | None:
    if not low and not high:
        return None
    try:
        ends = float(low or 0), float(high or 1)
    except ValueError:
        raise BadData(f"A probability is a number between 0 and 1, such as 0.25; {low or high} is none.") from None
    if not 0 <= ends[0] <= ends[1] <= 1:
        raise BadData(f"A probability lies between 0 and 1, and the range rises; {ends[0]} to {ends[1]} does not.")
    return ends


def filter_rows(store: Store, user: str) -> list[list[Any]]:
    """(name with its link under it, how many) of every saved filter."""
    return [
        [
            [saved.name, f"?{urlencode({'tab': 'annotate', 'filter': saved.name})}"],
            str(store.queue.count(saved.filter, user)),
        ]
        for saved in store.filters.all()
    ]


def require_person(store: Store, name: str) -> None:
    """Raises NotFound when nobody of this name may sign in: their cases would wait for ever."""
    if all(one.name != name or one.removed for one in store.users()):
        raise NotFound(f"Nobody who may sign in is called {name}. Names are written as in the account.")


def progress_rows(store: Store) -> tuple[list[list[Any]], list[list[Any]]]:
    """Rows for people (who, today, in all, an hour) and for data sets (which, done, to do, time left)."""
    persons, datasets = progress(store)
    people = [[one.person, f"{one.today:,}", f"{one.total:,}", _pace(one.pace)] for one in persons]
    sets = [
        [[one.dataset, f"{one.total:,} cases"], f"{one.done:,}", f"{one.remaining:,}", hours_words(one.hours)]
        for one in datasets
    ]
    return people, sets


def _pace(pace: float | None) -> str:
    return "–" if pace is None else f"{pace:,.0f}"


def hours_words(hours: float | None) -> str:
    """ "about 40 min", "about 3.5 h"; a dash when nobody can say."""
    if hours is None:
        return "–"
    return f"about {hours * 60:.0f} min" if hours < 1 else f"about {hours:,.1f} h"
