"""Runs on a real Ray cluster of one machine: submitted, followed, stopped, killed, gone on with; and its absence."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from db.filters import CaseFilter
from db.store import Store
from m3ad.errors import RunError
from m3ad.records import NORMAL, Run, RunState, Stage
from tests.ray_cluster import Cluster, find_ray
from tests.training.conftest import MakeRun, make_settings, train_here, weights_hash
from tests.ui.scripted import BENT, add_case
from training import launch, ray_job, run_queue
from training.devices import CLUSTER_CARD, CLUSTER_CPU, cluster_of
from training.ray_launcher import job_name
from training.run import RunFolder

NOBODY = "http://127.0.0.1:9"  # the port of "discard": nobody listens
RAWS = {"batch": 4, "learning_rate": 5e-3, "warmup_steps": 1, "logging_steps": 1}


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that was away is asked again at once."""
    monkeypatch.setattr(ray_job, "FRESH_AWAY", 0.5)


def wait_for(run: RunFolder, done: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not done():
        assert time.monotonic() < end, (run.state(), run.message(), run.log_tail())
        time.sleep(0.2)


def trainer(run: RunFolder) -> psutil.Process:
    """The process that trains the run, wherever it came from."""
    (found,) = (
        one
        for one in psutil.process_iter(["cmdline"])
        if one.info["cmdline"] and one.info["cmdline"][-1] == str(run.path) and "python" in one.info["cmdline"][0]
    )
    return found


def on(cluster: Cluster) -> str:
    return f"{CLUSTER_CPU}@{cluster.address}"


@pytest.mark.slow
def test_a_run_on_the_cluster_ends_with_the_weights_of_one_here(
    cluster: Cluster, make_run: MakeRun, tiny: Path
) -> None:
    here = make_run(Stage.RAWS, name="here", max_steps=3, **RAWS)
    assert train_here(here) is RunState.FINISHED
    run = make_run(Stage.RAWS, name="there", max_steps=3, device=on(cluster), **RAWS)
    assert run.state() is RunState.READY
    launch.start(run)
    assert run.state() is RunState.RUNNING
    with pytest.raises(RunError, match="is running"):
        launch.start(run)
    wait_for(run, lambda: run.state() is not RunState.RUNNING)
    assert (run.state(), run.message()) == (RunState.FINISHED, "Finished."), run.log_tail()
    assert [event["step"] for event in run.events()[0] if event["kind"] == "log"]
    assert weights_hash(run.model_path) == weights_hash(here.model_path)
    told = run.environment()
    assert told is not None
    assert told["code"] == here.environment()["code"]  # type: ignore[index]
    assert run.process() is None  # nothing of this machine's is known by a number


@pytest.mark.slow
def test_a_stopped_run_keeps_its_model(cluster: Cluster, make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, max_steps=5000, device=on(cluster), **RAWS)
    launch.start(run)
    wait_for(run, lambda: run.progress().step >= 2)
    assert launch.end(run, grace=120, after_term=60) is RunState.STOPPED
    assert (run.model_path / "model.safetensors").exists()


@pytest.mark.slow
def test_one_that_does_not_look_for_the_stop_file_is_stopped_by_the_cluster(
    cluster: Cluster, make_run: MakeRun
) -> None:
    run = make_run(Stage.RAWS, max_steps=5000, device=on(cluster), **RAWS)
    launch.start(run)
    wait_for(run, lambda: run.progress().step >= 2)
    trainer(run).suspend()
    threading.Timer(3, lambda: trainer(run).resume()).start()
    assert launch.end(run, grace=0.5, after_term=60) is RunState.STOPPED
    assert (run.model_path / "model.safetensors").exists()


@pytest.mark.slow
def test_a_killed_job_has_failed_and_goes_on_to_the_same_weights(cluster: Cluster, make_run: MakeRun) -> None:
    whole = make_run(Stage.RAWS, name="whole", max_steps=30, save_steps=5, **RAWS)
    train_here(whole)
    run = make_run(Stage.RAWS, name="killed", max_steps=30, save_steps=5, device=on(cluster), **RAWS)
    launch.start(run)
    wait_for(run, lambda: run.progress().step >= 6)
    os.kill(trainer(run).pid, signal.SIGKILL)
    wait_for(run, lambda: run.state() is not RunState.RUNNING)
    assert run.state() is RunState.FAILED
    assert "Its job on the cluster ended without a result (failed)." in run.message()
    first = run.job()
    launch.start(run)
    assert run.job() != first
    wait_for(run, lambda: run.state() is not RunState.RUNNING)
    assert run.state() is RunState.FINISHED, run.message()
    assert [event["step"] for event in run.events()[0] if event["kind"] == "start"][1] >= 5
    assert weights_hash(run.model_path) == weights_hash(whole.model_path)


@pytest.mark.slow
def test_a_job_that_never_began_says_why(cluster: Cluster, make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, device=on(cluster))
    before, gone = run.path, run.path.with_name("gone")
    launch.start(run)
    before.rename(gone)  # the cluster does not see it under the path that it was told
    moved = RunFolder(gone)
    wait_for(moved, lambda: moved.state() is not RunState.RUNNING)
    assert moved.state() is RunState.FAILED
    assert "the workspace must lie on storage that every machine sees under the same path" in moved.message()


@pytest.mark.slow
def test_without_a_card_a_run_for_one_waits_in_the_cluster_and_says_so(cluster: Cluster, make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, device=f"{CLUSTER_CARD}@{cluster.address}")
    launch.start(run)
    wait_for(run, lambda: "waits in the cluster" in run.message())
    assert run.state() is RunState.RUNNING
    with pytest.raises(RunError, match="only when it would begin"):
        launch.discard(run)
    assert run.path.exists()


@pytest.mark.slow
def test_several_programs_at_once_submit_one_job(cluster: Cluster, make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, max_steps=2, device=on(cluster), **RAWS)
    launchers = [launch.RayLauncher() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.start(run), launchers))
    mine = [job for job in cluster.jobs() if job["submission_id"].startswith(job_name(run, 1)[:-1])]
    assert [job["submission_id"] for job in mine] == [job_name(run, 1)]
    wait_for(run, lambda: run.state() is RunState.FINISHED)


@pytest.mark.slow
def test_while_the_cluster_is_away_nothing_is_said_to_have_failed(cluster: Cluster, make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, max_steps=5000, device=on(cluster), **RAWS)
    launch.start(run)
    wait_for(run, lambda: run.progress().step >= 2)
    cluster.stop()
    try:
        wait_for(run, lambda: "cannot be asked at the moment" in run.message())
        assert run.state() is RunState.RUNNING
        with pytest.raises(RunError, match="cannot be asked"):
            launch.discard(run)
        assert run.path.exists()
    finally:
        cluster.start()  # it knows nothing of before
    wait_for(run, lambda: run.state() is RunState.FAILED)
    assert "does not know its job" in run.message()


@pytest.fixture
def snapshot(store: Store) -> int:
    for number in range(4):
        add_case(store, f"{number:03}", BENT if number % 2 else NORMAL)
    return store.create_snapshot("a", CaseFilter()).id


def queued(store: Store, snapshot: int, cluster: str | None, tiny: Path, **own: object) -> Run:
    settings = make_settings(Stage.RAWS, **{"device": CLUSTER_CPU, "max_steps": 2, **RAWS, **own})
    return run_queue.submit(
        store, store.workspace, stage=Stage.RAWS, start_model=str(tiny), snapshot_id=snapshot, settings=settings,
        cluster=cluster, actor="ann",
    )  # fmt: skip


@pytest.mark.slow
def test_the_queue_gives_the_cluster_one_run_after_the_other_also_to_another_app(
    cluster: Cluster, store: Store, snapshot: int, tiny: Path
) -> None:
    first, second = (queued(store, snapshot, cluster.address, tiny, seed=seed) for seed in (1, 2))
    folders = [RunFolder(run.folder) for run in (first, second)]
    assert [folder.state() for folder in folders] == [RunState.RUNNING, RunState.READY]
    assert store.run_queue.busy() == {on(cluster): first.name}
    assert folders[0].config().settings.device == on(cluster)  # what is shown is what runs
    store.close()
    with Store.open(store.workspace) as again:
        wait_for(folders[0], lambda: folders[0].state() is RunState.FINISHED)
        assert run_queue.advance(again) == [second.name]
        wait_for(folders[1], lambda: folders[1].state() is RunState.FINISHED)
        run_queue.advance(again)
        assert {model.run for model in again.models()} == {first.name, second.name}


def test_a_run_waits_while_its_cluster_is_away_and_holds_up_nobody(store: Store, snapshot: int, tiny: Path) -> None:
    find_ray()
    run = queued(store, snapshot, NOBODY, tiny)
    assert RunFolder(run.folder).state() is RunState.READY
    assert [one.run for one in store.run_queue.waiting()] == [run.name]
    assert run_queue.closed_devices(store) == {f"{CLUSTER_CPU}@{NOBODY}"}
    assert store.run_queue.busy() == {}


def test_a_setting_cannot_send_a_run_to_another_cluster(store: Store, snapshot: int, tiny: Path) -> None:
    find_ray()
    run = queued(store, snapshot, NOBODY, tiny, device=f"{CLUSTER_CPU}@http://evil.example")
    assert cluster_of(RunFolder(run.folder).config().settings.device) == NOBODY
    with pytest.raises(RunError, match="--ray ADDRESS"):
        queued(store, snapshot, None, tiny, seed=5)


def test_a_run_whose_cluster_never_answered_is_neither_lost_nor_failed(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, device=f"{CLUSTER_CPU}@{NOBODY}")
    run.set_job(NOBODY, "run-1-abc-1")
    assert run.state() is RunState.RUNNING
    assert run.message() == f"The cluster at {NOBODY} cannot be asked at the moment. It is asked again and again."
    (run.path / "ended.json").write_text(json.dumps({"job": "run-1-abc-0", "words": "of the attempt before"}))
    assert run.state() is RunState.RUNNING
    run.set_status(RunState.FINISHED, "Finished.")  # what its process wrote counts, whoever is away
    assert (run.state(), run.message()) == (RunState.FINISHED, "Finished.")
