"""Rounds of answers: a start model inspects the training cases it has not seen, through the real queue and store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.splits import TRAIN
from db.store import Store
from m3ad.errors import Conflict, ModelUnavailable
from m3ad.monitor.base import Monitor
from m3ad.records import NORMAL
from tests.ui.scripted import BENT, Gate, ScriptedMonitor, add_case, add_inspection, make_context
from training.snapshots import unanswered_cases
from ui.answering import Answering, Round

SECONDS = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


def wait(round_: Round, until: Callable[[Round], bool] = lambda one: not one.running) -> Round:
    end = time.monotonic() + SECONDS
    while not until(round_):
        assert time.monotonic() < end
        time.sleep(0.01)
    return round_


def made(store: Store, cases: int = 8) -> int:
    """A snapshot of annotated cases; the first case is answered already."""
    ids = [add_case(store, f"{number:03}", BENT if number % 2 else NORMAL) for number in range(cases)]
    snapshot = store.create_snapshot("first")
    trained = [row.case.id for row in store.snapshot_rows(snapshot.id) if row.split == TRAIN]
    assert trained[0] in ids
    add_inspection(store, trained[0])
    return snapshot.id


def test_a_round_answers_what_is_missing_and_nothing_twice(store: Store) -> None:
    snapshot, monitor = made(store), ScriptedMonitor()
    missing = unanswered_cases(store, snapshot, "demo")
    context = make_context(store, lambda source: monitor)
    answering = Answering(store, context.inspections)
    round_ = wait(answering.start(snapshot, "demo", "ann"))
    assert (round_.total, round_.done, round_.failed) == (len(missing), len(missing), [])
    assert len(monitor.asked) == len(missing) > 1
    assert unanswered_cases(store, snapshot, "demo") == []
    assert wait(answering.start(snapshot, "demo", "ann")).total == 0
    context.inspections.close()


def test_kept_back_cases_are_not_asked_about(store: Store) -> None:
    snapshot = made(store, 30)
    frozen = {row.case.id for row in store.snapshot_rows(snapshot) if row.split != TRAIN}
    assert frozen
    assert not frozen & set(unanswered_cases(store, snapshot, "demo"))


def test_a_round_stops_after_the_case_under_way_and_goes_on_later(store: Store) -> None:
    snapshot, gate = made(store), Gate()
    context = make_context(store, lambda source: ScriptedMonitor(gate=gate))
    answering = Answering(store, context.inspections)
    first = answering.start(snapshot, "demo", "ann")
    with pytest.raises(Conflict, match="demo is answering already"):
        answering.start(snapshot, "demo", "bob")
    first.stop.set()
    gate.allow()
    assert wait(first).done == 1
    second = wait(answering.start(snapshot, "demo", "ann"))
    assert second.total == first.total - 1
    assert unanswered_cases(store, snapshot, "demo") == []
    context.inspections.close()


def test_a_picture_that_is_gone_is_counted_and_the_others_are_answered(store: Store) -> None:
    snapshot = made(store)
    missing = unanswered_cases(store, snapshot, "demo")
    store.case(missing[0]).primary.path.unlink()
    context = make_context(store, lambda source: ScriptedMonitor())
    round_ = wait(Answering(store, context.inspections).start(snapshot, "demo", "ann"))
    assert len(round_.failed) == 1
    assert unanswered_cases(store, snapshot, "demo") == missing[:1]
    context.inspections.close()


def test_a_model_that_cannot_be_loaded_ends_the_round_at_once(store: Store) -> None:
    def broken(source: str) -> Monitor:
        raise ModelUnavailable("No such model.")

    snapshot = made(store)
    context = make_context(store, broken)
    round_ = wait(Answering(store, context.inspections).start(snapshot, "demo", "ann"))
    assert (round_.done, round_.failed) == (0, ["No such model."])
    context.inspections.close()
