"""What became of a corrected case: whether a model is right about it before and after a run, and since which model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from m3ad.metrics.effect import Aspect, is_right
from m3ad.records import Verdict


class Became(StrEnum):
    """What a run did to one case, the worst first."""

    BROKEN = "newly broken"
    STILL_WRONG = "still wrong"
    NOW_RIGHT = "now right"
    STILL_RIGHT = "right as before"
    NOT_INSPECTED = "not inspected yet"


@dataclass(frozen=True, slots=True)
class Look:
    """What one model said of a case: its verdict, None when it cannot be read."""

    model: str
    verdict: Verdict | None

    def right(self, truth: Verdict, aspect: Aspect | None = None) -> bool:
        """Whether it is right in an aspect; None: in all of them (see `m3ad.metrics.effect.is_right`)."""
        return all(is_right(one, truth, self.verdict) for one in ([aspect] if aspect else Aspect))

    def fault(self, truth: Verdict) -> str:
        """In what it is wrong, in a word; empty when it is right."""
        if self.verdict is None:
            return "unreadable"
        return next((str(aspect) for aspect in Aspect if not is_right(aspect, truth, self.verdict)), "")


def became(truth: Verdict, before: Look | None, after: Look | None, aspect: Aspect | None = None) -> Became:
    """What became of a case between two models in an aspect; None: the worst of all three.

    A case that either model has not inspected is not judged.
    """
    if before is None or after is None:
        return Became.NOT_INSPECTED
    if aspect is None:
        return min((became(truth, before, after, one) for one in Aspect), key=list(Became).index)
    was, now = before.right(truth, aspect), after.right(truth, aspect)
    if was:
        return Became.STILL_RIGHT if now else Became.BROKEN
    return Became.NOW_RIGHT if now else Became.STILL_WRONG


def since_words(truth: Verdict, looks: Sequence[Look]) -> str:
    """Since which model a case is right, or wrong. `looks`: one of each model that inspected it, the oldest first."""
    if not looks:
        return "inspected by no model yet"
    right = [look.right(truth) for look in looks]
    last = looks[-1]
    turned = next((at for at in range(len(looks) - 1, 0, -1) if right[at - 1] != right[at]), None)
    if turned is None:
        return f"right with {last.model}" if right[-1] else f"still wrong with {last.model} ({last.fault(truth)})"
    before, first = looks[turned - 1], looks[turned]
    if right[-1]:
        return f"wrong before ({before.model}: {before.fault(truth)}), right since {first.model}"
    return f"right before ({before.model}), wrong since {first.model} ({last.fault(truth)})"
