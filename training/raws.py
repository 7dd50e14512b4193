"""RAWS, the reflection-aware warm start: supervised fine-tuning with TRL's SFTTrainer. `python -m training.raws RUN`.

Reads a run folder and writes the result into it; knows neither store nor page. The loss is taken on the completion
only; examples that are too long are left out and listed, never cut (a cut example teaches to leave the answer away).
"""

from __future__ import annotations

from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from training.callbacks import RunCallback
from training.collate import CompletionCollator
from training.config import RawsSettings, TrainSettings
from training.loading import (
    device_of,
    freeze_vision,
    load_model,
    require_trainable,
    save_model,
    trainable_hash,
)
from training.process import Interrupt, is_main_process, main, write_environment
from training.processor import load_processor
from training.run import RunFolder
from training.selection import usable
from training.start import read_start


def train(run: RunFolder, interrupt: Interrupt) -> RunState:
    """Train as the run folder says; returns FINISHED or STOPPED. Raises what goes wrong."""
    config = run.config()
    settings = config.settings
    if not isinstance(settings, RawsSettings):
        raise RunError(f"Run {run.name} is an RCRL run: start it with python -m training.rcrl.")
    prepare(settings)
    start = read_start(config.start)
    processor = load_processor(start, settings)
    collator = CompletionCollator(processor, start.card.system, run.path)
    rows = [{"image": e.image, "completion_ids": ids} for e, ids in usable(run, collator, settings)]
    model = load_model(start, settings)
    if settings.freeze_vision:
        freeze_vision(model)
    require_trainable(model)
    callback = RunCallback(run, interrupt)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**common_arguments(run, settings), max_length=None, completion_only_loss=True),
        train_dataset=Dataset.from_list(rows),
        processing_class=processor,
        data_collator=collator,
        callbacks=[callback],
    )
    before = trainable_hash(trainer.model)
    write_environment(run, str(trainer.args.device))
    trainer.train(resume_from_checkpoint=last_checkpoint(run))
    if trainable_hash(trainer.model) == before:
        raise RunError("The weights are the same after training as before: nothing was learnt. Look at the log.")
    if is_main_process():
        save_model(model, processor, run.model_path, start.monitor_json(config.name, Stage.RAWS))
    return RunState.STOPPED if callback.stopped else RunState.FINISHED


def prepare(settings: TrainSettings) -> None:
    """Seeds and threads of this process."""
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
        "activation_checkpointing": settings.gradient_checkpointing,
        "use_cpu": not cuda,
        "bf16": bf16,
        "logging_steps": settings.logging_steps,
        "save_steps": settings.save_steps,
        "save_total_limit": 1,
        "remove_unused_columns": False,
        "dataloader_pin_memory": cuda,
        "report_to": "none",
        "disable_tqdm": True,
    }


def last_checkpoint(run: RunFolder) -> str | None:
    """The latest whole checkpoint of an earlier attempt, to go on from; None at the first start."""
    # The trainer writes trainer_state.json last: a folder without it was being written when the process died.
    whole = [file.parent for file in run.checkpoints.glob("checkpoint-*/trainer_state.json")]
    return str(max(whole, key=lambda folder: int(folder.name.rsplit("-", 1)[1]))) if whole else None


if __name__ == "__main__":
    main(Stage.RAWS, train)
