"""Several answers to one picture: what they decide, how far they agree, and what RCRL would pay each of them.

Plain functions of texts that were read; they need no model, so the rewards can be changed and the ranking seen anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from m3ad.metrics import location_score, type_score
from m3ad.records import Trace, Verdict
from m3ad.rewards import RewardConfig, Rewards, rewards

# TRL's, so that equal rewards divide nothing by zero.
_EPSILON = 1e-4


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of several answers decide what."""

    anomalous: int
    normal: int
    unreadable: int

    @property
    def agreement(self) -> float | None:
        """The share of the most frequent decision, 0..1; to be unreadable is none. None without answers."""
        count = self.anomalous + self.normal + self.unreadable
        return max(self.anomalous, self.normal) / count if count else None


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One answer as RCRL pays it.

    Attributes:
        rewards: consistency, accuracy, reflection, and their weighted sum.
        type, location: the two scores that its accuracy holds, 0..1, unweighted; None where it holds none of them: the
            answer is wrong, the part is sound, or (location) its truth has no box.
        advantage: its total against those of its group, by which GRPO weighs it: less the mean, divided by the
            standard deviation.
    """

    trace: Trace
    rewards: Rewards
    type: float | None
    location: float | None
    advantage: float


def tally(verdicts: Iterable[Verdict | None]) -> Tally:
    """What several verdicts, initial or final ones, decide."""
    decided = [None if verdict is None else verdict.anomalous for verdict in verdicts]
    return Tally(decided.count(True), decided.count(False), decided.count(None))


def paid(truth: Verdict, traces: Sequence[Trace], config: RewardConfig) -> list[Trajectory]:
    """Each of a group of answers to the same picture with its rewards, in the order given."""
    each = [rewards(truth, trace, config) for trace in traces]
    scores = [_scores(truth, trace) for trace in traces]
    gained = advantages([one.total for one in each])
    return (
        [Trajectory(*row) for row in zip(traces, each, *zip(*scores, strict=True), gained, strict=True)] if each else []
    )


def advantages(totals: Sequence[float]) -> list[float]:
    """The group advantages of RCRL with `scale_rewards` "group": the standard deviation is that of a sample (n - 1)."""
    if len(totals) < 2:
        return [0.0] * len(totals)
    mean, spread = fmean(totals), stdev(totals)
    return [(total - mean) / (spread + _EPSILON) for total in totals]


def _scores(truth: Verdict, trace: Trace) -> tuple[float | None, float | None]:
    found = trace.verdict
    if found is None or not (truth.anomalous and found.anomalous):
        return None, None
    return type_score(truth, found), location_score(truth, found)
