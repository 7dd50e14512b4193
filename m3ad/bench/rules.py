"""The rules for a promotion: what a model has to show on the frozen cases, and which of it a model does not show."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from m3ad.bench.comparison import Comparison
from m3ad.bench.tables import percent
from m3ad.errors import Conflict
from m3ad.metrics.figures import Figure


def _rule(default: float | None, label: str, advice: str) -> Any:
    return field(default=default, metadata={"label": label, "advice": advice})


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits, each over the frozen cases that parent and model both answered; None: no such rule.

    Shares are 0..1. The figure itself is compared, not an end of its interval: how much it can be believed with so few
    cases is what `cases` is for.
    """

    escape: float | None = _rule(
        0.1, "Escape rate, at most", "Annotate more cases like those that escape, and train again."
    )
    overkill: float | None = _rule(
        0.3, "Overkill rate, at most", "Annotate more good parts like those that are rejected, and train again."
    )
    readable: float | None = _rule(
        0.98,
        "Readable answers, at least",
        "Train longer or with a lower learning rate: the form of the answers suffers.",
    )
    loss: float | None = _rule(
        0.02,
        "Balanced accuracy below the parent's, at most",
        "Look at the newly broken cases: what the run forgot has to be in its snapshot.",
    )
    cases: float | None = _rule(
        20, "Frozen cases, at least", "Annotate more and take a snapshot that keeps more of them back from training."
    )

    def __post_init__(self) -> None:
        """Raises Conflict for a limit that is none."""
        for one in fields(self):
            limit = getattr(self, one.name)
            if limit is None:
                continue
            if one.name == "cases" and (limit < 1 or limit != int(limit)):
                raise Conflict(f"{one.metadata['label']}: {limit:g} is no number of cases. Give 1 or more, or nothing.")
            if one.name != "cases" and not 0 <= limit <= 1:
                raise Conflict(f"{one.metadata['label']}: {100 * limit:g} % is no share. Give 0 to 100 %, or nothing.")

    def to_json(self) -> dict[str, Any]:
        """The limits by name; null: no such rule."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Rules:
        """The inverse of `to_json`; a limit that is not named is no rule."""
        return cls(**{one.name: data.get(one.name) for one in fields(cls)})

    def sentences(self) -> list[str]:
        """Each rule as a person reads it."""
        return [_words(name) + " " + _limit(name, limit) for name, limit in asdict(self).items() if limit is not None]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule and what was measured; `figure.value` None where there was nothing to measure it on: not passed."""

    rule: str
    limit: float
    figure: Figure
    passed: bool

    @property
    def words(self) -> str:
        """ "Escape rate, at most 10.0 %: 25.0 [3.2, 65.1]"."""
        return f"{_words(self.rule)} {_limit(self.rule, self.limit)}: {self._measured()}"

    @property
    def advice(self) -> str:
        """What to do about a rule that is not passed."""
        return str(_FIELDS[self.rule].metadata["advice"])

    def _measured(self) -> str:
        if self.figure.value is None:
            return "cannot be measured, no such case is frozen"
        if self.rule == "cases":
            return f"{self.figure.value:g}"
        return f"{percent(self.figure).shown()} %"

    def to_json(self) -> dict[str, Any]:
        """The fields, as JSON types."""
        return asdict(self)


def checks(rules: Rules, frozen: Comparison) -> list[Check]:
    """Every rule there is, in order, with what `frozen` says to it."""
    drop = frozen.figures["balanced_accuracy"].difference
    measured = {
        **{name: frozen.figures[name].after for name in ("escape", "overkill", "readable")},
        "loss": Figure(
            None if drop.value is None else 0 - drop.value,
            None if drop.interval is None else (0 - drop.interval[1], 0 - drop.interval[0]),
        ),
        "cases": Figure(float(frozen.count), None),
    }
    given = {name: limit for name, limit in asdict(rules).items() if limit is not None}
    return [
        Check(name, limit, measured[name], _meets(name, limit, measured[name].value)) for name, limit in given.items()
    ]


_FIELDS = {one.name: one for one in fields(Rules)}
_AT_LEAST = ("readable", "cases")
_ROUNDING = 1e-9


def _meets(name: str, limit: float, value: float | None) -> bool:
    if value is None:
        return False
    return value >= limit - _ROUNDING if name in _AT_LEAST else value <= limit + _ROUNDING


def _words(name: str) -> str:
    return str(_FIELDS[name].metadata["label"])


def _limit(name: str, limit: float) -> str:
    return f"{limit:g}" if name == "cases" else f"{100 * limit:g} %"
