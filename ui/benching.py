"""Evaluations under way, whoever watches: closing the page neither stops nor loses one. Knows no Gradio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL.Image import Image

from db.store import Store
from m3ad.bench.records import Part
from m3ad.errors import Conflict, ModelUnavailable
from m3ad.monitor.base import Answer, BatchMonitor
from m3ad.records import Mode
from training.evaluating import Progress, Question, evaluate
from training.teacher_limits import Limits
from ui.background import Task, begin

if TYPE_CHECKING:
    from ui.context import Monitors


@dataclass(eq=False)
class Round(Task):
    """Evaluations under way; `model` and `set_name` say which one, `progress` is None until the model is loaded."""

    model: str
    set_name: str
    progress: Progress | None = None

    def tell(self, now: Progress) -> None:
        """Take over how far it is."""
        self.progress = now


class SharedMonitor:
    """A model of the page for one batch at a time: what people inspect meanwhile waits for a batch, not for the end."""

    def __init__(self, monitors: Monitors, model: str) -> None:
        self._monitors = monitors
        self._model = model

    @property
    def prompt(self) -> str:
        """The version of what the model is told; loads it."""
        with self._monitors.use(self._model) as monitor:
            return monitor.prompt

    @property
    def weights(self) -> str:
        """The fingerprint of the files that were loaded; empty for a model that takes no batches."""
        with self._monitors.use(self._model) as monitor:
            return monitor.weights if isinstance(monitor, BatchMonitor) else ""

    def inspect_batch(self, images: Sequence[Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        """See `BatchMonitor.inspect_batch`. Raises ModelUnavailable when the model takes no batches."""
        with self._monitors.use(self._model) as monitor:
            if not isinstance(monitor, BatchMonitor):
                raise ModelUnavailable(f"{self._model} cannot answer for several pictures at once.")
            return monitor.inspect_batch(images, mode=mode)


class Benching:
    """The evaluations of one workspace, one piece of work at a time: a second one would only wait for the device."""

    def __init__(self, store: Store, monitors: Monitors) -> None:
        self._store = store
        self._monitors = monitors
        self._lock = threading.Lock()
        self.latest: Round | None = None

    def start(self, snapshot_id: int, model: str, mode: Mode, user: str) -> Round:
        """Begin, or go on; Conflict while another one is under way or when the snapshot keeps nothing back."""
        question = Question(snapshot_id, Part.FROZEN, model, mode)
        round_ = Round(model, self._store.evaluations.frozen_set(snapshot_id).name)
        self.occupy(round_, lambda: self.ask(round_, question, user))
        return round_

    def occupy(self, round_: Round, work: Callable[[], None]) -> None:
        """Do `work` in a thread of its own as the latest round; Conflict while another one is under way."""
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise Conflict(f"{self.latest.model} is being judged already: wait for it, or cancel it first.")
            self.latest = round_
        begin(round_, work)

    def ask(self, round_: Round, question: Question, user: str) -> None:
        """One evaluation to its end, as a part of a round. Raises as `training.evaluating.evaluate` does."""
        store, source = self._store, self._monitors.source(question.model)
        round_.progress = None
        told, stopped = round_.tell, round_.stop.is_set
        if not source.startswith("served:"):
            shared = SharedMonitor(self._monitors, question.model)
            one = question.begin(store, shared.prompt, shared.weights, actor=user)
            evaluate(store, one, shared, actor=user, tell=told, cancelled=stopped)
            return
        from training.served_evaluating import ServedEvaluation, ServedPool

        pool = ServedPool(source)
        one = question.begin(store, pool.prompt, pool.weights, actor=user)
        ServedEvaluation(store, one, pool, Limits(), actor=user, tell=told, cancelled=stopped).run()
