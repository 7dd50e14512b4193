"""What the Retrain tab does with store and runs: plain functions with plain results. Knows no Gradio."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.errors import NotFound, RunError
from m3ad.monitor.names import NAMES
from m3ad.records import Run, RunState, Scenario, Snapshot, Stage
from training import launch
from training.config import RawsSettings, Settings
from training.examples import Mix
from training.history import history
from training.loop import create_run, discard_run, next_run_name
from training.promotion import register_finished
from training.run import RunFolder
from training.snapshots import ExampleSource, example_source, snapshot_examples, unanswered_cases
from ui import retrain_presenter as present
from ui.retrain_curves import LEARNING, curves

EVERY = "all"
ALIVE = (RunState.RUNNING, RunState.STOPPING)
ENDED = (RunState.FINISHED, RunState.STOPPED)  # with a model


@dataclass(frozen=True)
class RunView:
    """One run as the page shows it.

    Attributes:
        status: for `form_parts.status`.
        notes: for `form_parts.run_notes`.
        model: name of the model that came of it, or None.
        version: changes when anything shown changed; see `Retraining.version`.
    """

    status: dict[str, Any]
    figure: go.Figure
    notes: dict[str, Any]
    can_stop: bool
    can_go_on: bool
    can_discard: bool
    model: str | None
    version: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a RAWS run would learn from; `unanswered`: training cases that the start model has not answered."""

    mix: Mix
    source: ExampleSource
    unanswered: int


class Retraining:
    """Snapshots and runs of one workspace."""

    def __init__(self, store: Store, workspace: Path) -> None:
        self._store = store
        self._workspace = workspace
        self._starting = threading.Lock()

    # --- data

    def facet_names(self) -> tuple[list[str], list[str], list[str]]:
        """Scenarios, categories and data sets there are."""
        facets = self._store.facets()
        return sorted(facets.scenarios), sorted(facets.categories), sorted(facets.datasets)

    def count_words(self, scenario: str, category: str, dataset: str, approved: bool = False) -> str:
        """How many annotated (or approved) cases a snapshot with these filters would hold."""
        count = self._store.count_cases(case_filter(scenario, category, dataset, approved))
        kind = "approved" if approved else "annotated"
        if not count:
            return f"No {kind} case matches: {'approve' if approved else 'annotate'} some first."
        return f"{count} {kind} case{'s match' if count > 1 else ' matches'}."

    def proposed_name(self, current: str | None) -> str:
        """The name a person has typed, or the first free "corrections-N" when there is none or it is taken."""
        taken = {snapshot.name for snapshot in self._store.snapshots()}
        current = (current or "").strip()
        return current if current and current not in taken else present.next_snapshot_name(taken)

    def take_snapshot(
        self, name: str | None, scenario: str, category: str, dataset: str, approved: bool = False
    ) -> Snapshot:
        """Freeze the annotated cases that match, or only the approved ones. Raises Conflict with a sentence."""
        if not name or not name.strip():
            raise RunError("Give the snapshot a name, for example corrections-1.")
        return self._store.create_snapshot(name.strip(), case_filter(scenario, category, dataset, approved))

    def snapshot_choices(self) -> list[tuple[str, int]]:
        """(words, id) of every snapshot, newest first."""
        snapshots = sorted(self._store.snapshots(), key=lambda one: one.id, reverse=True)
        return [(present.snapshot_words(one), one.id) for one in snapshots]

    # --- start

    def proposed_start(self, stage: Stage, names: list[str], current: str | None) -> str:
        """The model a run of this stage starts from unless a person chooses: RCRL goes on from the newest RAWS run.

        Args:
            names: of the models, the newest first.
            current: the model chosen for the other stage, if any.
        """
        if stage is Stage.RCRL:
            came = {model.run: model.name for model in self._store.models()}
            newest = (came.get(run.name) for run in self._present_runs() if run.stage is Stage.RAWS)
            known = (name for name in (current, *names) if name is not None and self._knows_raws(name))
            return next((name for name in (*newest, *known) if name in names), names[0])
        return current if current in names else names[0]

    def start_hint(self, stage: Stage, model: str) -> str:
        """A sentence on what the stage asks of its start model, and whether this one has it."""
        if stage is Stage.RAWS:
            return "RAWS starts from any model: a base model, or one that was trained before."
        if self._knows_raws(model):
            return "RCRL goes on from a RAWS model, as this one is."
        return (
            "RCRL needs a RAWS model, and this one is not known to be one: without the habit of reflecting there is "
            "little to reward. Run RAWS first and start from its model."
        )

    def _knows_raws(self, name: str) -> bool:
        """True for the published models and for what came of a run here: they think, reflect and answer in form."""
        return name in NAMES or any(model.name == name and model.run for model in self._store.models())

    def weigh(self, snapshot_id: int, start_model: str, settings: RawsSettings) -> Weighed:
        """The examples that a RAWS run would learn from, counted, and where their texts come from."""
        return Weighed(
            Mix.of(snapshot_examples(self._store, snapshot_id, start_model, settings)),
            example_source(self._store, snapshot_id, start_model, unchecked=settings.unchecked),
            len(unanswered_cases(self._store, snapshot_id, start_model)),
        )

    def planned_command(self, stage: Stage, processes: int) -> str:
        """The command that `start` would run now, ready for a shell."""
        name = next_run_name(self._store, self._workspace, stage)
        return present.command_words(launch.command_of(stage, self._workspace / "runs" / name, processes))

    def start(self, stage: Stage, start_model: str, snapshot_id: int, settings: Settings) -> str:
        """Create a run and start its process; returns the run's name. Raises RunError while the same run is under way.

        A double click, or two people at once, must not train the same thing twice.
        """
        with self._starting:
            self._refuse_twin(stage, start_model, snapshot_id, settings)
            run = create_run(
                self._store,
                self._workspace,
                stage=stage,
                start_model=start_model,
                snapshot_id=snapshot_id,
                settings=settings,
            )
            launch.start(RunFolder(run.folder))
        return run.name

    def _refuse_twin(self, stage: Stage, start_model: str, snapshot_id: int, settings: Settings) -> None:
        wanted = (stage, start_model, snapshot_id)
        for run in self._present_runs():
            folder = RunFolder(run.folder)
            same = (run.stage, run.start_model, run.snapshot_id) == wanted and folder.config().settings == settings
            if same and folder.state() in ALIVE:
                raise RunError(
                    f"Run {run.name} is training just this: same data, same start model, same settings. "
                    "Watch it, or change something first."
                )

    # --- watch

    def run_choices(self) -> list[tuple[str, str]]:
        """(words, name) of every run whose folder is there, newest first."""
        return present.run_rows([RunFolder(run.folder) for run in self._present_runs()])

    def default_run(self) -> str | None:
        """The run to look at first: the newest one under way, else the newest."""
        runs = self._present_runs()
        alive = [run for run in runs if RunFolder(run.folder).state() in ALIVE]
        return next((run.name for run in alive + runs), None)

    def register_models(self) -> None:
        """Make every model that came of a run a model to choose, also of runs that ended while nobody looked."""
        known = {model.run for model in self._store.models()}
        for run in self._present_runs():
            if run.name not in known and RunFolder(run.folder).state() in ENDED:
                register_finished(self._store, run)

    def stop(self, name: str) -> None:
        """Ask the run to save and end; it is made to after a while."""
        launch.stop(self._folder(name))

    def go_on(self, name: str) -> None:
        """Start a failed run again from its last whole checkpoint. Raises RunError when it has not failed.

        A stopped run has a model that others may use already: it stays as it is, and a new run can start from it.
        """
        with self._starting:
            folder = self._folder(name)
            if folder.state() is not RunState.FAILED:
                raise RunError(f"Run {name} is {folder.state().value}: only a run that failed can go on.")
            launch.start(folder)

    def discard(self, name: str) -> None:
        """End the run if it is alive and remove its files; refused while a model comes from it."""
        discard_run(self._store, name)

    def version(self, name: str | None) -> tuple[Any, ...]:
        """Changes when anything shown of the run, or the list of runs, changed; reads no file's content but states."""
        runs = {run.name: run for run in self._present_runs()}
        names = tuple(runs)
        if name is None or name not in runs:
            return (None, "", 0, 0, names)
        folder = RunFolder(runs[name].folder)
        return (name, folder.state().value, _size(folder.path / "events.jsonl"), _size(folder.path / "log.txt"), names)

    def view(self, name: str | None, part: str = LEARNING) -> RunView:
        """Everything the page shows of a run, with one part of its curves; registers its model once it is there."""
        version = self.version(name)  # before reading: what is written meanwhile counts as news next time
        if name is None:
            notes: dict[str, Any] = {"samples": None, "followed": {}, "log": "", "command": ""}
            return RunView(present.NO_RUN, curves([], Stage.RAWS, part), notes, False, False, False, None, version)
        folder = self._folder(name)
        state, stage = folder.state(), folder.config().stage
        events = history(folder.events()[0])
        samples = present.sample_rows(events) if stage is Stage.RCRL else None
        command = present.command_words(launch.command(folder))
        return RunView(
            status=present.run_status(name, state, folder.progress(), folder.message(), present.alarm_words(events)),
            figure=curves(events, stage, part),
            notes={
                "samples": samples,
                "followed": present.followed_rows(events),
                "log": folder.log_tail(),
                "command": command,
            },
            can_stop=state is RunState.RUNNING,
            can_go_on=state is RunState.FAILED,
            can_discard=state not in ENDED,
            model=register_finished(self._store, self._store.run(name)).name if state in ENDED else None,
            version=version,
        )

    def _present_runs(self) -> list[Run]:
        """The runs whose folders are there, newest first."""
        runs: Iterable[Run] = self._store.runs()
        return sorted((run for run in runs if run.folder.exists()), key=lambda run: run.created, reverse=True)

    def _folder(self, name: str) -> RunFolder:
        folder = RunFolder(self._store.run(name).folder)
        if not folder.path.exists():
            raise NotFound(f"The folder of run {name} is gone: {folder.path.name}. The run cannot be shown any more.")
        return folder


def case_filter(scenario: str, category: str, dataset: str, approved: bool = False) -> CaseFilter:
    """The annotated cases that match, or only the approved ones; "all" matches every one."""
    return CaseFilter(
        scenario=None if scenario == EVERY else Scenario(scenario),
        category=None if category == EVERY else category,
        dataset=None if dataset == EVERY else dataset,
        status=Status.APPROVED if approved else Status.ANNOTATED,
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
