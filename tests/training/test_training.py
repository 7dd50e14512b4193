"""Real trainings of a very small model: RAWS, RCRL, adapters, stopping, going on."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from m3ad.errors import RunError
from m3ad.images import open_image
from m3ad.monitor.names import open_monitor
from m3ad.records import RunState, Stage
from m3ad.trace import read
from tests.training.conftest import MakeRun, run_to_end, train_here, weights_hash
from training import launch
from training.examples import Example
from training.run import RunFolder
from ui.retrain_curves import PANELS


def logs(run: RunFolder, key: str) -> list[float]:
    return [event[key] for event in run.events()[0] if event["kind"] == "log" and key in event]


def wait_for(run: RunFolder, step: int) -> None:
    end = time.monotonic() + 240
    while run.progress().step < step:
        assert run.process() is not None, run.log_tail()
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
def test_raws_teaches_a_model_that_the_app_can_open(taught: RunFolder, examples: list[Example]) -> None:
    assert taught.state() is RunState.FINISHED
    loss = logs(taught, "loss")
    assert loss[-1] < loss[0] / 3
    progress = taught.progress()
    assert (progress.step, progress.total) == (100, 100)
    card = json.loads((taught.model_path / "monitor.json").read_text())
    assert (card["name"], card["stage"], card["system"]) == ("raws-1", "raws", None)
    config = json.loads((taught.model_path / "config.json").read_text())
    assert "fusion_config" not in config
    versions = json.loads((taught.path / "environment.json").read_text())["packages"]
    assert {"torch", "transformers", "trl", "peft"} <= set(versions)
    monitor = open_monitor(str(taught.model_path), device="cpu", max_new_tokens=80)
    texts = monitor.answer_batch([open_image(e.image) for e in examples])  # type: ignore[attr-defined]
    right = [
        read(t).verdict is not None and read(t).verdict.anomalous == e.truth.anomalous
        for t, e in zip(texts, examples, strict=True)
    ]  # type: ignore[union-attr]
    assert sum(right) >= 10, texts


@pytest.mark.slow
def test_rcrl_starts_at_no_distance_and_changes_the_model(make_run: MakeRun, taught: RunFolder) -> None:
    run = make_run(Stage.RCRL, start=taught.model_path, max_steps=4, batch=3, learning_rate=1e-3)
    done = run_to_end(run)
    assert done.returncode == 0, done.stderr
    assert run.state() is RunState.FINISHED
    kl = logs(run, "kl")
    assert abs(kl[0]) < 1e-3
    assert kl[-1] > 0
    assert weights_hash(run.model_path) != weights_hash(taught.model_path)
    for name in ("reward", "rewards/consistency/mean", "rewards/accuracy/mean", "rewards/reflection/mean"):
        assert len(logs(run, name)) == 4, name
    watched = {metric for part in PANELS[Stage.RCRL].values() for _, lines in part for metric, _ in lines.values()}
    for event in (event for event in run.events()[0] if event["kind"] == "log" and "reward" in event):
        assert watched <= set(event)
    samples = [event for event in run.events()[0] if event["kind"] == "sample"]
    assert len(samples) == 4
    assert all("<|" not in sample["completion"] for sample in samples)
    assert json.loads((run.model_path / "monitor.json").read_text())["stage"] == "rcrl"


@pytest.mark.slow
def test_an_adapter_is_trained_by_raws_and_goes_on_in_rcrl_with_itself_as_reference(
    make_run: MakeRun, taught: RunFolder, examples: list[Example]
) -> None:
    adapter = make_run(Stage.RAWS, start=taught.model_path, name="lora", method="lora", max_steps=4, learning_rate=5e-3)
    assert train_here(adapter) is RunState.FINISHED
    assert (adapter.model_path / "adapter_model.safetensors").exists()
    assert not (adapter.model_path / "model.safetensors").exists()
    run = make_run(
        Stage.RCRL, start=adapter.model_path, name="lora-2", method="lora", max_steps=3, batch=3, learning_rate=5e-3
    )
    assert train_here(run) is RunState.FINISHED
    assert abs(logs(run, "kl")[0]) < 1e-3
    assert weights_hash(run.model_path) != weights_hash(adapter.model_path)
    assert not (run.model_path / "ref").exists()
    assert json.loads((run.model_path / "adapter_config.json").read_text())["base_model_name_or_path"] == str(
        taught.model_path
    )
    answer = open_monitor(str(run.model_path), device="cpu", max_new_tokens=20)
    assert answer.answer_batch([open_image(examples[0].image)])  # type: ignore[attr-defined]


@pytest.mark.slow
def test_all_weights_can_be_trained_on_from_an_adapter(make_run: MakeRun, taught: RunFolder) -> None:
    adapter = make_run(Stage.RAWS, start=taught.model_path, name="lora", method="lora", max_steps=2, learning_rate=5e-2)
    train_here(adapter)
    run = make_run(Stage.RCRL, start=adapter.model_path, name="full", max_steps=2, batch=3, learning_rate=1e-3)
    assert train_here(run) is RunState.FINISHED
    assert abs(logs(run, "kl")[0]) < 1e-3  # the reference is the merged model, not what lies below the adapter
    assert (run.model_path / "model.safetensors").exists()


@pytest.mark.slow
def test_an_adapter_is_trained_on_a_4_bit_base(make_run: MakeRun, taught: RunFolder) -> None:
    run = make_run(Stage.RAWS, start=taught.model_path, method="qlora", max_steps=2, learning_rate=5e-3)
    assert train_here(run) is RunState.FINISHED
    assert (run.model_path / "adapter_model.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize("stage", list(Stage))
def test_two_processes_train_one_model_and_stop_together(make_run: MakeRun, taught: RunFolder, stage: Stage) -> None:
    own = {"batch": 2} if stage is Stage.RAWS else {"batch": 1, "learning_rate": 1e-3}
    run = make_run(stage, start=taught.model_path, processes=2, max_steps=5000, **own)
    launch.start(run)
    wait_for(run, 2)
    assert json.loads((run.path / "environment.json").read_text())["processes"] == 2
    assert launch.end(run, grace=240, after_term=10) is RunState.STOPPED, run.log_tail()
    assert (run.model_path / "model.safetensors").exists()
    steps = [event["step"] for event in run.events()[0] if event["kind"] == "log" and "loss" in event]
    assert steps == sorted(set(steps))  # one process writes


@pytest.mark.slow
def test_the_vision_encoder_can_be_kept(make_run: MakeRun, taught: RunFolder) -> None:
    from safetensors.torch import load_file

    run = make_run(Stage.RAWS, start=taught.model_path, freeze_vision=True, max_steps=2, gradient_checkpointing=True)
    train_here(run)
    before, after = (load_file(folder / "model.safetensors") for folder in (taught.model_path, run.model_path))
    assert before.keys() == after.keys()
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed
    assert not [name for name in changed if ".visual." in name]


@pytest.mark.slow
def test_a_stopped_run_keeps_its_model_and_goes_on_where_it_was(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, max_steps=100_000, batch=2)
    launch.start(run)
    with pytest.raises(RunError, match="cannot be started"):
        launch.start(run)
    wait_for(run, 3)
    assert run.state() is RunState.RUNNING
    assert launch.end(run, grace=120, after_term=10) is RunState.STOPPED
    assert run.message() == "Stopped; the model so far is kept."
    assert (run.model_path / "model.safetensors").exists()
    reached = run.progress().step
    launch.start(run)
    wait_for(run, reached + 2)
    assert launch.end(run, grace=120, after_term=10) is RunState.STOPPED
    starts = [event["step"] for event in run.events()[0] if event["kind"] == "start"]
    assert starts[0] == 0
    assert starts[1] >= reached


@pytest.mark.slow
def test_sigterm_saves_before_it_ends_the_run(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, max_steps=100_000, batch=2)
    launch.start(run)
    pid = run.process().pid
    wait_for(run, 2)
    os.kill(pid, signal.SIGTERM)
    while run.process() is not None:
        time.sleep(0.1)
    assert run.state() is RunState.STOPPED
    assert (run.model_path / "model.safetensors").exists()
    assert list(run.checkpoints.glob("checkpoint-*"))


@pytest.mark.slow
def test_a_run_that_cannot_work_fails_with_a_sentence_and_a_log(make_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = make_run(Stage.RAWS, start=tmp_path / "empty")
    launch.start(run)
    while run.process() is not None:
        time.sleep(0.1)
    assert run.state() is RunState.FAILED
    assert run.message().startswith(f"{tmp_path / 'empty'} has no processor")
    assert "Traceback" in run.log_tail()


def test_a_script_refuses_the_other_stages_run(make_run: MakeRun) -> None:
    from training import raws, rcrl
    from training.process import Interrupt

    before = signal.getsignal(signal.SIGTERM)
    for module, stage, name in ((raws, Stage.RCRL, "a"), (rcrl, Stage.RAWS, "b")):
        run = make_run(stage, name=name)
        with pytest.raises(RunError, match=f"python -m training.{stage.value}"):
            module.train(run, Interrupt(run))
    signal.signal(signal.SIGTERM, before)
