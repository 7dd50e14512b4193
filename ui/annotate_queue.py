"""Which cases, in which order, a person goes through in Annotate."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace

from db.filters import CaseFilter, Status
from db.store import Store

QUEUES: dict[str, tuple[str, CaseFilter]] = {
    "all": ("all cases", CaseFilter()),
    "unannotated": ("not annotated yet", CaseFilter(status=Status.UNANNOTATED)),
    "wrong": ("model and annotation disagree", CaseFilter(status=Status.WRONG)),
    "unreadable": ("model's answer unreadable", CaseFilter(status=Status.UNREADABLE)),
    "review": ("to review", CaseFilter(status=Status.TO_REVIEW)),
    "asked": ("questions to the reviewer", CaseFilter(status=Status.ASKED)),
    "back": ("sent back", CaseFilter(status=Status.SENT_BACK)),
    "second": ("second looks, blind", CaseFilter()),
    "draft": ("my drafts", CaseFilter(status=Status.DRAFT)),
}


SECOND = "second"  # the queue in which a person annotates again what another did, and sees nothing of it


def queue_ids(store: Store, queue: str, user: str, model: str | None) -> list[int]:
    """The ids of a queue's cases, rising; an unknown queue is all of them."""
    if queue == SECOND:
        return store.second_looks.waiting_for(user)
    _, wanted = QUEUES.get(queue, QUEUES["all"])
    return store.case_ids(replace(wanted, model=model), user=user)


def neighbour(ids: list[int], case_id: int, step: int) -> int | None:
    """The id after (`step` > 0) or before `case_id` in the rising list `ids`, which may lack it; None at the end."""
    at = bisect_right(ids, case_id) if step > 0 else bisect_left(ids, case_id) - 1
    return ids[at] if 0 <= at < len(ids) else None
