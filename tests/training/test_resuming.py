"""A run that was stopped or killed goes on and ends with the very weights of one that never was (real trainings)."""

from __future__ import annotations

from typing import Any

import pytest

from m3ad.records import RunState, Stage
from tests.training.conftest import MakeRun, train_here, weights_hash
from training.run import RunFolder

# 12 examples in batches of 4: three steps are an epoch, so that a stop at 2, 3 and 4 lies within, at and after its end.
RAWS = {"max_steps": 7, "batch": 4, "learning_rate": 5e-3, "warmup_steps": 1, "save_steps": 2}
RCRL = {
    "max_steps": 6,
    "batch": 4,
    "learning_rate": 1e-3,
    "warmup_steps": 1,
    "save_steps": 2,
    "max_new_tokens": 24,
    "follow_cases": 1,
    "follow_steps": 2,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "own", "stops"),
    [
        (Stage.RAWS, RAWS, (2, 3, 4)),
        (Stage.RAWS, {**RAWS, "method": "lora", "accumulation": 2, "batch": 2}, (3, 5)),
        (Stage.RCRL, RCRL, (2, 3, 4)),
        (Stage.RCRL, {**RCRL, "iterations": 2, "batch": 2}, (3,)),
        (Stage.RAWS, {**RAWS, "loaders": 2}, (2, 4)),
        (Stage.RCRL, {**RCRL, "loaders": 1}, (2, 3)),
    ],
    ids=["raws", "raws-lora", "rcrl", "rcrl-two-updates", "raws-loaders", "rcrl-loaders"],
)
def test_stopped_and_gone_on_equals_never_stopped_bit_by_bit(
    make_run: MakeRun, taught: RunFolder, stage: Stage, own: dict[str, Any], stops: tuple[int, ...]
) -> None:
    whole = make_run(stage, start=taught.model_path, name="whole", **{**own, "loaders": 0})
    assert train_here(whole) is RunState.FINISHED
    halved = make_run(stage, start=taught.model_path, name="halved", **own)
    for step in stops:
        assert train_here(halved, stop_at=step) is RunState.STOPPED
    assert train_here(halved) is RunState.FINISHED
    begun = [event["step"] for event in halved.events()[0] if event["kind"] == "start"]
    rhythm = own.get("iterations", 1)
    assert begun == [0, *(-(-step // rhythm) * rhythm for step in stops)]
    assert weights_hash(halved.model_path) == weights_hash(whole.model_path)
    assert weights_hash(whole.model_path) != weights_hash(taught.model_path) if own.get("method") != "lora" else True


@pytest.mark.slow
def test_an_adapter_goes_on_in_rcrl_with_its_own_reference(make_run: MakeRun, taught: RunFolder) -> None:
    adapter = make_run(Stage.RAWS, start=taught.model_path, name="lora", method="lora", max_steps=2, learning_rate=5e-3)
    train_here(adapter)
    whole, halved = (
        make_run(Stage.RCRL, start=adapter.model_path, name=name, method="lora", **RCRL) for name in ("whole", "halved")
    )
    train_here(whole)
    assert train_here(halved, stop_at=2) is RunState.STOPPED
    assert train_here(halved) is RunState.FINISHED
    assert weights_hash(halved.model_path) == weights_hash(whole.model_path)
