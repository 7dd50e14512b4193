"""Weights spread over two processes (real trainings on a processor, by gloo): the same models as without."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from m3ad.errors import RunError
from m3ad.images import open_image
from m3ad.monitor.names import open_monitor
from m3ad.records import RunState, Stage
from tests.training.conftest import MakeRun, run_to_end
from training.config import RawsSettings
from training.examples import Example
from training.launch import ROOT, environment
from training.run import RunFolder

COMMON = {"processes": 2, "max_steps": 4, "learning_rate": 1e-3, "logging_steps": 1}
RAWS = {"batch": 2, "gradient_checkpointing": True, "follow_cases": 1, "follow_steps": 2, **COMMON}
RCRL = {"batch": 1, **COMMON}


def train_spread(run: RunFolder) -> str:
    """Train to the end with spread weights; returns what the processes printed."""
    stage = str(run.config().stage)
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    module = ["-m", "tests.training.sharded_on_processor", stage, str(run.path)]
    done = subprocess.run(
        [os.sys.executable, "-m", *torchrun, *module],
        cwd=ROOT, env={**environment(run), "CUDA_VISIBLE_DEVICES": ""}, text=True, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def distance(one: Path, other: Path) -> float:
    """The largest difference of two models' weights, which must have the same names and kinds of number."""
    mine, yours = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert {name: weight.dtype for name, weight in mine.items()} == {n: weight.dtype for n, weight in yours.items()}
    return max(float((mine[name] - yours[name]).abs().max()) for name in mine)


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "own"), [(Stage.RAWS, RAWS), (Stage.RCRL, RCRL)], ids=["raws", "rcrl"])
def test_spread_weights_become_the_model_that_whole_ones_do(
    make_run: MakeRun, taught: RunFolder, examples: list[Example], stage: Stage, own: dict[str, Any]
) -> None:
    whole = make_run(stage, start=taught.model_path, name="whole", **{**own, "device": "cpu"})
    spread = make_run(stage, start=taught.model_path, name="spread", **{**own, "device": "auto", "sharding": "fsdp"})
    done = run_to_end(whole)
    assert done.returncode == 0, done.stderr
    train_spread(spread)
    assert spread.state() is RunState.FINISHED
    assert distance(whole.model_path, taught.model_path) > 1e-4  # something was learnt
    assert distance(whole.model_path, spread.model_path) < 1e-5
    kept = ("loss", "reward", "completion", "step")
    for mine, yours in zip(shown(whole, kept), shown(spread, kept), strict=True):
        assert mine == pytest.approx(yours, abs=1e-4)
    assert (whole.model_path / "config.json").read_text() == (spread.model_path / "config.json").read_text()
    monitor = open_monitor(str(spread.model_path), device="cpu", max_new_tokens=20)
    assert monitor.answer_batch([open_image(examples[0].image)])  # type: ignore[attr-defined]


def shown(run: RunFolder, kept: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a run's logs and samples say of its learning."""
    events = [event for event in run.events()[0] if event["kind"] in ("log", "sample")]
    return [{name: event[name] for name in kept if name in event} for event in events]


@pytest.mark.slow
def test_a_run_with_spread_weights_goes_on_from_its_checkpoint_with_the_same_weights(
    make_run: MakeRun, taught: RunFolder
) -> None:
    own = {**RAWS, "device": "auto", "sharding": "fsdp", "follow_cases": 0, "save_steps": 2}
    whole, halved = (make_run(Stage.RAWS, start=taught.model_path, name=name, **own) for name in ("whole", "halved"))
    train_spread(whole)
    train_spread(halved)
    for name in ("status.json", "events.jsonl"):
        (halved.path / name).unlink()
    train_spread(halved)
    (begun,) = (event["step"] for event in halved.events()[0] if event["kind"] == "start")
    assert begun == 2
    assert distance(whole.model_path, halved.model_path) == 0


@pytest.mark.slow
def test_gradients_of_nan_in_one_share_end_the_run_before_the_weights_are_spoilt(
    make_run: MakeRun, taught: RunFolder
) -> None:
    own = {**RAWS, "device": "auto", "sharding": "fsdp", "follow_cases": 0, "learning_rate": 0.9, "warmup_steps": 0}
    run = make_run(Stage.RAWS, start=spoilt(taught), **own)
    with pytest.raises(AssertionError):
        train_spread(run)
    assert "gradients became NaN or infinite at step 1" in run.message()


def spoilt(taught: RunFolder) -> Path:
    """A model one of whose last weights is NaN: only the process that holds its share sees it."""
    from safetensors.torch import save_file

    folder = taught.path / "spoilt"
    if not folder.exists():
        import shutil

        shutil.copytree(taught.model_path, folder)
        weights = load_file(folder / "model.safetensors")
        weights["model.language_model.norm.weight"][-1] = torch.nan
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.slow
def test_where_there_are_no_cards_a_run_with_spread_weights_is_refused_instead_of_keeping_them_whole(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    run = make_run(Stage.RAWS, **{**RAWS, "device": "auto", "sharding": "fsdp"})
    assert run_to_end(run).returncode == 1
    assert run.message().startswith("Weights are spread over cards only, and PyTorch sees none here")


@pytest.mark.parametrize(
    ("own", "word"),
    [
        ({"processes": 1}, "at least 2 processes"),
        ({"processes": 2, "method": "lora"}, "choose method full"),
        ({"processes": 2, "device": "cpu"}, "cards only"),
    ],
)
def test_what_cannot_be_spread_is_named_in_one_sentence(make_run: MakeRun, own: dict[str, Any], word: str) -> None:
    (problem,) = RawsSettings(sharding="fsdp", **own).check()
    assert word in problem
    with pytest.raises(RunError, match="sharding fsdp"):
        make_run(Stage.RAWS, **{"device": "auto", **own, "sharding": "fsdp"})
