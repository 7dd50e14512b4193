"""Evaluations on the page: begun, watched, cancelled, shown side by side."""

from __future__ import annotations

import pytest

from db.store import Store
from m3ad.bench.answering import BATCH
from m3ad.bench.records import EvaluationState
from m3ad.errors import Conflict
from m3ad.records import NORMAL, Mode
from tests.ui.scripted import BENT, Gate, ScriptedMonitor, add_case, make_context
from ui.bench_figures import figure
from ui.bench_presenter import chosen, evaluations, round_status, rows, said, sets
from ui.benching import Benching, Round

CASES = BATCH + 4


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def benching(store: Store, gate: Gate) -> Benching:
    """A frozen set of two batches, of a category that no training sees, and a model that finds bent pins everywhere."""
    for number in range(CASES):
        add_case(store, f"{number}", BENT if number % 2 else NORMAL, size=(20 + number, 20))
    store.create_snapshot("bench", frozen_share=0, frozen_categories=["sensor board"])
    return make_context(store, lambda source: ScriptedMonitor(gate=gate)).benching


def started(store: Store, benching: Benching, model: str = "demo") -> Round:
    return benching.start(store.snapshot("bench").id, model, Mode.AUTO, "ann")


def ended(round_: Round) -> None:
    assert round_.over.wait(60)


def test_an_evaluation_runs_by_itself_and_is_shown(store: Store, benching: Benching, gate: Gate) -> None:
    gate.allow()
    round_ = started(store, benching)
    ended(round_)
    assert (round_.error, round_.progress.answered) == ("", CASES)
    ((_, number),) = evaluations(store)
    subjects = chosen(store, [number, number])
    ((name, accuracy, before, types, _),) = rows(subjects)
    assert name == ["demo", f"{CASES} of {CASES} cases of bench"]
    assert accuracy.startswith("50.0 [")
    assert before.startswith("50.0 [")
    assert float(types.split()[0]) == pytest.approx(2 / 3, abs=0.001)  # each true bent pin is named, as many invented
    assert len(said(subjects)) == 1
    assert len(figure(subjects * 2).data) == 2 * 3 + 1
    assert round_status(round_)["tone"] == "good"


def test_one_at_a_time_and_cancelled_it_keeps_what_it_has(store: Store, benching: Benching, gate: Gate) -> None:
    round_ = started(store, benching)
    with pytest.raises(Conflict, match="being judged already"):
        started(store, benching, "other")
    assert round_status(round_)["tone"] == "busy"
    round_.stop.set()
    gate.allow(1)
    ended(round_)
    (one,) = store.evaluations.all()
    kept = sum(bool(case.inspection) for case in store.evaluations.cases(one.id))
    assert (one.state, kept) in ((EvaluationState.CANCELLED, BATCH), (EvaluationState.CANCELLED, 0))
    assert "start again" in round_status(round_)["message"]
    gate.allow()
    ended(started(store, benching))
    assert store.evaluations.get(one.id).state is EvaluationState.FINISHED


def test_evaluations_that_differ_say_so_before_anything_else(store: Store, benching: Benching, gate: Gate) -> None:
    gate.allow()
    ended(started(store, benching))
    ended(benching.start(store.snapshot("bench").id, "demo", Mode.REFLECTIVE, "ann"))
    subjects = chosen(store, [number for _, number in evaluations(store)])
    assert "no fair comparison" in said(subjects)[0][0]


def test_only_snapshots_that_keep_cases_back_are_offered(store: Store) -> None:
    add_case(store, "a", NORMAL)
    store.create_snapshot("all", frozen_share=0)
    assert sets(store) == []
    store.create_snapshot("bench", frozen_share=0, frozen_categories=["sensor board"])
    assert [title for title, _ in sets(store)] == ["bench: 1 case"]
