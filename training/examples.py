"""Examples in the form of M3-AD-FT: which cases become thinking and which reflective ones, and the rows of data.jsonl.

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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from m3ad.records import Mode, Scenario, Trace, Verdict
from m3ad.trace import render
from training.captions import Caption, write_caption

EASY, HARD = "easy", "hard"
EASY_REFLECTIVE, HARD_REFLECTIVE = 0.3, 0.7  # shares of reflective examples [P]


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A case as examples are made from it. `base` is what the start model wrote about it, None when it never did."""

    case: str
    image: Path
    category: str
    scenario: Scenario
    truth: Verdict
    base: Trace | None = None


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
    """One example per case, easy and hard mixed as the paper does (SPEC: M3-AD-FT), in the template writer's words.

    A right yes/no of the start model makes a case easy, a wrong or unreadable one hard; nothing else counts. Each case
    has its own random numbers from `seed` and its name, so adding a case leaves the others as they were.
    """
    reflective = {EASY: easy_reflective, HARD: hard_reflective}
    return [make_example(case, seed, reflective, template) for case in cases]


def difficulty(truth: Verdict, base: Trace | None) -> str | None:
    """ "easy" when the start model's yes/no is right, "hard" when it is wrong or unreadable, None without an answer."""
    if base is None:
        return None
    right = base.verdict is not None and base.verdict.anomalous == truth.anomalous
    return EASY if right else HARD


def make_example(case: LabelledCase, seed: int, reflective: Mapping[str, float], write: CaptionWriter) -> Example:
    """The example of one case; `reflective` is the share of reflective examples among the easy and the hard ones."""
    rng = random.Random(f"{seed}/{case.case}/{case.image.name}")
    level = difficulty(case.truth, case.base)
    initial = _initial(case, level) if level and rng.random() < reflective[level] else None
    caption = write(case, initial, rng)
    mode = Mode.THINKING if caption.reflection is None else Mode.REFLECTIVE
    completion = render(case.truth, caption.think, caption.reflection)
    return Example(str(case.image), case.case, case.category, case.scenario, mode, level, completion, case.truth)


def _initial(case: LabelledCase, level: str) -> Verdict | None:
    """The start model's decision that a reflective example begins with: a wrong one if hard, a right one if easy.

    That of its thinking, or of its answer where the thinking decides nothing or otherwise; None without either. Only
    the decision is the start model's. The words are those of one caption writer in both modes: where one mode had
    words of its own, a model learnt to reflect by the style of the first sentence (docs/LOG.md, 2026-11-21).
    """
    if case.base is None:
        return None
    initial, wanted = case.base.initial, case.truth.anomalous == (level == EASY)
    return initial if initial is not None and initial.anomalous == wanted else case.base.verdict


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
