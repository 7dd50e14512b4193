"""What a trainer tells the run folder while it trains, and how it learns that it shall stop."""

from __future__ import annotations

import math
import resource
import sys
import time
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from m3ad.errors import RunError
from training.checkpoints import Origin, keep_newest, resume_point, seal
from training.process import SMALLER_STEPS, Interrupt, is_main_process
from training.run import RunFolder
from training.sharding import whole


class RunCallback(TrainerCallback):
    """Writes each log line to events.jsonl and seals each checkpoint; ends the run when asked, or at the first NaN."""

    def __init__(self, run: RunFolder, interrupt: Interrupt, origin: Origin, *, rhythm: int = 1) -> None:
        """`rhythm`: steps that belong together; a checkpoint between them would not be exact to go on from."""
        self._run = run
        self._interrupt = interrupt
        self._origin = origin
        self._rhythm = rhythm
        self._started = time.monotonic()
        self._first_step = 0
        self._logged = (0.0, 0.0)  # seconds and tokens at the last log line
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
            elapsed = time.monotonic() - self._started
            metrics = {name: number(value) for name, value in logs.items() if isinstance(value, int | float)}
            place = {"step": state.global_step, "total": state.max_steps, "elapsed": elapsed}
            machine = {"peak_memory": peak_memory(args.device), **self._throughput(elapsed, logs.get("num_tokens"))}
            self._run.append_event("log", **{**metrics, **machine, **place, "first_step": self._first_step})

    def _throughput(self, elapsed: float, tokens: float | None) -> dict[str, float]:
        """Tokens per second since the last log line; nothing where none were counted."""
        before, counted = self._logged
        if tokens is None or elapsed <= before:
            return {}
        self._logged = (elapsed, tokens)
        return {"tokens_per_second": (tokens - counted) / (elapsed - before)}

    def on_pre_optimizer_step(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        """Raises RunError before the weights are spoilt: a step by a gradient of NaN makes all of them NaN."""
        assert model is not None
        norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
        if not math.isfinite(whole(norm)):
            raise RunError(
                f"The gradients became NaN or infinite at step {state.global_step + 1}: this step would have spoilt "
                f"all weights. Earlier checkpoints are whole. {SMALLER_STEPS}"
            )

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.global_step >= state.max_steps:
            control.should_save = False  # what follows is the model itself
        elif state.global_step % self._rhythm == 0 and self._anywhere(self._interrupt.requested(), args.device):
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if torch.distributed.is_initialized():
            torch.distributed.barrier()  # each process writes files of its own
        if state.is_world_process_zero:
            seal(self._run.checkpoints / f"checkpoint-{state.global_step}", self._origin)
            keep_newest(self._run)

    def resume_point(self) -> str | None:
        """The checkpoint from which all processes go on; see `training.checkpoints.resume_point`."""
        chosen = [resume_point(self._run, self._origin) if is_main_process() else None]
        if torch.distributed.is_initialized():
            torch.distributed.broadcast_object_list(chosen)  # one looks, so that no other finds what it removes
        return None if chosen[0] is None else str(chosen[0])

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
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # Linux counts in KiB


def number(value: float) -> float | None:
    """The value, or None where JSON has no word for it (NaN, infinity)."""
    return value if math.isfinite(value) else None
