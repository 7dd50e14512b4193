"""What the Retrain tab does with store and runs: plain functions with plain results. Knows no Gradio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.errors import NotFound, RunError
from m3ad.records import RunState, Scenario, Snapshot, Stage
from training import launch
from training.config import Settings
from training.loop import create_run, discard_run
from training.promotion import register_finished
from training.run import RunFolder
from ui import retrain_presenter as present

EVERY = "all"


@dataclass(frozen=True)
class RunView:
    """One run as the page shows it. `version` changes when anything shown changed."""

    words: str
    figure: go.Figure
    samples: list[list[str]]
    log: str
    can_stop: bool
    can_discard: bool
    model: str | None
    version: tuple[Any, ...]


class Retraining:
    """Snapshots and runs of one workspace."""

    def __init__(self, store: Store, workspace: Path) -> None:
        self._store = store
        self._workspace = workspace

    # --- data

    def facet_names(self) -> tuple[list[str], list[str], list[str]]:
        """Scenarios, categories and data sets there are."""
        facets = self._store.facets()
        return sorted(facets.scenarios), sorted(facets.categories), sorted(facets.datasets)

    def count_words(self, scenario: str, category: str, dataset: str) -> str:
        """How many annotated cases a snapshot with these filters would hold."""
        count = self._store.count_cases(case_filter(scenario, category, dataset))
        return f"{count} annotated cases match." if count else "No annotated case matches: annotate some first."

    def take_snapshot(self, name: str, scenario: str, category: str, dataset: str) -> Snapshot:
        """Freeze the annotated cases that match. Raises Conflict or NotFound with a sentence."""
        if not name.strip():
            raise RunError("Give the snapshot a name, for example corrections-1.")
        return self._store.create_snapshot(name.strip(), case_filter(scenario, category, dataset))

    def snapshot_choices(self) -> list[tuple[str, int]]:
        """(words, id) of every snapshot, newest first."""
        snapshots = sorted(self._store.snapshots(), key=lambda one: one.id, reverse=True)
        return [(present.snapshot_words(one), one.id) for one in snapshots]

    # --- runs

    def start(self, stage: Stage, start_model: str, snapshot_id: int, settings: Settings) -> str:
        """Create a run and start its process; returns the run's name."""
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

    def command(self, name: str) -> str:
        """The command that the run is, ready for a shell."""
        return present.command_words(launch.command(self._folder(name)))

    def run_choices(self) -> list[tuple[str, str]]:
        """(words, name) of every run whose folder is there, newest first."""
        runs = sorted(self._store.runs(), key=lambda run: run.created, reverse=True)
        return present.run_rows([RunFolder(run.folder) for run in runs if run.folder.exists()])

    def stop(self, name: str) -> None:
        """Ask the run to save and end; it is made to after a while."""
        launch.stop(self._folder(name))

    def discard(self, name: str) -> None:
        """End the run if it is alive and remove its files; refused while a model comes from it."""
        discard_run(self._store, name)

    def view(self, name: str | None) -> RunView:
        """Everything the page shows of a run; registers its model once it is there."""
        if name is None:
            words = "No run yet. Annotate some cases, take a snapshot, start a RAWS run."
            return RunView(words, present.curves([], Stage.RAWS), [], "", False, False, None, ())
        folder = self._folder(name)
        state = folder.state()
        events, position = folder.events()
        log = folder.log_tail()
        words = f"**{name}** · " + present.progress_words(state, folder.progress())
        if message := folder.message():
            words += f"\n\n{present.plain(message)}"
        return RunView(
            words=words,
            figure=present.curves(events, folder.config().stage),
            samples=present.sample_rows(events),
            log=log,
            can_stop=state is RunState.RUNNING,
            can_discard=state not in (RunState.FINISHED, RunState.STOPPED),
            model=self._model(name, state),
            version=(name, state, position, len(log)),
        )

    def _model(self, name: str, state: RunState) -> str | None:
        if state not in (RunState.FINISHED, RunState.STOPPED):
            return None
        return register_finished(self._store, self._store.run(name)).name

    def _folder(self, name: str) -> RunFolder:
        folder = RunFolder(self._store.run(name).folder)
        if not folder.path.exists():
            raise NotFound(f"The folder of run {name} is gone: {folder.path.name}. The run cannot be shown any more.")
        return folder


def case_filter(scenario: str, category: str, dataset: str) -> CaseFilter:
    """The annotated cases that match; "all" matches every one."""
    return CaseFilter(
        scenario=None if scenario == EVERY else Scenario(scenario),
        category=None if category == EVERY else category,
        dataset=None if dataset == EVERY else dataset,
        status=Status.ANNOTATED,
    )
