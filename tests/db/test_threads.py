from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from db import dialect
from db.store import Store
from m3ad.errors import Conflict, StaleRevision
from m3ad.records import NORMAL, NewCase, Verdict
from tests.db.conftest import open_again


def test_many_threads_save_and_read_and_nothing_is_lost(store: Store, new_case: Callable[..., NewCase]) -> None:
    case_id, _ = store.add_case(new_case())
    start = threading.Barrier(6)

    def save(name: int) -> int:
        start.wait()
        done = refused = 0
        while done < 6:
            latest = store.latest_annotation(case_id)
            try:
                store.save_annotation(case_id, NORMAL, author=f"{name}", based_on=latest.revision if latest else 0)
                done += 1
            except StaleRevision:
                refused += 1
            store.case_rows(user=f"{name}")
        return refused

    with ThreadPoolExecutor(6) as pool:
        refused = sum(pool.map(save, range(6)))
    saved = store.annotations(case_id)
    assert [annotation.revision for annotation in saved] == list(range(1, 37))
    assert {name: sum(a.author == f"{name}" for a in saved) for name in range(6)} == dict.fromkeys(range(6), 6)
    assert len(store.events(event="annotation.refused", limit=10_000)) == refused


def test_of_two_who_save_on_the_same_revision_one_wins(store: Store, new_case: Callable[..., NewCase]) -> None:
    case_id, _ = store.add_case(new_case())
    start = threading.Barrier(2)

    def save(name: str) -> str:
        start.wait()
        try:
            store.save_annotation(case_id, Verdict(name == "ann"), author=name, based_on=0)
        except StaleRevision as refusal:
            return f"{name} refused by {refusal.theirs.author}"
        return f"{name} saved"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(save, ["ann", "bob"]))
    assert results in (["ann refused by bob", "bob saved"], ["ann saved", "bob refused by ann"])
    (saved,) = store.annotations(case_id)
    loser = "bob" if saved.author == "ann" else "ann"
    assert store.draft(case_id, loser) is not None


def test_the_same_new_case_from_two_threads_is_added_once(store: Store, new_case: Callable[..., NewCase]) -> None:
    new = new_case(verdict=NORMAL)
    start = threading.Barrier(4)

    def add(_: int) -> tuple[int, bool]:
        start.wait()
        return store.add_case(new)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(add, range(4)))
    assert sorted(added for _, added in results) == [False, False, False, True]
    assert len({case_id for case_id, _ in results}) == 1
    assert len(store.annotations(results[0][0])) == 1


def test_reading_goes_on_while_somebody_writes(store: Store, new_case: Callable[..., NewCase]) -> None:
    store.add_case(new_case("before.png"))
    with store.changing() as session:
        session.connection().exec_driver_sql("UPDATE cases SET category = 'changed'")
        assert store.cases()[0].category == "tile"
    assert store.cases()[0].category == "changed"


def test_a_second_program_waits_with_its_change_until_the_first_is_done(store: Store) -> None:
    entered = threading.Event()

    def change() -> None:
        with second.changing():
            entered.set()

    with open_again(store) as second:
        with store.changing():
            waiting = threading.Thread(target=change)
            waiting.start()
            assert not entered.wait(0.3)
        assert entered.wait(10)
        waiting.join()


def test_a_change_that_fails_half_way_leaves_nothing(store: Store, new_case: Callable[..., NewCase]) -> None:
    store.add_case(new_case())

    def change_and_fail() -> None:
        with store.changing() as session:
            session.connection().exec_driver_sql("UPDATE cases SET category = 'changed'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert store.cases()[0].category == "tile"
    store.log("still", "writable")


def test_a_store_that_another_program_keeps_busy_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "BUSY_SECONDS", 0.05)
    with open_again(store) as second, store.changing(), pytest.raises(Conflict, match="nothing was saved"):
        second.log("never", "stored")
    assert store.events() == []
