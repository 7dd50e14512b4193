"""What the Retrain tab shows of snapshots, settings and runs, as plain values. Knows no Gradio and no torch."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.run_queue import QueuedRun
from m3ad.errors import RunError
from m3ad.records import RunState, Snapshot, Stage
from m3ad.rewards import RewardConfig
from training.config import SETTINGS, Settings, settings_from_json
from training.examples import Mix
from training.run import Progress, RunConfig, RunFolder
from training.snapshots import ExampleSource

Events = Sequence[Mapping[str, Any]]

STATE_WORDS = {
    RunState.READY: "not started",
    RunState.RUNNING: "running",
    RunState.STOPPING: "stopping: it saves at its next step",
    RunState.FINISHED: "finished",
    RunState.STOPPED: "stopped, model kept",
    RunState.FAILED: "failed",
}
QUEUED = "queued"  # the run folder knows nothing of a queue: to itself such a run is not started
# What the dot beside a run's name says; see `ui.components.form_parts.status`.
TONES = {
    RunState.READY: "quiet",
    RunState.RUNNING: "busy",
    RunState.STOPPING: "odd",
    RunState.FINISHED: "good",
    RunState.STOPPED: "good",
    RunState.FAILED: "bad",
}
NO_RUN = {
    "title": "No run yet",
    "words": "",
    "tone": "quiet",
    "share": None,
    "message": "Annotate some cases, take a snapshot of them, start a RAWS run.",
}
# By state, the button that gives a run to the queue (again); states that are not here have none.
AGAIN_WORDS = {RunState.READY: "Queue it", RunState.FAILED: "Go on"}
NO_NOTES: dict[str, Any] = {"samples": None, "followed": {}, "log": "", "command": "", "settings": []}
# How much of a snapshot's training part models may have learnt from before, as `Store.create_snapshot` takes it.
ALL_OLDER = "all of them"
OLDER: dict[str, float | None] = {
    ALL_OLDER: None, "at most half": 0.5, "at most 30 %": 0.3, "at most 10 %": 0.1, "none": 0.0,
}  # fmt: skip
MAX_SAMPLES = 12
MAX_FOLLOWED = 24  # answers to one case


@dataclass(frozen=True, slots=True)
class SettingField:
    """One field of the settings form: `kind` is "choice", "bool", "int", "float"."""

    name: str
    label: str
    help: str
    kind: str
    choices: tuple[str, ...]


def setting_fields(stage: Stage) -> list[SettingField]:
    """The form of a stage, from the one declaration in `training.config` (and `RewardConfig` for RCRL)."""
    fields = [_field(field, "") for field in dataclasses.fields(SETTINGS[stage]) if field.name != "reward"]
    if stage is Stage.RCRL:
        fields += [_field(field, "reward.") for field in dataclasses.fields(RewardConfig)]
    return fields


def _field(field: dataclasses.Field[Any], prefix: str) -> SettingField:
    choices = tuple(field.metadata.get("choices", ()))
    if field.name == "reflection_table":
        choices = ("a", "b", "c", "d")
    kind = "choice" if choices else type(field.default).__name__
    source = field.metadata.get("source")
    help = field.metadata["help"] + (f" [{source}]" if source else "")
    return SettingField(prefix + field.name, field.name.replace("_", " "), help, kind, choices)


def field_values(settings: Settings) -> dict[str, Any]:
    """The settings as the form's values, by the names of `setting_fields`."""
    flat = settings.to_json()
    reward = flat.pop("reward", {})
    return flat | {f"reward.{name}": value for name, value in reward.items()}


def settings_from_fields(stage: Stage, values: Mapping[str, Any]) -> Settings:
    """The inverse of `field_values`. Raises RunError with every sentence that `check` has to say."""
    for field in setting_fields(stage):
        if values.get(field.name) is None:
            raise RunError(f"{field.label} is empty: give it a value or choose a preset again.")
    typed = {field.name: _typed(field, values[field.name]) for field in setting_fields(stage)}
    flat = {name: value for name, value in typed.items() if not name.startswith("reward.")}
    if stage is Stage.RCRL:
        flat["reward"] = {name.removeprefix("reward."): v for name, v in typed.items() if name.startswith("reward.")}
    settings = settings_from_json(stage, flat)
    problems = settings.check()
    if problems:
        raise RunError(" ".join(problems))
    return settings


def _typed(field: SettingField, value: Any) -> Any:
    """A number field of the page gives floats; an int setting stays an int."""
    if field.kind == "int":
        return int(value)
    return float(value) if field.kind == "float" else value


def sample_rows(events: Events) -> list[list[str]]:
    """The latest answers that were drawn while training, newest first: step, case, rewards, text."""
    samples = [event for event in events if event.get("kind") == "sample" and not event.get("followed")]
    return [_sample_row(one) for one in reversed(samples[-MAX_SAMPLES:])]


def followed_rows(events: Events) -> dict[str, list[list[str]]]:
    """The answers to each followed case, by a name that says what is true of it, in the order of the steps.

    Long runs are thinned, evenly and with the first and the last answer.
    """
    cases: dict[str, list[list[str]]] = {}
    for event in events:
        if event.get("kind") == "sample" and event.get("followed"):
            cases.setdefault(f"case {event['case']} · {_truth_words(event['truth'])}", []).append(_sample_row(event))
    return {name: [rows[place] for place in _spread(len(rows), MAX_FOLLOWED)] for name, rows in cases.items()}


def _sample_row(sample: Mapping[str, Any]) -> list[str]:
    return [
        str(sample.get("step", "")),
        str(sample.get("case", "")),
        _rewards(sample),
        str(sample.get("completion", "")),
    ]


def _truth_words(truth: Mapping[str, Any]) -> str:
    types = dict.fromkeys(str(defect["type"]) for defect in truth["defects"])
    return ", ".join(types) or ("anomalous" if truth["anomalous"] else "normal")


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of the places 0 to count - 1, evenly, with both ends."""
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


def _rewards(sample: Mapping[str, Any]) -> str:
    names = ("consistency", "accuracy", "reflection")
    return "  ".join(f"{name} {sample[name]:+.2f}" for name in names if isinstance(sample.get(name), int | float))


def progress_words(state: RunState, progress: Progress) -> str:
    """Where a run stands, in a line."""
    words = STATE_WORDS[state]
    if progress.total:
        words += f" · step {progress.step} of {progress.total}"
    if state is RunState.RUNNING and progress.seconds_left is not None:
        words += f" · about {duration(progress.seconds_left)} left"
    return words


def run_status(name: str, state: RunState, progress: Progress, message: str, alarm: str = "") -> dict[str, Any]:
    """The value of the status part for a run. `message` may be anything: it is shown as text."""
    share = progress.step / progress.total if progress.total else None
    words = progress_words(state, progress)
    tone = "odd" if alarm and TONES[state] != "bad" else TONES[state]
    return {"title": name, "words": words, "tone": tone, "share": share, "message": f"{message} {alarm}".strip()}


def alarm_words(events: Events) -> str:
    """The alarm that a run raised (`training.alarm`), empty when it raised none."""
    return next((str(event["text"]) for event in events if event.get("alarm")), "")


def duration(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def run_rows(folders: Sequence[RunFolder], waiting: Collection[str] = ()) -> list[tuple[str, str]]:
    """(label, name) of every run, newest first, for a list."""
    words = dict.fromkeys(waiting, QUEUED)
    return [
        (f"{folder.name} · {words.get(folder.name) or STATE_WORDS[folder.state()].split(':')[0]}", folder.name)
        for folder in folders
    ]


def waiting_status(name: str) -> dict[str, Any]:
    """The value of the status part for a run that waits in the queue."""
    return {"title": name, "words": QUEUED, "tone": "quiet", "share": None, "message": "It starts when its turn comes."}


def queue_rows(
    under_way: Sequence[tuple[str, Sequence[str], RunState, Progress]], waiting: Sequence[QueuedRun]
) -> list[dict[str, Any]]:
    """The value of `form_parts.run_queue`: the runs that have a device, then those that wait, in their order."""
    rows = [
        {"name": run, "devices": ", ".join(devices), "words": progress_words(state, progress), "tone": TONES[state]}
        for run, devices, state, progress in under_way
    ]
    return rows + [
        {"name": one.run, "devices": ", ".join(one.devices), "words": f"{QUEUED} by {one.author}", "place": place}
        for place, one in enumerate(waiting, start=1)
    ]


def settings_lines(config: RunConfig) -> list[list[str]]:
    """(name, value) of everything that a run was made with, from its folder: what is shown is what trains."""
    flat = {"start model": config.start, **field_values(config.settings)}
    return [[name.replace("_", " "), f"{value:g}" if isinstance(value, float) else str(value)]
            for name, value in flat.items()]  # fmt: skip


def snapshot_words(snapshot: Snapshot) -> str:
    """A snapshot in a line."""
    normal = snapshot.size - snapshot.anomalous
    return f"{snapshot.name} · {snapshot.size} cases ({snapshot.anomalous} anomalous, {normal} normal)"


def mix_words(mix: Mix, model: str, failed: Sequence[str], source: ExampleSource) -> str:
    """What a RAWS run would learn from, before it is started."""
    words = (
        f"{mix.total} examples: {mix.easy} easy ({mix.easy_reflective} reflective), "
        f"{mix.hard} hard ({mix.hard_reflective} reflective)"
    )
    words += f", {mix.unanswered} that {model} has not answered: these only think." if mix.unanswered else "."
    words += f" {source.sentence()}" if source.stored else source.places()
    return words + (f" {len(failed)} could not be answered: {failed[0]}" if failed else "")


def answering_words(model: str, done: int, total: int, stopping: bool) -> str:
    """How far a round of answers is."""
    return f"{model} answers the cases: {done} of {total}" + (", then it stops." if stopping else " …")


def next_snapshot_name(taken: Collection[str]) -> str:
    """ "corrections-1", "corrections-2", …: the first that is free."""
    number = 1
    while f"corrections-{number}" in taken:
        number += 1
    return f"corrections-{number}"


def command_words(command: Sequence[str]) -> str:
    """A command as one can paste it into a shell."""
    return shlex.join(command)
