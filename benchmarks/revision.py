"""Does controlled revision help? `python -m benchmarks.revision FOLDER`: the bundled model on fresh drawn parts.

Each part is inspected as the page does it, and once more with a forced reflection. Where confidence and reliability
(by the other three quarters of the parts) differ by more than a setting, the forced answer takes the place of the
first, if that did not reflect already. One JSON line for each setting. The answers are kept in FOLDER, so that a second
start only counts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from m3ad.images import open_image
from m3ad.metrics.paired import mcnemar
from m3ad.records import Mode
from m3ad.reliability.likeness import Features, Known, alike
from m3ad.reliability.properties import measure
from m3ad.trace import read
from training.demo_answers import inspect_parts, open_model
from training.demo_parts import HELD_OUT, TRAINED, draw_parts
from training.modes import LabelledCase

FIRST_SEED = 80_000_000  # away from all seeds of `training.demo_parts.SEEDS`
SETTINGS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
QUARTERS = 4
BATCH = 32


@dataclass(frozen=True, slots=True)
class Trial:
    """One part: its truth, the decisions of both answers (None: unreadable), and how it compares with the others.

    Attributes:
        gap: confidence minus reliability; None where one is unknown.
        seconds: its share of what a batch of forced answers took.
    """

    truth: bool
    first: bool | None
    forced: bool | None
    reflected: bool
    gap: float | None
    seconds: float


def main() -> None:
    """Draw, inspect, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", type=int, default=1200)
    options = parser.parse_args()
    cases = draw_parts(options.folder / "parts", options.parts, FIRST_SEED, categories=(*TRAINED, *HELD_OUT))
    auto, reflective = (answers(options.folder, cases, mode) for mode in (Mode.AUTO, Mode.REFLECTIVE))
    found = trials(cases, auto, reflective)
    for setting in SETTINGS:
        print(json.dumps({"setting": setting} | count(found, setting)))


def answers(folder: Path, cases: Sequence[LabelledCase], mode: Mode) -> list[dict[str, Any]]:
    """The model's answers: text, P(anomalous), seconds; asked for once and then read from the file."""
    kept = folder / f"{mode.value}.jsonl"
    if not kept.exists():
        monitor = open_model(Path("demo"))
        given = [answer for some in _some(cases) for answer in inspect_parts(monitor, some, mode)]
        rows = [{"text": one.text, "final": one.probability.final, "seconds": one.seconds} for one in given]
        kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [json.loads(line) for line in kept.read_text().splitlines()]


def _some(cases: Sequence[LabelledCase]) -> Iterator[Sequence[LabelledCase]]:
    for start in range(0, len(cases), BATCH):
        yield cases[start : start + BATCH]


def trials(cases: Sequence[LabelledCase], auto: list[dict[str, Any]], reflective: list[dict[str, Any]]) -> list[Trial]:
    """Each part beside the parts of the other three quarters."""
    first, forced = ([read(row["text"]) for row in rows] for rows in (auto, reflective))
    known: dict[int, Known] = {}
    for i, (case, row, trace) in enumerate(zip(cases, auto, first, strict=True)):
        if trace.verdict is not None:
            looks = measure(open_image(case.image))
            features = Features(trace.verdict.anomalous, row["final"], case.scenario, case.category, looks)
            known[i] = Known(i, features, trace.verdict.anomalous == case.truth.anomalous)
    quarters = [[known[i] for i in known if i % QUARTERS != quarter] for quarter in range(QUARTERS)]
    return [
        Trial(
            case.truth.anomalous,
            trace.verdict.anomalous if trace.verdict else None,
            again.verdict.anomalous if again.verdict else None,
            trace.reflected,
            _gap(known[i].features, quarters[i % QUARTERS]) if i in known else None,
            row["seconds"] / BATCH,
        )
        for i, (case, trace, again, row) in enumerate(zip(cases, first, forced, reflective, strict=True))
    ]


def _gap(features: Features, known: Sequence[Known]) -> float | None:
    found = alike(features, known)
    return None if found is None or features.confidence is None else features.confidence - found.reliability


def count(found: Sequence[Trial], setting: float) -> dict[str, Any]:
    """What forcing did: how many (and how many that were surer than reliable), fixed, broke, accuracy, seconds."""
    chosen = [one for one in found if not one.reflected and one.gap is not None and abs(one.gap) > setting]
    fixed = sum(one.first != one.truth and one.forced == one.truth for one in chosen)
    broke = sum(one.first == one.truth and one.forced != one.truth for one in chosen)
    right = sum(one.first == one.truth for one in found)
    return {
        "parts": len(found),
        "forced": len(chosen),
        "too_sure": sum((one.gap or 0) > 0 for one in chosen),
        "wrong_before": sum(one.first != one.truth for one in chosen),
        "fixed": fixed,
        "broke": broke,
        "p": round(mcnemar(fixed, broke), 4),
        "accuracy": [round(right / len(found), 4), round((right + fixed - broke) / len(found), 4)],
        "seconds_each": round(sum(one.seconds for one in chosen) / len(found), 4),
    }


if __name__ == "__main__":
    main()
