"""One question of the lens to a model, from the click to its end: writing, drawing, measuring. No store, no gradio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from PIL.Image import Image

from m3ad.errors import Conflict
from m3ad.monitor.base import Answer, Monitor
from m3ad.occlusion import occlusion
from m3ad.recipes import Recipe
from m3ad.records import Inspection
from m3ad.sentences import sentences
from ui.background import Task
from ui.lens_nodes import Node

GRID = 8  # rows and columns of the map


@dataclass(eq=False, kw_only=True)
class LensTask(Task):
    """One question about one node.

    Attributes:
        what: "branch", "samples", "replay", "curve", "tokens" or "map".
        stage: "waiting" (for the model, or for its loading) or "asking".
        text: what is written so far, with what the model was given; "" while nothing is written.
        done, whole: how much of the work there is, in its own steps; whole 0: nobody knows.
        found: what is measured so far.
        made: keys of the branches that were stored.
        says: how it ended, for people.
    """

    inspection: Inspection
    node: Node
    user: str
    what: str
    stage: str = "waiting"
    text: str = ""
    done: int = 0
    whole: int = 0
    found: Any = None
    made: list[str] = field(default_factory=list)
    says: str = ""


def write(task: LensTask, monitor: Monitor, image: Image, asked: Recipe) -> Answer | None:
    """Let the model answer, its text in the task as it comes."""
    if asked.drawn is not None:
        return _drawn_again(task, monitor, image, asked)
    task.text = asked.text
    with monitor.lens(image, system=asked.system) as lens:
        for piece in lens.go_on(
            asked.text, mode=asked.mode, seed=asked.seed, temperature=asked.temperature, cancelled=task.stop.is_set
        ):
            if isinstance(piece, Answer):
                return piece
            task.text += piece
    return None


def sample(task: LensTask, monitor: Monitor, image: Image, asked: Recipe, count: int) -> Iterator[Answer]:
    """Answers that are drawn together, as they are finished."""
    task.whole = count
    with monitor.lens(image, system=asked.system) as lens:
        for answer in lens.sample(count, seed=asked.seed, temperature=asked.temperature, cancelled=task.stop.is_set):
            task.done += 1
            yield answer


def _drawn_again(task: LensTask, monitor: Monitor, image: Image, asked: Recipe) -> Answer | None:
    """One of several answers that were drawn together: all have to be drawn again."""
    number, count = asked.drawn or (0, 1)
    for at, answer in enumerate(sample(task, monitor, image, asked, count)):
        if at == number:
            return answer
    return None


def curve(task: LensTask, monitor: Monitor, image: Image) -> None:
    """[(offset, P(anomalous) if the prose ended there)]: before the first sentence, and at the end of each."""
    text = task.node.written.text
    found = sentences(text)
    places = [*([found[0].start] if found else []), *(sentence.end for sentence in found)]
    task.whole, task.found = len(places), []
    with monitor.lens(image, system=task.node.recipe.system) as lens:
        for place in places:
            if task.stop.is_set():
                return
            task.found = [*task.found, (place, lens.probe(text, [place])[0])]
            task.done += 1


def tokens(task: LensTask, monitor: Monitor, image: Image) -> None:
    """[[offset, text, probability, [[other text, probability], ...]]] of each token of the node's text."""
    with monitor.lens(image, system=task.node.recipe.system) as lens:
        task.found = [
            [one.start, one.text, one.probability, [[other.text, other.probability] for other in one.alternatives]]
            for one in lens.tokens(task.node.written.text)
        ]


def mattered(task: LensTask, monitor: Monitor, image: Image) -> None:
    """An `OcclusionMap` of the picture that the node was shown, after the thinking that the node has."""
    if task.node.recipe.system is not None:
        raise Conflict("This branch was asked with other instructions, and the map asks with the model's own.")
    thinking, closing, _ = task.node.written.text.partition("</think>")
    asked = thinking if closing else None
    for found in occlusion(monitor, image, text=asked, rows=GRID, columns=GRID, cancelled=task.stop.is_set):
        task.whole, task.done, task.found = found.rows * found.columns, found.done, found


MEASURES: dict[str, Callable[[LensTask, Monitor, Image], None]] = {"curve": curve, "tokens": tokens, "map": mattered}
