"""What happens on the Inspect tab: showing a case, following an inspection, accepting a verdict. No gradio."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from m3ad.errors import Conflict, M3ADError
from m3ad.records import Inspection, Mode, Verdict
from m3ad.taxonomy import default_taxonomy
from ui import inspect_presenter as present
from ui.case_history import history_value
from ui.context import Context
from ui.inspect_trust import trust_value
from ui.inspections import Job

SEED = 0  # greedy decoding does not use it; sampling models answer the same way every time
BEAT = 0.08  # seconds between two looks at the text: smooth to the eye, and cheap however fast a model writes


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person sees, so that a click acts on that and on nothing newer."""

    case_id: int
    inspection_id: int | None
    revision: int


@dataclass(frozen=True, slots=True)
class View:
    """Everything the tab shows about one case. `shown` is None when there is no case."""

    viewer: dict[str, Any]
    trace: dict[str, Any]
    footer: str
    busy: bool
    acceptable: bool
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class _Watch:
    """Where a visitor is looking, and the inspection that was under way then.

    Turns grow; the page drops what belongs to an older turn than it shows.
    """

    case_id: int | None = None
    model: str = ""
    turn: int = 0
    job: Job | None = None


class Desk:
    """The tab's behaviour for every visitor; a visitor is one open page (`gr.Request.session_hash`)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._taxonomy = default_taxonomy()
        self._turns = itertools.count(int(time.time() * 1000))  # grows over restarts too
        self._watches: dict[str, _Watch] = {}
        self._lock = threading.Lock()
        self._warmed = False

    def look(self, visitor: str, case_id: int | None, model: str, says: str = "") -> View:
        """Turn to a case: its picture, its boxes, and what `model` last wrote. What was followed before is left."""
        job = self._context.inspections.under_way(case_id, model)
        watch = _Watch(case_id, model, next(self._turns), job)
        return self._turn(visitor, watch, says)

    def leave(self, visitor: str) -> None:
        """Forget a visitor whose page was closed; inspections go on."""
        with self._lock:
            self._watches.pop(visitor, None)

    def inspect(self, visitor: str, case_id: int | None, model: str, mode: str, user: str) -> View:
        """Start to inspect; `follow` then gives the text.

        Raises:
            Conflict: there is no case.
            NotFound: the case is gone.
        """
        if case_id is None:
            raise Conflict("There is no case to inspect. Drop an image on the left, or import a data set.")
        self._context.store.case(case_id)
        job = self._context.inspections.start(case_id, model, Mode(mode), SEED, user)
        return self._turn(visitor, _Watch(case_id, model, next(self._turns), job))

    def stop(self, case_id: int | None, model: str) -> str:
        """End this inspection at the model's next token; the footer's words meanwhile."""
        job = self._context.inspections.under_way(case_id, model)
        if job is None:
            return "Nothing to stop: the inspection is over"
        job.stop.set()
        return "Stopping…"

    async def follow(self, visitor: str) -> AsyncIterator[dict[str, Any] | View]:
        """While the visitor's case is inspected: the trace's values, then the whole view. Ends when they turn away."""
        watch = self._watched(visitor)
        job = watch.job
        if job is None:
            return
        drawn: tuple[str, str] | None = None
        while not job.result.done():
            if self._watched(visitor) != watch:
                return
            if drawn != (job.stage, job.text):
                drawn = (job.stage, job.text)
                yield self._running(job, watch.turn)
            await asyncio.sleep(BEAT)
        if self._watched(visitor) == watch:
            yield await asyncio.to_thread(self._finished, job, watch)

    def accept(self, visitor: str, shown: Shown | None, case_id: int | None, model: str, user: str) -> View:
        """Save the shown verdict as the next revision of the case's annotation.

        Raises:
            Conflict: nothing readable is shown, or it belongs to another case.
            StaleRevision: somebody saved a revision since the case was shown.
        """
        if shown is None or shown.inspection_id is None:
            raise Conflict("There is no answer to accept. Inspect the case first.")
        if shown.case_id != case_id:
            raise Conflict("The page was still turning to another case: nothing was saved. Look again, then accept.")
        verdict = self._context.store.inspection(shown.inspection_id).trace.verdict
        if verdict is None:
            raise Conflict("An unreadable answer cannot be accepted. Correct it instead.")
        saved = self._context.store.save_annotation(
            shown.case_id, verdict, author=user, based_on=shown.revision, inspection_id=shown.inspection_id
        )
        return self.look(visitor, case_id, model, says=f"Saved as revision {saved.revision} by {saved.author}")

    def chips(self, model: str) -> tuple[str, str]:
        """The header's chips: model, its device and pace (empty while it is not loaded)."""
        loaded = self._context.monitors.loaded
        device = loaded[1] if loaded and loaded[0] == model else None
        seconds = self._context.inspections.pace.get(model)
        return model, present.device_words(device, seconds)

    def warm_up(self, model: str) -> None:
        """Load the model in the background, once per app: the first inspection then starts at once."""
        with self._lock:
            first, self._warmed = not self._warmed, True
        if first:
            self._context.inspections.warm_up(model)

    def _turn(self, visitor: str, watch: _Watch, says: str = "") -> View:
        with self._lock:
            self._watches[visitor] = watch
        return self._view(watch, says)

    def _watched(self, visitor: str) -> _Watch:
        with self._lock:
            return self._watches.get(visitor, _Watch())

    def _running(self, job: Job, turn: int) -> dict[str, Any]:
        ahead = self._context.inspections.ahead(job)
        demonstration = self._context.monitors.demonstration(job.model)
        return {**present.running_value(job, ahead, self._taxonomy, demonstration=demonstration), "turn": turn}

    def _finished(self, job: Job, watch: _Watch) -> View:
        """The view after a job: its inspection, or the sentence of an expected error; other errors are raised."""
        error, watch = job.result.exception(), replace(watch, job=None)
        if error is None:
            return self._view(watch, "Stopped: this answer does not count" if job.stop.is_set() else "")
        if not isinstance(error, M3ADError):
            raise error
        failed = {**present.failed_value(str(error)), "turn": watch.turn}
        return replace(self._view(watch, "Could not inspect"), trace=failed, acceptable=False)

    def _view(self, watch: _Watch, says: str) -> View:
        turn = {"turn": watch.turn}
        if watch.case_id is None:
            viewer, trace = present.viewer_value(None, None, None), self._stored(None, None, watch.model)
            trace |= {"history": None}
            return View(viewer | turn, trace | turn, "No cases yet", busy=False, acceptable=False, shown=None)
        store = self._context.store
        case = store.case(watch.case_id)
        annotation = store.latest_annotation(case.id)
        truth = annotation.verdict if annotation else None
        inspection = store.latest_inspection(case.id, watch.model)
        job = watch.job
        trace = self._running(job, watch.turn) if job else self._stored(inspection, truth, watch.model) | turn
        trace |= {"case": case.id, "history": history_value(store, case.id, watch.model)}
        read = inspection.trace if inspection and not job else None
        accepted = annotation is not None and inspection is not None and annotation.inspection_id == inspection.id
        return View(
            present.viewer_value(case, truth, read) | turn,
            trace,
            says or present.footer_words(inspection, case),
            busy=job is not None,
            acceptable=read is not None and read.verdict is not None and not accepted,
            shown=Shown(case.id, inspection.id if inspection else None, annotation.revision if annotation else 0),
        )

    def _stored(self, inspection: Inspection | None, truth: Verdict | None, model: str) -> dict[str, Any]:
        monitors = self._context.monitors
        demonstration, threshold = monitors.demonstration(model), monitors.reflects_from(model)
        value = present.stored_value(
            inspection, truth, self._taxonomy, demonstration=demonstration, threshold=threshold
        )
        return value if inspection is None else value | {"trust": trust_value(self._context.store, inspection)}
