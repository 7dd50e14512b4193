"""From what a person changed to the exact recipe of a branch. No gradio, no model."""

from __future__ import annotations

from dataclasses import dataclass, replace

from m3ad.errors import Conflict
from m3ad.picture_changes import PictureChange, seen
from m3ad.recipes import BranchKind, Recipe
from m3ad.records import Mode
from m3ad.trace_sections import has_tags
from ui.lens_nodes import Node

DRAWN = 8  # answers of "Sample 8"
TEMPERATURE = 1.0  # of RCRL (SPEC), so that what is drawn is what it would have been paid for
THOUGHT = "</think>"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person changed.

    Attributes:
        start, end: characters of the node's text that are replaced (kind "edited").
        words: what stands there in their place, "" to cut; or the other instructions (kind "other definitions").
        change: what is done to the picture (kind "picture changed").
        fresh: go on by chance, with a seed that was not used yet, in place of the likeliest words.
    """

    kind: BranchKind
    start: int = 0
    end: int = 0
    words: str = ""
    change: PictureChange | None = None
    fresh: bool = False


def recipe(parent: Node, wish: Wish, seed: int) -> Recipe:
    """What the model is to be asked; `seed` is used where it goes on by chance.

    Raises:
        Conflict: what was changed makes no sense with this parent.
    """
    base = replace(parent.recipe, text="", temperature=0.0, seed=0, drawn=None, words="")
    made = _RECIPES[wish.kind](parent, wish, base)
    by_chance = wish.fresh or wish.kind is BranchKind.SEED
    return replace(made, seed=seed, temperature=TEMPERATURE) if by_chance else made


def draws(parent: Node, seed: int) -> list[Recipe]:
    """The recipes of answers that are drawn together: the model decides by itself whether it reflects."""
    base = replace(parent.recipe, text="", mode=Mode.AUTO, seed=seed, temperature=TEMPERATURE, words="")
    return [replace(base, drawn=(number, DRAWN)) for number in range(DRAWN)]


def _edited(parent: Node, wish: Wish, base: Recipe) -> Recipe:
    text = parent.written.text
    if not 0 <= wish.start < wish.end <= len(text):
        raise Conflict("That sentence is not in this text any more. Choose it again.")
    if has_tags(wish.words):
        raise Conflict(
            "The sentence holds a tag of the format, such as <answer>. Write prose; the model writes the tags."
        )
    old, new = " ".join(text[wish.start : wish.end].split()), " ".join(wish.words.split())
    if old == new and not wish.fresh:
        raise Conflict("The sentence is as it was: the model would write the same again. Change it, or cut it.")
    return replace(base, text=text[: wish.start] + wish.words.strip(), words=new or f"without: {old}")


def _forced(parent: Node, wish: Wish, base: Recipe) -> Recipe:
    if parent.written.reflected:
        raise Conflict("This answer reflects already. Edit its reflection, or forbid it.")
    return replace(base, text=_thought(parent), mode=Mode.REFLECTIVE)


def _forbidden(parent: Node, wish: Wish, base: Recipe) -> Recipe:
    if not parent.written.reflected:
        raise Conflict("This answer does not reflect: there is nothing to forbid.")
    return replace(base, text=_thought(parent), mode=Mode.THINKING)


def _thought(parent: Node) -> str:
    """The thinking as it was written, closed: the model decides next."""
    before, tag, _ = parent.written.text.partition(THOUGHT)
    if not tag:
        raise Conflict(f"This answer has no {THOUGHT}: there is no place where it would begin to reflect.")
    return before + tag


def _definitions(parent: Node, wish: Wish, base: Recipe) -> Recipe:
    return replace(base, system=wish.words.strip(), words="other instructions")


def _picture(parent: Node, wish: Wish, base: Recipe) -> Recipe:
    if wish.change is None:
        raise Conflict("Draw a region on the picture first.")
    changes = (*base.changes, wish.change)
    seen(changes)  # a cut that leaves nothing is refused now, not by the model
    return replace(base, changes=changes, words=wish.change.kind.value)


def _again(parent: Node, wish: Wish, base: Recipe) -> Recipe:
    return base


_RECIPES = {
    BranchKind.EDITED: _edited,
    BranchKind.FORCED: _forced,
    BranchKind.FORBIDDEN: _forbidden,
    BranchKind.DEFINITIONS: _definitions,
    BranchKind.PICTURE: _picture,
    BranchKind.SEED: _again,
}
