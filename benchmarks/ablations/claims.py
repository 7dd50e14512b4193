"""What the paper says of its ablations, and whether ours say the same: sentences made from numbers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.ablations.statistics import Estimate


@dataclass(frozen=True)
class Claim:
    """A difference between ways of training, ours and the paper's.

    Attributes:
        words: what differs, e.g. "type F1, reflective data against thinking data".
        ours: the difference with its interval.
        paper: the difference of the paper's printed 4B numbers as a share, or "rises" or "falls" where it prints none.
    """

    words: str
    ours: Estimate
    paper: float | str

    @property
    def sentence(self) -> str:
        """Whether ours agree with the paper in direction."""
        low, high = self.ours.interval
        value = self.ours.value
        said = self.paper if isinstance(self.paper, str) else f"{self.paper:+.3f}"
        numbers = f"{self.words}. The paper: {said}; ours: {value:+.3f} [{low:+.3f}, {high:+.3f}]"
        if low <= 0 <= high or value != value:
            return f"**Not to be told**: {numbers}, which holds zero."
        rises = self.paper == "rises" if isinstance(self.paper, str) else self.paper > 0
        return f"**{'Agrees' if (value > 0) == rises else 'The opposite'}**: {numbers}."
