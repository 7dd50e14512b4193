"""The tables of docs/ablations.md: ours with intervals, the paper's beside them, its claims in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from benchmarks.ablations import paper, words
from benchmarks.ablations.cells import (
    BASE,
    CELLS,
    COMBINATIONS,
    FIGURE_4,
    FULL,
    REFLECTIVE,
    REWARDS,
    TABLE_2,
    TABLE_3,
    THINKING,
    jobs,
)
from benchmarks.ablations.claims import Claim
from benchmarks.ablations.results import check_budget
from benchmarks.ablations.statistics import (
    RESAMPLES,
    Estimate,
    Metric,
    Resampling,
    accuracy,
    balanced,
    initial_accuracy,
    initial_balanced,
    location_f1,
    mean,
    share_of,
    type_f1,
)
from m3ad.errors import RunError
from m3ad.records import Scenario
from training.alarm import WINDOW as ALARM_WINDOW

METRICS: dict[str, Metric] = {
    "accuracy": accuracy, "balanced accuracy": balanced, "type F1": type_f1, "location F1": location_f1,
}  # fmt: skip
JUDGED = ("balanced accuracy", "type F1", "location F1")
BEFORE_AFTER = {"accuracy": (initial_accuracy, accuracy), "balanced accuracy": (initial_balanced, balanced)}
WINDOW = 10  # log points at the beginning and at the end of a training


@dataclass(frozen=True)
class Tables:
    """The results of all cells, ready to be compared."""

    rows: dict[str, list[dict[str, Any]]]
    resampling: Resampling

    @classmethod
    def of(cls, results: Sequence[dict[str, Any]]) -> Tables:
        """Raises RunError when cells are missing or differ in budget: such a table would compare nothing."""
        if not results:
            raise RunError("There are no results yet: run python -m benchmarks.ablations first.")
        check_budget(results, results[0]["budget"])
        found = {(row["cell"], row["seed"]): row for row in results}
        seeds = max(row["budget"]["seeds"] for row in results)
        missing = [f"{cell.name} of seed {seed}" for cell, seed in jobs(CELLS, seeds) if (cell.name, seed) not in found]
        if missing:
            raise RunError(f"The tables would have holes. Missing: {', '.join(missing)}. Run the ablations on.")
        rows = {cell.name: [found[key] for key in sorted(found) if key[0] == cell.name] for cell in CELLS}
        return cls(rows, Resampling(seeds, len(results[0]["parts"])))

    def estimate(self, cell: str, metric: Metric, answers: str = "own", scenario: str | None = None) -> Estimate:
        """A figure of a cell."""
        return self.resampling.estimate(self.rows[cell], answers, metric, scenario)

    def intro(self) -> str:
        """The document's beginning."""
        budget = self.rows[FULL][0]["budget"] | {"seeds": len(self.rows[FULL])}
        return words.INTRO.format(**budget, resamples=RESAMPLES)

    def table_2(self) -> str:
        """Base, thinking data only, with reflective data."""
        names = dict(zip(TABLE_2, ("none (base)", "thinking only", "reflective"), strict=True))
        rows = [
            [name, *self._ours(cell), *_paper(paper.TABLE_2_4B[cell]), *_paper(paper.TABLE_2_8B[cell])]
            for cell, name in names.items()
        ]
        claims = [
            Claim(
                f"{metric}, {names[cell]} against {names[other]}",
                self._rise(cell, other, metric),
                _printed(paper.TABLE_2_4B[cell], metric) - _printed(paper.TABLE_2_4B[other], metric),
            )
            for cell, other in ((THINKING, BASE), (REFLECTIVE, THINKING))
            for metric in JUDGED
        ]
        head = ["warm-start data", *_heads("ours"), *_heads("4B"), *_heads("8B")]
        return _section("Table 2: data of the warm start (own choice)", head, rows, claims)

    def table_3(self) -> str:
        """The eight combinations of rewards."""
        rows = [
            [*("✓" if on else "✗" for on in chosen), *self._ours(cell), *_paper(paper.TABLE_3[chosen])]
            for chosen, cell in TABLE_3.items()
        ]
        claims = [
            Claim(
                f"{metric}, all three rewards against none",
                self._rise(FULL, REFLECTIVE, metric),
                _printed(paper.TABLE_3[COMBINATIONS[-1]], metric) - _printed(paper.TABLE_3[COMBINATIONS[0]], metric),
            )
            for metric in JUDGED
        ]
        for number, reward in enumerate(REWARDS):
            claims += [self._with_and_without(number, reward, metric) for metric in JUDGED]
        head = [*REWARDS, *_heads("ours"), *_heads("4B")]
        return _section("Table 3: rewards (own choice)", head, rows, claims, words.TABLE_3)

    def figure_4(self) -> str:
        """The reflection rewards a to d."""
        rows = []
        for table, cell in FIGURE_4.items():
            first, last = self._window(cell, "reflection/rate")
            shares = [self.estimate(cell, share_of(name), "forced") for name in ("fixed", "broke")]
            gains = self.estimate(cell, accuracy, "forced") - self.estimate(cell, initial_accuracy, "forced")
            chosen = [self.estimate(cell, share_of(name)) for name in ("doubt", "reflected")]
            rows.append([table, first, last, *map(_cell, (*chosen, *shares)), _cell(gains)])
        claims = [
            Claim(
                f"P(`<reflection>`), table d against table {table}",
                self.estimate(FIGURE_4["d"], share_of("doubt")) - self.estimate(FIGURE_4[table], share_of("doubt")),
                "falls",
            )
            for table in "abc"
        ] + [
            Claim(
                f"decisions that a forced reflection breaks, table {table} (where that is punished) against a",
                self.estimate(FIGURE_4[table], share_of("broke"), "forced")
                - self.estimate(FIGURE_4["a"], share_of("broke"), "forced"),
                "falls",
            )
            for table in "bcd"
        ]
        head = [
            "table", f"rate in training, first {WINDOW} points", f"last {WINDOW}", "P(`<reflection>`)",
            "reflects, own choice",
            "fixed, made to", "broke, made to", "accuracy gained, made to",
        ]  # fmt: skip
        return _section("Figure 4: rewards of reflection", head, rows, claims, words.FIGURE_4)

    def figure_5(self) -> str:
        """Before and after reflection in each scenario, of the full reward's model and of the best."""
        best = self.best()
        rows, claims = [], []
        for cell in dict.fromkeys((FULL, best)):
            for scenario in Scenario:
                rows.append([cell, scenario.value, *self._before_after(cell, scenario), *_after(scenario)])
            claims += [
                Claim(f"{scenario.value}, {cell}, accuracy after a forced reflection against before",
                      self._gain(cell, scenario, "forced"), "rises")
                for scenario in paper.AFTER_4B
            ]  # fmt: skip
        head = [
            "model", "scenario", "accuracy before", "after, own choice", "after, made to", "balanced before",
            "after, own choice", "after, made to", "4B accuracy after", "4B balanced after",
        ]  # fmt: skip
        return _section("Figure 5: before and after reflection", head, rows, claims, words.FIGURE_5)

    def training(self) -> str:
        """What was logged while RCRL trained."""
        rows = []
        for cell in (one.name for one in CELLS if self.rows[one.name][0]["curves"]):
            windows = [self._window(cell, name) for name in ("reflection/rate", "accuracy/initial", "accuracy/final")]
            equal = self._window(cell, "frac_reward_zero_std")
            raised = sum(bool(row["alarm"]) for row in self.rows[cell])
            rows.append([cell, *(f"{a} → {b}" for a, b in [*windows, equal]), f"{raised} of {len(self.rows[cell])}"])
        head = ["cell", "reflection rate", "initial accuracy", "final accuracy", "groups of equal reward", "alarms"]
        return _section(
            "While RCRL trained", head, rows, [], words.TRAINING.format(window=WINDOW, alarm=2 * ALARM_WINDOW)
        )

    def best(self) -> str:
        """The cell with the highest balanced accuracy, by its own choice."""
        return max(self.rows, key=lambda cell: self.estimate(cell, balanced).value)

    def _ours(self, cell: str) -> list[str]:
        return [_cell(self.estimate(cell, metric)) for metric in METRICS.values()]

    def _rise(self, cell: str, over: str, metric: str) -> Estimate:
        return self.estimate(cell, METRICS[metric]) - self.estimate(over, METRICS[metric])

    def _with_and_without(self, number: int, reward: str, metric: str) -> Claim:
        halves = [[chosen for chosen in COMBINATIONS if chosen[number] is on] for on in (True, False)]
        ours = [mean([self.estimate(TABLE_3[chosen], METRICS[metric]) for chosen in half]) for half in halves]
        printed = [fmean(_printed(paper.TABLE_3[chosen], metric) for chosen in half) for half in halves]
        words = f"{metric}, with the {reward} reward against without"
        return Claim(words, ours[0] - ours[1], printed[0] - printed[1])

    def _gain(self, cell: str, scenario: Scenario, answers: str) -> Estimate:
        before, after = (self.estimate(cell, one, answers, scenario) for one in BEFORE_AFTER["accuracy"])
        return after - before

    def _before_after(self, cell: str, scenario: Scenario) -> list[str]:
        found = []
        for before, after in BEFORE_AFTER.values():
            found += [self.estimate(cell, before, "own", scenario)]
            found += [self.estimate(cell, after, answers, scenario) for answers in ("own", "forced")]
        return [_cell(one) for one in found]

    def _window(self, cell: str, metric: str) -> tuple[str, str]:
        points = [[value for _, value in row["curves"][metric]] for row in self.rows[cell]]
        ends = ([value for one in points for value in one[cut]] for cut in (slice(WINDOW), slice(-WINDOW, None)))
        first, last = (f"{sum(values) / len(values):.2f}" if values else "–" for values in ends)
        return first, last


def _heads(whose: str) -> list[str]:
    return [f"{whose}: {name}" for name in METRICS]


def _printed(row: paper.Row, metric: str) -> float:
    """A number of the paper as a share."""
    value = row[list(METRICS).index(metric)]
    return value / 100 if "accuracy" in metric else value


def _paper(row: paper.Row) -> list[str]:
    return [f"{row[0]:.1f} %", f"{row[1]:.1f} %", f"{row[2]:.3f}", f"{row[3]:.3f}"]


def _after(scenario: Scenario) -> list[str]:
    return [f"{value:.1f} %" for value in paper.AFTER_4B[scenario]] if scenario in paper.AFTER_4B else ["–", "–"]


def _cell(estimate: Estimate) -> str:
    low, high = estimate.interval
    return "–" if estimate.value != estimate.value else f"{estimate.value:.3f} [{low:.3f}, {high:.3f}]"


def _section(title: str, head: list[str], rows: list[list[str]], claims: list[Claim], note: str = "") -> str:
    table = "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
    sentences = "\n".join(f"- {claim.sentence}" for claim in claims)
    said = f"What the paper says, and ours:\n\n{sentences}" if claims else ""
    return "\n\n".join(part for part in (f"## {title}", table, note, said) if part)
