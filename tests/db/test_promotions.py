from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from db.promotions import RulesInForce
from db.schema import PromotionTable, Step
from db.store import Store
from m3ad.bench.records import EvaluationState
from m3ad.bench.rules import Rules
from m3ad.errors import Conflict, NotFound
from m3ad.records import NORMAL, Model, NewCase, Run, Stage


@pytest.fixture
def models(store: Store, new_case: Callable[..., NewCase]) -> list[str]:
    """Two models that came of runs, after "demo"."""
    store.add_case(new_case(verdict=NORMAL))
    snapshot = store.create_snapshot("first")
    for name in ("one", "two"):
        store.add_run(Run(name, Stage.RAWS, snapshot.id, "demo", Path(name), datetime(2026, 1, 2, tzinfo=UTC)))
        store.add_model(Model(f"demo/{name}", name, parent="demo", run=name))
    store.add_model(Model("demo", "demo"))
    return ["demo/one", "demo/two"]


def promoted(store: Store, model: str, reason: str = "better") -> None:
    store.promotions.promote(model, reason, {"count": 3}, store.promotions.rules(), actor="ann")


def test_the_model_in_use_is_the_one_promoted_last_and_not_taken_back(store: Store, models: list[str]) -> None:
    one, two = models
    assert store.promotions.in_use() is None
    promoted(store, one)
    promoted(store, two)
    promoted(store, one)
    for left in (two, one, None):
        now = store.promotions.in_use()
        assert now is not None
        store.promotions.take_back(now, "worse", actor="bob")
        assert store.promotions.in_use() == left
    newest = store.promotions.history()[0]
    assert (newest.step, newest.model, newest.reason, newest.author) == (Step.TAKEN_BACK, one, "worse", "bob")
    assert store.promotions.history()[-1].figures == {"count": 3}
    assert [event.actor for event in store.events(event="model.promoted")] == ["ann"] * 3


def test_what_cannot_be_promoted_or_taken_back_is_refused(store: Store, models: list[str]) -> None:
    one, two = models
    with pytest.raises(Conflict, match="Say why"):
        promoted(store, one, "  ")
    with pytest.raises(NotFound, match="no model nine"):
        promoted(store, "nine")
    promoted(store, one)
    with pytest.raises(Conflict, match="in use already"):
        promoted(store, one)
    with pytest.raises(Conflict, match="demo/one is"):
        store.promotions.take_back(two, actor="ann")
    assert store.promotions.in_use() == one


def test_two_who_take_back_at_once_take_back_one_model(store: Store, models: list[str]) -> None:
    for model in models:
        promoted(store, model)

    def back(_: int) -> str:
        try:
            return store.promotions.take_back("demo/two", actor="ann").model
        except Conflict:
            return ""

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(back, range(8)))
    assert sorted(done) == [""] * 7 + ["demo/two"]
    assert store.promotions.in_use() == "demo/one"


def test_rules_are_kept_with_who_set_them_and_a_promotion_by_older_ones_is_refused(
    store: Store, models: list[str]
) -> None:
    before = store.promotions.rules()
    assert before == RulesInForce(0, Rules())
    kept = store.promotions.set_rules(Rules(escape=0.01), actor="bob")
    assert store.promotions.rules() == kept
    assert (kept.rules.escape, kept.author) == (0.01, "bob")
    with pytest.raises(Conflict, match="rules were changed meanwhile"):
        store.promotions.promote("demo/one", "better", {}, before, actor="ann")
    assert store.events(event="rules.set")[0].data["escape"] == 0.01


def test_nobody_changes_what_was_promoted(store: Store, models: list[str]) -> None:
    promoted(store, "demo/one")

    def rewrite() -> None:
        with store.changing() as session:
            session.get_one(PromotionTable, 1).reason = "another"

    with pytest.raises(IntegrityError, match="append-only"):
        rewrite()


def test_a_trial_is_one_of_a_runs_model_and_is_opened_again_to_go_on(store: Store, models: list[str]) -> None:
    trial = store.trials.begin("demo/one", actor="ann")
    assert (trial.parent, trial.snapshot_id, trial.state) == ("demo", store.snapshot("first").id, EvaluationState.OPEN)
    assert store.trials.cut_off() == [trial]
    store.trials.settle("demo/one", EvaluationState.FAILED, "The server is gone.", actor="ann")
    assert store.trials.cut_off() == []
    found = store.trials.get("demo/one")
    assert found is not None
    assert (found.state, found.problem) == (EvaluationState.FAILED, "The server is gone.")
    assert store.trials.begin("demo/one", actor="bob").problem == ""
    assert store.trials.get("demo/two") is None
    with pytest.raises(Conflict, match="came of no run"):
        store.trials.begin("demo", actor="ann")
    with pytest.raises(NotFound):
        store.trials.begin("nine", actor="ann")
    with pytest.raises(NotFound, match="never judged"):
        store.trials.settle("demo/two", EvaluationState.FINISHED, actor="ann")
