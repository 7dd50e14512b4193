"""Examples in the form of M3-AD-FT: the rows of data.jsonl, made from cases and a caption writer's words.

A row of data.jsonl, one JSON object per line, UTF-8:

    image       path of the picture (absolute, or relative to the run folder)
    case        the case's id or key, text; for people and for the list of examples left out
    category    the product, e.g. "bottle"
    scenario    texture | workpiece | electronic | logical
    mode        "thinking" | "reflective": the form of `completion`
    difficulty  "easy" | "hard" by the start model's yes/no, null when it never answered
    completion  what RAWS teaches, in the exact format of `m3ad.trace`
    truth       {"anomalous": bool, "defects": [{"type", "box": [x1, y1, x2, y2] in fractions or null}]}
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from m3ad.records import Mode, Scenario, Verdict
from m3ad.trace import render
from training.captions import Caption, write_caption
from training.modes import EASY, EASY_REFLECTIVE, HARD, HARD_REFLECTIVE, LabelledCase, Plan, name_seed, plan_modes

# Writes the prose for one case. With an initial verdict the example is reflective: <think> shall decide as that does,
# and <reflection> come to the truth; without one it is a thinking example. The random numbers are the case's own.
CaptionWriter = Callable[[LabelledCase, Verdict | None, random.Random], Caption]


def template(case: LabelledCase, initial: Verdict | None, rng: random.Random) -> Caption:
    """The `CaptionWriter` that needs no model."""
    return write_caption(case.truth, initial, case.category, rng)


@dataclass(frozen=True, slots=True)
class Example:
    """One row of data.jsonl; see the module's text."""

    image: str
    case: str
    category: str
    scenario: Scenario
    mode: Mode
    difficulty: str | None
    completion: str
    truth: Verdict

    def to_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        row = {name: getattr(self, name) for name in self.__slots__}
        return {**row, "scenario": self.scenario.value, "mode": self.mode.value, "truth": self.truth.to_json()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Example:
        """The inverse of `to_json`."""
        typed = {
            "scenario": Scenario(row["scenario"]),
            "mode": Mode(row["mode"]),
            "truth": Verdict.from_json(row["truth"]),
        }
        return cls(**{**row, **typed})


@dataclass(frozen=True, slots=True)
class Mix:
    """How many examples there are by difficulty, and how many of them are reflective (SPEC, M3-AD-FT)."""

    easy: int
    easy_reflective: int
    hard: int
    hard_reflective: int
    unanswered: int

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Mix:
        """Count; without the start model's answer a case is neither easy nor hard, and its example only thinks."""
        found = Counter((example.difficulty, example.mode) for example in examples)
        easy, hard = (found[level, Mode.THINKING] + found[level, Mode.REFLECTIVE] for level in (EASY, HARD))
        return cls(
            easy, found[EASY, Mode.REFLECTIVE], hard, found[HARD, Mode.REFLECTIVE], found.total() - easy - hard
        )  # fmt: skip

    @property
    def total(self) -> int:
        """All examples."""
        return self.easy + self.hard + self.unanswered


def build_examples(
    cases: Iterable[LabelledCase],
    seed: int = 0,
    *,
    easy_reflective: float = EASY_REFLECTIVE,
    hard_reflective: float = HARD_REFLECTIVE,
) -> list[Example]:
    """One example per case, easy and hard mixed as the paper does (`plan_modes`), in the template writer's words."""
    plans = plan_modes(cases, seed, easy_reflective=easy_reflective, hard_reflective=hard_reflective)
    return [make_example(plan, write_planned(plan, seed, template)) for plan in plans]


def write_planned(plan: Plan, seed: int, write: CaptionWriter) -> Caption:
    """The caption of a plan; other random numbers after every sending back, or the template would say the same."""
    again = f"/{len(plan.case.remarks)}" if plan.case.remarks else ""
    return write(plan.case, plan.initial, random.Random(name_seed(plan.case, seed) + again))


def make_example(plan: Plan, caption: Caption) -> Example:
    """The row of data.jsonl. Raises ValueError as `m3ad.trace.render` does."""
    case, mode = plan.case, Mode.THINKING if caption.reflection is None else Mode.REFLECTIVE
    completion = render(case.truth, caption.think, caption.reflection)
    return Example(
        str(case.image), case.case, case.category, case.scenario, mode, plan.difficulty, completion, case.truth
    )


def write_examples(file: Path, examples: Iterable[Example]) -> int:
    """Write data.jsonl; returns how many rows."""
    count = 0
    with file.open("w", encoding="utf-8") as stream:
        for example in examples:
            stream.write(json.dumps(example.to_json(), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_examples(file: Path) -> list[Example]:
    """Read data.jsonl."""
    with file.open(encoding="utf-8") as stream:
        return [Example.from_json(json.loads(line)) for line in stream]
