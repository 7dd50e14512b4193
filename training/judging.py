"""A trial: a run's model and the model that the run started from answer the same cases, and are compared pair by pair.

The cases are the frozen ones of the run's snapshot, which neither has learnt from there, and those of its training that
a person corrected. The answers are evaluations; what was answered before is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from db.store import Store
from db.trials import Trial
from m3ad.bench.comparison import Both, Comparison, compare
from m3ad.bench.records import CaseSet, Evaluation, EvaluationState, Part, differences
from m3ad.errors import Conflict, Halted, M3ADError
from m3ad.records import Case
from training.evaluating import Question, trained_on

Ask = Callable[[Question], None]


@dataclass(frozen=True, slots=True)
class Paired:
    """What both models said of a part of the snapshot's cases.

    Attributes:
        before, after: the evaluations of the parent and of the run's model.
        cases: those that both answered, in the order of `both`.
        remarks: sentences on what the figures are not.
    """

    set: CaseSet
    before: Evaluation
    after: Evaluation
    cases: dict[int, Case]
    both: tuple[Both, ...]
    comparison: Comparison
    remarks: tuple[str, ...]


def judge_model(store: Store, model: str, ask: Ask, *, actor: str) -> Trial:
    """Let parent and model answer what they have not answered yet, each on all cases before the other is loaded.

    Args:
        ask: lets one model answer one set, to its end; see `training.evaluating.evaluate`.

    Raises:
        NotFound: there is no such model.
        Conflict: it came of no run, or the run's snapshot has neither frozen nor corrected cases.
        Halted: it was cancelled; what was answered is kept.
        M3ADError: a model cannot answer; what was answered is kept.
    """
    wanted = questions(store, model)
    store.trials.begin(model, actor=actor)
    with _settled(store, model, actor):
        for question in wanted:
            ask(question)
    ended = store.trials.get(model)
    assert ended is not None, "it was begun above"
    return ended


def questions(store: Store, model: str) -> list[Question]:
    """What the trial of a run's model asks, in order. Raises NotFound and Conflict as `judge_model`."""
    known = store.model(model)
    if known.run is None:
        raise Conflict(f"{model} came of no run here: there is no model that it could be better or worse than.")
    run = store.run(known.run)
    parts = [part for part in Part if _has_cases(store, run.snapshot_id, part)]
    if not parts:
        raise Conflict(
            f"The snapshot of run {run.name} keeps no case back from training and has none that a person corrected: "
            "there is nothing to judge on. Train on a snapshot with a frozen share."
        )
    return [Question(run.snapshot_id, part, name) for name in (run.start_model, model) for part in parts]


def paired(store: Store, trial: Trial) -> dict[Part, Paired]:
    """What a trial has found so far, by part; a part that one of the two was not asked about yet is not there."""
    found = {part: _paired(store, trial, part) for part in Part}
    return {part: one for part, one in found.items() if one is not None}


def _paired(store: Store, trial: Trial, part: Part) -> Paired | None:
    before, after = (store.evaluations.newest(trial.snapshot_id, part, model) for model in (trial.parent, trial.model))
    if before is None or after is None:
        return None
    said = {one.case.id: one for one in store.evaluations.cases(before.id)}
    both, cases = [], {}
    for one in store.evaluations.cases(after.id):
        first, second = said[one.case.id].inspection, one.inspection
        if first is not None and second is not None:
            both.append(Both(one.case.id, one.truth, first.trace, second.trace))
            cases[one.case.id] = one.case
    remarks = _remarks(store, before, after, list(cases))
    return Paired(after.set, before, after, cases, tuple(both), compare(both), remarks)


def _remarks(store: Store, before: Evaluation, after: Evaluation, answered: list[int]) -> tuple[str, ...]:
    found = differences(before, after)
    missing = after.set.size - len(answered)
    if missing:
        found.append(f"{missing} of {after.set.size} cases lack an answer of one of the two: they are not counted.")
    found += [changed_words(one, former) for one in (before, after) if (former := store.evaluations.former(one))]
    if after.set.part is Part.FROZEN:
        found += [
            f"{one.model} has learnt from {learnt} of these cases in an earlier run: its figures flatter it."
            for one in (before, after)
            if (learnt := trained_on(store, one.model, answered))
        ]
    return tuple(found)


def changed_words(now: Evaluation, former: Evaluation) -> str:
    """That a model was another one when it was judged before."""
    return (
        f"The files of {now.model} have changed since evaluation {former.id} of {former.created:%Y-%m-%d}: what it "
        "said then is not counted."
    )


def _has_cases(store: Store, snapshot_id: int, part: Part) -> bool:
    try:
        store.evaluations.case_set(snapshot_id, part)
    except Conflict:
        return False
    return True


@contextmanager
def _settled(store: Store, model: str, actor: str) -> Iterator[None]:
    """How the trial ends is written down: an app that starts goes on with what was cut off, and with nothing else."""
    try:
        yield
    except Halted as error:
        store.trials.settle(model, EvaluationState.CANCELLED, str(error), actor=actor)
        raise
    except M3ADError as error:
        store.trials.settle(model, EvaluationState.FAILED, str(error), actor=actor)
        raise
    except Exception as error:
        store.trials.settle(model, EvaluationState.FAILED, f"An error of the program: {error}", actor=actor)
        raise
    store.trials.settle(model, EvaluationState.FINISHED, actor=actor)
