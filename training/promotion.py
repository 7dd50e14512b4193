"""From a finished run to a model of the store that can be chosen for the next inspection."""

from __future__ import annotations

from db.store import Store
from m3ad.errors import NotFound, RunError
from m3ad.records import Model, Run, RunState
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
