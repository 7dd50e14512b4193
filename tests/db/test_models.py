from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.records import NORMAL, Model, NewCase, Run, Snapshot, Stage

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def snapshot(store: Store, new_case: Callable[..., NewCase]) -> Snapshot:
    store.add_case(new_case(verdict=NORMAL))
    return store.create_snapshot("first")


def a_run(name: str, snapshot: Snapshot, minutes: int = 0) -> Run:
    return Run(name, Stage.RAWS, snapshot.id, "demo", Path("runs") / name, START + timedelta(minutes=minutes))


def test_a_run_is_read_back_and_the_newest_comes_first(store: Store, snapshot: Snapshot) -> None:
    first, second = a_run("first", snapshot), a_run("second", snapshot, 1)
    store.add_run(first)
    store.add_run(second)
    assert store.run("first") == first
    assert store.runs() == [second, first]


def test_a_run_needs_a_free_name_and_a_snapshot(store: Store, snapshot: Snapshot) -> None:
    store.add_run(a_run("first", snapshot))
    with pytest.raises(Conflict, match="named first already"):
        store.add_run(a_run("first", snapshot))
    with pytest.raises(NotFound, match="no snapshot 9"):
        store.add_run(Run("x", Stage.RCRL, 9, "demo", Path("x"), START))
    with pytest.raises(NotFound, match="no run x"):
        store.run("x")


def test_a_discarded_run_is_forgotten_unless_a_model_comes_from_it(store: Store, snapshot: Snapshot) -> None:
    for name in ("kept", "gone"):
        store.add_run(a_run(name, snapshot))
    store.add_model(Model("better", "runs/kept/model", parent="demo", run="kept"))
    store.remove_run("gone", actor="ann")
    with pytest.raises(Conflict, match="model better comes from it"):
        store.remove_run("kept")
    assert [run.name for run in store.runs()] == ["kept"]
    assert store.events(event="run.removed")[0].actor == "ann"


def test_models_are_registered_once(store: Store, snapshot: Snapshot) -> None:
    store.add_run(a_run("first", snapshot))
    demo = store.add_model(Model("demo", "demo"))
    better = store.add_model(Model("better", "runs/first/model", "demo", "first"))
    assert demo.created is not None
    assert store.models() == [demo, better]
    assert store.model("better") == better
    assert store.add_model(Model("demo", "demo")) == demo
    assert len(store.events(event="model.added")) == 2


def test_a_model_cannot_take_anothers_name_or_an_unknown_run(store: Store) -> None:
    store.add_model(Model("demo", "demo"))
    with pytest.raises(Conflict, match="named demo already"):
        store.add_model(Model("demo", "elsewhere"))
    with pytest.raises(NotFound, match="no run nine"):
        store.add_model(Model("x", "x", run="nine"))
    with pytest.raises(NotFound, match="no model nine"):
        store.model("nine")


def test_times_are_kept_as_moments_whatever_their_zone(store: Store, snapshot: Snapshot) -> None:
    local = START.astimezone(timezone(timedelta(hours=-7)))
    store.add_run(Run("zone", Stage.RAWS, snapshot.id, "demo", Path("x"), local))
    found = store.run("zone").created
    assert found == START
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_a_bug(store: Store, snapshot: Snapshot) -> None:
    with pytest.raises(Exception, match="without time zone"):
        store.add_run(Run("naive", Stage.RAWS, snapshot.id, "demo", Path("x"), START.replace(tzinfo=None)))
