"""Snapshots and runs as the Retrain tab sees them: a real store, real run folders, and no training."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.store import Store
from m3ad.errors import Conflict, NotFound, RunError
from m3ad.records import NORMAL, Model, RunState, Stage
from tests.ui.scripted import BENT, add_case
from training import launch
from training.config import PRESETS
from training.loop import create_run
from training.run import RunFolder
from ui.retrain_service import EVERY, Retraining

RAWS, RCRL = PRESETS["cpu demo"][Stage.RAWS], PRESETS["cpu demo"][Stage.RCRL]
HOSTILE = "<img src=x onerror=alert(1)> **bold** ${1+1} {{value}}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six annotated cases, half of them anomalous, and one without annotation."""
    with Store.open(tmp_path / "workspace") as opened:
        for number in range(6):
            add_case(opened, f"{number:03}", BENT if number % 2 else NORMAL)
        add_case(opened, "new", None, category="plate")
        yield opened


@pytest.fixture
def service(store: Store) -> Retraining:
    return Retraining(store, store.workspace)


@pytest.fixture
def someone() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a training under way."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trainings that are started only wait."""
    monkeypatch.setattr(launch, "command_of", lambda *_: [sys.executable, "-c", "import time; time.sleep(600)"])
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def remembered(*given: object, **named: object) -> subprocess.Popen[bytes]:
        started.append(real(*given, **named))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(launch.subprocess, "Popen", remembered)
    yield
    for process in started:
        process.kill()
        process.wait()


def snapshot(service: Retraining, name: str = "corrections-1") -> int:
    return service.take_snapshot(name, EVERY, EVERY, EVERY).id


def make_run(store: Store, service: Retraining, stage: Stage = Stage.RAWS) -> RunFolder:
    """A run that is created and not started."""
    ids = [key for _, key in service.snapshot_choices()] or [snapshot(service)]
    settings = PRESETS["cpu demo"][stage]
    run = create_run(store, store.workspace, stage=stage, start_model="demo", snapshot_id=ids[0], settings=settings)
    return RunFolder(run.folder)


def finish(run: RunFolder, state: RunState = RunState.FINISHED) -> None:
    run.model_path.mkdir()
    run.set_status(state.value, "The model is in model/.")


def log(run: RunFolder, step: int, total: int = 20, **metrics: float) -> None:
    """A log event as `training.callbacks` writes it."""
    run.append_event("log", **metrics, step=step, total=total, elapsed=2.0 * step, first_step=0)


def test_counts_follow_the_filters_and_only_annotated_cases_count(service: Retraining) -> None:
    assert service.count_words(EVERY, EVERY, EVERY) == "6 annotated cases match."
    assert service.count_words(EVERY, "plate", EVERY).startswith("No annotated case matches")
    assert service.count_words(EVERY, EVERY, EVERY, True) == "No approved case matches: approve some first."
    assert service.facet_names() == (["electronic"], ["plate", "sensor board"], ["made"])


def test_a_snapshot_needs_a_name_and_the_next_one_is_proposed(service: Retraining) -> None:
    assert service.proposed_name(None) == "corrections-1"
    for nothing in (None, "", "  "):
        with pytest.raises(RunError, match="Give the snapshot a name"):
            service.take_snapshot(nothing, EVERY, EVERY, EVERY)
    taken = snapshot(service)
    assert service.snapshot_choices() == [("corrections-1 · 6 cases (3 anomalous, 3 normal)", taken)]
    assert service.proposed_name("corrections-1") == "corrections-2"
    assert service.proposed_name(" my own ") == "my own"
    with pytest.raises(Conflict):
        snapshot(service)


def test_without_a_run_the_view_says_what_to_do(service: Retraining) -> None:
    view = service.view(None)
    assert "take a snapshot" in view.status["message"]
    assert (view.can_stop, view.can_discard, view.model) == (False, False, None)
    assert service.default_run() is None


def test_the_command_is_known_before_the_start_and_is_then_the_runs_own(store: Store, service: Retraining) -> None:
    planned = service.planned_command(Stage.RAWS, 1)
    assert planned.endswith(f"-m training.raws {store.workspace / 'runs' / 'raws-1'}")
    run = make_run(store, service)
    assert service.view(run.name).notes["command"] == planned
    assert service.planned_command(Stage.RAWS, 1).endswith("raws-2")
    assert "--nproc-per-node 2" in service.planned_command(Stage.RCRL, 2)


def test_a_run_shows_its_progress_curves_and_samples(
    store: Store, service: Retraining, someone: subprocess.Popen[bytes]
) -> None:
    run = make_run(store, service, Stage.RCRL)
    run.append_event("start", step=0, total=20, elapsed=0.0)
    run.set_process(someone.pid)
    for step in (1, 2, 3, 4, 5):
        log(run, step, reward=step / 10, kl=0.01)
    run.append_event("sample", step=5, case="3", completion=HOSTILE, consistency=1.0, accuracy=0.5, reflection=-0.2)
    view = service.view(run.name)
    assert view.status["words"] == "running · step 5 of 20 · about 30 s left"
    assert (view.status["title"], view.status["tone"], view.status["share"]) == ("rcrl-1", "busy", 0.25)
    assert list(view.figure.data[0].y) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert view.notes["samples"] == [["5", "3", "consistency +1.00  accuracy +0.50  reflection -0.20", HOSTILE]]
    assert (view.can_stop, view.can_discard, view.model) == (True, True, None)


def test_a_supervised_run_has_no_sample_answers(store: Store, service: Retraining) -> None:
    assert service.view(make_run(store, service).name).notes["samples"] is None


def test_the_version_changes_with_everything_shown_and_with_nothing_else(store: Store, service: Retraining) -> None:
    run = make_run(store, service)
    seen = [service.version(run.name)]
    assert service.view(run.name).version == service.version(run.name) == seen[0]
    log(run, 1, loss=1.0)
    seen.append(service.version(run.name))
    (run.path / "log.txt").write_text("a line\n")
    seen.append(service.version(run.name))
    run.set_status("failed", "It broke.")
    seen.append(service.version(run.name))
    make_run(store, service)
    seen.append(service.version(run.name))
    assert len(set(seen)) == 5
    assert service.version("gone") == service.version(None) != service.version(run.name)


def test_the_newest_run_under_way_is_looked_at_first(
    store: Store, service: Retraining, someone: subprocess.Popen[bytes]
) -> None:
    first, second = make_run(store, service), make_run(store, service)
    assert service.default_run() == second.name
    first.set_process(someone.pid)
    assert service.default_run() == first.name
    assert [name for _, name in service.run_choices()] == [second.name, first.name]


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.STOPPED])
def test_a_run_that_ended_well_becomes_one_model_however_often_it_is_seen(
    store: Store, service: Retraining, state: RunState
) -> None:
    run = make_run(store, service)
    service.register_models()
    assert service.view(run.name).model is None
    finish(run, state)
    for _ in range(2):
        service.register_models()
        assert service.view(run.name).model == "demo/raws-1"
    assert [model.name for model in store.models() if model.run] == ["demo/raws-1"]


def test_a_model_of_a_run_that_nobody_watched_is_there_too(store: Store, service: Retraining) -> None:
    unwatched = make_run(store, service)
    finish(unwatched)
    service.register_models()
    assert store.model("demo/raws-1").run == unwatched.name


def test_a_run_with_a_model_cannot_be_discarded_and_one_without_can(store: Store, service: Retraining) -> None:
    finished, idle = make_run(store, service), make_run(store, service)
    finish(finished)
    assert service.view(finished.name).can_discard is False
    with pytest.raises(Conflict, match="demo/raws-1"):
        service.discard(finished.name)
    assert finished.path.exists()
    assert service.view(idle.name).can_discard is True
    service.discard(idle.name)
    assert not idle.path.exists()
    assert [name for _, name in service.run_choices()] == [finished.name]


def test_stopping_asks_the_run_and_is_shown(
    store: Store, service: Retraining, someone: subprocess.Popen[bytes]
) -> None:
    run = make_run(store, service)
    run.set_process(someone.pid)
    service.stop(run.name)
    assert run.stop_requested()
    view = service.view(run.name)
    assert (view.status["words"], view.status["tone"]) == ("stopping: it saves at its next step", "odd")
    assert (view.can_stop, view.can_discard) == (False, True)
    someone.kill()
    someone.wait()
    view = service.view(run.name)
    assert view.status["tone"] == "bad"
    assert "killed or crashed" in view.status["message"]


def test_a_hostile_message_stays_the_text_it_is(store: Store, service: Retraining) -> None:
    """The status part shows it with textContent; the browser test sees that nothing of it runs."""
    run = make_run(store, service)
    run.set_status("failed", HOSTILE)
    (run.path / "log.txt").write_text(HOSTILE)
    view = service.view(run.name)
    assert (view.status["message"], view.notes["log"]) == (HOSTILE, HOSTILE)
    assert HOSTILE not in view.figure.to_json()


def test_the_same_run_is_not_started_twice(store: Store, service: Retraining, trainer: None) -> None:
    data = snapshot(service)
    name = service.start(Stage.RAWS, "demo", data, RAWS, "form-1", "ann")
    assert service.start(Stage.RAWS, "demo", data, RAWS, "form-1", "ann") == name
    with pytest.raises(RunError, match=f"Run {name} is for just this"):
        service.start(Stage.RAWS, "demo", data, RAWS, "form-2", "bob")
    other = dataclasses.replace(RAWS, lora_rank=0)  # different settings: refused for another reason
    with pytest.raises(RunError, match="lora_rank"):
        service.start(Stage.RAWS, "demo", data, other)
    assert [one.name for one in store.runs()] == [name]


def test_the_queue_is_shown_and_its_order_changed(store: Store, service: Retraining, trainer: None) -> None:
    data = snapshot(service)
    names = [
        service.start(Stage.RAWS, "demo", data, dataclasses.replace(RAWS, seed=seed), "", "ann") for seed in (1, 2, 3)
    ]
    first, second, third = names
    assert [service.waits(name) for name in names] == [False, True, True]
    rows = service.queue_rows()
    assert [(row["name"], row["devices"], row.get("place")) for row in rows] == [
        (first, "cpu", None), (second, "cpu", 1), (third, "cpu", 2),
    ]  # fmt: skip
    assert (rows[0]["words"], rows[1]["words"]) == ("running", "queued by ann")
    assert dict(service.run_choices())[f"{second} · queued"] == second

    seen = service.version(first)
    service.change_queue(third, "first", "bob")
    assert service.version(first) != seen  # whoever watches another run sees it too
    assert [row["name"] for row in service.queue_rows()] == [first, third, second]
    view = service.view(third)
    assert (view.status["words"], view.again, view.can_stop, view.can_discard) == ("queued", "", False, True)
    service.change_queue(third, "remove", "bob")
    assert service.view(third).again == "Queue it"
    service.change_queue(third, "add", "bob")
    assert [row["name"] for row in service.queue_rows()] == [first, second, third]
    with pytest.raises(NotFound, match="does not wait"):
        service.change_queue(first, "remove", "bob")
    with pytest.raises(RunError, match="does not know"):
        service.change_queue(second, "sideways", "bob")


def test_the_settings_shown_are_those_that_train(store: Store, service: Retraining, trainer: None) -> None:
    own = dataclasses.replace(RCRL, device="auto", beta=0.125)
    run = service.start(Stage.RCRL, "demo", snapshot(service), own)
    shown = dict(service.view(run).notes["settings"])
    assert (shown["beta"], shown["reward.type weight"]) == ("0.125", "0.5")
    assert shown["device"] == RunFolder(store.run(run).folder).config().settings.device != "auto"


def test_memory_is_told_before_the_start_and_what_cannot_be_is_refused(store: Store, service: Retraining) -> None:
    words = service.memory_words("demo", RAWS)
    assert re.match(r"About [\d.]+ GiB of [\d.]+ GiB on cpu: weights 0\.014, gradients 0\.014, optimizer 0\.028", words)
    huge = dataclasses.replace(RAWS, batch=10_000)
    assert "It does not fit. It would fit with" in service.memory_words("demo", huge)
    with pytest.raises(RunError, match="cannot fit into the memory"):
        service.start(Stage.RAWS, "demo", snapshot(service), huge)
    assert store.runs() == []
    assert "once the files of ra-monitor-8b are here" in service.memory_words("ra-monitor-8b", RAWS)


def test_rcrl_proposes_a_raws_model_and_says_when_there_is_none(store: Store, service: Retraining) -> None:
    store.add_model(Model("base", "/models/base"))
    assert service.proposed_start(Stage.RAWS, ["base", "demo"], None) == "base"
    assert service.proposed_start(Stage.RCRL, ["base", "demo"], "base") == "demo"
    assert service.proposed_start(Stage.RCRL, ["base"], "base") == "base"
    assert "needs a RAWS model" in service.start_hint(Stage.RCRL, "base")
    assert "any model" in service.start_hint(Stage.RAWS, "base")
    finish(make_run(store, service))
    service.register_models()
    assert service.proposed_start(Stage.RCRL, ["base", "demo", "demo/raws-1"], "base") == "demo/raws-1"
    assert service.proposed_start(Stage.RCRL, ["base", "demo", "demo/raws-1"], "demo") == "demo/raws-1"
    assert "as this one is" in service.start_hint(Stage.RCRL, "demo/raws-1")


def test_a_run_whose_folder_is_gone_is_not_listed(store: Store, service: Retraining) -> None:
    run = make_run(store, service)
    run.path.rename(run.path.with_name("elsewhere"))
    assert service.run_choices() == []
    with pytest.raises(NotFound, match="gone"):
        service.view(run.name)
