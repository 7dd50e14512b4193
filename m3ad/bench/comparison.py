"""Two models on the same cases, paired: the figures of both, what separates them, and which cases changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from m3ad.metrics.effect import Aspect, is_right
from m3ad.metrics.figures import Figure, PairedFigure, count_case, paired_figures
from m3ad.metrics.paired import Difference, difference
from m3ad.records import Trace, Verdict
from m3ad.reliability.bounds import Rate

SHARES = ("escape", "overkill", "readable")


@dataclass(frozen=True, slots=True)
class Both:
    """A case that both models answered."""

    case_id: int
    truth: Verdict
    before: Trace
    after: Trace


class Turn(StrEnum):
    """What became of a case from one model to the other; those that got worse come first."""

    BROKEN = "newly broken"
    FIXED = "fixed"
    STILL_WRONG = "still wrong"
    STILL_RIGHT = "still right"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same cases.

    Attributes:
        count, anomalous: how many cases both answered, and how many of them have a defect.
        figures: those of `m3ad.metrics.figures.METRICS`, and SHARES with exact intervals: `escape` and `overkill` are
            the shares of defects missed and of good parts rejected (an answer that cannot be read is both, whichever
            applies), `readable` that of answers with a decision. Differences are paired bootstraps.
        presence: who was right of whether there is a defect: gained, lost, exact McNemar test.
    """

    count: int
    anomalous: int
    figures: dict[str, PairedFigure]
    presence: Difference

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "count": self.count,
            "anomalous": self.anomalous,
            "figures": {name: asdict(one) for name, one in self.figures.items()},
            "presence": asdict(self.presence),
        }


def compare(cases: Sequence[Both]) -> Comparison:
    """Everything that two models' answers to the same cases say about which is better."""
    rows = [(count_case((one.truth, one.before)), count_case((one.truth, one.after))) for one in cases]
    found = paired_figures(rows)
    escape, overkill = (_complement(found[f"recall_{kind}"]) for kind in ("anomalous", "normal"))
    shares = {"escape": escape, "overkill": overkill, "readable": found["readable"]}
    defects = sum(one.truth.anomalous for one in cases)
    wholes = {"escape": defects, "overkill": len(cases) - defects, "readable": len(cases)}
    exact = {name: _exact(share, wholes[name]) for name, share in shares.items()}
    decisions = [(one.truth.anomalous, *_rights(one, Aspect.PRESENCE)) for one in cases]
    return Comparison(len(cases), defects, found | exact, difference(decisions))


def turns(cases: Sequence[Both], aspect: Aspect = Aspect.PRESENCE) -> dict[Turn, tuple[int, ...]]:
    """Ids of the cases by what became of them, in the order they were given; every turn is there."""
    found: dict[Turn, list[int]] = {turn: [] for turn in Turn}
    for one in cases:
        found[_TURNS[_rights(one, aspect)]].append(one.case_id)
    return {turn: tuple(ids) for turn, ids in found.items()}


_TURNS = {  # by whether the one and the other was right
    (True, False): Turn.BROKEN,
    (False, True): Turn.FIXED,
    (False, False): Turn.STILL_WRONG,
    (True, True): Turn.STILL_RIGHT,
}


def _rights(one: Both, aspect: Aspect) -> tuple[bool, bool]:
    return is_right(aspect, one.truth, one.before.verdict), is_right(aspect, one.truth, one.after.verdict)


def _complement(figure: PairedFigure) -> PairedFigure:
    """1 - the share; the difference turns its sign."""

    def turned(one: Figure, whole: float) -> Figure:
        if one.value is None:
            return one
        interval = None if one.interval is None else (whole - one.interval[1], whole - one.interval[0])
        return Figure(whole - one.value, interval)

    return PairedFigure(turned(figure.before, 1), turned(figure.after, 1), turned(figure.difference, 0))


def _exact(figure: PairedFigure, whole: int) -> PairedFigure:
    """With exact intervals: a bootstrap of none in ten is none at all, which is more than ten cases can say."""

    def exact(one: Figure) -> Figure:
        return one if one.value is None else Figure(one.value, Rate(round(one.value * whole), whole).interval)

    return PairedFigure(exact(figure.before), exact(figure.after), figure.difference)
