"""From a finished run to a model that can be chosen, and by a person, within the rules, to the one in use."""

from __future__ import annotations

from typing import Any

from db.promotions import Promotion, RulesInForce
from db.store import Store
from db.trials import Trial
from m3ad.bench.comparison import compare
from m3ad.bench.records import EvaluationState, Part
from m3ad.bench.rules import Check, checks
from m3ad.errors import Conflict, NotFound, RunError
from m3ad.records import Model, Run, RunState
from training.judging import Paired, paired
from training.run import RunFolder


def register_finished(store: Store, run: Run) -> Model:
    """Register the run's model; a second call changes nothing. Raises RunError when the run has no model (yet)."""
    folder = RunFolder(run.folder)
    state = folder.state()
    if state not in (RunState.FINISHED, RunState.STOPPED):
        raise RunError(f"Run {run.name} is {state.value}: it has no model. {folder.message()}".strip())
    if (environment := folder.environment()) is not None:
        store.lineage.keep_environment(run.name, environment)
    name = f"{root_name(store, run.start_model)}/{run.name}"
    return store.add_model(Model(name, str(folder.model_path.resolve()), parent=run.start_model, run=run.name))


def root_name(store: Store, start_model: str) -> str:
    """The first part of the names of all models that descend from one: "demo" for "demo" and for "demo/raws-1"."""
    try:
        trained = store.model(start_model).run is not None
    except NotFound:
        trained = False
    return start_model.rsplit("/", 1)[0] if trained else start_model.rstrip("/").rsplit("/", 1)[-1]


def promote(store: Store, model: str, reason: str, *, actor: str) -> Promotion:
    """Put a model that was judged into use, with the figures and rules that it was judged by.

    Raises:
        NotFound: there is no such model.
        Conflict: it was not judged to the end, a rule blocks it, the reason is missing, or it is in use already.
    """
    store.model(model)
    trial = store.trials.get(model)
    if trial is None or trial.state is not EvaluationState.FINISHED:
        raise Conflict(f"{model} was not judged to the end yet: judge it beside its parent first.")
    rules, found = store.promotions.rules(), paired(store, trial)
    checked = check(rules, found)
    if blocked := blocked_words(checked):
        raise Conflict(f"{model} was not promoted. {blocked}")
    return store.promotions.promote(model, reason, evidence(trial, found, rules, checked), rules, actor=actor)


def check(rules: RulesInForce, found: dict[Part, Paired]) -> list[Check]:
    """What the rules say to a trial: they look at the frozen cases, and at none where there are none."""
    frozen = found.get(Part.FROZEN)
    return checks(rules.rules, frozen.comparison if frozen else compare(()))


def blocked_words(checked: list[Check]) -> str:
    """Which rules block a promotion, with figures, and what to do about each; empty when none does."""
    failed = [f"{one.words}. {one.advice}" for one in checked if not one.passed]
    if not failed:
        return ""
    return " ".join([*failed, "Or have the rules changed: who changed them is on record."])


def evidence(trial: Trial, found: dict[Part, Paired], rules: RulesInForce, checked: list[Check]) -> dict[str, Any]:
    """What a promotion keeps, as JSON types: who was compared, on which evaluations, figures, what each rule said."""
    return {
        "parent": trial.parent,
        "sets": {
            part.value: {
                "set": {"name": one.set.name, "hash": one.set.hash, "size": one.set.size},
                "evaluations": [one.before.id, one.after.id],
                **one.comparison.to_json(),
                "remarks": list(one.remarks),
            }
            for part, one in found.items()
        },
        "rules": {"id": rules.id, "checks": [one.to_json() for one in checked]},
    }
