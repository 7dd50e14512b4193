"""Two decisions on the same cases, before and after or by two models: what changed, with interval and test.

Intervals of shares are Wilson's, the test is McNemar's in its exact form (a binomial test on the cases that changed),
the interval of the difference of balanced accuracies is a bootstrap within the two classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

CONFIDENCE = 0.95
DRAWS = 10_000
SEED = 0

Interval = tuple[float, float]
Rights = Counter[tuple[bool, bool]]  # how many cases by (first right, second right)


@dataclass(frozen=True, slots=True)
class Difference:
    """What separates the second decisions from the first.

    Attributes:
        count: how many cases both decided.
        before, after: balanced accuracy, 0..1; of one class alone where the other is absent; None without any case.
        interval: of `after - before`, 95 %; None without any case.
        gained, lost: how many only the second, or only the first, decided rightly.
        p: chance of so uneven a split of gained and lost, or a more uneven one, if neither were better (two-sided).
    """

    count: int
    before: float | None
    after: float | None
    interval: Interval | None
    gained: int
    lost: int
    p: float


def share_interval(part: int, whole: int) -> Interval | None:
    """Wilson's 95 % interval of part / whole; None of nothing."""
    if not whole:
        return None
    found = binomtest(part, whole).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def mcnemar(gained: int, lost: int) -> float:
    """Exact two-sided p of McNemar's test (Q. McNemar, 1947) on the cases where two decisions differ in being right."""
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def difference(decisions: Iterable[tuple[bool, bool, bool]]) -> Difference:
    """Compare. `decisions`: of each case whether the part is anomalous, and whether first and second are right."""
    by_class: dict[bool, Rights] = {False: Counter(), True: Counter()}
    for anomalous, first, second in decisions:
        by_class[anomalous][first, second] += 1
    classes = [counts for counts in by_class.values() if counts]
    gained = sum(counts[False, True] for counts in classes)
    lost = sum(counts[True, False] for counts in classes)
    return Difference(
        count=sum(counts.total() for counts in classes),
        before=_mean([(counts[True, True] + counts[True, False]) / counts.total() for counts in classes]),
        after=_mean([(counts[True, True] + counts[False, True]) / counts.total() for counts in classes]),
        interval=_bootstrap(classes),
        gained=gained,
        lost=lost,
        p=mcnemar(gained, lost),
    )


def _mean(recalls: list[float]) -> float | None:
    return sum(recalls) / len(recalls) if recalls else None


def _bootstrap(classes: list[Rights]) -> Interval | None:
    """Cases drawn anew within each class: how many gain, lose or stay is then a multinomial draw."""
    if not classes:
        return None
    chance = np.random.default_rng(SEED)
    means = []
    for counts in classes:
        whole = counts.total()
        shares = np.array([counts[False, True], counts[True, False], counts[True, True] + counts[False, False]]) / whole
        drawn = chance.multinomial(whole, shares, size=DRAWS)
        means.append((drawn[:, 0] - drawn[:, 1]) / whole)
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.mean(means, axis=0), [edge, 1 - edge])
    return float(low), float(high)
