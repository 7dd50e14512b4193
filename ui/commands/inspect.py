"""`inspect`: a model looks at image files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from m3ad.contradictions import all_problems
from m3ad.images import open_image
from m3ad.monitor import Answer, inspect, open_monitor
from m3ad.records import Mode
from ui.commands.common import make_settings, model_in_use, model_source, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which images, and how."""
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.AUTO.value)
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    """Inspect image files; nothing is stored."""
    settings = make_settings(options)
    source = model_source(settings, settings.model if hasattr(options, "model") else model_in_use(settings))
    monitor = open_monitor(source, device=settings.device, quantization=settings.quantization)
    for path in options.images:
        answer = inspect(monitor, open_image(path), mode=Mode(options.mode), seed=options.seed)
        tell(options, answer_json(path, answer), answer_words(path, answer))


def answer_json(path: Path, answer: Answer) -> dict[str, Any]:
    """One line of `inspect --json`; boxes in fractions, null for what could not be read."""
    trace = answer.trace
    return {
        "image": str(path),
        "verdict": trace.verdict.to_json() if trace.verdict else None,
        "initial": {"anomalous": trace.initial.anomalous} if trace.initial else None,
        "reflected": trace.reflected,
        "probability": {"initial": answer.probability.initial, "final": answer.probability.final},
        "problems": [problem.text for problem in all_problems(trace)],
        "text": answer.text,
    }


def answer_words(path: Path, answer: Answer) -> str:
    """An answer for a person in a terminal."""
    verdict = answer.trace.verdict
    if verdict is None:
        said = "unreadable: look yourself"
    elif verdict.anomalous:
        places = [f"{one.type} {one.box.as_tuple() if one.box else ''}".strip() for one in verdict.defects]
        said = f"anomalous: {'; '.join(places)}"
    else:
        said = "normal"
    return f"{path}: {said}\n  {answer.text}"
