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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from m3ad.images import open_image
from m3ad.metrics.calibration import Said
from m3ad.metrics.paired import mcnemar
from m3ad.records import Mode, Verdict
from m3ad.reliability.calibrators import Kind, fit
from m3ad.reliability.likeness import Features, Known, Likeness, alike
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
        calibrated_gap: the same with confidence calibrated (isotonic regression on the other three quarters).
        seconds: its share of what a batch of forced answers took.
    """

    truth: bool
    first: bool | None
    forced: bool | None
    reflected: bool
    gap: float | None
    calibrated_gap: float | None
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
    for confidence in ("gap", "calibrated_gap"):
        for setting in SETTINGS:
            print(json.dumps({"by": confidence, "setting": setting} | count(found, setting, confidence)))


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
    known = [_known(i, case, row) for i, (case, row) in enumerate(zip(cases, auto, strict=True))]
    others = [[one for one in known if one and one.case_id % QUARTERS != quarter] for quarter in range(QUARTERS)]
    calibrators = [fit(Kind.ISOTONIC, [_said(one) for one in some]) for some in others]
    found = []
    for i, (case, row, again) in enumerate(zip(cases, auto, reflective, strict=True)):
        first, forced = read(row["text"]), read(again["text"]).verdict
        mine, quarter = known[i], i % QUARTERS
        likeness = alike(mine.features, others[quarter]) if mine else None
        gaps: tuple[float | None, float | None] = (None, None)
        if mine and likeness:
            calibrated = replace(mine.features, probability=calibrators[quarter](row["final"]))
            gaps = (_gap(mine.features, likeness), _gap(calibrated, likeness))
        decisions = _decision(first.verdict), _decision(forced)
        found.append(Trial(case.truth.anomalous, *decisions, first.reflected, *gaps, again["seconds"] / BATCH))
    return found


def _decision(verdict: Verdict | None) -> bool | None:
    return None if verdict is None else verdict.anomalous


def _known(number: int, case: LabelledCase, row: dict[str, Any]) -> Known | None:
    verdict = read(row["text"]).verdict
    if verdict is None:
        return None
    looks = measure(open_image(case.image))
    features = Features(verdict.anomalous, row["final"], case.scenario, case.category, looks)
    return Known(number, features, verdict.anomalous == case.truth.anomalous)


def _said(one: Known) -> Said:
    """Whether the part is anomalous, and P(anomalous)."""
    assert one.features.probability is not None
    return one.features.anomalous == one.right, one.features.probability


def _gap(features: Features, found: Likeness) -> float | None:
    return None if features.confidence is None else features.confidence - found.reliability


def count(found: Sequence[Trial], setting: float, by: str) -> dict[str, Any]:
    """What forcing did: how many (and how many that were surer than reliable), fixed, broke, accuracy, seconds."""
    gaps = [getattr(one, by) for one in found]
    chosen = [one for one, gap in zip(found, gaps, strict=True) if not one.reflected and abs(gap or 0) > setting]
    fixed = sum(one.first != one.truth and one.forced == one.truth for one in chosen)
    broke = sum(one.first == one.truth and one.forced != one.truth for one in chosen)
    right = sum(one.first == one.truth for one in found)
    return {
        "parts": len(found),
        "forced": len(chosen),
        "too_sure": sum(getattr(one, by) > 0 for one in chosen),
        "wrong_before": sum(one.first != one.truth for one in chosen),
        "fixed": fixed,
        "broke": broke,
        "p": round(mcnemar(fixed, broke), 4),
        "accuracy": [round(right / len(found), 4), round((right + fixed - broke) / len(found), 4)],
        "seconds_each": round(sum(one.seconds for one in chosen) / len(found), 4),
    }


if __name__ == "__main__":
    main()
