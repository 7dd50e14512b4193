"""Does the patch that matters most lie on the defect? Measured on drawn parts, whose defects are known exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from m3ad.demo.parts import CATEGORIES, Part, draw
from m3ad.geometry import Box
from m3ad.monitor import Answer, Monitor, inspect
from m3ad.occlusion import NO_REASONING, OcclusionMap, occlusion

SIZE = 224
SIDE = 8


@dataclass(frozen=True, slots=True)
class Pointed:
    """One map.

    Attributes:
        hit: the patch with the largest change of the odds touches a true box; None for a sound part.
        chance: the share of the patches that do, which is how often a patch drawn by lot would.
        strongest: the largest change of P(anomalous), up or down.
    """

    hit: bool | None
    chance: float
    strongest: float


def answered_parts(monitor: Monitor, count: int, *, anomalous: bool, seed: int) -> Iterator[tuple[Part, Answer]]:
    """So many fresh parts of the known categories that are so and that the model judges so, with its answers."""
    names = [category.name for category in CATEGORIES if not category.held_out]
    while count:
        part = draw(names[seed % len(names)], seed=seed, size=SIZE)
        seed += 1
        if part.verdict.anomalous is not anomalous or any(defect.box is None for defect in part.verdict.defects):
            continue
        answer = inspect(monitor, part.image)
        if answer.trace.verdict is not None and answer.trace.verdict.anomalous is anomalous and answer.trace.think:
            count -= 1
            yield part, answer


def pointed(monitor: Monitor, part: Part, answer: Answer) -> dict[str, Pointed]:
    """The map before the first word, and the one after the model's own thinking."""
    think = answer.text.partition("</think>")[0]
    return {
        place: judged(last(monitor, part, text), [defect.box for defect in part.verdict.defects if defect.box])
        for place, text in (("before its first word", NO_REASONING), ("after its own thinking", think))
    }


def last(monitor: Monitor, part: Part, text: str) -> OcclusionMap:
    """The whole map."""
    *_, found = occlusion(monitor, part.image, text=text, rows=SIDE, columns=SIDE)
    return found


def judged(found: OcclusionMap, boxes: list[Box]) -> Pointed:
    """The map beside the true boxes."""
    touched = [
        any(_overlap(found.box(row, column), box) for box in boxes)
        for row in range(found.rows)
        for column in range(found.columns)
    ]
    odds = [abs(change) for row in found.change_of_odds for change in row if change is not None]
    strongest = max(abs(change) for row in found.change for change in row if change is not None)
    return Pointed(touched[odds.index(max(odds))] if boxes else None, sum(touched) / len(touched), strongest)


def _overlap(a: Box, b: Box) -> bool:
    return min(a.x2, b.x2) > max(a.x1, b.x1) and min(a.y2, b.y2) > max(a.y1, b.y1)
