"""How far the estimate of a run's memory is off: real runs, their peak beside what `training.memory` said before.

    python -m benchmarks.training.memory                     a model of 50 million random weights, on the processor
    python -m benchmarks.training.memory --device cuda:0     the same on a card
    python -m benchmarks.training.memory --model FOLDER      another start model

Prints one line for each method and stage. On a card the peak is `torch.cuda.max_memory_allocated`, which counts neither
context nor kernels, so the estimate's part "program" is left out; on a processor it is the most resident memory.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from m3ad.prompts import QUESTION
from m3ad.records import NORMAL, Mode, Scenario, Stage
from m3ad.trace import render
from training.config import PRESETS, Settings
from training.devices import CPU, GIB
from training.examples import Example
from training.launch import ROOT, command, environment
from training.memory import ANSWER, Estimate, estimate
from training.run import RunFolder
from training.shapes import read_shapes

STEPS = 2  # the optimizer's moments come with the first one
SIDE = 320  # pixels: 100 image tokens
WORDS = ("the", "surface", "is", "even", "and", "nothing", "stands", "out", "on", "it")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what was estimated, and what it took at most, both in bytes."""

    stage: Stage
    settings: Settings
    need: Estimate
    peak: int

    @property
    def expected(self) -> float:
        """The part of the estimate that the peak counts."""
        if self.settings.device == CPU:
            return self.need.total
        return sum(part.bytes for part in self.need.parts if part.name != "program")

    def line(self) -> str:
        """A row of the table."""
        kept = "yes" if self.settings.gradient_checkpointing else "no"
        return (
            f"| {self.stage.value} | {self.settings.method} | {kept} | {self.need.sequences} x {self.need.tokens} | "
            f"{self.expected / GIB:.2f} | {self.peak / GIB:.2f} | {self.expected / self.peak:.2f} |"
        )


def variants(device: str) -> Iterator[tuple[Stage, Settings]]:
    """The runs to measure: every method, with and without checkpointing."""
    own: dict[str, Any] = {
        "device": device, "max_steps": STEPS, "max_pixels": SIDE**2, "accumulation": 1, "logging_steps": 1,
        "warmup_steps": 0, "threads": 2, "loaders": 0, "follow_cases": 0,
    }  # fmt: skip
    for stage in Stage:
        short: dict[str, Any] = {"max_new_tokens": 128} if stage is Stage.RCRL else {}
        for method in ("full", "lora", "qlora"):
            for kept in (True, False):
                settings = dataclasses.replace(
                    PRESETS["paper"][stage], method=method, batch=2, gradient_checkpointing=kept, **own, **short
                )
                yield stage, settings


def measure(model: Path, folder: Path, stage: Stage, settings: Settings) -> Measured:
    """Train a few steps in a process of its own and read its peak from the run's events."""
    shapes = read_shapes(str(model))
    assert shapes is not None
    name = f"{stage.value}-{settings.method}-{'kept' if settings.gradient_checkpointing else 'all'}"
    run = RunFolder.create(folder, name, stage=stage, start=str(model), settings=settings, examples=examples(folder))
    done = subprocess.run(command(run), cwd=ROOT, env=environment(run), text=True, capture_output=True)
    events, _ = run.events()
    peaks = [event["peak_memory"] for event in events if "peak_memory" in event]
    if not peaks:
        raise SystemExit(f"{name} ended without a step:\n{done.stdout}\n{done.stderr}")
    return Measured(stage, settings, estimate(shapes, settings, settings.device), max(peaks))


def examples(folder: Path) -> list[Example]:
    """Eight noisy pictures without a defect, each with a text of the length that the estimate assumes."""
    made, chance = [], random.Random(0)
    for number in range(8):
        file = folder / f"{number}.png"
        Image.frombytes("RGB", (SIDE, SIDE), chance.randbytes(3 * SIDE**2)).save(file)
        text = render(NORMAL, " ".join(chance.choices(WORDS, k=ANSWER - 16)), None)
        made.append(Example(str(file), str(number), "noise", Scenario.TEXTURE, Mode.THINKING, None, text, NORMAL))
    return made


def build(folder: Path) -> Path:
    """A model of 50 million random weights."""
    from m3ad.demo.architecture import TinySize, build_tiny

    size = TinySize(
        text_layers=12, text_hidden=512, text_heads=8, text_kv_heads=4, text_mlp=1536,
        vision_layers=6, vision_hidden=256, vision_heads=4, vision_mlp=1024, side=SIDE, vocabulary=1024,
    )  # fmt: skip
    build_tiny(folder, [" ".join(WORDS), QUESTION] * 5, size=size)
    (folder / "monitor.json").write_text(json.dumps({"name": "random", "system": None}))
    return folder


def main() -> None:
    """Measure every variant and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, help="Folder of a start model; without it one with random weights.")
    parser.add_argument("--device", default=CPU, help="cpu or cuda:N.")
    parser.add_argument("--stage", choices=[stage.value for stage in Stage], help="Only this one.")
    options = parser.parse_args()
    print("| stage | method | checkpointing | at once | estimated GiB | measured GiB | ratio |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        model = options.model.resolve() if options.model else build(Path(made) / "model")
        for stage, settings in variants(options.device):
            if options.stage in (None, stage.value):
                print(measure(model, Path(made), stage, settings).line(), flush=True)


if __name__ == "__main__":
    main()
