"""The queue of runs in the store: order, devices, and what its constraints refuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from db.filters import CaseFilter
from db.run_queue import Move
from db.store import Store
from m3ad.errors import Conflict, M3ADError, NotFound
from m3ad.records import Run, Stage
from tests.db.conftest import open_again
from tests.ui.scripted import BENT, add_case

CPU, ONE, TWO = ("cpu",), ("cuda:0",), ("cuda:1",)


@pytest.fixture
def runs(store: Store) -> list[str]:
    """Four runs that nobody has started."""
    add_case(store, "001", BENT)
    snapshot = store.create_snapshot("a", CaseFilter())
    names = [f"raws-{number}" for number in range(1, 5)]
    for name in names:
        store.add_run(Run(name, Stage.RAWS, snapshot.id, "demo", store.workspace / name, datetime.now(UTC)))
    return names


def wait(store: Store, name: str, devices: tuple[str, ...] = CPU, key: str | None = None) -> None:
    store.run_queue.add(name, devices, twin=f"content of {name}", key=key, actor="ann")


def order(store: Store) -> list[str]:
    return [one.run for one in store.run_queue.waiting()]


def test_runs_wait_in_the_order_in_which_they_came(store: Store, runs: list[str]) -> None:
    for name in runs:
        wait(store, name)
    assert order(store) == runs
    first = store.run_queue.waiting()[0]
    assert (first.devices, first.author) == (CPU, "ann")
    assert store.run_queue.next() == first


def test_one_run_has_a_device_until_it_is_released(store: Store, runs: list[str]) -> None:
    wait(store, runs[0])
    wait(store, runs[1])
    store.run_queue.hold(runs[0])
    assert (store.run_queue.busy(), order(store)) == ({"cpu": runs[0]}, [runs[1]])
    assert store.run_queue.next() is None
    with pytest.raises(Conflict, match="given a device"):
        store.run_queue.hold(runs[1])
    assert order(store) == [runs[1]]  # refused as a whole
    store.run_queue.release(runs[0])
    assert store.run_queue.next().run == runs[1]


def test_another_device_does_not_wait_and_nobody_is_overtaken_for_its_own(store: Store, runs: list[str]) -> None:
    for name, devices in zip(runs, (ONE, ONE + TWO, TWO, CPU), strict=True):
        wait(store, name, devices)
    store.run_queue.hold(runs[0])
    # The second waits for both cards: the third may not take one of them from it again and again.
    assert store.run_queue.next().run == runs[3]
    store.run_queue.hold(runs[3])
    assert store.run_queue.next() is None
    store.run_queue.release(runs[0])
    store.run_queue.hold(runs[1])
    assert store.run_queue.busy() == {"cpu": runs[3], "cuda:0": runs[1], "cuda:1": runs[1]}


def test_the_order_is_changed_among_those_for_the_same_device(store: Store, runs: list[str]) -> None:
    for name, devices in zip(runs, (CPU, ONE, CPU, CPU), strict=True):
        wait(store, name, devices)
    one, other, three, four = runs
    for name, to, expected in (
        (four, Move.UP, [one, other, four, three]),
        (four, Move.FIRST, [four, other, one, three]),
        (four, Move.FIRST, [four, other, one, three]),
        (four, Move.DOWN, [one, other, four, three]),
        (three, Move.DOWN, [one, other, four, three]),
        (other, Move.UP, [one, other, four, three]),
    ):
        store.run_queue.move(name, to, actor="bob")
        assert order(store) == expected
    moved = store.events(event="run.moved")
    assert [(event.actor, event.data["to"]) for event in moved] == [("bob", to) for to in ("down", "first", "up")]


def test_a_run_taken_out_can_wait_again_behind_the_others(store: Store, runs: list[str]) -> None:
    wait(store, runs[0])
    wait(store, runs[1])
    with pytest.raises(Conflict, match="in the queue already"):
        wait(store, runs[0])
    store.run_queue.remove(runs[0], actor="bob")
    assert order(store) == [runs[1]]
    for change in (store.run_queue.remove, lambda name, actor: store.run_queue.move(name, Move.UP, actor=actor)):
        with pytest.raises(NotFound, match="does not wait"):
            change(runs[0], actor="bob")
    wait(store, runs[0])
    assert order(store) == [runs[1], runs[0]]


def test_one_form_and_one_content_give_one_run(store: Store, runs: list[str]) -> None:
    add = store.run_queue.add
    add(runs[0], CPU, twin="same", key="form", actor="ann")
    for twin, key in (("same", None), ("other", "form")):
        with pytest.raises(Conflict, match="came first"):
            add(runs[1], CPU, twin=twin, key=key, actor="bob")
    assert (store.run_queue.of_key("form"), store.run_queue.of_twin("same")) == (runs[0], runs[0])
    store.run_queue.hold(runs[0])
    store.run_queue.release(runs[0])
    add(runs[1], CPU, twin="same", actor="bob")  # the first has ended: the same thing may be trained again
    assert (store.run_queue.of_key("form"), store.run_queue.of_twin("same")) == (runs[0], runs[1])


def test_a_discarded_run_leaves_queue_and_device(store: Store, runs: list[str]) -> None:
    wait(store, runs[0])
    wait(store, runs[1])
    store.run_queue.hold(runs[0])
    for name in runs[:2]:
        store.remove_run(name)
    assert (store.run_queue.busy(), order(store)) == ({}, [])


def test_many_at_once_give_a_device_to_one(store: Store, runs: list[str]) -> None:
    for name in runs:
        wait(store, name)

    def hold(name: str) -> bool:
        with open_again(store) as mine:  # as another program would
            try:
                mine.run_queue.hold(name)
            except M3ADError:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(hold, runs)) == 1
    assert len(store.run_queue.busy()) == 1
    assert len(order(store)) == 3
