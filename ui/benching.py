"""Evaluations under way, whoever watches: closing the page neither stops nor loses one. Knows no Gradio."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from PIL.Image import Image

from m3ad.errors import Conflict, ModelUnavailable
from m3ad.monitor.base import Answer, BatchMonitor
from m3ad.records import Mode
from training.evaluating import Progress, evaluate
from training.teacher_limits import Limits
from ui.background import Task, begin
from ui.context import Context, Monitors


@dataclass(eq=False)
class Round(Task):
    """One evaluation under way; `progress` None until the model is loaded."""

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

    def inspect_batch(self, images: Sequence[Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        """See `BatchMonitor.inspect_batch`. Raises ModelUnavailable when the model takes no batches."""
        with self._monitors.use(self._model) as monitor:
            if not isinstance(monitor, BatchMonitor):
                raise ModelUnavailable(f"{self._model} cannot answer for several pictures at once.")
            return monitor.inspect_batch(images, mode=mode)


class Benching:
    """The evaluations of one workspace, one at a time: a second one would only wait for the same device."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self.latest: Round | None = None

    def start(self, snapshot_id: int, model: str, mode: Mode, user: str) -> Round:
        """Begin, or go on; Conflict while another one is under way or when the snapshot keeps nothing back."""
        frozen = self._context.store.evaluations.frozen_set(snapshot_id)
        with self._lock:
            if self.latest is not None and self.latest.running:
                raise Conflict(f"{self.latest.model} is being judged already: wait for it, or cancel it first.")
            round_ = self.latest = Round(model, frozen.name)
        begin(round_, lambda: self._work(round_, snapshot_id, mode, user))
        return round_

    def _work(self, round_: Round, snapshot_id: int, mode: Mode, user: str) -> None:
        store, source = self._context.store, self._context.monitors.source(round_.model)
        told, stopped = round_.tell, round_.stop.is_set
        if not source.startswith("served:"):
            shared = SharedMonitor(self._context.monitors, round_.model)
            one = store.evaluations.begin(snapshot_id, round_.model, mode, shared.prompt, actor=user)
            evaluate(store, one, shared, actor=user, tell=told, cancelled=stopped)
            return
        from training.served_evaluating import ServedEvaluation, ServedPool

        pool = ServedPool(source)
        one = store.evaluations.begin(snapshot_id, round_.model, mode, pool.prompt, actor=user)
        ServedEvaluation(store, one, pool, Limits(), actor=user, tell=told, cancelled=stopped).run()
