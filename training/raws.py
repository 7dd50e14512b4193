"""RAWS, the reflection-aware warm start: supervised fine-tuning with TRL's SFTTrainer. `python -m training.raws RUN`.

Reads a run folder and writes the result into it; knows neither store nor page. The loss is taken on the completion
only; examples that are too long are left out and listed, never cut (a cut example teaches to leave the answer away).
"""

from __future__ import annotations

import os
from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from m3ad.rewards import RewardConfig
from training.callbacks import RunCallback
from training.checkpoints import Origin
from training.collate import CompletionCollator
from training.config import RawsSettings, TrainSettings
from training.following import FollowCallback
from training.loading import (
    accept_saved_patches,
    device_of,
    freeze_vision,
    load_model,
    require_trainable,
    save_model,
    trainable_hash,
)
from training.process import Interrupt, main, write_environment
from training.processor import load_processor
from training.run import RunFolder
from training.selection import usable
from training.sharding import answer_together, require_spread, sharding_arguments
from training.start import read_start


def train(run: RunFolder, interrupt: Interrupt) -> RunState:
    """Train as the run folder says; returns FINISHED or STOPPED. Raises what goes wrong."""
    config = run.config()
    settings = config.settings
    if not isinstance(settings, RawsSettings):
        raise RunError(f"Run {run.name} is an RCRL run: start it with python -m training.rcrl.")
    prepare(run, settings)
    start = read_start(config.start)
    processor = load_processor(start, settings)
    collator = CompletionCollator(processor, start.card.system, run.path)
    kept = usable(run, collator, settings)
    rows = [{"image": example.image, "completion_ids": ids} for example, ids in kept]
    model = load_model(start, settings)
    if settings.freeze_vision:
        freeze_vision(model)
    accept_saved_patches(model)
    require_trainable(model)
    callback = RunCallback(run, interrupt, Origin.of(run, [example.case for example, _ in kept]))
    examples, limit = [example for example, _ in kept], max(len(ids) for _, ids in kept)
    follow = FollowCallback(run, collator, examples, settings, limit=limit, reward=RewardConfig())
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**common_arguments(run, settings), max_length=None, completion_only_loss=True),
        train_dataset=Dataset.from_list(rows),
        processing_class=processor,
        data_collator=collator,
        callbacks=[callback, follow],
    )
    require_spread(trainer, settings)
    answer_together(trainer.model, settings)
    before = trainable_hash(trainer.model)
    write_environment(run, str(trainer.args.device))
    trainer.train(resume_from_checkpoint=callback.resume_point())
    if trainable_hash(trainer.model) == before:
        raise RunError("The weights are the same after training as before: nothing was learnt. Look at the log.")
    save_model(model, processor, run.model_path, start.monitor_json(config.name, Stage.RAWS))
    return RunState.STOPPED if callback.stopped else RunState.FINISHED


def prepare(run: RunFolder, settings: TrainSettings) -> None:
    """Seeds and threads of this process, and where further copies of the curves go: into the run folder."""
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.path / "tensorboard")
    os.environ["TRACKIO_DIR"] = str(run.path / "trackio")
    set_seed(settings.seed)
    if settings.threads:
        torch.set_num_threads(settings.threads)


def common_arguments(run: RunFolder, settings: TrainSettings) -> dict[str, Any]:
    """What both trainers' configurations share."""
    cuda = device_of(settings) == "cuda"
    bf16 = settings.precision == "bfloat16" or (settings.precision == "auto" and cuda)
    return {
        "output_dir": str(run.checkpoints),
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.schedule,
        "warmup_steps": settings.warmup_steps,
        "weight_decay": settings.weight_decay,
        "gradient_accumulation_steps": settings.accumulation,
        "per_device_train_batch_size": settings.batch,
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps or -1,
        "seed": settings.seed,
        **sharding_arguments(settings),
        "use_cpu": not cuda,
        "bf16": bf16,
        "logging_steps": settings.logging_steps,
        "save_steps": settings.save_steps,
        "save_total_limit": None,  # `RunCallback` removes the old ones: the trainer goes by their times
        "logging_nan_inf_filter": False,  # else a NaN is written down as the mean of what was before
        "remove_unused_columns": False,
        "dataloader_pin_memory": cuda,
        "dataloader_num_workers": settings.loaders,
        "report_to": settings.report,
        "project": "ra-monitor",  # trackio's word; it keeps everything on this machine
        "run_name": run.name,
        "disable_tqdm": True,
    }


if __name__ == "__main__":
    main(Stage.RAWS, train)
