"""The three rewards of RCRL (SPEC.md, paper section on reflection-cognitive reinforcement learning).

Pure functions of a truth and a trace, built only from `m3ad.metrics`: what is paid is what is reported. They are total:
any text the model may write gets a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from m3ad.errors import Conflict
from m3ad.metrics import location_score, outcome, type_score
from m3ad.records import Outcome, Trace, Verdict

# The ablation of the paper: what a (correct, ineffective, erroneous) reflection earns. Its weak positive is not
# printed: 0.2 is ours. (d) is the paper's choice.
REFLECTION_TABLES: dict[str, tuple[float, float, float]] = {
    "a": (1.0, 0.2, 0.0),
    "b": (1.0, 0.2, -1.0),
    "c": (1.0, 0.0, -1.0),
    "d": (1.0, -0.5, -1.0),
}

_TEXT = r"((?:(?!</?(?:think|reflection|type|location|answer)>).)+)"
_HEAD = rf"\s*<think>{_TEXT}</think>\s*(?:<reflection>{_TEXT}</reflection>\s*)?"
_ANOMALOUS = re.compile(
    rf"{_HEAD}<type>{_TEXT}</type>\s*<location>{_TEXT}</location>\s*<answer>\s*yes\s*</answer>\s*", re.DOTALL
)
_NORMAL = re.compile(rf"{_HEAD}<answer>\s*no\s*</answer>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RewardConfig:
    """The weights of RCRL's reward. Ours where the paper prints no number, and said so."""

    consistency_weight: float = field(default=1.0, metadata={"help": "Weight of the consistency reward (figure: 1)."})
    accuracy_weight: float = field(default=1.0, metadata={"help": "Weight of the accuracy reward (figure: 1)."})
    reflection_weight: float = field(default=1.0, metadata={"help": "Weight of the reflection reward (figure: 1)."})
    type_weight: float = field(
        default=0.5, metadata={"help": "Share of the type score in the accuracy reward (ours: the paper prints none)."}
    )
    location_weight: float = field(
        default=0.5,
        metadata={"help": "Share of the location score in the accuracy reward (ours: the paper prints none)."},
    )
    reflection_table: str = field(
        default="d", metadata={"help": "What a reflection earns, the paper's ablation a to d; d is the paper's choice."}
    )

    def __post_init__(self) -> None:
        if self.reflection_table not in REFLECTION_TABLES:
            raise Conflict(
                f"There is no reflection table {self.reflection_table!r}. Choose one of {', '.join(REFLECTION_TABLES)}."
            )


@dataclass(frozen=True, slots=True)
class Rewards:
    """The three rewards of one trace, unweighted, and their weighted sum."""

    consistency: float
    accuracy: float
    reflection: float
    total: float


def rewards(truth: Verdict, trace: Trace, config: RewardConfig = RewardConfig()) -> Rewards:
    """All three rewards of one trace and their weighted sum."""
    parts = (consistency(trace), accuracy(truth, trace, config), reflection(truth, trace, config))
    weights = (config.consistency_weight, config.accuracy_weight, config.reflection_weight)
    return Rewards(*parts, total=sum(weight * part for weight, part in zip(weights, parts, strict=True)))


def consistency(trace: Trace) -> float:
    """1 when the text has exactly the form of its own verdict, else 0.

    `<think>`, optionally `<reflection>`, then for an anomalous verdict non-empty `<type>`, `<location>`, `<answer>`,
    for a normal one `<answer>` alone.
    """
    form = _ANOMALOUS.fullmatch(trace.text) or _NORMAL.fullmatch(trace.text)
    return float(form is not None and all(part is None or part.strip() for part in form.groups()))


def accuracy(truth: Verdict, trace: Trace, config: RewardConfig = RewardConfig()) -> float:
    """0 if the answer is wrong or unreadable; else 1, and for anomalous parts the weighted type and location scores.

    Where the truth has no box its share goes to the type: a place that nobody marked can be neither right nor wrong.
    """
    found = trace.verdict
    if found is None or found.anomalous != truth.anomalous:
        return 0.0
    if not truth.anomalous:
        return 1.0
    types = type_score(truth, found)
    places = location_score(truth, found)
    if places is None:
        return 1.0 + (config.type_weight + config.location_weight) * types
    return 1.0 + config.type_weight * types + config.location_weight * places


def reflection(truth: Verdict, trace: Trace, config: RewardConfig = RewardConfig()) -> float:
    """What the reflection earns by the chosen table; 0 without one, or when the initial decision is unreadable."""
    correct, ineffective, erroneous = REFLECTION_TABLES[config.reflection_table]
    match outcome(truth, trace):
        case None:
            return 0.0
        case Outcome.FIXED:
            return correct
        case Outcome.BROKE:
            return erroneous
        case _:
            return ineffective
