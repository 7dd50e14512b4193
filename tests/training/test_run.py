from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from tests.training.conftest import MakeRun, make_settings
from training import launch
from training.run import RunFolder, check_name

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
]


def test_a_new_run_is_ready_and_reads_back_as_it_was_made(make_run: MakeRun, examples, tiny: Path) -> None:  # type: ignore[no-untyped-def]
    run = make_run(Stage.RAWS, batch=3)
    config = run.config()
    assert run.state() is RunState.READY
    assert (config.name, config.stage, config.start) == ("run-1", Stage.RAWS, str(tiny))
    assert config.settings == make_settings(Stage.RAWS, batch=3)
    assert run.examples() == examples
    assert run.progress().total == 0
    assert run.message() == run.log_tail() == ""


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b", "/etc", "A", "a b", "-a", ".a", "x" * 65, "a\n", "ä", "a\\b"]
)
def test_a_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="cannot name a run"):
        check_name(name)


def test_a_second_run_of_the_same_name_is_refused(make_run: MakeRun) -> None:
    make_run(Stage.RAWS)
    with pytest.raises(RunError, match="there already"):
        make_run(Stage.RAWS)


def test_a_run_with_impossible_settings_or_without_examples_leaves_no_folder(
    tmp_path: Path, examples, tiny: Path
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RunError, match="batch must be"):
        RunFolder.create(
            tmp_path,
            "a",
            stage=Stage.RAWS,
            start=str(tiny),
            settings=make_settings(Stage.RAWS, batch=0),
            examples=examples,
        )
    with pytest.raises(RunError, match="no examples"):
        RunFolder.create(
            tmp_path, "a", stage=Stage.RAWS, start=str(tiny), settings=make_settings(Stage.RAWS), examples=[]
        )
    assert list(tmp_path.iterdir()) == []


def test_data_changed_after_the_run_was_made_is_noticed(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    data = run.path / "data.jsonl"
    data.chmod(0o644)
    data.write_text(data.read_text().replace("plate", "plane", 1))
    with pytest.raises(RunError, match="was changed"):
        run.examples()


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run"):
        RunFolder(tmp_path).config()


def test_events_are_read_on_from_a_byte_and_a_half_written_line_waits(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    assert run.events() == ([], 0)
    run.append_event("log", step=1, total=4, elapsed=10.0, text="ä\u2028")
    first, place = run.events()
    assert [event["step"] for event in first] == [1]
    assert first[0]["text"] == "ä\u2028"
    with (run.path / "events.jsonl").open("a") as file:
        file.write('{"kind": "log", "st')
    assert run.events(place) == ([], place)
    with (run.path / "events.jsonl").open("a") as file:
        file.write('ep": 2, "total": 4, "elapsed": 20.0}\n')
    assert [event["step"] for event in run.events(place)[0]] == [2]


def test_progress_tells_steps_and_the_time_that_is_left(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    run.append_event("start", step=0, total=8, elapsed=0.0)
    assert (run.progress().total, run.progress().seconds_left) == (8, None)
    run.append_event("log", step=2, total=8, elapsed=10.0, first_step=0)
    run.append_event("sample", step=2, case="1")
    progress = run.progress()
    assert (progress.step, progress.total, progress.seconds_left) == (2, 8, pytest.approx(30.0))


def test_progress_of_a_continued_run_counts_only_its_own_steps(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    run.append_event("log", step=6, total=8, elapsed=10.0, first_step=4)
    assert run.progress().seconds_left == pytest.approx(10.0)


def test_nan_cannot_reach_the_events(make_run: MakeRun) -> None:
    with pytest.raises(ValueError, match="JSON"):
        make_run(Stage.RAWS).append_event("log", loss=float("nan"))


def test_a_process_that_dies_without_a_word_shows_as_failed(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    with subprocess.Popen(SLEEP) as process:
        run.set_process(process.pid)
        assert run.state() is RunState.RUNNING
        run.request_stop()
        assert run.state() is RunState.STOPPING
        process.kill()
        process.wait()
    assert run.state() is RunState.FAILED
    assert "log" in run.message()


def test_a_zombie_counts_as_dead(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    with subprocess.Popen(SLEEP) as process:
        run.set_process(process.pid)
        process.kill()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert run.state() is RunState.FAILED


def test_another_process_with_the_same_pid_is_not_the_run(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    run.set_process(os.getpid())
    assert run.state() is RunState.RUNNING
    (run.path / "process.json").write_text(f'{{"pid": {os.getpid()}, "started": "boot/1"}}')
    assert run.state() is RunState.FAILED


def test_a_process_that_ignores_sigterm_is_killed_in_the_end(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    with subprocess.Popen(DEAF, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        run.set_process(process.pid)
        assert launch.end(run, grace=0.1, after_term=0.5) is RunState.FAILED
        assert process.wait() == -9
    assert run.stop_requested()


def test_ending_a_run_that_is_not_alive_touches_nothing(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    assert launch.end(run, grace=0.1, after_term=0.1) is RunState.READY
    assert not run.stop_requested()


def test_discard_kills_the_process_and_removes_the_folder(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    with subprocess.Popen(SLEEP) as process:
        run.set_process(process.pid)
        launch.discard(run)
        assert process.wait() == -9
    assert list(run.path.parent.iterdir()) == []


def test_the_command_is_plain_python_or_torchrun(make_run: MakeRun) -> None:
    one, many = make_run(Stage.RAWS), make_run(Stage.RCRL, name="run-2", processes=4)
    assert launch.command(one) == [sys.executable, "-m", "training.raws", str(one.path)]
    command = launch.command(many)
    assert command[:4] == [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    assert command[command.index("--nproc-per-node") + 1] == "4"
    assert command[-2:] == ["training.rcrl", str(many.path)]


def test_one_process_sees_one_card(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert launch.environment(make_run(Stage.RAWS))["CUDA_VISIBLE_DEVICES"] == "3"
    many = make_run(Stage.RAWS, name="run-2", processes=2)
    assert launch.environment(many)["CUDA_VISIBLE_DEVICES"] == "3,5"


def test_the_log_tail_of_a_large_log_is_its_end(make_run: MakeRun) -> None:
    run = make_run(Stage.RAWS)
    (run.path / "log.txt").write_bytes(b"x" * 200_000 + b"\nbefore\n\xff last\n")
    assert run.log_tail(2) == "before\n\ufffd last"


def test_what_knows_a_run_does_not_load_torch() -> None:
    modules = "training.launch, training.loop, training.promotion, training.captions"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=launch.ROOT, check=True)


def test_the_training_scripts_do_not_know_the_store() -> None:
    seen: set[str] = set()
    waiting = ["training.raws", "training.rcrl", "training.demo_model"]
    while waiting:
        module = waiting.pop()
        if module in seen or not module.startswith(("training.", "db", "ui")):
            continue
        seen.add(module)
        tree = ast.parse((launch.ROOT / f"{module.replace('.', '/')}.py").read_text())
        waiting += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    assert "training.callbacks" in seen
    assert not [module for module in seen if module.startswith(("db", "ui"))]
