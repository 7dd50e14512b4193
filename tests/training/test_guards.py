"""What must never happen silently: a wrong reference, nothing to train, nothing learnt, a start that cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from m3ad.errors import ModelUnavailable, RunError
from m3ad.prompts import SYSTEM
from m3ad.records import Stage
from tests.training.conftest import MakeRun
from training.checkpoints import Origin
from training.loading import require_trainable
from training.process import Interrupt
from training.run import RunFolder
from training.start import read_start


def log(run: RunFolder, step: int, **metrics: float) -> None:
    from training.rcrl import RcrlCallback

    state = TrainerState(global_step=step, max_steps=9, is_world_process_zero=True)
    arguments = TrainingArguments(output_dir=str(run.checkpoints), use_cpu=True)
    RcrlCallback(run, Interrupt(run), Origin.of(run, ["1"])).on_log(arguments, state, TrainerControl(), dict(metrics))


def test_a_kl_at_the_first_step_means_the_wrong_reference(make_run: MakeRun) -> None:
    run = make_run(Stage.RCRL)
    log(run, 1, kl=0.0)
    log(run, 2, kl=0.5)
    for wrong in (0.5, float("nan")):
        with pytest.raises(RunError, match="another model"):
            log(run, 1, kl=wrong)


def test_an_alarm_is_noted_once_also_by_a_run_that_goes_on(make_run: MakeRun) -> None:
    run = make_run(Stage.RCRL)
    for step in range(2, 42):
        log(run, step, **{"accuracy/initial": 0.9 if step < 12 else 0.5, "accuracy/final": 0.9})
    notes = [event for event in run.events()[0] if event["kind"] == "note"]
    assert [note["alarm"] for note in notes] == [True]
    assert "initial accuracy fell from 0.90" in notes[0]["text"]


def test_a_number_json_has_no_word_for_is_logged_as_null(make_run: MakeRun) -> None:
    run = make_run(Stage.RCRL)
    log(run, 2, loss=float("nan"), reward=1.0)
    (event,) = run.events()[0]
    assert (event["loss"], event["reward"], event["step"], event["total"]) == (None, 1.0, 2, 9)


def test_a_model_without_trainable_weights_is_refused() -> None:
    layer = torch.nn.Linear(2, 2)
    assert require_trainable(layer) == 6
    with pytest.raises(RunError, match="Nothing"):
        require_trainable(layer.requires_grad_(False))


@pytest.mark.slow
def test_a_training_that_changes_nothing_fails(make_run: MakeRun) -> None:
    from training import raws

    run = make_run(Stage.RAWS, max_steps=1, learning_rate=1e-30)
    with pytest.raises(RunError, match="the same after training"):
        raws.train(run, Interrupt(run))
    assert not run.model_path.exists()


def test_a_start_model_hands_down_its_system_prompt_or_gets_the_instructions(tiny: Path, tmp_path: Path) -> None:
    card = read_start(str(tiny)).monitor_json("raws-1", Stage.RAWS)
    assert (card["name"], card["stage"], card["parent"], card["system"]) == ("raws-1", "raws", str(tiny), None)
    base = tmp_path / "base"
    base.mkdir()
    (base / "processor_config.json").write_text("{}")
    assert read_start(str(base)).card.system == SYSTEM


def test_a_served_or_unknown_model_cannot_be_trained() -> None:
    with pytest.raises(RunError, match="served"):
        read_start("served:http://127.0.0.1:1/v1")
    with pytest.raises(ModelUnavailable):
        read_start("no such model")
