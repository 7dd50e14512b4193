"""A run's model judged beside its parent, promoted within the rules, and taken back; scripted models, real store."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from db.schema import Step
from db.store import Store
from m3ad.bench.comparison import Turn
from m3ad.bench.records import EvaluationState, Part
from m3ad.bench.rules import Rules
from m3ad.errors import Conflict, ModelUnavailable, NotFound
from m3ad.metrics.effect import Aspect
from m3ad.records import Mode, Model
from tests.ui.judged import CORRECTED, FROZEN_BENT, FROZEN_GOOD, LAX, MODEL, PARENT, add_run, fill, opener
from tests.ui.scripted import Gate, make_context
from training.judging import paired
from training.promotion import promote
from ui.context import Context
from ui.judging import TrialRound
from ui.judging_presenter import cases_value, figure_rows, look, models, rule_texts, rules_from, rules_words

FROZEN = FROZEN_GOOD + FROZEN_BENT
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def context(store: Store, gate: Gate) -> Context:
    """A finished run's model, not judged; both models wait at the gate before each batch."""
    fill(store)
    add_run(store)
    return make_context(store, opener(gate))


def ended(round_: TrialRound) -> None:
    assert round_.over.wait(60)


@pytest.fixture
def judged(context: Context, gate: Gate) -> Context:
    """The same, judged."""
    gate.allow()
    ended(context.judging.start(MODEL, "ann"))
    return context


def test_both_models_answer_both_sets_and_are_paired(judged: Context) -> None:
    store = judged.store
    trial = store.trials.get(MODEL)
    assert trial is not None
    assert (trial.state, trial.parent, trial.author) == (EvaluationState.FINISHED, PARENT, "ann")
    found = paired(store, trial)
    frozen, corrected = found[Part.FROZEN], found[Part.CORRECTED]
    assert (frozen.comparison.count, corrected.comparison.count) == (FROZEN, CORRECTED)
    assert (frozen.before.model, frozen.after.model) == (PARENT, MODEL)
    assert frozen.comparison.presence.lost == FROZEN_GOOD
    assert frozen.comparison.presence.gained == FROZEN_BENT
    assert corrected.comparison.presence.gained == CORRECTED
    assert frozen.remarks == corrected.remarks == ()
    assert len(store.evaluations.all()) == 4


def test_the_broken_cases_come_first_each_with_its_picture(judged: Context) -> None:
    value = look(judged.store, MODEL, None).cases
    names = [(group["turn"], group["count"]) for group in value["groups"]]
    assert names == [
        (Turn.BROKEN, FROZEN_GOOD), (Turn.FIXED, FROZEN_BENT + CORRECTED), (Turn.STILL_WRONG, 0), (Turn.STILL_RIGHT, 0)
    ]  # fmt: skip
    first = value["groups"][0]["rows"][0]
    assert (first["before"], first["after"], first["truth"], first["right"]) == (
        "normal", "bent", "normal", [True, False]
    )  # fmt: skip
    assert first["thumbnail"].startswith("picture/")
    assert {row["part"] for row in value["groups"][1]["rows"]} == {"frozen", "corrected"}


def test_the_table_has_both_parts_with_intervals(judged: Context) -> None:
    trial = judged.store.trials.get(MODEL)
    assert trial is not None
    rows = figure_rows(paired(judged.store, trial))
    texts = {str(row[0][0] if isinstance(row[0], list) else row[0]): row for row in rows[: len(rows) // 2]}
    assert texts["Escape rate, %"][1:3] == ["100.0 [39.8, 100.0]", "0.0 [0.0, 60.2]"]
    assert texts["Escape rate, %"][3].startswith("-100.0 [")
    assert texts["Overkill rate, %"][3].startswith("+100.0 [")
    assert texts["Alone right"][1:3] == [str(FROZEN_GOOD), str(FROZEN_BENT)]
    assert texts["Alone right"][3] == "exact McNemar p = 0.754"


def test_cancelled_it_keeps_what_it_has_and_an_app_that_starts_does_not_go_on(context: Context, gate: Gate) -> None:
    round_ = context.judging.start(MODEL, "ann")
    with pytest.raises(Conflict, match="being judged already"):
        context.benching.start(context.store.snapshot("corrections-1").id, PARENT, Mode.AUTO, "bob")
    assert look(context.store, MODEL, round_).status["tone"] == "busy"
    round_.stop.set()
    gate.allow(1)
    ended(round_)
    view = look(context.store, MODEL, round_)
    assert "start again" in view.status["message"]
    assert (view.status["words"], view.may_promote) == ("cancelled", False)
    context.judging.resume()
    assert context.benching.latest is round_
    gate.allow()
    ended(context.judging.start(MODEL, "ann"))
    assert look(context.store, MODEL, None).status["words"] == "judged"


def test_an_app_that_was_ended_goes_on_and_asks_nothing_twice(context: Context, gate: Gate) -> None:
    """The first app's thread waits at its gate for ever, as a killed one would; another app opens the same store."""
    gate.allow(1)
    context.judging.start(MODEL, "ann")
    frozen = context.store.snapshot("corrections-1").id
    for _ in range(2000):
        done = context.store.evaluations.newest(frozen, Part.FROZEN, PARENT)
        if done is not None and done.state is EvaluationState.FINISHED:
            break
        time.sleep(0.01)
    with Store.open(context.store.workspace) as store:
        before = len(store.inspections(store.evaluations.cases(done.id)[0].case.id, PARENT))
        again = make_context(store, opener())
        again.judging.resume()
        latest = again.benching.latest
        assert isinstance(latest, TrialRound)
        ended(latest)
        trial = store.trials.get(MODEL)
        assert trial is not None
        assert (trial.state, trial.author) == (EvaluationState.FINISHED, "ann")
        assert len(store.inspections(store.evaluations.cases(done.id)[0].case.id, PARENT)) == before == 1
        assert {part: one.comparison.count for part, one in paired(store, trial).items()} == {
            Part.FROZEN: FROZEN, Part.CORRECTED: CORRECTED
        }  # fmt: skip
        again.judging.resume()
        assert again.benching.latest is latest
    gate.allow()


def test_a_rule_blocks_with_figure_and_advice_until_the_rules_are_changed(judged: Context) -> None:
    store = judged.store
    assert not look(store, MODEL, None).may_promote
    with pytest.raises(Conflict, match=r"Overkill rate, at most 30 %: 100.0 \[54.1, 100.0\] %. Annotate more good"):
        promote(store, MODEL, "better", actor="ann")
    assert store.promotions.in_use() is None
    store.promotions.set_rules(Rules(**LAX), actor="bob")
    assert look(store, MODEL, None).may_promote
    step = promote(store, MODEL, "finds every bent pin", actor="ann")
    assert step.figures["parent"] == PARENT
    assert step.figures["sets"]["frozen"]["figures"]["escape"]["after"]["value"] == 0.0
    assert [one["passed"] for one in step.figures["rules"]["checks"]] == [True] * 5
    (kept,) = store.promotions.history()
    assert (kept.id, kept.author, kept.reason) == (step.id, "ann", "finds every bent pin")
    view = look(store, MODEL, None)
    assert (view.in_use, view.may_promote) == (True, False)


def test_what_is_not_judged_to_the_end_cannot_be_promoted(context: Context) -> None:
    for model, error, match in ((MODEL, Conflict, "not judged"), ("nine", NotFound, "no model nine")):
        with pytest.raises(error, match=match):
            promote(context.store, model, "better", actor="ann")
    context.store.add_model(Model("base", "base"))
    with pytest.raises(Conflict, match="came of no run"):
        context.judging.start("base", "ann")
    assert models(context.store) == [(MODEL, MODEL)]


def test_without_frozen_cases_the_lesson_is_shown_and_every_rule_blocks(store: Store) -> None:
    fill(store, frozen=False)
    add_run(store)
    context = make_context(store, opener())
    ended(context.judging.start(MODEL, "ann"))
    view = look(store, MODEL, None)
    assert view.cases["groups"][1]["count"] == CORRECTED
    assert all("cannot be measured" in row[0] or "Frozen cases" in row[0] for row in view.checks)
    assert not view.may_promote


def test_new_sessions_begin_with_the_model_in_use_unless_the_app_was_started_with_another(judged: Context) -> None:
    store, monitors = judged.store, judged.monitors
    assert monitors.default == PARENT
    assert (f"{MODEL} (not promoted)", MODEL) in monitors.marked()
    store.promotions.set_rules(Rules(**LAX), actor="ann")
    promote(store, MODEL, "better", actor="ann")
    assert (monitors.default, monitors.names()[0]) == (MODEL, MODEL)
    assert (MODEL, MODEL) in monitors.marked()
    assert models(store) == [(f"{MODEL} · in use", MODEL)]
    pinned = Context.make(judged.settings, store, opener(), pinned=True)
    assert pinned.monitors.default == PARENT
    store.promotions.take_back(MODEL, actor="ann")
    assert monitors.default == PARENT
    assert [one.step for one in store.promotions.history()] == [Step.TAKEN_BACK, Step.PROMOTED]


def test_a_model_that_cannot_be_opened_fails_with_its_sentence(store: Store, tmp_path: Path) -> None:
    fill(store)
    model = add_run(store)
    Path(model.source).rmdir()
    context = make_context(store, open_nothing)
    round_ = context.judging.start(MODEL, "ann")
    ended(round_)
    trial = store.trials.get(MODEL)
    assert trial is not None
    assert (trial.state, trial.problem) == (EvaluationState.FAILED, f"{PARENT} cannot be opened.")
    assert round_.error == trial.problem


def open_nothing(source: str) -> None:
    raise ModelUnavailable(f"{source} cannot be opened.")


def test_aspects_and_hostile_words_stay_words(judged: Context) -> None:
    trial = judged.store.trials.get(MODEL)
    assert trial is not None
    by_type = cases_value(paired(judged.store, trial), Aspect.TYPE)
    assert by_type["groups"][0]["count"] == FROZEN_GOOD
    judged.store.promotions.set_rules(Rules(**LAX), actor=HOSTILE)
    assert HOSTILE in rules_words(judged.store.promotions.rules())


def test_limits_are_written_as_people_write_them() -> None:
    assert rule_texts(Rules()) == ["10 %", "30 %", "98 %", "2 %", "20"]
    assert rules_from(["5", "", "97,5 %", "0.1%", " 3 "]) == Rules(0.05, None, 0.975, 0.001, 3.0)
    assert rules_from(rule_texts(Rules())) == Rules()
    with pytest.raises(Conflict, match="no limit"):
        rules_from(["few", "", "", "", ""])
    with pytest.raises(Conflict, match="no share"):
        rules_from(["500", "", "", "", ""])
