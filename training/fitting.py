"""Whether a run fits into a device's memory, in words; and what to change where it cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from m3ad.errors import RunError
from training.config import RcrlSettings, Settings
from training.devices import CPU, GIB, Device
from training.memory import Estimate, estimate
from training.shapes import Shapes

# The estimate is made for long texts and the largest images: refused is only what would not fit at this share of it.
SURE = 0.8


@dataclass(frozen=True, slots=True)
class Fit:
    """A run's need beside what a device has, `room` bytes: what is free now, or all of it when runs are before it."""

    shapes: Shapes
    settings: Settings
    device: Device
    room: int

    @property
    def need(self) -> Estimate:
        """What the run takes."""
        return estimate(self.shapes, self.settings, self.device.name)

    @property
    def possible(self) -> bool:
        """False when it surely does not fit."""
        return _possible(self.need, self.room)

    def words(self) -> str:
        """One sentence: how much, of how much, and what for; then a warning where it is tight."""
        need = self.need
        parts = ", ".join(f"{part.name} {_gib(part.bytes)}" for part in need.parts if part.bytes >= 0.01 * GIB)
        each = " for each process" if self.settings.processes > 1 and self.device.name != "cpu" else ""
        words = (
            f"About {_gib(need.total)} GiB{each} of {_gib(self.room)} GiB on {self.device.name}: {parts}. "
            f"{need.sequences} at once, {need.tokens} tokens each ({need.image_tokens} of the image)."
        )
        if not self.possible:
            return f"{words} It does not fit. {self.advice()}"
        return words if need.total <= self.room else f"{words} That is tight: it may end for want of memory."

    def advice(self) -> str:
        """What would make it fit: each change that does so alone, else all of them in turn until it fits."""
        alone = [words for words, changed in changes(self.settings) if self._fits(changed)]
        if alone:
            return f"It would fit with {'; or with '.join(alone)}."
        taken: list[str] = []
        settings: Settings | None = self.settings
        while settings is not None and not self._fits(settings):
            words, settings = next(changes(settings), ("", None))
            taken.append(words)
        if settings is not None:
            return f"It would fit with {', '.join(taken)} together."
        return "No setting makes it fit: train a smaller model, or on a device with more memory."

    def require(self) -> None:
        """Raises RunError, with advice, when the run cannot fit."""
        if not self.possible:
            raise RunError(f"This run cannot fit into the memory of {self.device.words}. {self.words()}")

    def _fits(self, settings: Settings) -> bool:
        if settings.sharding != "none" and self.device.name == CPU:
            return False  # weights are spread over cards only
        return _possible(estimate(self.shapes, settings, self.device.name), self.room)


def changes(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """What takes less memory than these settings, the mildest first: words, and the settings with that change."""

    def changed(**own: Any) -> Settings:
        return dataclasses.replace(settings, **own)

    if not settings.gradient_checkpointing:
        yield "gradient checkpointing", changed(gradient_checkpointing=True)
    if settings.sharding == "none" and settings.method == "full" and settings.processes > 1:
        yield "sharding fsdp", changed(sharding="fsdp")
    if settings.batch > 1:
        more = settings.accumulation * settings.batch
        yield f"batch 1 and accumulation {more} (the same steps)", changed(batch=1, accumulation=more)
    if settings.max_pixels > 250_000:
        yield "max pixels 250000", changed(max_pixels=250_000)
    if isinstance(settings, RcrlSettings) and settings.generations > 2:
        yield "2 generations", changed(generations=2)
    if settings.method == "full":
        yield "method lora", changed(method="lora", sharding="none")
    if settings.method != "qlora":
        yield "method qlora", changed(method="qlora", sharding="none")


def _possible(need: Estimate, room: int) -> bool:
    return need.total * SURE <= room


def _gib(count: float) -> str:
    return f"{count / GIB:.0f}" if count >= 10 * GIB else f"{count / GIB:.2g}"
