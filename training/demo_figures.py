"""Figures of a demonstration model, as JSON: the choice of its threshold, fresh parts, and the frozen bench."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from m3ad.metrics import reflecting_from, report
from m3ad.records import Mode
from m3ad.trace import read
from training.demo_answers import answers, inspect_parts, open_model
from training.demo_parts import HELD_OUT, SEEDS, draw_parts
from training.modes import LabelledCase

if TYPE_CHECKING:
    from m3ad.monitor.local import LocalMonitor

BENCH = 1000  # parts of held-out categories
JUDGED = ("reflected", "outcomes", "initial_balanced_accuracy", "balanced_accuracy")


def thresholds(out: Path, model: Path, parts: int) -> None:
    """One JSON line for each threshold on P(<reflection>): how often the model would reflect, and with what outcome."""
    monitor, cases = open_model(model), draw_parts(out / "threshold_parts", parts, SEEDS["thresholds"])
    given = zip(cases, inspect_parts(monitor, cases, Mode.REFLECTIVE), strict=True)
    trials = [(case.truth, answer.trace, answer.doubt or 0.0) for case, answer in given]
    for threshold in sorted({0.0, *(round(doubt, 2) for _, _, doubt in trials)}):
        row = report(reflecting_from(threshold, trials)).to_json()
        print(json.dumps({"threshold": threshold} | {name: row[name] for name in JUDGED}))


def evaluate(out: Path, model: Path, parts: int) -> None:
    """Figures of a model on fresh parts of the training categories, as JSON.

    Each part is inspected as the page does it: greedily, with a reflection where the model's threshold asks for one.
    """
    monitor, cases = open_model(model), draw_parts(out / "evaluate_parts", parts, SEEDS["evaluate"])
    _publish(out / f"metrics_{model.parent.name}.json", model, {"as the page": _judged(monitor, cases)})


def bench(out: Path, model: Path, threshold: float) -> None:
    """Figures of a model on the frozen bench, as JSON: greedily, sampled at temperature 1, and with the threshold."""
    cases = draw_parts(out / "bench_parts", BENCH, SEEDS["bench"], categories=HELD_OUT)
    figures = {
        "greedy": _read(cases, answers(model, cases)),
        "temperature 1": _read(cases, answers(model, cases, sample=True)),
        f"reflecting from {threshold}": _judged(open_model(model, threshold), cases),
    }
    _publish(out / f"bench_{model.parent.name}.json", model, figures)


def _judged(monitor: LocalMonitor, cases: Sequence[LabelledCase]) -> dict[str, Any]:
    given = zip(cases, inspect_parts(monitor, cases), strict=True)
    return report((case.truth, answer.trace) for case, answer in given).to_json()


def _read(cases: Sequence[LabelledCase], texts: Sequence[str]) -> dict[str, Any]:
    return report((case.truth, read(text)) for case, text in zip(cases, texts, strict=True)).to_json()


def _publish(file: Path, model: Path, figures: dict[str, Any]) -> None:
    text = json.dumps({"model": str(model), **figures}, indent=1)
    file.write_text(text)
    print(text)
