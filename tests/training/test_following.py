"""The same cases are answered through a training, and being looked at changes nothing."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from m3ad.records import NORMAL, RunState, Stage
from tests.training.conftest import MakeRun, make_settings, run_to_end, train_here, weights_hash
from training.examples import Example
from training.following import choose_followed
from training.run import RunFolder


def test_followed_cases_differ_as_much_as_they_can_and_are_always_the_same(examples: list[Example]) -> None:
    chosen = choose_followed(examples, 3, seed=0)
    assert chosen == choose_followed(list(examples), 3, seed=0)
    assert len({one.case for one in chosen}) == 3
    assert {one.truth.anomalous for one in chosen[:2]} == {True, False}
    rare = replace(examples[0], case="rare", truth=NORMAL)
    others = [one for one in examples if one.truth.anomalous]
    assert "rare" in {one.case for one in choose_followed([*others, rare], 2, seed=3)}
    assert choose_followed(examples, 0, seed=0) == []
    assert len(choose_followed(examples[:2], 5, seed=0)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("stage", list(Stage))
def test_followed_cases_are_answered_at_the_start_now_and_then_and_at_the_end(
    make_run: MakeRun, taught: RunFolder, stage: Stage
) -> None:
    own = {"max_steps": 5, "batch": 4, "learning_rate": 1e-3, "save_steps": 100}
    watched = make_run(stage, start=taught.model_path, name="watched", follow_cases=2, follow_steps=2, **own)
    alone = make_run(stage, start=taught.model_path, name="alone", **own)
    for run in (watched, alone):
        assert train_here(run) is RunState.FINISHED
    samples = [event for event in watched.events()[0] if event.get("followed")]
    cases = list(dict.fromkeys(sample["case"] for sample in samples))
    assert len(cases) == 2
    for case in cases:
        told = [sample for sample in samples if sample["case"] == case]
        assert [sample["step"] for sample in told] == [0, 2, 4, 5]
        assert all({"consistency", "accuracy", "reflection", "reward", "truth"} <= set(sample) for sample in told)
    assert samples[0]["completion"].startswith("<think>")  # the model was taught to answer
    assert not [event for event in alone.events()[0] if event.get("followed")]
    assert weights_hash(watched.model_path) == weights_hash(alone.model_path)


def test_a_report_whose_program_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for report in ("tensorboard", "trackio"):
        (problem,) = make_settings(Stage.RAWS, report=report).check()
        assert f"uv sync --extra {report}" in problem
    assert make_settings(Stage.RAWS).check() == []


@pytest.mark.slow
def test_tensorboard_gets_the_curves_into_the_runs_folder(make_run: MakeRun, taught: RunFolder) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = make_run(Stage.RAWS, start=taught.model_path, report="tensorboard", max_steps=3, batch=4, learning_rate=1e-3)
    assert train_here(run) is RunState.FINISHED
    (file,) = (run.path / "tensorboard").glob("events.out.*")
    read = events.EventAccumulator(str(file)).Reload()
    logged = [event["loss"] for event in run.events()[0] if "loss" in event]
    assert [point.value for point in read.Scalars("train/loss")] == pytest.approx(logged)


@pytest.mark.slow
def test_trackio_keeps_the_curves_in_the_runs_folder(make_run: MakeRun, taught: RunFolder) -> None:
    if importlib.util.find_spec("trackio") is None:
        pytest.skip("trackio is not installed: uv sync --extra trackio")
    run = make_run(Stage.RAWS, start=taught.model_path, report="trackio", max_steps=3, batch=4, learning_rate=1e-3)
    done = run_to_end(run)  # trackio settles its folder when it is imported
    assert done.returncode == 0, done.stderr
    assert [file for file in (run.path / "trackio").rglob("*") if file.is_file() and isinstance(file, Path)]
