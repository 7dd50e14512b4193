"""What a trainer tells the run folder while it trains, and how it learns that it shall stop."""

from __future__ import annotations

import math
import resource
import time
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.process import Interrupt
from training.run import RunFolder


class RunCallback(TrainerCallback):
    """Writes each log line to events.jsonl; once the interrupt is requested, has a checkpoint saved and ends."""

    def __init__(self, run: RunFolder, interrupt: Interrupt) -> None:
        self._run = run
        self._interrupt = interrupt
        self._started = time.monotonic()
        self._first_step = 0
        self.stopped = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._started = time.monotonic()
        self._first_step = state.global_step  # more than 0 when a checkpoint is continued
        if state.is_world_process_zero:
            self._run.append_event("start", step=state.global_step, total=state.max_steps, elapsed=0.0)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if state.is_world_process_zero and logs:
            metrics = {name: number(value) for name, value in logs.items() if isinstance(value, int | float)}
            place = {"step": state.global_step, "total": state.max_steps, "elapsed": time.monotonic() - self._started}
            seen = {"first_step": self._first_step, "peak_memory": peak_memory(args.device)}
            self._run.append_event("log", **{**metrics, **place, **seen})

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._anywhere(self._interrupt.requested(), args.device) and state.global_step < state.max_steps:
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def _anywhere(self, here: bool, device: torch.device) -> bool:
        """True in all processes when true in one: a file seen by only some of them would leave the others waiting."""
        if not torch.distributed.is_initialized():
            return here
        flag = torch.tensor(float(here), device=device)
        torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
        return bool(flag.item())


def peak_memory(device: torch.device) -> int:
    """The most memory that this process has held so far, in bytes: of the card where it trains on one, else of all."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def number(value: float) -> float | None:
    """The value, or None where JSON has no word for it (NaN, infinity)."""
    return value if math.isfinite(value) else None
