"""Runs given to the queue: a real store, real run folders, and processes that stand for trainings."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from db.filters import CaseFilter
from db.store import Store
from m3ad.errors import Conflict, RunError
from m3ad.records import NORMAL, Run, RunState, Stage
from tests.ui.scripted import BENT, add_case
from training import launch, run_queue
from training.config import PRESETS, RawsSettings
from training.devices import GIB, Device
from training.run import RunFolder

RAWS = PRESETS["cpu demo"][Stage.RAWS]
CARDS = [Device(f"cuda:{number}", "card", 80 * GIB, 79 * GIB) for number in range(3)]
PROCESSOR = Device("cpu", "2 processor cores", 8 * GIB, 7 * GIB)
Queued = Callable[..., Run]


@pytest.fixture(autouse=True)
def trainers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A training is a process that waits until it is killed: what the queue does is the same."""
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


@pytest.fixture
def snapshot(store: Store) -> int:
    for number in range(4):
        add_case(store, f"{number:03}", BENT if number % 2 else NORMAL)
    return store.create_snapshot("a", CaseFilter()).id


@pytest.fixture
def queued(store: Store, snapshot: int) -> Queued:
    """Gives a run to the queue: `queued(seed=..., form=..., device=...)`; another seed is another run."""

    def submit(form: str = "", to: Store = store, **own: object) -> Run:
        settings = dataclasses.replace(RAWS, **own)
        return run_queue.submit(
            to, to.workspace, stage=Stage.RAWS, start_model="demo", snapshot_id=snapshot, settings=settings,
            form=form, actor="ann",
        )  # fmt: skip

    return submit


def state(run: Run) -> RunState:
    return RunFolder(run.folder).state()


def end(run: Run, result: RunState = RunState.FINISHED) -> None:
    """The training ends."""
    folder = RunFolder(run.folder)
    process = folder.process()
    assert process is not None
    process.kill()
    folder.set_status(result.value, "Over.")


def test_one_run_trains_and_the_others_wait_their_turn(store: Store, queued: Queued) -> None:
    first, second, third = (queued(seed=seed) for seed in (1, 2, 3))
    assert [state(run) for run in (first, second, third)] == [RunState.RUNNING, RunState.READY, RunState.READY]
    assert run_queue.advance(store) == []
    end(first)
    assert run_queue.advance(store) == [second.name]
    assert [state(run) for run in (second, third)] == [RunState.RUNNING, RunState.READY]
    assert [model.run for model in store.models()] == [first.name]  # to be judged, without anybody's look at a page
    end(second, RunState.FAILED)  # one that fails holds up nobody
    assert run_queue.advance(store) == [third.name]
    end(third)
    assert run_queue.advance(store) == []
    assert store.run_queue.busy() == {}


def test_another_app_on_the_workspace_goes_on_where_the_first_was_closed(store: Store, queued: Queued) -> None:
    first, second = queued(seed=1), queued(seed=2)
    store.close()
    with Store.open(store.workspace) as again:
        assert run_queue.advance(again) == []  # the first one trains, whoever started it
        end(first)
        assert run_queue.advance(again) == [second.name]


def test_many_programs_at_once_start_each_run_once(store: Store, queued: Queued) -> None:
    runs = [queued(seed=seed) for seed in (1, 2)]
    end(runs[0])
    programs = [Store.open(store.workspace) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        started = [name for names in pool.map(run_queue.advance, programs) for name in names]
    assert started == [runs[1].name]
    for one in programs:
        one.close()


def test_a_worker_keeps_the_queue_going(store: Store, queued: Queued, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_queue, "SECONDS", 0.05)
    first, second = queued(seed=1), queued(seed=2)
    with run_queue.Worker(store):
        end(first)
        deadline = time.monotonic() + 30
        while state(second) is not RunState.RUNNING and time.monotonic() < deadline:
            time.sleep(0.05)
    assert state(second) is RunState.RUNNING


def test_the_same_form_sent_twice_gives_one_run(store: Store, queued: Queued) -> None:
    first = queued(form="form-1")
    assert queued(form="form-1").name == first.name
    end(first)
    assert queued(form="form-1").name == first.name  # a request that comes late, when the run has ended
    assert [run.name for run in store.runs()] == [first.name]
    assert queued(form="form-1", seed=5).name != first.name  # the form was changed: that is meant
    assert queued(form="form-2").name != first.name  # and a new form may train the same thing again


def test_two_browsers_that_start_the_same_get_one_run(store: Store, queued: Queued) -> None:
    def start(form: str) -> str:
        with Store.open(store.workspace) as mine:
            try:
                return queued(form=form, to=mine).name
            except (RunError, Conflict) as error:
                return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(start, ("browser-1", "browser-2")))
    names = [run.name for run in store.runs()]
    assert len(names) == 1
    assert sum(words in names for words in said) == 1
    assert sum(f"Run {names[0]} is for just this" in words for words in said) == 1
    assert [folder.name for folder in (store.workspace / "runs").iterdir()] == names


def test_what_trains_already_is_refused_with_its_name_also_while_it_waits(queued: Queued) -> None:
    queued(seed=1)
    waiting = queued(seed=2)
    with pytest.raises(RunError, match=f"Run {waiting.name} is for just this"):
        queued(seed=2)
    assert queued(seed=3).name == "raws-3"


def test_a_run_taken_out_or_failed_is_put_back(store: Store, queued: Queued) -> None:
    first, second = queued(seed=1), queued(seed=2)
    with pytest.raises(RunError, match="running"):
        run_queue.put_back(store, first.name)
    store.run_queue.remove(second.name, actor="ann")
    run_queue.put_back(store, second.name, actor="bob")
    assert [one.author for one in store.run_queue.waiting()] == ["bob"]
    end(first, RunState.FAILED)
    run_queue.put_back(store, first.name)
    assert (state(second), [one.run for one in store.run_queue.waiting()]) == (RunState.RUNNING, [first.name])


def test_a_run_that_cannot_be_started_fails_in_words_and_holds_up_nobody(
    store: Store, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (queued(seed=seed) for seed in (1, 2, 3))
    end(first)
    (second.folder / "config.json").write_text("{")
    assert run_queue.advance(store) == [second.name, third.name]
    assert state(second) is RunState.FAILED
    assert "could not be started: raws-2 is not a run" in RunFolder(second.folder).message()
    assert state(third) is RunState.RUNNING


def test_a_run_that_somebody_started_by_hand_is_not_started_again(store: Store, queued: Queued) -> None:
    first, second = queued(seed=1), queued(seed=2)
    launch.start(RunFolder(second.folder))
    pid = RunFolder(second.folder).process().pid
    end(first)
    run_queue.advance(store)
    assert RunFolder(second.folder).process().pid == pid
    assert store.run_queue.busy() == {"cpu": second.name}


def test_each_card_has_its_own_run_and_auto_takes_the_idle_one(
    store: Store, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_queue, "devices", lambda: [*CARDS, PROCESSOR])
    monkeypatch.setattr(run_queue, "device", {one.name: one for one in [*CARDS, PROCESSOR]}.__getitem__)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6,7")
    one, two = queued(seed=1, device="auto"), queued(seed=2, device="auto")
    pair = queued(seed=3, device="cuda:1", processes=2)
    beside = queued(seed=4, device="cpu")
    assert store.run_queue.busy() == {"cuda:0": one.name, "cuda:1": two.name, "cpu": beside.name}
    assert [entry.devices for entry in store.run_queue.waiting()] == [("cuda:1", "cuda:2")]
    assert RunFolder(two.folder).config().settings.device == "cuda:1"  # what is written is what trains
    seen = [launch.environment(RunFolder(run.folder))["CUDA_VISIBLE_DEVICES"] for run in (one, two, pair)]
    assert seen == ["4", "6", "6,7"]
    for wrong in ({"device": "cuda:3"}, {"device": "cuda:2", "processes": 2}, {"device": "auto", "processes": 4}):
        with pytest.raises(RunError, match="3 cards"):
            queued(seed=9, **wrong)


def test_what_cannot_fit_is_refused_with_advice_and_leaves_nothing(store: Store, snapshot: int) -> None:
    settings = dataclasses.replace(RawsSettings(device="cpu"), batch=4000, gradient_checkpointing=False)
    with pytest.raises(RunError, match=r"cannot fit into the memory of .*would fit with .*batch 1"):
        run_queue.submit(
            store, store.workspace, stage=Stage.RAWS, start_model="demo", snapshot_id=snapshot, settings=settings
        )
    assert store.runs() == []
    assert not list(Path(store.workspace / "runs").glob("*"))
