"""A served model answers a frozen set: several cases at once, asked again where that helps, within limits.

Needs the `served` extra.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from db.store import Store
from m3ad.bench.answering import Outcome
from m3ad.bench.records import Evaluation
from m3ad.errors import BadImage, CaseRefused, Halted, ModelUnavailable
from m3ad.images import open_image
from m3ad.monitor.base import Answer, inspect, never
from m3ad.monitor.names import resolve
from m3ad.monitor.served import ServedMonitor
from m3ad.monitor.served_adapters import listed
from m3ad.monitor.served_client import openai
from m3ad.records import Mode
from training.evaluating import Progress, Tell, settled
from training.patience import NoAnswer, Patience
from training.teacher_limits import Gate, Limits

AT_ONCE = 4


class ServedPool:
    """Connections to one served model: as many answers at once as there are.

    Attributes:
        prompt: the version of what the model is told.
        weights: what the server says of the model: the only fingerprint that can be had; empty where it says nothing.
    """

    def __init__(self, source: str, at_once: int = AT_ONCE) -> None:
        """Raises ModelUnavailable when `source` is no served model, or has to be asked for its model and is not there.

        A request that fails is made again by `Patience` alone, which the limits count.
        """
        found = resolve(source)
        if found.kind != "served":
            raise ModelUnavailable(f"{source!r} is no served model. Write served:URL#model.")
        self.address, self.at_once = found.location, at_once
        self._free: SimpleQueue[ServedMonitor] = SimpleQueue()
        for _ in range(at_once):
            monitor = ServedMonitor(found, retries=0)
            self.prompt = monitor.prompt
            self._free.put(monitor)
        self.weights = listed(found.location, monitor.name)

    def once(self, path: Path, mode: Mode) -> Answer:
        """One answer. Raises BadImage, and what the client raises, or NoAnswer."""
        monitor = self._free.get()
        try:
            return inspect(monitor, open_image(path), mode=mode)
        except ModelUnavailable as error:
            if isinstance(error.__cause__, openai.OpenAIError):
                raise error.__cause__ from None
            raise NoAnswer(str(error)) from error
        finally:
            self._free.put(monitor)


class ServedEvaluation:
    """One evaluation of a served model under way."""

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        pool: ServedPool,
        limits: Limits,
        *,
        actor: str,
        tell: Tell = lambda progress: None,
        cancelled: Callable[[], bool] = never,
    ) -> None:
        cases = store.evaluations.cases(evaluation.id)
        self._store, self._evaluation, self._pool, self._actor, self._tell = store, evaluation, pool, actor, tell
        self._pictures = {one.case.id: one.case.primary.path for one in cases if one.inspection is None}
        self._lock = threading.Lock()
        self._total, self._answered, self._refused = len(cases), len(cases) - len(self._pictures), 0
        self._tokens = sum(one.inspection.tokens for one in cases if one.inspection)
        self._gate = Gate(limits, lambda: self._tokens, cancelled)
        self._patience = Patience(pool.address, self._gate)
        self._ended: Halted | ModelUnavailable | None = None

    def run(self) -> None:
        """Answer the cases that have no answer yet; each answer is stored as it comes, because it is paid for.

        Raises:
            Halted: it was cancelled, or a limit is reached.
            ModelUnavailable: no question can be answered.
        """
        self._tell(Progress(self._total, self._answered, self._refused))
        with settled(self._store, self._evaluation, self._actor):
            with ThreadPoolExecutor(self._pool.at_once) as pool:
                done = [pool.submit(self._answer, *one) for one in self._pictures.items()]
            if self._ended is not None:
                raise self._ended
            for each in done:
                each.result()  # an error of the program is told

    def _answer(self, case_id: int, path: Path) -> None:
        try:
            outcome = self._asked(path)
        except (Halted, ModelUnavailable) as error:
            self._ended = self._ended or error
            self._gate.halt(str(error))  # all others end too
            return
        self._store.evaluations.keep(self._evaluation.id, {case_id: outcome}, actor=self._actor)
        with self._lock:
            self._answered += not isinstance(outcome, str)
            self._refused += isinstance(outcome, str)
            self._tell(Progress(self._total, self._answered, self._refused))

    def _asked(self, path: Path) -> Outcome:
        try:
            answer = self._patience.ask(lambda: self._pool.once(path, self._evaluation.mode))
        except (BadImage, CaseRefused) as error:
            return str(error)
        with self._lock:
            self._tokens += answer.tokens
        return answer
