"""Inspections under way: one worker thread runs them in order, stores them, and outlives the page that asked.

A page only watches a `Job`: closing it, or going on to the next case, neither stops nor loses the inspection. It knows
nothing of gradio, and of models only that a `use(name)` context hands out a monitor.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType

from PIL.Image import Image

from db.store import SYSTEM, Store
from m3ad.images import open_image
from m3ad.monitor.base import Answer, Monitor
from m3ad.records import Inspection, Mode
from m3ad.reliability.properties import measure
from ui.inspect_trust import log_forced, reason_to_revise


@dataclass(eq=False)
class Job:
    """One inspection from the click to the stored trace. Only the worker changes it, apart from `stop`.

    Attributes:
        background: nobody waits for it; a person's inspection goes first.
        stage: "waiting", "loading" (the model), "writing" or "over".
        text: what the model has written so far.
        forced: it writes once more, with a reflection, because its confidence and its reliability differ.
        stop: set to end it at the next token.
        result: the stored inspection (a cancelled one when it was stopped), None when it was stopped before a word; or
            the error.
    """

    case_id: int
    model: str
    mode: Mode
    seed: int
    user: str
    background: bool
    stage: str = "waiting"
    text: str = ""
    forced: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    result: Future[Inspection | None] = field(default_factory=Future)


class Inspections:
    """Runs jobs one after another: a model holds its device alone. What people wait for goes before the background."""

    def __init__(self, store: Store, use: Callable[[str], AbstractContextManager[Monitor]]) -> None:
        self._store = store
        self._use = use
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inspection")
        self._lock = threading.Lock()
        self._running: Job | None = None
        self._waiting: list[Job] = []
        self.pace: dict[str, float] = {}  # seconds of each model's last inspection

    def start(
        self, case_id: int, model: str, mode: Mode, seed: int, user: str = SYSTEM, *, background: bool = False
    ) -> Job:
        """Queue an inspection of the case, or return this model's that is already under way."""
        with self._lock:
            job = self._find(case_id, model)
            if job is not None:
                job.background = job.background and background
                return job
            job = Job(case_id, model, mode, seed, user, background)
            self._waiting.append(job)
            self._worker.submit(self._run_next)
        return job

    def under_way(self, case_id: int | None, model: str) -> Job | None:
        """This model's job on this case, or None."""
        with self._lock:
            return self._find(case_id, model)

    def busy(self, model: str | None = None) -> frozenset[int]:
        """Ids of the cases that are inspected now or soon (by this model)."""
        with self._lock:
            return frozenset(job.case_id for job in self._known() if model in (None, job.model))

    def ahead(self, job: Job) -> int:
        """How many inspections run before this one."""
        with self._lock:
            line = self._line()
            return line.index(job) + (self._running is not None) if job in line else 0

    def warm_up(self, model: str) -> Future[None]:
        """Load the model in the background; its error, if any, is met again by the first inspection."""
        return self._worker.submit(self._load, model)

    def close(self) -> None:
        """Stop every job at its next token and end the worker (when the app ends)."""
        with self._lock:
            for job in self._known():
                job.stop.set()
        self._worker.shutdown(wait=True)

    def _known(self) -> list[Job]:
        return [*([self._running] if self._running else []), *self._waiting]

    def _find(self, case_id: int | None, model: str) -> Job | None:
        return next((job for job in self._known() if (job.case_id, job.model) == (case_id, model)), None)

    def _line(self) -> list[Job]:
        return sorted(self._waiting, key=lambda job: job.background)

    def _load(self, model: str) -> None:
        with self._use(model):
            pass

    def _run_next(self) -> None:
        with self._lock:
            job = self._running = self._line()[0]
            self._waiting.remove(job)
        outcome = _Outcome()
        with outcome:
            outcome.value = self._inspect(job)
        with self._lock:  # before the result is known: who sees a result must not find the job still under way
            job.stage = "over"
            self._running = None
        outcome.tell(job.result)

    def _inspect(self, job: Job) -> Inspection | None:
        """Stream the model's text into the job and store the answer; a stopped one as cancelled: it is no verdict."""
        if job.stop.is_set():
            return None
        job.stage = "loading"
        picture = self._store.case(job.case_id).primary
        image = open_image(picture.path)
        found = self._answered(job, image, job.mode)
        if found is None or found.cancelled:
            return found
        self.pace[job.model] = found.seconds
        self._store.evidence.keep(picture.sha256, measure(image))
        return found if job.background else self._revised(job, image, found)

    def _revised(self, job: Job, image: Image, found: Inspection) -> Inspection:
        """The inspection, or another with a reflection where the model's confidence and reliability ask for one."""
        why = reason_to_revise(self._store, found)
        if why is None:
            return found
        job.forced, job.text = True, ""
        again = self._answered(job, image, Mode.REFLECTIVE)
        if again is None or again.cancelled:
            return found
        log_forced(self._store, found, again, why, job.user)
        return again

    def _answered(self, job: Job, image: Image, mode: Mode) -> Inspection | None:
        """One answer of the model, streamed into the job and stored; None when it was stopped before a word."""
        answer: Answer | None = None
        with self._use(job.model) as monitor:
            job.stage = "writing"
            for piece in monitor.stream(image, mode=mode, seed=job.seed, cancelled=job.stop.is_set):
                if isinstance(piece, Answer):
                    answer = piece
                else:
                    job.text += piece
        if answer is None or (answer.cancelled and not answer.text):
            return None
        return self._store.add_inspection(job.case_id, job.model, mode, job.seed, answer, actor=job.user)


class _Outcome:
    """What a block gave: its value or whatever error ended it, to be told to a future afterwards."""

    value: Inspection | None = None
    error: BaseException | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return True

    def tell(self, future: Future[Inspection | None]) -> None:
        """Settle the future."""
        if self.error is None:
            future.set_result(self.value)
        else:
            future.set_exception(self.error)
