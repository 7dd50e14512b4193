"""Several calls of a thread as one transaction: one state is read, and changes are all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from db.store import Store
from m3ad.errors import NotFound
from m3ad.records import NORMAL, NewCase


@pytest.fixture
def cases(store: Store, new_case: Callable[..., NewCase]) -> list[int]:
    return [store.add_case(new_case(f"{n}.png"))[0] for n in range(3)]


def elsewhere(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_what_is_read_at_once_is_one_state(store: Store, cases: list[int]) -> None:
    def annotate() -> None:
        store.save_annotation(cases[0], NORMAL, author="bob", based_on=0)

    with store.at_once():
        assert store.latest_annotation(cases[0]) is None
        elsewhere(annotate)  # another thread has sessions of its own
        assert store.latest_annotation(cases[0]) is None
    assert store.latest_annotation(cases[0]) is not None


def claim_and_fail(store: Store, case_id: int) -> None:
    with store.at_once(changes=True):
        assert store.queue.claim(case_id, "ann")
        assert store.queue.standing(case_id).holder == "ann"  # seen within
        store.queue.claim(10**6, "ann")


def test_changes_at_once_are_all_or_nothing(store: Store, cases: list[int]) -> None:
    with pytest.raises(NotFound):
        claim_and_fail(store, cases[0])
    assert store.queue.standing(cases[0]).holder == ""
    with store.at_once(changes=True):
        store.queue.claim(cases[0], "ann")
        store.save_annotation(cases[1], NORMAL, author="ann", based_on=0)
    assert store.queue.standing(cases[0]).holder == "ann"
    assert store.queue.standing(cases[1]).reason is None  # lists follow the change


def test_a_change_within_what_only_reads_is_a_mistake(store: Store, cases: list[int]) -> None:
    with pytest.raises(RuntimeError, match="only reads"), store.at_once():
        store.queue.claim(cases[0], "ann")
