"""The figures of the bench with 95 % intervals: over a set of cases, and as the mean of the scenarios.

What one case adds to each figure is counted once; a bootstrap then draws cases anew within scenario and truth, so that
the shares of normal and anomalous parts stay what they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from m3ad.metrics.defects import IOU_SWEEP, HardF1, location_hard_f1, type_exact_f1, type_hard_f1
from m3ad.metrics.detection import Pair, detection
from m3ad.metrics.effect import first_look
from m3ad.metrics.paired import CONFIDENCE, DRAWS, SEED, Interval

SWEEP = tuple(f"location_{threshold:g}" for threshold in IOU_SWEEP)
F1S = ("type", "type_exact", *SWEEP)
COUNTED = (
    *("normal", "anomalous", "right_normal", "right_anomalous", "first_normal", "first_anomalous", "readable"),
    *(f"{name}_{part}" for name in F1S for part in ("tp", "fp", "fn")),
)
Row = tuple[int, ...]  # in the order of COUNTED
Strata = Mapping[str, list[Row]]  # rows by scenario


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its 95 % interval; None where there is nothing to measure."""

    value: float | None
    interval: Interval | None


Figures = dict[str, Figure]  # by the names of METRICS


@dataclass(frozen=True, slots=True)
class PairedFigure:
    """A figure of two models on the same cases, and what separates the second from the first."""

    before: Figure
    after: Figure
    difference: Figure


def before_reflection(pair: Pair) -> Pair:
    """The pair as it stood before any reflection; where there was none, the final answer is the first one too."""
    truth, trace = pair
    return truth, replace(trace, verdict=first_look(trace))


def count_case(pair: Pair) -> Row:
    """What one case adds to each of COUNTED."""
    truth, trace = pair
    final, first = detection([pair]), detection([before_reflection(pair)])
    kind, right, right_first = int(truth.anomalous), int(final.accuracy or 0), int(first.accuracy or 0)
    places = [location_hard_f1([pair], threshold) for threshold in IOU_SWEEP]
    scores: list[HardF1] = [type_hard_f1([pair]), type_exact_f1([pair]), *places]
    return (
        *(1 - kind, kind, right * (1 - kind), right * kind, right_first * (1 - kind), right_first * kind),
        int(trace.verdict is not None),
        *(number for score in scores for number in (score.tp, score.fp, score.fn)),
    )


def figures(rows: Iterable[Row]) -> Figures:
    """All METRICS over one set of counted cases."""
    drawn = [_draws(list(rows), np.random.default_rng(SEED))]
    return {name: _figure(metric(_sums(drawn))) for name, metric in METRICS.items()}


def paired_figures(rows: Iterable[tuple[Row, Row]]) -> dict[str, PairedFigure]:
    """All METRICS of two models' answers to the same cases: each draw takes what both said of a case."""
    width = len(COUNTED)
    drawn = _draws([before + after for before, after in rows], np.random.default_rng(SEED), 2 * width)
    sums = _sums([drawn[:, :width]]), _sums([drawn[:, width:]])
    found = {}
    for name, metric in METRICS.items():
        before, after = (metric(each) for each in sums)
        found[name] = PairedFigure(_figure(before), _figure(after), _figure(after - before))
    return found


def mean_figures(strata: Strata) -> Figures:
    """All METRICS as the mean over scenarios, as the paper's tables average (SPEC, M3-AD-Bench).

    A scenario in which a figure cannot be measured does not take part in its mean.
    """
    chance = np.random.default_rng(SEED)
    drawn = [_sums([_draws(rows, chance)]) for _, rows in sorted(strata.items()) if rows]
    if not drawn:
        return figures([])
    return {name: _figure(_mean([metric(sums) for sums in drawn])) for name, metric in METRICS.items()}


Sums = dict[str, np.ndarray]  # by the names of COUNTED: the observed sum first, then one of each draw


def _draws(rows: Sequence[Row], chance: np.random.Generator, columns: int = len(COUNTED)) -> np.ndarray:
    """(1 + DRAWS, columns): sums over all rows, then over as many drawn anew within normal and anomalous ones."""
    by_truth: dict[int, Counter[Row]] = defaultdict(Counter)
    for row in rows:
        by_truth[row[0]][row] += 1
    whole = np.zeros((1 + DRAWS, columns))
    for _, counts in sorted(by_truth.items()):
        kinds, often = np.array(sorted(counts)), np.array([counts[row] for row in sorted(counts)])
        drawn = chance.multinomial(often.sum(), often / often.sum(), size=DRAWS)
        whole += np.vstack([often, drawn]) @ kinds
    return whole


def _sums(drawn: Sequence[np.ndarray]) -> Sums:
    return dict(zip(COUNTED, sum(drawn).T, strict=True))  # type: ignore[union-attr]


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole; NaN of nothing."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _mean(values: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of those that are known."""
    stacked = np.array(values)
    return _ratio(np.nansum(stacked, axis=0), (~np.isnan(stacked)).sum(axis=0))


def _figure(values: np.ndarray) -> Figure:
    if np.isnan(values[0]):
        return Figure(None, None)
    known = values[1:][~np.isnan(values[1:])]
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [edge, 1 - edge]) if len(known) else (values[0], values[0])
    return Figure(float(values[0]), (float(low), float(high)))


def _accuracy(when: str) -> Callable[[Sums], np.ndarray]:
    return lambda s: _ratio(s[f"{when}_normal"] + s[f"{when}_anomalous"], s["normal"] + s["anomalous"])


def _balanced(when: str) -> Callable[[Sums], np.ndarray]:
    return lambda s: _mean([_recall(when, "normal")(s), _recall(when, "anomalous")(s)])


def _recall(when: str, kind: str) -> Callable[[Sums], np.ndarray]:
    return lambda s: _ratio(s[f"{when}_{kind}"], s[kind])


def _f1(name: str) -> Callable[[Sums], np.ndarray]:
    return lambda s: _ratio(2 * s[f"{name}_tp"], 2 * s[f"{name}_tp"] + s[f"{name}_fp"] + s[f"{name}_fn"])


METRICS: dict[str, Callable[[Sums], np.ndarray]] = {
    "accuracy": _accuracy("right"),
    "balanced_accuracy": _balanced("right"),
    "recall_normal": _recall("right", "normal"),
    "recall_anomalous": _recall("right", "anomalous"),
    "first_accuracy": _accuracy("first"),
    "first_balanced_accuracy": _balanced("first"),
    "gain": lambda s: _balanced("right")(s) - _balanced("first")(s),
    "readable": lambda s: _ratio(s["readable"], s["normal"] + s["anomalous"]),
    **{f"{name}_f1": _f1(name) for name in F1S},
}
TYPE_F1, LOCATION_F1 = "type_f1", "location_0.3_f1"  # the two of the paper's tables
