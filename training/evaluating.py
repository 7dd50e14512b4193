"""A model answers a set of cases, batch after batch; killed or cancelled, it keeps what it has, and goes on later."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from db.evaluations import EvaluatedCase
from db.store import Store
from m3ad.bench.answering import BATCH, answer_together, plan
from m3ad.bench.judgement import Answered, Judgement, judge
from m3ad.bench.records import Evaluation, EvaluationState, Part
from m3ad.errors import Halted, ModelUnavailable
from m3ad.monitor.base import BatchMonitor, never
from m3ad.records import Inspection, Mode


@dataclass(frozen=True, slots=True)
class Question:
    """Which model shall answer which cases, and how it is asked."""

    snapshot_id: int
    part: Part
    model: str
    mode: Mode = Mode.AUTO

    def begin(self, store: Store, prompt: str, weights: str, *, actor: str) -> Evaluation:
        """The evaluation to go on with; raises as `db.evaluations.Evaluations.begin` does."""
        return store.evaluations.begin(
            self.snapshot_id, self.model, self.mode, prompt, weights, part=self.part, actor=actor
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an evaluation is, in cases: `refused` have no answer."""

    total: int
    answered: int
    refused: int


class Pace:
    """How fast cases are answered, from the first progress on that it is told."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def words(self, now: Progress) -> str:
        """ ", 2.1 a second, 3 min left"; "" before anything can be said."""
        done, at = now.answered + now.refused, time.monotonic()
        if self._first is None:
            self._first = at, done
        since, before = self._first
        if done == before or at == since:
            return ""
        rate = (done - before) / (at - since)
        left = round((now.total - done) / rate)
        return f", {rate:.2g} a second" + (f", {left} s left" if left < 90 else f", {round(left / 60)} min left")


Tell = Callable[[Progress], None]


def evaluate(
    store: Store,
    evaluation: Evaluation,
    monitor: BatchMonitor,
    *,
    actor: str,
    tell: Tell = lambda progress: None,
    cancelled: Callable[[], bool] = never,
    batch: int = BATCH,
) -> None:
    """Let the model answer the cases that have no answer yet, those that were refused too.

    Batches are those of the whole set, and each is stored whole: so the answers are the same however often it was cut
    off. `cancelled` is asked between two batches.

    Raises:
        Halted: it was cancelled.
        ModelUnavailable: the model cannot answer; what it said so far is kept.
    """
    cases = {one.case.id: one for one in store.evaluations.cases(evaluation.id)}
    missing = {name for name, one in cases.items() if one.inspection is None}
    refused = 0
    with settled(store, evaluation, actor):
        for names in plan({name: size(one) for name, one in cases.items()}, batch):
            tell(Progress(len(cases), len(cases) - len(missing) - refused, refused))
            if not (wanted := missing.intersection(names)):
                continue
            if cancelled():
                raise Halted("Cancelled. What was answered is kept: start again to go on from there.")
            pictures = {name: cases[name].case.primary.path for name in names if name in wanted}
            outcomes = answer_together(monitor, pictures, evaluation.mode)
            store.evaluations.keep(evaluation.id, outcomes, actor=actor)
            missing -= wanted
            refused += sum(isinstance(outcome, str) for outcome in outcomes.values())
    tell(Progress(len(cases), len(cases) - refused, refused))


@contextmanager
def settled(store: Store, evaluation: Evaluation, actor: str) -> Iterator[None]:
    """How the block ends is written down: finished, cancelled, or failed with its sentence."""
    try:
        yield
    except Halted as error:
        store.evaluations.settle(evaluation.id, EvaluationState.CANCELLED, str(error), actor=actor)
        raise
    except ModelUnavailable as error:
        store.evaluations.settle(evaluation.id, EvaluationState.FAILED, str(error), actor=actor)
        raise
    store.evaluations.settle(evaluation.id, EvaluationState.FINISHED, actor=actor)


def judgement(cases: Iterable[EvaluatedCase]) -> Judgement:
    """The figures of the cases that have an answer."""
    return judge([_answered(one, one.inspection) for one in cases if one.inspection is not None])


def trained_on(store: Store, model: str, case_ids: Collection[int]) -> int:
    """How many of these cases the model, or one that it was trained from, has learnt from in a run of this store."""
    models, runs = {one.name: one for one in store.models()}, {one.name: one for one in store.runs()}
    learnt: set[int] = set()
    seen: set[str] = set()
    while model in models and model not in seen:
        seen.add(model)
        run = runs.get(models[model].run or "")
        if run is not None:
            learnt |= store.lineage.cases_of_run(run.name)
        model = run.start_model if run else models[model].parent or ""
    return len(learnt.intersection(case_ids))


def size(one: EvaluatedCase) -> tuple[int, int]:
    """(width, height) of a case's picture, in pixels."""
    return one.case.primary.width, one.case.primary.height


def _answered(one: EvaluatedCase, inspection: Inspection) -> Answered:
    return Answered(
        one.case.id,
        one.case.scenario,
        one.case.category,
        one.truth,
        inspection.trace,
        inspection.seconds,
        inspection.tokens,
    )
