"""What the Retrain tab does with store and runs: plain functions with plain results. Knows no Gradio."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from db.filters import CaseFilter, Status
from db.run_queue import Move
from db.store import SYSTEM, Store
from m3ad.errors import NotFound, RunError
from m3ad.monitor.names import NAMES
from m3ad.records import Run, RunState, Scenario, Snapshot, Stage
from training import launch
from training.config import RawsSettings, Settings
from training.devices import AUTO, CLUSTER, devices
from training.examples import Mix
from training.history import history
from training.loop import discard_run, next_run_name
from training.promotion import register_finished
from training.run import RunFolder
from training.run_queue import ALIVE, WITH_MODEL, put_back, submit, weigh
from training.snapshots import ExampleSource, example_source, snapshot_examples, unanswered_cases
from ui import retrain_presenter as present
from ui.retrain_curves import LEARNING, curves

EVERY = "all"


@dataclass(frozen=True)
class RunView:
    """One run as the page shows it.

    Attributes:
        status: for `form_parts.status`.
        notes: for `form_parts.run_notes`.
        model: name of the model that came of it, or None.
        again: what the button that gives it to the queue says; "" where it waits, or is not to be started.
        version: changes when anything shown changed; see `Retraining.version`.
    """

    status: dict[str, Any]
    figure: go.Figure
    notes: dict[str, Any]
    can_stop: bool
    can_discard: bool
    again: str
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

    def __init__(self, store: Store, workspace: Path, cluster: str | None = None) -> None:
        """`cluster`: address of the Ray cluster that runs can train on, if any."""
        self._store = store
        self._cluster = cluster
        self._workspace = workspace
        self._starting = threading.Lock()  # of two requests from one form the second finds what the first made

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
        self,
        name: str | None,
        scenario: str,
        category: str,
        dataset: str,
        approved: bool = False,
        older: str = present.ALL_OLDER,
    ) -> Snapshot:
        """Freeze the annotated cases that match, or only the approved ones. Raises Conflict with a sentence.

        `older`: one of `present.OLDER`, how many cases of earlier runs take part.
        """
        if not name or not name.strip():
            raise RunError("Give the snapshot a name, for example corrections-1.")
        wanted = case_filter(scenario, category, dataset, approved)
        return self._store.create_snapshot(name.strip(), wanted, replay=present.OLDER[older])

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

    def device_names(self) -> list[str]:
        """The devices that a run can be for."""
        here = [one.name for one in reversed(devices())]
        return [AUTO, *here, *(CLUSTER if self._cluster else ())]

    def planned_command(self, stage: Stage, processes: int, device: str = AUTO) -> str:
        """The command that `start` would run now, ready for a shell."""
        name = next_run_name(self._store, self._workspace, stage)
        if device in CLUSTER and self._cluster:
            return present.command_words(
                launch.job_command(stage, self._workspace / "runs" / name, processes, self._cluster)
            )
        return present.command_words(launch.command_of(stage, self._workspace / "runs" / name, processes))

    def memory_words(self, start_model: str, settings: Settings) -> str:
        """How much memory a run would take, beside what its device has; with advice where it does not fit."""
        if settings.device.startswith(CLUSTER):
            return "How much memory the cluster's machines have is not known here: a run that does not fit fails there."
        fit = weigh(self._store, start_model, settings)
        return fit.words() if fit else f"How much memory it takes can be told once the files of {start_model} are here."

    def start(
        self, stage: Stage, start_model: str, snapshot_id: int, settings: Settings, form: str = "", actor: str = SYSTEM
    ) -> str:
        """Create a run and give it to the queue; returns the run's name. See `training.run_queue.submit`.

        A double click, a request sent again, two people at once: nothing of it trains the same thing twice.
        """
        with self._starting:
            run = submit(
                self._store,
                self._workspace,
                stage=stage,
                start_model=start_model,
                snapshot_id=snapshot_id,
                settings=settings,
                form=form,
                cluster=self._cluster,
                actor=actor,
            )
        return run.name

    def waits(self, name: str) -> bool:
        """Whether a run is in the queue and has no device yet."""
        return any(one.run == name for one in self._store.run_queue.waiting())

    def queue_rows(self) -> list[dict[str, Any]]:
        """The runs that have a device and those that wait, for `form_parts.run_queue`."""
        alive: dict[str, list[str]] = {}
        for device, run in self._store.run_queue.busy().items():
            alive.setdefault(run, []).append(device)
        under_way = [(run, devices, RunFolder(self._store.run(run).folder)) for run, devices in alive.items()]
        return present.queue_rows(
            [(run, devices, folder.state(), folder.progress()) for run, devices, folder in under_way],
            self._store.run_queue.waiting(),
        )

    def change_queue(self, name: str, what: str, actor: str) -> None:
        """Move a waiting run ("first", "up", "down"), take it out of the queue ("remove"), or put a run back ("add").

        Raises NotFound when it does not wait (any more), RunError when it cannot be queued or the word is unknown.
        """
        queue = self._store.run_queue
        if what == "remove":
            queue.remove(name, actor=actor)
        elif what == "add":
            put_back(self._store, name, actor=actor)
        elif what in tuple(Move):
            queue.move(name, Move(what), actor=actor)
        else:
            raise RunError(f"The queue does not know {what!r}.")

    # --- watch

    def run_choices(self) -> list[tuple[str, str]]:
        """(words, name) of every run whose folder is there, newest first."""
        waiting = {one.run for one in self._store.run_queue.waiting()}
        return present.run_rows([RunFolder(run.folder) for run in self._present_runs()], waiting)

    def default_run(self) -> str | None:
        """The run to look at first: the newest one under way, else the newest."""
        runs = self._present_runs()
        alive = [run for run in runs if RunFolder(run.folder).state() in ALIVE]
        return next((run.name for run in alive + runs), None)

    def register_models(self) -> None:
        """Make every model that came of a run a model to choose, also of runs that ended while nobody looked."""
        known = {model.run for model in self._store.models()}
        for run in self._present_runs():
            if run.name not in known and RunFolder(run.folder).state() in WITH_MODEL:
                register_finished(self._store, run)

    def stop(self, name: str) -> None:
        """Ask the run to save and end; it is made to after a while."""
        launch.stop(self._folder(name))

    def discard(self, name: str) -> None:
        """End the run if it is alive and remove its files; refused while a model comes from it."""
        discard_run(self._store, name)

    def version(self, name: str | None) -> tuple[Any, ...]:
        """Changes when anything shown of the run, or the list of runs, changed; reads no file's content but states."""
        runs = {run.name: run for run in self._present_runs()}
        names = (tuple(runs), tuple((row["name"], row["words"]) for row in self.queue_rows()))
        if name is None or name not in runs:
            return (None, "", "", 0, 0, names)
        folder = RunFolder(runs[name].folder)
        said = (folder.state().value, folder.message())
        return (name, *said, _size(folder.path / "events.jsonl"), _size(folder.path / "log.txt"), names)

    def view(self, name: str | None, part: str = LEARNING) -> RunView:
        """Everything the page shows of a run, with one part of its curves; registers its model once it is there."""
        version = self.version(name)  # before reading: what is written meanwhile counts as news next time
        if name is None:
            return RunView(
                present.NO_RUN, curves([], Stage.RAWS, part), present.NO_NOTES, False, False, "", None, version
            )
        folder = self._folder(name)
        state, stage = folder.state(), folder.config().stage
        events = history(folder.events()[0])
        samples = present.sample_rows(events) if stage is Stage.RCRL else None
        command = present.command_words(launch.command(folder))
        waiting = self.waits(name)
        return RunView(
            status=present.waiting_status(name)
            if waiting
            else present.run_status(name, state, folder.progress(), folder.message(), present.alarm_words(events)),
            figure=curves(events, stage, part),
            notes={
                "samples": samples,
                "followed": present.followed_rows(events),
                "log": folder.log_tail(),
                "command": command,
                "settings": present.settings_lines(folder.config()),
            },
            can_stop=state is RunState.RUNNING,
            can_discard=state not in WITH_MODEL,
            again="" if waiting else present.AGAIN_WORDS.get(state, ""),
            model=register_finished(self._store, self._store.run(name)).name if state in WITH_MODEL else None,
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
