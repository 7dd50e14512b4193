"""Which cases shall think and which reflect: the shares of M3-AD-FT, held in every scenario and class of defect.

A right yes/no of the start model makes a case easy, a wrong or unreadable one hard; nothing else counts (SPEC). Of both
kinds a share becomes reflective, by systematic sampling: the cases lie in a row, those of one scenario and class beside
each other and there in the order of a seeded hash of their names; the share is added up along the row, and every case
at which the sum passes a whole number reflects. So each stretch of the row, a scenario and class as well as the whole,
holds its share to within one example, whatever the order in which the cases were given.

The class is "normal", or the taxonomy's level 1 of the first defect: with its 41 types most strata of a small set would
hold less than one example. Cases that leave nothing to reflect on (never answered, or unreadably) only think and are
not in the row.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from m3ad.records import Mode, Scenario, Trace, Verdict
from m3ad.taxonomy import default_taxonomy

EASY, HARD = "easy", "hard"
EASY_REFLECTIVE, HARD_REFLECTIVE = 0.3, 0.7  # shares of reflective examples [P]


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A case as examples are made from it.

    Attributes:
        base: what the start model wrote about it, None when it never did.
        remarks: what people said of earlier captions of it that they sent back, oldest first; "" where nothing.
    """

    case: str
    image: Path
    category: str
    scenario: Scenario
    truth: Verdict
    base: Trace | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What example a case shall become. `initial` is the decision to reflect on, None when it shall only think."""

    case: LabelledCase
    difficulty: str | None
    initial: Verdict | None

    @property
    def mode(self) -> Mode:
        """Thinking or reflective."""
        return Mode.THINKING if self.initial is None else Mode.REFLECTIVE


def plan_modes(
    cases: Iterable[LabelledCase],
    seed: int = 0,
    *,
    easy_reflective: float = EASY_REFLECTIVE,
    hard_reflective: float = HARD_REFLECTIVE,
    settled: Mapping[str, bool] | None = None,
) -> list[Plan]:
    """The plans of the cases, in their order; of those in `settled` none.

    Args:
        seed: the same one gives the same modes.
        easy_reflective, hard_reflective: shares, 0..1.
        settled: cases by name that have their example already: whether it is reflective. They count in the shares, so
            that further cases even out what is missing.
    """
    settled = settled or {}
    plans = [Plan(case, level := difficulty(case.truth, case.base), _initial(case, level)) for case in cases]
    reflective: set[int] = set()
    for level, share in ((EASY, easy_reflective), (HARD, hard_reflective)):
        row = [n for n, plan in enumerate(plans) if plan.difficulty == level and plan.initial is not None]
        row.sort(key=lambda n: _place(plans[n].case, seed, settled))
        due = random.Random(f"{seed}/{level}").random()  # where the sum begins: no place in the row is favoured
        for number in row:
            due += share
            reflects = settled.get(plans[number].case.case, due >= 1)
            due -= reflects
            if reflects:
                reflective.add(number)
    return [
        plan if number in reflective else replace(plan, initial=None)
        for number, plan in enumerate(plans)
        if plan.case.case not in settled
    ]


def difficulty(truth: Verdict, base: Trace | None) -> str | None:
    """ "easy" when the start model's yes/no is right, "hard" when it is wrong or unreadable, None without an answer."""
    if base is None:
        return None
    right = base.verdict is not None and base.verdict.anomalous == truth.anomalous
    return EASY if right else HARD


def class_of(truth: Verdict) -> str:
    """ "normal", the taxonomy's level 1 of the first defect, or "" for a type that it does not know."""
    if not truth.anomalous:
        return "normal"
    node = default_taxonomy().find(truth.defects[0].type) if truth.defects else None
    return node.classname if node else ""


def name_seed(case: LabelledCase, seed: int) -> str:
    """What a case's own random numbers come from: the seed and its name, so that no other case changes them."""
    return f"{seed}/{case.case}/{case.image.name}"


def _place(case: LabelledCase, seed: int, settled: Mapping[str, bool]) -> tuple[str, str, bool, str]:
    """Where a case stands in the row: what is settled comes first in its stratum, for the others to even it out."""
    order = hashlib.sha256(name_seed(case, seed).encode("utf-8", "replace")).hexdigest()
    return case.scenario.value, class_of(case.truth), case.case not in settled, order


def _initial(case: LabelledCase, level: str | None) -> Verdict | None:
    """The start model's decision that a reflective example begins with: a wrong one if hard, a right one if easy.

    That of its thinking, or of its answer where the thinking decides nothing or otherwise; None without either. Only
    the decision is the start model's. The words are those of one caption writer in both modes: where one mode had
    words of its own, a model learnt to reflect by the style of the first sentence (docs/LOG.md, 2026-11-21).
    """
    if case.base is None:
        return None
    initial, wanted = case.base.initial, case.truth.anomalous == (level == EASY)
    return initial if initial is not None and initial.anomalous == wanted else case.base.verdict
