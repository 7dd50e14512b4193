"""A few cases followed through a training: now and then the model answers them, and what it would earn is written down.

The same cases every time, answered without chance, so that one can read how an answer to one picture changes. It draws
no random numbers: a run ends with the same weights whether or not it is looked at.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from m3ad.rewards import RewardConfig, rewards
from m3ad.trace import read
from training.collate import CompletionCollator
from training.config import TrainSettings
from training.examples import Example
from training.rewards import sample_of
from training.run import RunFolder
from training.sharding import is_spread, let_go


class FollowCallback(TrainerCallback):
    """Writes `sample` events with `"followed": true` at the start, every `follow_steps` steps and at the end."""

    def __init__(
        self,
        run: RunFolder,
        collator: CompletionCollator,
        examples: Sequence[Example],
        settings: TrainSettings,
        *,
        limit: int,
        reward: RewardConfig,
    ) -> None:
        """`limit`: most tokens of an answer; `reward`: what it is paid by."""
        self._run = run
        self._collator = collator
        self._cases = choose_followed(examples, settings.follow_cases, settings.seed)
        self._every = settings.follow_steps
        self._limit = limit
        self._reward = reward

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.global_step == 0:
            self._ask(kwargs["model"], state)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.global_step % self._every == 0 or state.global_step >= state.max_steps:
            self._ask(kwargs["model"], state)

    def _ask(self, model: PreTrainedModel, state: TrainerState) -> None:
        # Where each process holds a share of the weights one alone cannot answer: all do, and the first one writes.
        if not state.is_world_process_zero and not is_spread(model):
            return
        training = model.training
        model.eval()
        try:
            for example in self._cases:
                trace = read(self._answer(model, example))
                paid = rewards(example.truth, trace, self._reward)
                sample = sample_of(example.case, (example.truth, trace), paid)
                if state.is_world_process_zero:
                    self._run.append_event("sample", step=state.global_step, followed=True, **sample)
        finally:
            let_go(model)
            model.train(training)

    def _answer(self, model: PreTrainedModel, example: Example) -> str:
        prompt = self._collator([{"image": example.image, "completion_ids": []}])
        del prompt["labels"]
        written = model.generate(
            **{name: values.to(model.device) for name, values in prompt.items()},
            max_new_tokens=self._limit,
            do_sample=False,
            use_cache=True,
            repetition_penalty=1.0,
            temperature=None,
            top_p=None,
            top_k=None,
            suppress_tokens=self._collator.vision_tokens,
        )
        new = written[0, prompt["input_ids"].shape[1] :]
        return str(self._collator.processor.tokenizer.decode(new, skip_special_tokens=True))


def choose_followed(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """`count` examples, as different as there are: one without a defect and one of each type first. Always the same."""
    shuffled = random.Random(seed).sample(examples, len(examples))
    kinds: dict[str, int] = {}

    def rank(example: Example) -> int:
        """How many of the same kind came before."""
        kind = example.truth.defects[0].type if example.truth.defects else str(example.truth.anomalous)
        kinds[kind] = kinds.get(kind, -1) + 1
        return kinds[kind]

    ranked = [(rank(example), place) for place, example in enumerate(shuffled)]
    return [shuffled[place] for _, place in sorted(ranked)[:count]]
