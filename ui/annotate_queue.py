"""Which cases, in which order, a person goes through in Annotate: by priority, by one reason, or by a filter.

A queue's name is also its link: "priority", a reason's name, a name of `LISTS`, "second", or "filter-7".
"""

from __future__ import annotations

from typing import Any

from db.filters import CaseFilter, Status
from db.lists import Within
from db.queue import ORDER, Standing
from db.reasons import THRESHOLD, UNSURE_WITHIN, Reason
from db.store import Store
from m3ad.errors import NotFound

PRIORITY = "priority"
ALL = "all"
FILTER = "filter-"
SECOND = "second"  # where a person annotates again what another did, and sees nothing of it

REASONS: dict[Reason, tuple[str, str]] = {
    Reason.DISAGREE: ("model and person disagree", "the model answered after the annotation, and says otherwise"),
    Reason.UNSURE: (
        "model unsure",
        f"the model's probability is within {UNSURE_WITHIN} of {THRESHOLD}, where yes and no are equally likely",
    ),
    Reason.REFLECTION: ("reflection changed the verdict", "the model changed its mind while it reflected"),
    Reason.UNREADABLE: ("unreadable answer", "the model's answer is neither yes nor no"),
    Reason.PROBLEMS: ("consistency problems", "parts of the model's answer do not fit together or break its format"),
    Reason.NEW: ("not yet looked at", "nobody has annotated it"),
    Reason.REVIEW: ("asked for review", "somebody asked for another look"),
}
LISTS: dict[str, tuple[str, str, CaseFilter]] = {
    ALL: ("all cases", "every case, in the order of import", CaseFilter()),
    "draft": ("my drafts", "cases with your unsaved work", CaseFilter(status=Status.DRAFT)),
    "to-review": (
        "to review",
        "annotated by a person, and nobody has said yes or no",
        CaseFilter(status=Status.TO_REVIEW),
    ),
    "sent-back": ("sent back", "a reviewer wants them changed", CaseFilter(status=Status.SENT_BACK)),
}


def reasons_of(queue: str) -> tuple[Reason, ...]:
    """The reasons that a queue goes by, in order; none when it goes by a filter."""
    if queue == PRIORITY:
        return ORDER
    return (Reason(queue),) if queue in set(Reason) else ()


def filter_of(store: Store, queue: str) -> CaseFilter:
    """The filter that a queue goes by; one that is unknown, or gone, lets all cases through."""
    if queue.startswith(FILTER) and queue.removeprefix(FILTER).isdecimal():
        try:
            return store.filters.get(int(queue.removeprefix(FILTER)[:15])).filter
        except NotFound:
            return CaseFilter()
    return LISTS.get(queue, LISTS[ALL])[2]


def queue_named(store: Store, queue: str, saved: str) -> str | None:
    """The queue that a link means by `queue=` or `filter=` (a name or number of a saved filter); None for none."""
    if saved:
        try:
            found = store.filters.get(int(saved) if saved.isdecimal() and len(saved) < 16 else saved)
        except NotFound:
            return None
        return f"{FILTER}{found.id}"
    known = queue in (PRIORITY, SECOND) or queue in LISTS or bool(reasons_of(queue)) or queue.startswith(FILTER)
    return queue if known else None


def following(
    store: Store, queue: str, user: str, case_id: int, reason: Reason | None, *, claims: bool = True
) -> int | None:
    """Claim the case after this one for the user; None at the end.

    Args:
        reason: why this case was in the queue: after a save it no longer is, but the queue goes on from there.
        claims: False for those who only look.
    """
    if queue == SECOND:
        return next((one for one in store.second_looks.waiting_for(user) if one > case_id), None)
    if reasons := reasons_of(queue):
        give = store.queue.next if claims else store.queue.peek
        return give(user, reasons, after=(reason, case_id) if reason else None)
    wanted = filter_of(store, queue)
    if claims:
        return store.queue.next_of(user, wanted, case_id)
    return next(iter(store.queue.stretch(wanted, Within(case_id, limit=1), user)), None)


def preceding(store: Store, queue: str, user: str, case_id: int) -> int | None:
    """The case before this one: in a filter's list, or, where cases leave the queue, the one annotated before."""
    if queue == SECOND:
        return next((one for one in reversed(store.second_looks.waiting_for(user)) if one < case_id), None)
    if reasons_of(queue):
        return store.queue.done_before(user, case_id)
    return next(iter(store.queue.stretch(filter_of(store, queue), Within(before=case_id, limit=1), user)), None)


def place(store: Store, queue: str, user: str, case_id: int) -> dict[str, Any]:
    """Where a case is in its queue: position from 1 (0: not in it, or too far down), count, and both in words."""
    if queue == SECOND:
        waiting = store.second_looks.waiting(user)
        return {"position": 0, "count": waiting, "place": f"{waiting:,} to do"}
    if reasons := reasons_of(queue):
        counts = store.queue.counts(user)
        left = sum(counts[reason] for reason in reasons)
        return {"position": 0, "count": left, "place": f"{left:,} to do"}
    wanted = filter_of(store, queue)
    at, count = store.queue.position(wanted, case_id, user) or 0, store.queue.count(wanted, user)
    return {"position": at, "count": count.number, "place": f"{f'{at:,}' if at else '–'} of {count}"}


def why(standing: Standing, user: str) -> str:
    """Why a case is given, in a sentence; empty when nobody has to look at it."""
    words = []
    if standing.reason is not None:
        name, means = REASONS[standing.reason]
        words.append(f"{name.capitalize()}: {means}{f' ({standing.model})' if standing.model else ''}.")
    if standing.assigned:
        words.append(f"Assigned to {'you' if standing.assigned == user else standing.assigned}.")
    return " ".join(words)


def held(standing: Standing, user: str) -> str:
    """Who else works on the case, in a sentence; empty when nobody does."""
    if not standing.holder or standing.holder == user:
        return ""
    return f"{standing.holder} is working on this case. If both of you save, the second is shown both versions."


def menu(store: Store, user: str, *, filters: bool) -> list[dict[str, Any]]:
    """The queues to choose from, with counts; those of saved filters only with `filters`: they may take longer."""
    counts = store.queue.counts(user)
    total = f"{sum(counts.values()):,}"
    found = [_entry(PRIORITY, "by priority", total, "all reasons below, the first one first", "Queue")]
    for reason, (name, means) in REASONS.items():
        found.append(_entry(reason, name, f"{counts[reason]:,}", means, "Queue"))
    for queue, (name, means, wanted) in LISTS.items():
        found.append(_entry(queue, name, str(store.queue.count(wanted, user)), means, "Lists"))
    waiting, means = store.second_looks.waiting(user), "annotated by others, and drawn for a second look"
    found.append(_entry(SECOND, "second looks, blind", f"{waiting:,}", means, "Lists"))
    for saved in store.filters.all():
        count = str(store.queue.count(saved.filter, user)) if filters else None
        found.append(_entry(f"{FILTER}{saved.id}", saved.name, count, f"saved by {saved.author}", "Saved filters"))
    return found


def _entry(value: str, words: str, count: str | None, means: str, group: str) -> dict[str, Any]:
    return {"value": str(value), "words": words, "count": count, "means": means, "group": group}
