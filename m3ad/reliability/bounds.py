"""Exact bounds of shares (C. J. Clopper and E. S. Pearson, 1934), and how many cases a claim needs.

Two-sided intervals say where a share lies; a claim ("at most 1 % escape") rests on the one-sided upper bound: with 300
defects and no escape that bound is 1 %, the two-sided interval ends at 1.2 %. Both are at 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta, binomtest

from m3ad.errors import Conflict
from m3ad.metrics.paired import CONFIDENCE, Interval


@dataclass(frozen=True, slots=True)
class Rate:
    """`part` of `whole` cases."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """0..1; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> Interval | None:
        """Two-sided, exact, 95 %; None of nothing."""
        if not self.whole:
            return None
        found = binomtest(self.part, self.whole).proportion_ci(CONFIDENCE, method="exact")
        return float(found.low), float(found.high)

    @property
    def bound(self) -> float:
        """One-sided upper bound, exact, 95 %; 1 of nothing: nothing is known."""
        return upper_bound(self.part, self.whole)


def upper_bound(part: int, whole: int) -> float:
    """What the true share stays below with 95 % confidence after `part` of `whole`."""
    return 1.0 if part >= whole else float(beta.ppf(CONFIDENCE, part + 1, whole - part))


def needed(target: float, part: int = 0) -> int:
    """The fewest cases of which `part` may fail for the claim "at most `target` (a share) fail", at 95 %.

    Raises:
        Conflict: a target that no number of cases can show.
    """
    if not 0 < target < 1:
        raise Conflict(f"A target of {100 * target:g} % cannot be shown. Choose one between 0 and 100 %.")
    low, high = part, part + 1  # the bound falls with every further case
    while upper_bound(part, high) > target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper_bound(part, middle) > target else (low, middle)
    return high
