"""How long a training step takes beside a bare TRL script of the same settings: `python -m benchmarks.training.steps`.

    python -m benchmarks.training.steps                          the bundled model on the processor
    python -m benchmarks.training.steps --model X --device auto  another start model, on a card

Each training runs in a process of its own, ours and the bare one in turn, round after round; what counts is the median
over rounds of the ratio of the two medians of step times. Writes docs/training-benchmark.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from m3ad.demo.parts import CATEGORIES, draw
from m3ad.records import Stage
from training.config import PRESETS, RawsSettings, RcrlSettings
from training.examples import Example, build_examples
from training.launch import ROOT, environment
from training.modes import LabelledCase
from training.run import RunFolder

PAGE = ROOT / "docs" / "training-benchmark.md"
FIRST_SEED = 81_000_000  # away from all parts that anything was trained or judged on
SIDE = 224
ALLOWED = 1.02  # ours may take as long as the bare script and this much


def drawn_examples(folder: Path, count: int) -> list[Example]:
    """Examples of drawn parts, whose pictures are written into the folder."""
    cases = []
    for number in range(count):
        category = CATEGORIES[number % len(CATEGORIES)]
        part = draw(category.name, FIRST_SEED + number, size=SIDE)
        picture = folder / f"{number}.png"
        part.image.save(picture)
        cases.append(LabelledCase(str(number), picture, part.category, part.scenario, part.verdict))
    return build_examples(cases)


def settings_of(stage: Stage, options: argparse.Namespace) -> RawsSettings | RcrlSettings:
    """The CPU preset for `steps` steps, nothing saved and no case followed: what both ways do."""
    same: dict[str, Any] = {"max_steps": options.steps, "save_steps": 10**6, "follow_cases": 0}
    same |= {"device": options.device, "loaders": options.loaders}
    return replace(PRESETS["cpu demo"][stage], **same)


def train_once(way: str, run: RunFolder) -> dict[str, Any]:
    """One training, "ours" or "bare", in its own process: what `benchmarks.training.one` prints."""
    command = [sys.executable, "-m", "benchmarks.training.one", way, str(run.path)]
    done = subprocess.run(command, cwd=ROOT, env=environment(run), text=True, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} {run.name} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, stage: Stage, options: argparse.Namespace) -> list[dict[str, Any]]:
    """For every round: {"ours", "bare"}, each as `train_once` gives it."""
    examples, found = drawn_examples(folder, 48), []
    for number in range(options.rounds):
        pair = {}
        for way in ("ours", "bare") if number % 2 else ("bare", "ours"):
            run = RunFolder.create(
                folder, f"{stage.value}-{number}-{way}", stage=stage, start=options.model,
                settings=settings_of(stage, options), examples=examples,
            )  # fmt: skip
            pair[way] = train_once(way, run)
        found.append(pair)
    return found


def row(stage: Stage, found: list[dict[str, Any]]) -> str:
    """One line of the table."""
    times = {way: [median(pair[way]["steps"]) for pair in found] for way in ("ours", "bare")}
    ratios = [mine / theirs for mine, theirs in zip(times["ours"], times["bare"], strict=True)]
    memory = [pair["ours"]["peak"] / pair["bare"]["peak"] for pair in found]
    waits = " / ".join(f"{median(pair[way]['waiting'] for pair in found):.1%}" for way in times)
    cells = (
        stage.name,
        f"{median(times['ours']):.3f}",
        f"{median(times['bare']):.3f}",
        f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
        f"{median(memory):.3f}",
        waits,
        "yes" if median(ratios) <= ALLOWED and median(memory) <= ALLOWED else "no",
    )
    return f"| {' | '.join(cells)} |"


def page(rows: list[str], options: argparse.Namespace) -> str:
    """docs/training-benchmark.md."""
    given = " ".join(f"--{name} {value}" for name, value in vars(options).items())
    lines = "\n".join(rows)
    return f"""# A training step beside a bare TRL script

Made by `python -m benchmarks.training.steps {given}` on {os.cpu_count()} cores ({platform.machine()}).
Load average at the end: {os.getloadavg()[0]:.1f}. **Where that is above the number of cores, other programs took part
of the time, and the ratio's spread says how little it means.** Both ways run in turn in {options.rounds} rounds.

| training | s a step, ours | bare | ratio (from – to) | memory ratio | waiting for data, ours / bare | within 2 % |
|---|---|---|---|---|---|---|
{lines}

Bare: TRL's trainer and collator with the same settings, no run folder, no checks, no seals. Memory: the most that the
process held; its ratio is ours / bare. Waiting for data: the share of the time in which the trainer waits for its next
batch (RAWS: tensors; RCRL: opened pictures). `--loaders N` lets N processes open pictures ahead, in both ways.
"""


def main() -> None:
    """Measure, write the page, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="demo")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--loaders", type=int, default=0)
    options = parser.parse_args()
    rows = []
    for stage in Stage:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), stage, options)
            rows.append(row(stage, found))
            print(rows[-1], flush=True)
    PAGE.write_text(page(rows, options))


if __name__ == "__main__":
    main()
