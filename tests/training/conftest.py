"""Small real things for the tests of training: pictures, cases, models, a teacher's server."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from m3ad.geometry import Box
from m3ad.prompts import QUESTION
from m3ad.records import NORMAL, Defect, RunState, Scenario, Stage, Verdict
from tests.ray_cluster import Cluster, find_ray
from tests.server_process import free_port, started
from training.config import PRESETS, Settings
from training.examples import Example, build_examples
from training.launch import ROOT, command, environment
from training.modes import LabelledCase
from training.run import RunFolder, file_sha256

MakeRun = Callable[..., RunFolder]
TEACHER = Path(__file__).with_name("teacher_like_server.py")


def make_settings(stage: Stage, **own: Any) -> Settings:
    """The CPU preset for the smallest model; no case is followed."""
    shorter = {"max_new_tokens": 80} if stage is Stage.RCRL else {}
    return replace(PRESETS["cpu demo"][stage], **{"threads": 1, "follow_cases": 0, **shorter, **own})


def run_to_end(run: RunFolder) -> subprocess.CompletedProcess[str]:
    """Train in a process of its own, as the page does, and wait."""
    return subprocess.run(command(run), cwd=ROOT, env=environment(run), text=True, capture_output=True, timeout=300)


def train_here(run: RunFolder, stop_at: int | None = None) -> RunState:
    """Train in this process, which has loaded everything already; asked to stop after the step `stop_at`."""
    from training import raws, rcrl
    from training.process import Interrupt

    class Impatience(Interrupt):
        def requested(self) -> bool:
            return super().requested() or (stop_at is not None and run_steps(run) >= stop_at)

    before = signal.getsignal(signal.SIGTERM)
    try:
        return (raws if run.config().stage is Stage.RAWS else rcrl).train(run, Impatience(run))
    finally:
        signal.signal(signal.SIGTERM, before)


def run_steps(run: RunFolder) -> int:
    """Steps that the run has written down so far; with `logging_steps=1` one less than it has done."""
    return run.progress().step + 1


def weights_hash(model: Path) -> str:
    """The hash of a model's or an adapter's weights."""
    (file,) = model.glob("*.safetensors")
    return file_sha256(file)


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledCase]:
    """Twelve pictures of 64 x 64 pixels: every other one has a dark square, which is a hole."""
    folder, rng, made = tmp_path_factory.mktemp("pictures"), random.Random(0), []
    for number in range(12):
        image = Image.new("RGB", (64, 64), (200, 200, 200))
        x, y = rng.randrange(0, 40), rng.randrange(0, 40)
        truth = (
            Verdict(True, (Defect("hole", Box.from_pixels(x, y, x + 20, y + 20, 64, 64)),)) if number % 2 else NORMAL
        )
        if truth.anomalous:
            ImageDraw.Draw(image).rectangle((x, y, x + 19, y + 19), fill=(10, 10, 10))
        image.save(folder / f"{number}.png")
        made.append(LabelledCase(str(number), folder / f"{number}.png", "plate", Scenario.WORKPIECE, truth))
    return made


@pytest.fixture(scope="session")
def examples(cases: list[LabelledCase]) -> list[Example]:
    return build_examples(cases, seed=1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, examples: list[Example]) -> Path:
    """The smallest model with random weights."""
    from m3ad.demo.architecture import SMALLEST, build_tiny

    folder = tmp_path_factory.mktemp("models") / "tiny"
    build_tiny(folder, [e.completion for e in examples] * 5 + [QUESTION] * 5, size=SMALLEST)
    (folder / "monitor.json").write_text(json.dumps({"name": "tiny", "system": None}))
    return folder


@pytest.fixture
def make_run(tmp_path: Path, examples: list[Example], tiny: Path) -> MakeRun:
    """Makes a run folder: `make_run(stage, name=..., start=..., examples=..., **settings)`."""

    def make(
        stage: Stage, name: str = "run-1", start: Path | None = None, rows: list[Example] | None = None, **own: Any
    ) -> RunFolder:
        root = tmp_path / "runs"
        root.mkdir(exist_ok=True)
        settings = make_settings(stage, **own)
        source = str(start or tiny)
        return RunFolder.create(root, name, stage=stage, start=source, settings=settings, examples=rows or examples)

    return make


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory, examples: list[Example], tiny: Path) -> RunFolder:
    """A finished RAWS run, trained in its own process until the model keeps to the format."""
    settings = make_settings(Stage.RAWS, max_steps=100, batch=12, learning_rate=5e-3, save_steps=1000, logging_steps=10)
    root = tmp_path_factory.mktemp("runs")
    run = RunFolder.create(root, "raws-1", stage=Stage.RAWS, start=str(tiny), settings=settings, examples=examples)
    done = run_to_end(run)
    assert done.returncode == 0, done.stderr
    return run


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that answers and fails as a teacher's does."""
    root = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("teacher") / "log.txt"
    process = started([sys.executable, str(TEACHER), str(port)], f"{root}/seen", log)
    yield root
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Ray cluster that every test finds up and leaves up."""
    find_ray()
    made = Cluster()
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that fails is asked again at once."""
    monkeypatch.setattr("training.patience.FIRST_PAUSE", 0.01)
