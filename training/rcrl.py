"""RCRL, the reflection-cognitive reinforcement learning: GRPO with TRL's GRPOTrainer. `python -m training.rcrl RUN`.

Reads a run folder and writes the result into it; knows neither store nor page. The KL is taken to the model the run
starts from (the RAWS model): which start makes TRL do that, and which something else, is settled in `_model`.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch.utils.data import Sampler
from transformers import PreTrainedModel, ProcessorMixin, TrainerControl, TrainerState, TrainingArguments
from trl import GRPOConfig, GRPOTrainer

from m3ad.errors import RunError
from m3ad.images import open_image
from m3ad.prompts import conversation
from m3ad.records import RunState, Stage
from training.alarm import alarm
from training.callbacks import RunCallback
from training.checkpoints import Origin
from training.collate import CompletionCollator
from training.config import RcrlSettings
from training.examples import Example
from training.following import FollowCallback
from training.history import history
from training.images_once import encode_once
from training.loading import (
    accept_saved_patches,
    freeze_vision,
    load_model,
    model_arguments,
    require_trainable,
    save_model,
    trainable_hash,
)
from training.process import Interrupt, is_main_process, main, write_environment
from training.processor import load_processor
from training.raws import common_arguments, prepare
from training.rewards import Judge
from training.run import RunFolder
from training.selection import usable
from training.sharding import answer_together, require_spread
from training.start import Start, read_start

KL_AT_START = 1e-3  # the same weights twice differ by rounding only


class RcrlCallback(RunCallback):
    """Also makes sure that the KL is taken to the start model: the same weights, so about 0 before the first update.

    The first time that `training.alarm` has something to say it becomes a note among the run's events.
    """

    def __init__(self, run: RunFolder, interrupt: Interrupt, origin: Origin, *, rhythm: int = 1) -> None:
        super().__init__(run, interrupt, origin, rhythm=rhythm)
        self._events: list[dict[str, Any]] = []
        self._read = 0  # bytes of events.jsonl; from 0, so that a run which goes on remembers what was before

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().on_log(args, state, control, logs, **kwargs)
        kl = (logs or {}).get("kl")
        if state.global_step == 1 and kl is not None and not abs(kl) < KL_AT_START:
            raise RunError(
                f"The KL to the start model is {kl:.4f} before the first update and must be 0: "
                "the reference is another model than the one this run started from."
            )
        if state.is_world_process_zero:
            self._watch()

    def _watch(self) -> None:
        new, self._read = self._run.events(self._read)
        self._events += [event for event in new if event["kind"] in ("log", "note", "start")]
        words = alarm(history(self._events))
        if words and not any("alarm" in event for event in self._events):
            self._run.append_event("note", text=words, alarm=True)


class ResumableTrainer(GRPOTrainer):
    """TRL's trainer draws each epoch's order from where the one before ended, and forgets that when it resumes."""

    _epochs_done = 0

    def go_on(self, checkpoint: str | None) -> None:
        """Train, from the checkpoint if there is one, in the order that a run without a pause would have had."""
        if checkpoint is not None:
            self._epochs_done = int(TrainerState.load_from_json(f"{checkpoint}/trainer_state.json").epoch)
        self.train(resume_from_checkpoint=checkpoint)

    def _get_train_sampler(self, dataset: Dataset | None = None) -> Sampler:
        sampler = super()._get_train_sampler(dataset)
        for _ in range(self._epochs_done):
            torch.randperm(sampler.num_samples, generator=sampler.generator)
        return sampler


def train(run: RunFolder, interrupt: Interrupt) -> RunState:
    """Train as the run folder says; returns FINISHED or STOPPED. Raises what goes wrong."""
    config = run.config()
    settings = config.settings
    if not isinstance(settings, RcrlSettings):
        raise RunError(f"Run {run.name} is a RAWS run: start it with python -m training.raws.")
    prepare(run, settings)
    start = read_start(config.start)
    processor = load_processor(start, settings)
    judge = Judge(settings.reward, lambda step, sample: _write_sample(run, settings, step, sample))
    collator = CompletionCollator(processor, start.card.system, run.path)
    kept = [example for example, _ in usable(run, collator, settings)]
    origin = Origin.of(run, [example.case for example in kept])
    callback = RcrlCallback(run, interrupt, origin, rhythm=settings.iterations)
    follow = FollowCallback(run, collator, kept, settings, limit=settings.max_new_tokens, reward=settings.reward)
    trainer = ResumableTrainer(
        model=_model(run, start, settings, processor, interrupt),
        reward_funcs=judge.functions(),
        args=_arguments(run, settings, collator, judge),
        train_dataset=_dataset(run, start, kept),
        processing_class=processor,
        callbacks=[callback, follow],
    )
    if settings.freeze_vision:
        freeze_vision(trainer.model)
    accept_saved_patches(trainer.model)
    require_trainable(trainer.model)
    for each in filter(None, (trainer.model, trainer.ref_model)):
        encode_once(each)
    require_spread(trainer, settings)
    answer_together(trainer.model, settings)
    before = trainable_hash(trainer.model)
    write_environment(run, str(trainer.args.device))
    trainer.go_on(callback.resume_point())
    if trainable_hash(trainer.model) == before:
        raise RunError(
            "The weights are the same after training as before: all answers may have earned the same reward."
        )
    save_model(trainer.model, processor, run.model_path, start.monitor_json(config.name, Stage.RCRL))
    return RunState.STOPPED if callback.stopped else RunState.FINISHED


def _model(
    run: RunFolder, start: Start, settings: RcrlSettings, processor: ProcessorMixin, interrupt: Interrupt
) -> str | PreTrainedModel:
    """The policy in the form in which TRL takes the start model as reference.

    All weights: a folder, which TRL loads a second time. An adapter: the start's own, which TRL copies frozen, or a new
    one, whose copy changes nothing. Never an adapter merged in memory: TRL would load the reference from below it.
    """
    if settings.method != "full":
        return load_model(start, settings)
    if start.adapter is None:
        return str(start.weights)
    merged = run.path / "start"
    if is_main_process() and not merged.exists():
        draft = run.path / ".start"
        shutil.rmtree(draft, ignore_errors=True)
        save_model(load_model(start, settings), processor, draft, start.monitor_json(start.card.name, Stage.RAWS))
        draft.rename(merged)
    while not merged.exists():  # the main process of several is still at it
        if interrupt.requested():
            raise RunError("The run was stopped before its start model was written.")
        time.sleep(0.5)
    return str(merged)


def _arguments(run: RunFolder, settings: RcrlSettings, collator: CompletionCollator, judge: Judge) -> GRPOConfig:
    common = common_arguments(run, settings)
    # TRL counts completions; a batch is a number of whole groups.
    common["per_device_train_batch_size"] = settings.batch * settings.generations
    return GRPOConfig(
        **common,
        logging_first_step=True,  # its KL is checked
        model_init_kwargs=model_arguments(settings) if settings.method == "full" else None,
        num_generations=settings.generations,
        max_completion_length=settings.max_new_tokens,
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        beta=settings.beta,
        loss_type=settings.loss_type,
        scale_rewards=settings.scale_rewards,
        num_iterations=settings.iterations,
        use_bias_correction_kl=False,  # the paper's GRPO has the plain KL; TRL's default changes its gradient
        disable_dropout=True,  # else an adapter's dropout makes policy and reference differ at the same weights
        reward_weights=judge.weights(),
        generation_kwargs={"suppress_tokens": collator.vision_tokens},
    )


def _dataset(run: RunFolder, start: Start, examples: Iterable[Example]) -> Dataset:
    """One row per example: the prompt without an answer, its picture opened when it is needed, case and truth."""
    rows = [_row(example) for example in examples]

    def opened(batch: dict[str, list[str]]) -> dict[str, list[Any]]:
        # A group asks for its case as often as it has answers.
        pictures = {image: open_image(Path(run.path / image)) for image in set(batch["image"])}
        images = [[pictures[image]] for image in batch["image"]]
        prompts = [conversation(start.card.system) for _ in images]
        return {"prompt": prompts, "images": images, "case": batch["case"], "truth": batch["truth"]}

    return Dataset.from_list(rows).with_transform(opened)


def _row(example: Example) -> dict[str, str]:
    # The truth as text: Arrow would give every verdict the fields of all others.
    return {"image": example.image, "case": example.case, "truth": json.dumps(example.truth.to_json())}


def _write_sample(run: RunFolder, settings: RcrlSettings, step: int, sample: dict[str, Any]) -> None:
    if step % settings.sample_steps == 0 and is_main_process():
        run.append_event("sample", step=step, **sample)


if __name__ == "__main__":
    main(Stage.RCRL, train)
