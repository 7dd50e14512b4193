"""Everything that the bench says about one model on one frozen set (SPEC.md, M3-AD-Bench)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import Any

from m3ad.bench.records import METRIC_VERSION
from m3ad.metrics.detection import Pair
from m3ad.metrics.fates import Tally, at_level, by_size, by_type, confusion, fates
from m3ad.metrics.figures import Figures, Row, count_case, figures, mean_figures
from m3ad.metrics.reflection import outcomes
from m3ad.records import Outcome, Scenario, Trace, Verdict
from m3ad.rewards import consistency


@dataclass(frozen=True, slots=True)
class Answered:
    """A case of the frozen set with what a model said of it. `seconds` and `tokens` are its cost."""

    case_id: int
    scenario: Scenario
    category: str
    truth: Verdict
    trace: Trace
    seconds: float
    tokens: int

    @property
    def pair(self) -> Pair:
        """As the metrics take it."""
        return self.truth, self.trace


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of some of the cases."""

    count: int
    anomalous: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer takes: seconds (of a batch: its share) and tokens written."""

    seconds: float
    median_seconds: float
    tokens: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """One model on one frozen set.

    Attributes:
        whole: all cases; `mean`: the mean over the scenarios, as the paper averages.
        scenarios, categories: the same of the cases of each.
        types: what became of the true defects, by type; `sizes`: by area of the box, in fractions of the picture.
        confusion: how often (true type, said type) went together; see `m3ad.metrics.fates.confusion`.
        outcomes: of the reflections; `reflected`: how many answers have one.
        unreadable: answers without a decision that can be read; they are wrong.
        inconsistent: answers whose form is not the paper's exactly (the consistency reward is 0).
        problems: what had to be repaired or could not be read, by code.
    """

    whole: Part
    mean: Figures
    scenarios: dict[str, Part]
    categories: dict[str, Part]
    types: dict[str, Tally]
    sizes: dict[tuple[float, float], Tally]
    confusion: Counter[tuple[str, str]]
    outcomes: dict[Outcome, int]
    reflected: int
    unreadable: int
    inconsistent: int
    problems: Counter[str]
    cost: Cost | None

    def to_json(self) -> dict[str, Any]:
        """As JSON types: figures as {"value", "interval"}, tallies by their fields."""
        return {
            "metric_version": METRIC_VERSION,
            "whole": asdict(self.whole),
            "mean_of_scenarios": {name: asdict(figure) for name, figure in self.mean.items()},
            "scenarios": {name: asdict(part) for name, part in self.scenarios.items()},
            "categories": {name: asdict(part) for name, part in self.categories.items()},
            "types": {name: asdict(one) for name, one in self.types.items()},
            "sizes": [{"from": low, "to": high, **asdict(one)} for (low, high), one in self.sizes.items()],
            "confusion": {
                name: [[truth, said, count] for (truth, said), count in at_level(self.confusion, level).most_common()]
                for level, name in enumerate(("classes", "groups", "types"))
            },
            "outcomes": {kind.value: count for kind, count in self.outcomes.items()},
            "reflected": self.reflected,
            "unreadable": self.unreadable,
            "inconsistent": self.inconsistent,
            "problems": dict(self.problems.most_common()),
            "cost": asdict(self.cost) if self.cost else None,
        }


def judge(answered: Sequence[Answered]) -> Judgement:
    """Judge what a model said. Cases without an answer are not among them: the caller says how many are missing."""
    rows = [count_case(one.pair) for one in answered]
    pairs = [one.pair for one in answered]
    some = [fate for pair in pairs for fate in fates(pair)]
    by_scenario = _grouped(answered, rows, lambda one: one.scenario.value)
    return Judgement(
        whole=_part(rows),
        mean=mean_figures(by_scenario),
        scenarios={name: _part(found) for name, found in by_scenario.items()},
        categories={name: _part(found) for name, found in _grouped(answered, rows, lambda o: o.category).items()},
        types=by_type(some),
        sizes=by_size(some),
        confusion=confusion(pairs),
        outcomes=outcomes(pairs),
        reflected=sum(one.trace.reflected for one in answered),
        unreadable=sum(one.trace.verdict is None for one in answered),
        inconsistent=sum(not consistency(one.trace) for one in answered),
        problems=Counter(problem.code for one in answered for problem in one.trace.problems),
        cost=_cost(answered) if answered else None,
    )


def _grouped(
    answered: Sequence[Answered], rows: Sequence[Row], name: Callable[[Answered], str]
) -> Mapping[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for one, row in sorted(zip(answered, rows, strict=True), key=lambda each: name(each[0])):
        groups.setdefault(name(one), []).append(row)
    return groups


def _part(rows: Sequence[Row]) -> Part:
    return Part(len(rows), sum(row[1] for row in rows), figures(rows))


def _cost(answered: Sequence[Answered]) -> Cost:
    seconds = [one.seconds for one in answered]
    return Cost(mean(seconds), median(seconds), mean(one.tokens for one in answered))
