"""The template writer: prose for <think> and <reflection> where no teacher model writes it.

The paper lets a large model write the captions from the image with its defect regions highlighted (M3-AD-FT, step 3).
This module writes the same two fields from the verdict alone, in short varied sentences with a small vocabulary, so
that a small model on a CPU can learn to read them off the image. Everything it says is in the verdict: what, where, how
large. `m3ad.verdict_text.initial_verdict` reads the decision of every think text back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.trace import write_box

SMALL = 0.01  # share of the image under which a mark is called small
LARGE = 0.12
_ROUGH = 20  # steps of a first look's boxes
_SIGNS = str.maketrans("_<>", "   ")
# How the taxonomy's names stand in a sentence; every other name is a thing that can be counted.
_STATES = {"bent", "broken", "rusty"}
_UNCOUNTED = {
    "abrasion", "breakage", "contamination", "corrosion", "debris", "delamination", "displacement", "distortion",
    "fragmentation", "irregularity", "moisture", "oxidation corrosion", "peeling", "pitting", "quantity errors",
    "roughness",
    "size errors", "warping",
}  # fmt: skip

# A normal and an anomalous text begin with the same words and part at one word. Greedy decoding takes the likeliest
# next word: with more ways to begin one kind, the other would always win, whatever the image shows.
_NORMAL_SEEN = (
    "The {part} is complete and clean.",
    "On the {part} nothing stands out.",
    "Seen closely, the {part} is regular.",
)
_SEEN = (
    "The {part} shows {marks}.",
    "On the {part} I see {marks}.",
    "Seen closely, the {part} has {marks}.",
)
_NORMAL_DECISION = ("There is no defect.", "The {part} has no defect.", "I see no defect.")
_DECISION = ("The {part} is abnormal with {types}.", "It is abnormal with {types}.", "This is abnormal with {types}.")
# A list of what is in each place would look more thorough, but commits to one place after the other before the whole is
# decided; a small model that learnt such lists broke more right decisions than it mended (docs/LOG.md).
_AGAIN = ("Checked again.", "A second look.", "Seen once more.")
# Here too what is kept and what is revised begin with the same words.
_KEPT_NORMAL = (
    "No edge is broken and no mark stands out.",
    "The surface is the same everywhere.",
    "Nothing stands out.",
)
_FOUND = (
    "The first look missed {marks}.",
    "This shows {marks}.",
    "That speaks against it: {marks}.",
)
_KEPT = (
    "So {marks} can be seen clearly.",
    "This confirms {marks}.",
    "The evidence is there: {marks}.",
)
_GONE = (
    "What looked like a defect is only light or pattern.",
    "Nothing is broken there.",
    "The evidence is missing: the place looks regular.",
)
_KEEP = ('I keep "{decision}".', 'The decision "{decision}" is kept.')
_REVISE = ('I revise from "{before}" to "{after}".', 'The decision changes from "{before}" to "{after}".')


@dataclass(frozen=True, slots=True)
class Caption:
    """The prose of an example, without tags. `reflection` is None in thinking mode."""

    think: str
    reflection: str | None = None


def write_caption(truth: Verdict, initial: Verdict | None, category: str, rng: random.Random) -> Caption:
    """A think text on `truth`; or, given an `initial` decision to reflect on, one on that and a reflection."""
    think = write_think(initial or truth, category, rng)
    return Caption(think, write_reflection(initial, truth, rng) if initial else None)


def write_think(verdict: Verdict, category: str, rng: random.Random) -> str:
    """One sentence on what is seen and one with the decision; at most about 27 words for a verdict with one defect.

    The boxes stand beside their defects, so that the first look has places of its own to compare with the final ones;
    but roughly (`rough`), in every mode. With the truth's exact boxes in one mode and a model's own, rounder ones in
    the other, the digits would tell whether a reflection follows.
    """
    part = _words(category)
    if not verdict.anomalous:
        return f"{rng.choice(_NORMAL_SEEN)} {rng.choice(_NORMAL_DECISION)}".format(part=part)
    text = f"{rng.choice(_SEEN)} {rng.choice(_DECISION)}"
    return text.format(part=part, marks=_marks(verdict, with_boxes=True), types=_types(verdict))


def write_reflection(initial: Verdict, final: Verdict, rng: random.Random) -> str:
    """Looks again, says what speaks for or against the initial decision, then keeps or revises it.

    Args:
        initial: the decision at the end of <think>; its defects need no boxes.
        final: the verdict that will follow.
    """
    before, after = decision(initial), decision(final)
    if before == after:
        seen, end = rng.choice(_KEPT if final.anomalous else _KEPT_NORMAL), rng.choice(_KEEP)
    else:
        seen, end = rng.choice(_FOUND if final.anomalous else _GONE), rng.choice(_REVISE)
    return f"{rng.choice(_AGAIN)} {seen} {end}".format(marks=_marks(final), decision=after, before=before, after=after)


def decision(verdict: Verdict) -> str:
    """The decision in the words of the paper's figures: "no defect" or "abnormal with bent and scratch"."""
    return f"abnormal with {_types(verdict)}" if verdict.anomalous else "no defect"


def think_end(verdict: Verdict) -> str:
    """The plainest last sentence of a think text with this verdict."""
    return f"It is {decision(verdict)}." if verdict.anomalous else "There is no defect."


def reflection_end(initial: Verdict, final: Verdict) -> str:
    """The plainest last sentence of a reflection: it keeps or revises."""
    before, after = decision(initial), decision(final)
    return (_KEEP if before == after else _REVISE)[0].format(decision=after, before=before, after=after)


def place(box: Box) -> str:
    """Where a box lies, in words, e.g. "in the upper left" (thirds of the image by the box's centre)."""
    row, column = ("upper", "", "lower")[_third(box.y1 + box.y2)], ("left", "", "right")[_third(box.x1 + box.x2)]
    if row and column:
        return f"in the {row} {column}"
    if row:
        return f"in the {row} middle"
    return f"on the {column}" if column else "in the middle"


def rough(box: Box) -> Box:
    """A box as a first look gives it, to the nearest twentieth of the image, each side at least that long."""
    x1, y1, x2, y2 = box.clipped().as_tuple()
    (x1, x2), (y1, y2) = _twentieths(x1, x2), _twentieths(y1, y2)
    return Box(x1, y1, x2, y2)


def _twentieths(low: float, high: float) -> tuple[float, float]:
    first, last = round(low * _ROUGH), round(high * _ROUGH)
    if first == last:  # the step that the middle lies in
        first = min(_ROUGH - 1, int((low + high) / 2 * _ROUGH))
        last = first + 1
    return first / _ROUGH, last / _ROUGH


def _third(ends: float) -> int:
    """0 to 2, for the sum of two ends of a stretch."""
    return min(2, max(0, int(ends / 2 * 3)))


def _marks(verdict: Verdict, *, with_boxes: bool = False) -> str:
    return _join([_mark(defect, with_boxes) for defect in verdict.defects]) or "a defect"


def _mark(defect: Defect, with_box: bool) -> str:
    name = _words(defect.type) or "defect"
    area = defect.box.area if defect.box else (SMALL + LARGE) / 2
    size = "small " if area < SMALL else "large " if area > LARGE else ""
    thing = f"{size}{name} area" if name in _STATES else f"{size}{name}"
    if name not in _UNCOUNTED:
        thing = f"an {thing}" if thing[0] in "aeiou" else f"a {thing}"
    if defect.box is None:
        return thing
    return f"{thing} {place(defect.box)}" + (f" {write_box(rough(defect.box))}" if with_box else "")


def _types(verdict: Verdict) -> str:
    return _join(list(dict.fromkeys(_words(d.type) for d in verdict.defects if d.type))) or "a defect"


def _join(items: list[str]) -> str:
    return items[0] if len(items) == 1 else " and ".join((", ".join(items[:-1]), items[-1])) if items else ""


def _words(name: str) -> str:
    """A name as it stands in a sentence: without the signs of which the format's tags are made."""
    return " ".join(name.translate(_SIGNS).split())
