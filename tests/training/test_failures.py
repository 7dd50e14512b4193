"""What goes wrong in a factory, done to real trainings: each ends in a clear state with a sentence, and goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from m3ad.errors import BadImage, RunError
from m3ad.records import RunState, Stage
from tests.training.conftest import MakeRun, make_settings, run_to_end, train_here, weights_hash
from training import launch
from training.checkpoints import damage
from training.config import RawsSettings
from training.examples import Example
from training.process import is_disk_full, words_of
from training.run import RunFolder

RAWS = {"batch": 4, "learning_rate": 5e-3, "warmup_steps": 1}


def wait_for(run: RunFolder, done) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 300
    while not done():
        assert time.monotonic() < end, run.log_tail()
        time.sleep(0.05)


def ended(run: RunFolder) -> bool:
    return run.process() is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 24 MiB; what fills it fills nothing else."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_checkpoint_and_ends_as_if_nothing_had_happened(
    make_run: MakeRun, taught: RunFolder
) -> None:
    whole = make_run(Stage.RAWS, start=taught.model_path, name="whole", max_steps=6, save_steps=2, **RAWS)
    train_here(whole)
    run = make_run(Stage.RAWS, start=taught.model_path, name="killed", max_steps=6, save_steps=2, **RAWS)
    launch.start(run)
    pid = run.process().pid
    wait_for(run, lambda: run.progress().step >= 3)
    os.kill(pid, signal.SIGKILL)
    wait_for(run, lambda: ended(run))
    if run.state() is RunState.FINISHED:
        pytest.fail("the run was faster than the test: give it more steps")
    assert run.state() is RunState.FAILED
    assert "killed or crashed" in run.message()
    assert train_here(run) is RunState.FINISHED
    begun = [event["step"] for event in run.events()[0] if event["kind"] == "start"]
    assert begun[0] == 0
    assert begun[1] in (2, 4)
    assert weights_hash(run.model_path) == weights_hash(whole.model_path)


@pytest.mark.slow
def test_a_corrupt_checkpoint_costs_steps_and_not_the_result(make_run: MakeRun, taught: RunFolder) -> None:
    whole, run = (
        make_run(Stage.RAWS, start=taught.model_path, name=name, max_steps=6, save_steps=1, **RAWS)
        for name in ("whole", "hurt")
    )
    train_here(whole)
    assert train_here(run, stop_at=4) is RunState.STOPPED
    os.truncate(run.checkpoints / "checkpoint-4" / "optimizer.pt", 100)
    assert train_here(run) is RunState.FINISHED
    events = run.events()[0]
    assert [event["step"] for event in events if event["kind"] == "start"] == [0, 3]
    assert any("checkpoint-4 has a damaged file, optimizer.pt" in event.get("text", "") for event in events)
    assert weights_hash(run.model_path) == weights_hash(whole.model_path)


@pytest.mark.slow
def test_a_full_disk_fails_the_run_in_words_and_with_room_it_goes_on(
    small_disk: Path, tiny: Path, examples: list[Example]
) -> None:
    settings = make_settings(Stage.RAWS, max_steps=6, save_steps=2, **RAWS)
    run = RunFolder.create(small_disk, "full", stage=Stage.RAWS, start=str(tiny), settings=settings,
                           examples=examples)  # fmt: skip
    ballast = small_disk / "ballast"
    free = shutil.disk_usage(small_disk).free
    weights = sum(file.stat().st_size for file in tiny.rglob("*"))
    room = int(1.5 * weights)  # less than a checkpoint: weights and twice as much of the optimizer's
    assert room < free
    ballast.write_bytes(bytes(free - room))
    launch.start(run)
    wait_for(run, lambda: ended(run))
    assert run.state() is RunState.FAILED
    assert run.message().startswith("The disk is full. Free some space"), run.log_tail()
    assert not list(run.checkpoints.glob("checkpoint-*"))  # what was half written does not go on filling it
    ballast.unlink()
    launch.start(run)
    wait_for(run, lambda: ended(run))
    assert run.state() is RunState.FINISHED, run.message()
    assert all(damage(folder) is None for folder in run.checkpoints.glob("checkpoint-*"))


@pytest.mark.slow
@pytest.mark.parametrize("stage", list(Stage))
def test_a_loss_that_is_no_number_ends_the_run_before_it_spoils_the_weights(
    make_run: MakeRun, taught: RunFolder, tmp_path: Path, stage: Stage
) -> None:
    from safetensors.torch import load_file, save_file

    start = tmp_path / "start"
    shutil.copytree(taught.model_path, start)
    weights = load_file(start / "model.safetensors")
    (name,) = (one for one in weights if one.endswith("language_model.norm.weight"))
    weights[name][0] = float("nan")
    save_file(weights, start / "model.safetensors", metadata={"format": "pt"})
    run = make_run(stage, start=start, max_steps=3, **({"batch": 3} if stage is Stage.RCRL else RAWS))
    assert run_to_end(run).returncode == 1
    assert run.state() is RunState.FAILED
    assert "NaN" in run.message()
    assert "Start a new run with a smaller learning rate" in run.message()
    assert not run.model_path.exists()
    assert not list(run.checkpoints.glob("checkpoint-*"))


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "loaders"), [(Stage.RAWS, 0), (Stage.RAWS, 2), (Stage.RCRL, 1)])
def test_a_picture_that_goes_missing_while_training_is_named(
    make_run: MakeRun, taught: RunFolder, examples: list[Example], tmp_path: Path, stage: Stage, loaders: int
) -> None:
    from dataclasses import replace

    rows = []
    for example in examples:
        copy = tmp_path / Path(example.image).name
        shutil.copy(example.image, copy)
        rows.append(replace(example, image=str(copy)))
    own = {"batch": 4, "max_steps": 50, "learning_rate": 1e-4, "save_steps": 1, "loaders": loaders}
    run = make_run(stage, start=taught.model_path, rows=rows, **own)
    launch.start(run)
    wait_for(run, lambda: any(run.checkpoints.glob("checkpoint-*/manifest.json")))
    for picture in tmp_path.glob("*.png"):
        picture.unlink()
    wait_for(run, lambda: ended(run))
    assert run.state() is RunState.FAILED
    assert ".png" in run.message(), run.message()
    assert not run.message().startswith("FileNotFoundError")
    assert "Traceback" not in run.message()
    # With fewer pictures it would be another training: it waits until they are back.
    shutil.copy(examples[0].image, tmp_path / Path(examples[0].image).name)
    with pytest.raises(RunError, match=r"12 could be used when checkpoint-\d+ was saved, 1 can now"):
        train_here(run)


@pytest.mark.slow
def test_when_one_of_two_processes_is_killed_the_run_fails_in_words(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS, processes=2, max_steps=5000, save_steps=1, **RAWS)
    launch.start(run)
    pid = run.process().pid
    wait_for(run, lambda: run.progress().step >= 2)
    workers = psutil.Process(pid).children(recursive=True)
    assert list(run.checkpoints.glob("checkpoint-*/manifest.json"))
    worker = next(one for one in workers if one.environ().get("RANK") == "1")
    worker.kill()
    wait_for(run, lambda: ended(run))
    assert run.state() is RunState.FAILED
    assert run.message().startswith(("Another process of this run ended", "The training process ended")), run.message()
    assert not [one for one in workers if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_a_clock_that_is_set_neither_ends_a_run_nor_makes_a_stranger_one(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(Stage.RAWS)
    run.set_process(os.getpid())
    run.append_event("log", step=2, total=8, elapsed=10.0, first_step=0)
    began = psutil.Process().create_time()
    for shift in (-7200.0, 7200.0):
        # What a changed clock changes: the time of day, and on Linux the boot time by which processes are dated.
        now, boot = time.time(), psutil.boot_time()
        with monkeypatch.context() as clock:
            clock.setattr(time, "time", lambda now=now, shift=shift: now + shift)
            clock.setattr(psutil._psplatform, "boot_time", lambda boot=boot, shift=shift: boot + shift)
            assert psutil.Process().create_time() == pytest.approx(began + shift)  # the clock was really set
            assert run.state() is RunState.RUNNING
            run.append_event("log", step=4, total=8, elapsed=20.0, first_step=0)
            assert run.progress().seconds_left == pytest.approx(20.0)


def test_known_failures_are_told_as_sentences(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(Stage.RAWS)
    full = OSError(28, "No space left on device")
    wrapped = RuntimeError("cannot write")
    wrapped.__cause__ = full
    native = Exception("Error while serializing: I/O error: No space left on device (os error 28)")
    assert all(is_disk_full(error) for error in (full, wrapped, native))
    assert not is_disk_full(OSError(2, "No such file"))
    assert words_of(wrapped, run).startswith("The disk is full.")
    assert words_of(BadImage("a.png is damaged."), run) == "a.png is damaged."
    assert words_of(KeyError("x"), run) == "KeyError: 'x'"
    lost = RuntimeError("[gloo] Connection closed by peer [127.0.0.1]:1234")
    assert words_of(lost, run).startswith("RuntimeError")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert words_of(lost, run).startswith("Another process of this run ended.")


def test_a_run_whose_process_could_not_even_write_why_says_that_the_disk_is_full(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(Stage.RAWS)
    (run.path / "process.json").write_text('{"pid": 4194304, "started": "boot/1"}')
    assert "killed or crashed" in run.message()
    usage = shutil.disk_usage(run.path)._replace(free=4096)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "its disk is full" in run.message()


def test_saving_between_two_updates_of_one_batch_of_answers_is_refused() -> None:
    assert isinstance(make_settings(Stage.RAWS), RawsSettings)
    settings = make_settings(Stage.RCRL, iterations=4, save_steps=6)
    assert any("multiple of iterations" in problem for problem in settings.check())
    assert make_settings(Stage.RCRL, iterations=3, save_steps=6).check() == []
