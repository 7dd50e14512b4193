"""What the paper says of its ablations, and whether ours say the same: sentences made from numbers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.ablations.statistics import Estimate


@dataclass(frozen=True)
class Claim:
    """The paper says that something rises (`falls`: that it falls); `difference` is ours."""

    words: str
    difference: Estimate
    falls: bool = False

    @property
    def sentence(self) -> str:
        """Whether ours agree, in a sentence with the difference and its interval."""
        low, high = self.difference.interval
        value = self.difference.value
        measured = f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
        if low <= 0 <= high or value != value:
            return f"**Not to be told**: {self.words}. Ours: {measured}, which holds zero."
        agrees = (value < 0) == self.falls
        return f"**{'Agrees' if agrees else 'The opposite'}**: {self.words}. Ours: {measured}."
