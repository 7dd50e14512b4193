"""Which place of a text turned the decision: P(anomalous) at the sentence ends, read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

HALF = 0.5
LEAST = 0.05  # a smaller step is not worth a word


def turning(chances: Sequence[float | None]) -> tuple[int, bool] | None:
    """(number of the place, whether the decision turned there); None where nothing moved by LEAST or more.

    The last place at which P(anomalous) passes one half; where none does, the place of the largest step. Places that
    could not be measured are passed over.
    """
    known = [(number, chance) for number, chance in enumerate(chances) if chance is not None]
    steps = [(number, before, after) for (_, before), (number, after) in pairwise(known)]
    crossed = [number for number, before, after in steps if (before < HALF) != (after < HALF)]
    if crossed:
        return crossed[-1], True
    number, step = max(
        ((n, abs(after - before)) for n, before, after in steps), key=lambda one: one[1], default=(0, 0.0)
    )
    return (number, False) if step >= LEAST else None
