"""What the lens asks models, and what comes of it: work that goes on when the page is closed. No gradio, no torch.

One piece of work at a time for a case and a model; everybody who looks at that case sees it. Branches go to the store;
curves, tokens and maps are kept in memory, as long as there is room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from PIL.Image import Image

from m3ad.errors import Conflict
from m3ad.images import open_image
from m3ad.monitor.base import Answer, Monitor
from m3ad.picture_changes import changed
from m3ad.recipes import BranchKind, Recipe
from m3ad.records import Inspection
from m3ad.trajectories import Tally, tally
from ui.background import begin
from ui.context import Context
from ui.lens_nodes import Node, begun, find, tree
from ui.lens_recipes import Wish, draws, recipe
from ui.lens_work import MEASURES, LensTask, sample, write

KEPT = 200  # measured texts
Step = Callable[[Monitor, Image], None]


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
        """What was measured of a node: see `ui.lens_work`; None when it was not."""
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

        def work(monitor: Monitor, image: Image) -> None:
            self._keep(task, wish.kind, made, write(task, monitor, image, made))

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
        task = LensTask(inspection=inspection, node=node, user=user, what="samples")

        def work(monitor: Monitor, image: Image) -> None:
            drawn = []
            answers = sample(task, monitor, image, recipes[0], len(recipes))
            for made, answer in zip(recipes, answers, strict=False):
                self._keep(task, BranchKind.SEED, made, answer)
                drawn.append(answer.trace.verdict)
            task.says = drawn_words(tally(drawn))

        return self._begin(task, recipes[0], work)

    def replay(self, inspection: Inspection, key: str, user: str) -> LensTask:
        """Ask again what a branch was made from; another text is kept as a branch beside it. Raises as `grow`."""
        nodes = tree(self._context.store, inspection)
        node = find(nodes, key)
        if node.kind is None:
            raise Conflict("This is the inspection itself. Inspect the case again in Inspect.")
        parent, kind = find(nodes, node.parent or ""), node.kind
        task = LensTask(inspection=inspection, node=parent, user=user, what="replay")

        def work(monitor: Monitor, image: Image) -> None:
            answer = write(task, monitor, image, node.recipe)
            if task.stop.is_set():
                return
            if answer is not None and answer.text == node.written.text:
                task.says = "Replayed: the same text, word for word."
            elif self._keep(task, kind, node.recipe, answer):
                task.says = "Replayed: another text this time, kept as a branch of its own."

        return self._begin(task, node.recipe, work)

    def measure(self, inspection: Inspection, key: str, what: str, user: str) -> LensTask:
        """Measure "curve", "tokens" or "map" of a node (`ui.lens_work`). Raises as `grow`."""
        node = find(tree(self._context.store, inspection), key)
        task = LensTask(inspection=inspection, node=node, user=user, what=what)

        def work(monitor: Monitor, image: Image) -> None:
            MEASURES[what](task, monitor, image)
            if not task.stop.is_set():
                with self._lock:
                    self._measured[(inspection.id, node.key, what)] = task.found
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
                work(monitor, image)
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


def drawn_words(found: Tally) -> str:
    """What several answers decide and how far they agree, as a sentence."""
    counts = {"anomalous": found.anomalous, "normal": found.normal, "unreadable": found.unreadable}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if found.agreement is None:
        return "No answer was drawn."
    return f"{sum(counts.values())} answers drawn: {said}. Agreement {round(100 * found.agreement)} %."


def _fresh_seed(nodes: list[Node]) -> int:
    return max((node.recipe.seed for node in nodes), default=0) + 1
