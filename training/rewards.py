"""The three rewards of RCRL as TRL calls them, with the figures a person watches beside them. Built on `m3ad.rewards`.

Total over any text a model may write. Knows no torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from m3ad.metrics import detection, outcomes
from m3ad.records import Outcome, Trace, Verdict
from m3ad.rewards import RewardConfig, Rewards, rewards
from m3ad.trace import read

Pair = tuple[Verdict, Trace]
OnSample = Callable[[int, dict[str, Any]], None]


class Judge:
    """Pays completions. The methods `consistency`, `accuracy` and `reflection` are TRL reward functions, unweighted.

    TRL gives every column of the data as keyword: here `case` and `truth` (a verdict as JSON text), one per completion.
    """

    def __init__(self, config: RewardConfig, on_sample: OnSample) -> None:
        """`on_sample(step, what)` is called once per batch with the first completion; see `sample_of`."""
        self._config = config
        self._on_sample = on_sample
        self._seen: tuple[tuple[str, ...], list[Pair], list[Rewards]] = ((), [], [])

    def functions(self) -> list[Callable[..., list[float]]]:
        """The three reward functions, in the order of `weights`."""
        return [self.consistency, self.accuracy, self.reflection]

    def weights(self) -> list[float]:
        """The weight of each function in the sum."""
        config = self._config
        return [config.consistency_weight, config.accuracy_weight, config.reflection_weight]

    def consistency(self, completions: Sequence[Any], truth: Sequence[str], **_: Any) -> list[float]:
        """0 or 1: is the form right."""
        return [paid.consistency for paid in self._pay(completions, truth)[1]]

    def accuracy(self, completions: Sequence[Any], truth: Sequence[str], **_: Any) -> list[float]:
        """0, or 1 and the scores of types and places."""
        return [paid.accuracy for paid in self._pay(completions, truth)[1]]

    def reflection(
        self,
        completions: Sequence[Any],
        truth: Sequence[str],
        case: Sequence[str],
        trainer_state: Any,
        log_metric: Callable[[str, float], None],
        **_: Any,
    ) -> list[float]:
        """What reflections did to the decision; also logs the figures and one sample, being the last of the three."""
        pairs, paid = self._pay(completions, truth)
        for name, value in figures(pairs).items():
            log_metric(name, value)
        self._on_sample(trainer_state.global_step, sample_of(case[0], pairs[0], paid[0]))
        return [one.reflection for one in paid]

    def _pay(self, completions: Sequence[Any], truth: Sequence[str]) -> tuple[list[Pair], list[Rewards]]:
        """Read and pay a batch once for all three functions."""
        texts = [completion[0]["content"] for completion in completions]
        key = (*texts, *truth)
        if self._seen[0] != key:
            pairs = [(Verdict.from_json(json.loads(t)), read(text)) for text, t in zip(texts, truth, strict=True)]
            self._seen = (key, pairs, [rewards(verdict, trace, self._config) for verdict, trace in pairs])
        return self._seen[1], self._seen[2]


def figures(pairs: Sequence[Pair]) -> dict[str, float]:
    """What a person watches during RCRL, as shares of the batch.

    When the initial accuracy falls while the final one holds, the model has learnt to err first and to be paid for the
    correction: the paper's reflection reward makes that possible.
    """
    happened = outcomes(pairs)
    count = len(pairs)
    final, initial = detection(pairs), detection(pairs, initial=True)
    return {
        "reflection/rate": sum(trace.reflected for _, trace in pairs) / count,
        "reflection/fixed": happened.get(Outcome.FIXED, 0) / count,
        "reflection/broke": happened.get(Outcome.BROKE, 0) / count,
        "unreadable": final.unreadable / count,
        "accuracy/initial": initial.accuracy or 0.0,
        "accuracy/final": final.accuracy or 0.0,
    }


def sample_of(case: str, pair: Pair, paid: Rewards) -> dict[str, Any]:
    """One completion as events.jsonl keeps it, with its three rewards and their weighted sum `reward`."""
    truth, trace = pair
    parts = asdict(paid)
    return {"case": case, "completion": trace.text, "truth": truth.to_json(), **parts, "reward": parts.pop("total")}
