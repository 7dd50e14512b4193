"""What the lens asks models, and what comes of it: work that goes on when the page is closed. No gradio, no torch.

One piece of work at a time for a case and a model; everybody who looks at that case sees it. Branches go to the store;
curves, tokens and maps are kept in memory, as long as there is room.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from m3ad.errors import Conflict
from m3ad.images import open_image
from m3ad.monitor.base import Answer, Lens
from m3ad.picture_changes import changed
from m3ad.recipes import BranchKind, Recipe
from m3ad.records import Inspection
from m3ad.sentences import sentences
from ui.background import Task, begin
from ui.context import Context
from ui.lens_nodes import Node, begun, decision_word, find, tree
from ui.lens_recipes import Wish, draws, recipe

KEPT = 200  # measured texts
Step = Callable[["LensTask", Lens], None]


@dataclass(eq=False, kw_only=True)
class LensTask(Task):
    """One question to a model about one node, from the click to its end.

    Attributes:
        what: "branch", "samples", "curve", "tokens", "map" or "replay".
        stage: "waiting" (for the model, or for its loading), "asking" or "over".
        text: what is written so far, with what the model was given; "" while nothing is written.
        done, whole: how much of the work there is, in its own steps; whole 0: nobody knows.
        made: keys of the branches that it has stored.
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
    made: list[str] = field(default_factory=list)
    says: str = ""


class LensDesk:
    """The questions under way, and what was measured."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._tasks: dict[tuple[int, str], LensTask] = {}
        self._measured: OrderedDict[tuple[int, str, str], Any] = OrderedDict()

    def task(self, case_id: int, model: str) -> LensTask | None:
        """The latest question about this case to this model; None when there was none since the app started."""
        with self._lock:
            return self._tasks.get((case_id, model))

    def measured(self, inspection: Inspection, node: Node, what: str) -> Any:
        """What was measured of a node: see `curve`, `tokens`; None when it was not."""
        with self._lock:
            return self._measured.get((inspection.id, node.key, what))

    def grow(self, inspection: Inspection, key: str, wish: Wish, user: str) -> LensTask:
        """Let the model go on from what a person changed; the answer is stored as a branch.

        Raises:
            Conflict: the change makes no sense, or another question about this case is under way.
            NotFound: the node is not in the tree.
        """
        nodes = tree(self._context.store, inspection)
        node = find(nodes, key)
        made = recipe(node, wish, _fresh_seed(nodes))
        node = node if made.text else begun(nodes, node)
        task = LensTask(inspection=inspection, node=node, user=user, what="branch")

        def work(task: LensTask, lens: Lens) -> None:
            self._keep(task, wish.kind, made, _write(task, lens, made))

        return self._begin(task, made, work)

    def answer(self, inspection: Inspection, key: str, what: str, user: str) -> LensTask:
        """Begin "samples", "replay", or a measurement. Raises as `grow`."""
        if what == "samples":
            return self.draw(inspection, key, user)
        if what == "replay":
            return self.replay(inspection, key, user)
        return self.measure(inspection, key, what, user)

    def draw(self, inspection: Inspection, key: str, user: str) -> LensTask:
        """Draw answers as RCRL does, each stored as a branch when it is finished. Raises as `grow`."""
        nodes = tree(self._context.store, inspection)
        node = begun(nodes, find(nodes, key))
        recipes = draws(node, _fresh_seed(nodes))
        task = LensTask(inspection=inspection, node=node, user=user, what="samples", whole=len(recipes))

        def work(task: LensTask, lens: Lens) -> None:
            one = recipes[0]
            answers = lens.sample(len(recipes), seed=one.seed, temperature=one.temperature, cancelled=task.stop.is_set)
            drawn: list[str] = []
            for made, answer in zip(recipes, answers, strict=False):
                self._keep(task, BranchKind.SEED, made, answer)
                drawn.append(decision_word(answer.trace.verdict))
                task.done += 1
            task.says = f"{task.done} answers drawn: {_counted(drawn)}."

        return self._begin(task, recipes[0], work)

    def replay(self, inspection: Inspection, key: str, user: str) -> LensTask:
        """Ask again what a branch was made from; another text is kept as a branch beside it. Raises as `grow`."""
        nodes = tree(self._context.store, inspection)
        node = find(nodes, key)
        if node.kind is None:
            raise Conflict("This is the inspection itself. Inspect the case again in Inspect.")
        parent, kind = find(nodes, node.parent or ""), node.kind
        task = LensTask(inspection=inspection, node=parent, user=user, what="replay")

        def work(task: LensTask, lens: Lens) -> None:
            answer = _again(task, lens, node.recipe)
            if task.stop.is_set():
                return
            if answer is not None and answer.text == node.written.text:
                task.says = "Replayed: the same text, word for word."
            elif self._keep(task, kind, node.recipe, answer):
                task.says = "Replayed: another text this time, kept as a branch of its own."

        return self._begin(task, node.recipe, work)

    def measure(self, inspection: Inspection, key: str, what: str, user: str) -> LensTask:
        """Measure a node's text: "curve" or "tokens". Raises as `grow`."""
        node = find(tree(self._context.store, inspection), key)
        task = LensTask(inspection=inspection, node=node, user=user, what=what)

        def work(task: LensTask, lens: Lens) -> None:
            found = _MEASURES[what](task, lens)
            if not task.stop.is_set():
                with self._lock:
                    self._measured[(inspection.id, node.key, what)] = found
                    while len(self._measured) > KEPT:
                        self._measured.popitem(last=False)

        return self._begin(task, node.recipe, work)

    def stop(self, case_id: int, model: str) -> None:
        """End the question under way at the model's next opportunity, if there is one."""
        task = self.task(case_id, model)
        if task is not None:
            task.stop.set()

    def _begin(self, task: LensTask, asked: Recipe, work: Step) -> LensTask:
        place = (task.inspection.case_id, task.node.model)
        with self._lock:
            known = self._tasks.get(place)
            if known is not None and known.running:
                raise Conflict("The model is still at work on this case. Wait for it, or stop it.")
            self._tasks[place] = task
        begin(task, lambda: self._work(task, asked, work))
        return task

    def _work(self, task: LensTask, asked: Recipe, work: Step) -> None:
        case = self._context.store.case(task.inspection.case_id)
        image = changed(open_image(case.primary.path), asked.changes)
        with self._context.monitors.use(task.node.model) as monitor:
            if not task.stop.is_set():
                task.stage = "asking"
                with monitor.lens(image, system=asked.system) as lens:
                    work(task, lens)
        if task.stop.is_set():
            task.says = "Stopped."

    def _keep(self, task: LensTask, kind: BranchKind, made: Recipe, answer: Answer | None) -> bool:
        """Store an answer that has words of its own; whether it did."""
        if answer is None or answer.text == made.text:
            return False
        branch = self._context.store.branches.add(
            task.inspection.id, task.node.branch_id, kind, made, task.node.model, answer, author=task.user
        )
        task.made.append(str(branch.id))
        return True


def _counted(words: list[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common()) or "none"


def _fresh_seed(nodes: list[Node]) -> int:
    return max((node.recipe.seed for node in nodes), default=0) + 1


def _again(task: LensTask, lens: Lens, made: Recipe) -> Answer | None:
    """The answer of a recipe, whichever way it was made."""
    if made.drawn is None:
        return _write(task, lens, made)
    number, task.whole = made.drawn
    for answer in lens.sample(task.whole, seed=made.seed, temperature=made.temperature, cancelled=task.stop.is_set):
        task.done += 1
        if task.done > number:
            return answer
    return None


def _write(task: LensTask, lens: Lens, made: Recipe) -> Answer | None:
    """Let the model go on, its text in the task as it comes."""
    task.text = made.text
    for piece in lens.go_on(
        made.text, mode=made.mode, seed=made.seed, temperature=made.temperature, cancelled=task.stop.is_set
    ):
        if isinstance(piece, Answer):
            return piece
        task.text += piece
    return None


def curve(task: LensTask, lens: Lens) -> list[tuple[int, float | None]]:
    """(character offset, P(anomalous) if the prose ended there): before the first sentence, and at the end of each."""
    text = task.node.written.text
    found = sentences(text)
    places = [*([found[0].start] if found else []), *(sentence.end for sentence in found)]
    task.whole = len(places)
    measured: list[tuple[int, float | None]] = []
    for place in places:
        if task.stop.is_set():
            break
        measured.append((place, lens.probe(text, [place])[0]))
        task.done += 1
    return measured


def tokens(task: LensTask, lens: Lens) -> list[list[Any]]:
    """[offset, text, probability, [[other text, probability], ...]] of each token of the node's text."""
    return [
        [one.start, one.text, one.probability, [[other.text, other.probability] for other in one.alternatives]]
        for one in lens.tokens(task.node.written.text)
    ]


_MEASURES: dict[str, Callable[[LensTask, Lens], Any]] = {"curve": curve, "tokens": tokens}
