"""A run's adapter to be served, made without training: real weights and files as training writes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from db.store import Store
from m3ad.records import NORMAL as GOOD
from m3ad.records import Model, RunState, Stage
from tests.ui.scripted import BENT, add_case
from training.config import PRESETS
from training.loading import load_model, save_model
from training.loop import create_run
from training.processor import load_processor
from training.promotion import register_finished
from training.run import RunFolder
from training.start import read_start


def fill(store: Store) -> None:
    """Ten cases and a snapshot of them."""
    for number in range(5):
        add_case(store, f"good-{number}", GOOD, size=(64, 40 + number))
        add_case(store, f"bent-{number}", BENT, size=(80, 40 + number))
    store.create_snapshot("first", frozen_share=0.4)


def add_adapter(store: Store, base: Path, *, rank: int = 4, strength: float = 0.3) -> Model:
    """A finished RAWS run with LoRA from `base`, whose adapter has random weights, and its model."""
    settings = replace(PRESETS["cpu demo"][Stage.RAWS], method="lora", lora_rank=rank)
    snapshot = store.snapshot("first").id
    run = create_run(
        store, store.workspace, stage=Stage.RAWS, start_model=str(base), snapshot_id=snapshot, settings=settings
    )
    folder = RunFolder(run.folder)
    write_adapter(folder.model_path, base, settings, strength)
    folder.set_status(RunState.FINISHED.value, "The model is in model/.")
    return register_finished(store, run)


def write_adapter(target: Path, base: Path, settings: Any, strength: float, seed: int = 1) -> None:
    """A model folder as training writes it."""
    start = read_start(str(base))
    torch.manual_seed(seed)
    model = load_model(start, settings)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=strength)
    target.mkdir(exist_ok=True)
    save_model(model, load_processor(start, settings), target, start.monitor_json(target.parent.name, Stage.RAWS))


def change_config(folder: Path, **values: Any) -> None:
    """Other values in the adapter's own settings."""
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
