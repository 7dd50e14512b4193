"""Builds the bundled model from nothing, by this project's own RAWS and RCRL on drawn parts, in resumable stages.

    python -m training.demo_model OUT --stage vision --parts 30000    random weights -> eyes that find defects
    python -m training.demo_model OUT --stage base --parts 30000      thinking examples -> RAWS
    python -m training.demo_model OUT --stage ft --parts 6000         the base model answers fresh parts: examples
    python -m training.demo_model OUT --stage raws                    RAWS on them
    python -m training.demo_model OUT --stage rcrl --parts 2000       RCRL on fresh parts
    python -m training.demo_model OUT --stage thresholds --parts 400  what reflecting from each threshold on would do
    python -m training.demo_model OUT --stage evaluate --parts 300    figures as JSON
    python -m training.demo_model OUT --stage export --threshold T    into the package, as bfloat16

`--set name=value` overrides a setting of the run (repeatable). A stage that was cut off goes on where it was.
The last three take --model MODEL, or else RCRL's. Parts are drawn from ranges of seeds of 10 million each: 10 base, 20
ft, 30 rcrl, 40 evaluation, 50 thresholds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from m3ad.demo import bundled_model
from m3ad.images import open_image
from m3ad.metrics import reflecting_from, report
from m3ad.monitor.base import Answer, Monitor
from m3ad.monitor.names import resolve
from m3ad.prompts import QUESTION
from m3ad.records import Mode, RunState, Stage
from m3ad.rewards import RewardConfig
from m3ad.trace import read
from training.config import RawsSettings, RcrlSettings, Settings
from training.demo_parts import draw_parts, taught
from training.examples import Example, build_examples
from training.launch import command
from training.modes import LabelledCase
from training.run import RunFolder

if TYPE_CHECKING:
    from m3ad.monitor.local import LocalMonitor

SEEDS = {"base": 10_000_000, "ft": 20_000_000, "rcrl": 30_000_000, "evaluate": 40_000_000, "thresholds": 50_000_000}
ANSWER_BATCH = 32
JUDGED = ("reflected", "outcomes", "initial_balanced_accuracy", "balanced_accuracy")
TOKENIZER_TEXTS = 20_000
# From nothing a model this small wants large steps; later stages only shift it. Its eyes are trained before it speaks.
BASE = RawsSettings(
    learning_rate=1e-3, batch=24, accumulation=1, warmup_steps=100, weight_decay=0.05, gradient_checkpointing=False,
    device="cpu", precision="bfloat16", logging_steps=20, save_steps=200, freeze_vision=True, max_steps=2600,
)  # fmt: skip
WARM = replace(BASE, learning_rate=3e-4, warmup_steps=50, max_steps=0)
# Table c of the paper's ablation: a reflection that keeps a right decision costs nothing. With d, the paper's choice, a
# model whose first look is right nine times in ten learns not to reflect at all (docs/LOG.md, 2026-11-21).
REINFORCE = RcrlSettings(
    learning_rate=2e-5, batch=8, accumulation=1, warmup_steps=10, gradient_checkpointing=False, device="cpu",
    precision="bfloat16", max_new_tokens=200, logging_steps=1, save_steps=50, max_steps=60,
    reward=RewardConfig(reflection_table="c"),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m training.demo_model", description="Builds the bundled model.")
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--stage",
        required=True,
        choices=("vision", "base", "ft", "raws", "rcrl", "thresholds", "evaluate", "export"),
    )
    parser.add_argument("--parts", type=int, default=1000, help="how many parts to draw")
    parser.add_argument("--steps", type=int, default=7500, help="how many steps the vision stage trains")
    parser.add_argument("--model", type=Path, help="model folder to judge or export; RCRL's otherwise")
    parser.add_argument(
        "--threshold", type=float, default=0.5, help="P(<reflection>) from which the exported model reflects"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the run")
    given = parser.parse_args(arguments)
    out, parts, own = given.out.resolve(), given.parts, dict(pair.split("=", 1) for pair in given.set)
    model = (given.model or out / "runs" / "rcrl" / "model").resolve()
    match given.stage:
        case "vision":
            vision(out, parts, given.steps)
        case "base":
            base(out, parts, _with(BASE, own))
        case "ft":
            ft(out, parts, _with(WARM, own))
        case "raws":
            _run(RunFolder(out / "runs" / "raws"))
        case "rcrl":
            rcrl(out, parts, _with(REINFORCE, own))
        case "thresholds":
            thresholds(out, model, parts)
        case "evaluate":
            evaluate(out, model, parts)
        case "export":
            export(model, given.threshold)


def vision(out: Path, parts: int, steps: int) -> None:
    """Random weights, whose vision encoder learns where defects are."""
    from training.demo_vision import train_vision

    cases = taught(draw_parts(out / "base_parts", parts, SEEDS["base"]))
    make_tiny(out / "tiny", build_examples(cases, 0), 0)
    train_vision(out / "tiny", out / "vision", cases, steps=steps)


def base(out: Path, parts: int, settings: Settings) -> None:
    """Eyes, taught to answer drawn parts in thinking mode."""
    run = RunFolder(out / "runs" / "base")
    if not run.path.exists():
        examples = build_examples(taught(draw_parts(out / "base_parts", parts, SEEDS["base"])), settings.seed)
        _create(run, Stage.RAWS, out / "vision", settings, examples)
    _run(run)


def make_tiny(folder: Path, examples: Sequence[Example], seed: int) -> None:
    """The empty model, its tokenizer made for the words of the examples and of reflections about them."""
    from m3ad.demo.architecture import build_tiny

    texts = [example.completion for example in examples[:TOKENIZER_TEXTS]]
    wrong = [LabelledCase(e.case, Path(e.image), e.category, e.scenario, e.truth, read(other.completion))
             for e, other in pairwise(examples[:TOKENIZER_TEXTS])]  # fmt: skip
    texts += [e.completion for e in build_examples(wrong, seed, easy_reflective=1, hard_reflective=1)]
    build_tiny(folder, [*texts, *[QUESTION] * 10], seed=seed)
    card = {"name": "tiny", "system": None, "stage": "", "parent": "", "reflect_threshold": 0.5}
    (folder / "monitor.json").write_text(json.dumps(card, indent=1))


def ft(out: Path, parts: int, settings: Settings) -> None:
    """Fresh parts, the base model's answers to them, and from both the examples of RAWS (SPEC: M3-AD-FT)."""
    assert isinstance(settings, RawsSettings)
    base_model = out / "runs" / "base" / "model"
    cases = taught(draw_parts(out / "ft_parts", parts, SEEDS["ft"]))
    texts = answers(base_model, cases, out / "ft_answers.jsonl")
    known = [replace(case, base=read(text)) for case, text in zip(cases, texts, strict=True)]
    examples = build_examples(
        known, settings.seed, easy_reflective=settings.easy_reflective, hard_reflective=settings.hard_reflective
    )
    _create(RunFolder(out / "runs" / "raws"), Stage.RAWS, base_model, settings, examples)


def rcrl(out: Path, parts: int, settings: Settings) -> None:
    """GRPO on fresh parts, from the RAWS model."""
    run = RunFolder(out / "runs" / "rcrl")
    if not run.path.exists():
        examples = build_examples(draw_parts(out / "rcrl_parts", parts, SEEDS["rcrl"]), settings.seed)
        _create(run, Stage.RCRL, out / "runs" / "raws" / "model", settings, examples)
    _run(run)


def thresholds(out: Path, model: Path, parts: int) -> None:
    """One JSON line for each threshold on P(<reflection>): how often the model would reflect, and with what outcome."""
    monitor, cases = _open(model), draw_parts(out / "threshold_parts", parts, SEEDS["thresholds"])
    given = [(case.truth, inspect(monitor, case, Mode.REFLECTIVE)) for case in cases]
    trials = [(truth, answer.trace, answer.doubt or 0.0) for truth, answer in given]
    for threshold in sorted({0.0, *(round(doubt, 2) for _, _, doubt in trials)}):
        row = report(reflecting_from(threshold, trials)).to_json()
        print(json.dumps({"threshold": threshold} | {name: row[name] for name in JUDGED}))


def evaluate(out: Path, model: Path, parts: int) -> None:
    """Figures of a model on fresh parts, of the training categories and of those held out, as JSON.

    Each part is inspected as the page does it: greedily, with a reflection where the model's threshold asks for one.
    """
    figures: dict[str, Any] = {"model": str(model)}
    monitor = _open(model)
    for name, held_out in (("training categories", False), ("held out", True)):
        first = SEEDS["evaluate"] + (5_000_000 if held_out else 0)
        cases = draw_parts(out / f"evaluate_parts_{int(held_out)}", parts, first, held_out=held_out)
        figures[name] = report((case.truth, inspect(monitor, case).trace) for case in cases).to_json()
    text = json.dumps(figures, indent=1)
    (out / f"metrics_{model.parent.name}.json").write_text(text)
    print(text)


def inspect(monitor: Monitor, case: LabelledCase, mode: Mode = Mode.AUTO) -> Answer:
    """What a model says of a part."""
    (answer,) = (item for item in monitor.stream(open_image(case.image), mode=mode) if isinstance(item, Answer))
    return answer


def answers(model: Path, cases: Sequence[LabelledCase], kept: Path | None = None) -> list[str]:
    """What a model answers, greedily; `kept` keeps the answers so far, so that a cut-off stage goes on."""
    texts = [json.loads(line) for line in kept.read_text().splitlines()] if kept and kept.exists() else []
    for batch in _answer(model, cases[len(texts) :]):
        texts += batch
        if kept:
            with kept.open("a") as file:
                file.write("".join(json.dumps(text) + "\n" for text in batch))
    return texts[: len(cases)]


def _answer(model: Path, cases: Sequence[LabelledCase]) -> Iterator[list[str]]:
    if cases:
        monitor = _open(model)
        for start in range(0, len(cases), ANSWER_BATCH):
            images = [open_image(case.image) for case in cases[start : start + ANSWER_BATCH]]
            yield monitor.answer_batch(images, max_new_tokens=200)


def _open(model: Path) -> LocalMonitor:
    from m3ad.monitor.local import LocalMonitor

    return LocalMonitor.open(resolve(str(model)), name="demo", device="auto", quantization=None)


def export(model: Path, threshold: float) -> None:
    """Copy a model into the package, its weights as bfloat16, which halves the size.

    `threshold`: P(<reflection>) from which it reflects by itself.
    """
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    target = bundled_model()
    AutoModelForImageTextToText.from_pretrained(model, dtype=torch.bfloat16).save_pretrained(target)
    AutoProcessor.from_pretrained(model, padding_side="left").save_pretrained(target)
    card = json.loads((model / "monitor.json").read_text())
    card |= {"name": "demo", "parent": "", "reflect_threshold": threshold}
    (target / "monitor.json").write_text(json.dumps(card, indent=1))
    print(f"{sum(file.stat().st_size for file in target.iterdir()) / 1e6:.1f} MB in {target}")


def _create(run: RunFolder, stage: Stage, start: Path, settings: Settings, examples: Sequence[Example]) -> None:
    run.path.parent.mkdir(parents=True, exist_ok=True)
    RunFolder.create(run.path.parent, run.name, stage=stage, start=str(start), settings=settings, examples=examples)


def _run(run: RunFolder) -> None:
    """Run the training in its own process, in the foreground; goes on from its last checkpoint."""
    if run.state() is not RunState.FINISHED:
        subprocess.run(command(run), check=True)


def _with(settings: Settings, own: dict[str, str]) -> Settings:
    """The settings with the overrides; RunError for one that does not exist or is of another type."""
    return type(settings).from_json({**settings.to_json(), **{name: _value(text) for name, text in own.items()}})


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # a choice such as bfloat16


if __name__ == "__main__":
    main()
