"""One training in a process of its own, timed: `python -m benchmarks.training.one ours|bare RUN`, prints a JSON line.

"ours" is `training.raws` or `training.rcrl` as the app starts them. "bare" is what anybody would write with TRL alone:
the same model, data and settings, TRL's own collator, no run folder, checks, seals or followed cases.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import Trainer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

from m3ad.images import open_image
from m3ad.prompts import conversation
from m3ad.records import Stage
from training import raws, rcrl
from training.callbacks import RunCallback, peak_memory
from training.config import RawsSettings, RcrlSettings
from training.process import Interrupt
from training.processor import load_processor
from training.rewards import Judge
from training.run import RunFolder
from training.start import read_start


class Clock(TrainerCallback):
    """When each step ended, on the monotonic clock."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ends.append(time.perf_counter())


def ours(run: RunFolder, clock: Clock) -> None:
    """Train as the app does."""
    step_end = RunCallback.on_step_end

    def ended(self: RunCallback, *args: Any, **kwargs: Any) -> None:
        step_end(self, *args, **kwargs)
        clock.on_step_end()

    RunCallback.on_step_end = ended  # type: ignore[method-assign]
    (raws if run.config().stage is Stage.RAWS else rcrl).train(run, Interrupt(run))


def bare(run: RunFolder, clock: Clock) -> None:
    """Train with TRL alone."""
    config, start = run.config(), read_start(run.config().start)
    raws.prepare(run, config.settings)
    processor = load_processor(start, config.settings)
    prompt = conversation(start.card.system)
    rows = [
        {
            "prompt": prompt,
            "completion": [{"role": "assistant", "content": [{"type": "text", "text": example.completion}]}],
            "images": [open_image(run.path / example.image)],
            "case": example.case,
            "truth": json.dumps(example.truth.to_json()),
        }
        for example in run.examples()
    ]
    common = {**raws.common_arguments(run, config.settings), "save_strategy": "no"}
    weights = {"dtype": torch.float32}
    shared: dict[str, Any] = {"model": str(start.weights), "processing_class": processor, "callbacks": [clock]}
    if isinstance(config.settings, RawsSettings):
        raws_arguments = SFTConfig(**common, max_length=None, completion_only_loss=True, model_init_kwargs=weights)
        plain = [{name: row[name] for name in ("prompt", "completion", "images")} for row in rows]
        SFTTrainer(**shared, args=raws_arguments, train_dataset=Dataset.from_list(plain)).train()
    else:
        asked = Dataset.from_list([{name: row[name] for name in row if name != "completion"} for row in rows])
        judge = Judge(config.settings.reward, lambda step, sample: None)
        arguments = GRPOConfig(
            **{**common, **group_arguments(config.settings)}, model_init_kwargs=weights, reward_weights=judge.weights()
        )
        GRPOTrainer(**shared, args=arguments, reward_funcs=judge.functions(), train_dataset=asked).train()


def waiting(clock: Clock) -> list[float]:
    """The seconds that the trainer waits for its next batch, from its second step on, as they come; times it."""
    waited: list[float] = []
    fetch = Trainer.get_batch_samples

    def timed(self: Trainer, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        batch = fetch(self, *args, **kwargs)
        if clock.ends:
            waited.append(time.perf_counter() - started)
        return batch

    Trainer.get_batch_samples = timed
    return waited


def group_arguments(settings: RcrlSettings) -> dict[str, Any]:
    """The run's settings in TRL's words."""
    return {
        "per_device_train_batch_size": settings.batch * settings.generations,
        "num_generations": settings.generations,
        "max_completion_length": settings.max_new_tokens,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "beta": settings.beta,
        "loss_type": settings.loss_type,
        "scale_rewards": settings.scale_rewards,
        "num_iterations": settings.iterations,
        "use_bias_correction_kl": False,
        "disable_dropout": True,
    }


def main() -> None:
    """Train once and print seconds of every step but the first, peak memory in bytes, share of waiting for data."""
    way, folder = sys.argv[1:]
    run, clock = RunFolder(Path(folder).resolve()), Clock()
    waited = waiting(clock)
    {"ours": ours, "bare": bare}[way](run, clock)
    steps = [later - earlier for earlier, later in zip(clock.ends, clock.ends[1:], strict=False)]
    device = torch.device("cuda" if torch.cuda.is_available() and run.config().settings.device == "auto" else "cpu")
    whole = clock.ends[-1] - clock.ends[0]
    print(json.dumps({"steps": steps, "peak": peak_memory(device), "waiting": sum(waited) / whole}))


if __name__ == "__main__":
    main()
