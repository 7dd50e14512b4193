"""The ablations for real, at toy size: trained, killed, gone on with, judged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.ablations.cells import BASE, CELLS, FULL, REFLECTIVE, Budget
from benchmarks.ablations.results import read_results
from benchmarks.ablations.runner import Ablations
from m3ad.prompts import QUESTION
from m3ad.records import RunState, Stage
from training import launch
from training.config import RawsSettings
from training.demo_parts import SEEDS, draw_parts, taught
from training.examples import build_examples
from training.run import RunFolder

ROOT = Path(__file__).resolve().parents[2]
BUDGET = Budget(seeds=1, raws_steps=2, rcrl_steps=2, parts=2)
CHOSEN = tuple(cell for cell in CELLS if cell.name in (BASE, REFLECTIVE, FULL))
RUN = """
import sys
from pathlib import Path
from tests.benchmarks.test_ablations_run import BUDGET, CHOSEN
from benchmarks.ablations.runner import Ablations
Ablations(Path(sys.argv[1]), Path(sys.argv[2]), BUDGET, CHOSEN).run()
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What the stages base and ft leave: a very small model that keeps to the format, and answers to twelve parts."""
    from m3ad.demo.architecture import SMALLEST, build_tiny

    folder = tmp_path / "made"
    cases = taught(draw_parts(folder / "ft_parts", 12, SEEDS["ft"]))
    examples = build_examples(cases, 1)
    build_tiny(folder / "tiny", [e.completion for e in examples] * 5 + [QUESTION] * 5, size=SMALLEST)
    (folder / "tiny" / "monitor.json").write_text(json.dumps({"name": "tiny", "system": None}))
    settings = RawsSettings(
        gradient_checkpointing=False, device="cpu", warmup_steps=2, accumulation=1, logging_steps=50, threads=1,
        max_steps=150, batch=12, learning_rate=5e-3, save_steps=1000,
    )  # fmt: skip
    (folder / "runs").mkdir()
    run = RunFolder.create(
        folder / "runs", "base", stage=Stage.RAWS, start=str(folder / "tiny"), settings=settings, examples=examples
    )
    launch.start(run)
    wait_until(lambda: run.process() is None)
    assert run.state() is RunState.FINISHED, run.log_tail()
    answers = [example.completion for example in examples[1:] + examples[:1]]  # some right, some wrong
    (folder / "ft_answers.jsonl").write_text("".join(json.dumps(text) + "\n" for text in answers))
    return folder


def wait_until(there, seconds: float = 300.0) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was_and_trains_nothing_twice(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ablations = Ablations(made, out, BUDGET, CHOSEN)
    assert [cell.name for cell, _ in ablations.missing()] == [BASE, REFLECTIVE, FULL]
    with subprocess.Popen(
        [sys.executable, "-c", RUN, made, out], cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}
    ) as one:
        wait_until(lambda: (out / "runs" / f"{REFLECTIVE}-0" / "process.json").exists() or one.poll() is not None)
        one.send_signal(signal.SIGKILL)
    assert [row["cell"] for row in read_results(ablations.results)] == [BASE]

    before = (out / "runs" / f"{REFLECTIVE}-0" / "config.json").read_bytes()
    assert ablations.run(at_once=2) == []
    rows = read_results(ablations.results)
    assert [(row["cell"], row["seed"]) for row in rows] == [(BASE, 0), (REFLECTIVE, 0), (FULL, 0)]
    trained = RunFolder(out / "runs" / f"{REFLECTIVE}-0")
    assert (trained.path / "config.json").read_bytes() == before
    assert [event["kind"] for event in trained.events()[0]].count("start") == 1
    assert RunFolder(out / "runs" / f"{FULL}-0").config().start == str(trained.model_path)
    assert {example.case for example in RunFolder(out / "runs" / f"{FULL}-0").examples()}.isdisjoint(
        {part["case"] for part in rows[0]["parts"]}
    )
    for row in rows:
        answers = [json.loads(line) for line in answers_of(out, row["cell"])]
        assert len(row["parts"]) == len(answers) == BUDGET.parts
        for part, said in zip(row["parts"], answers, strict=True):  # so small a model may babble and never get there
            assert part["forced"].get("reflected", 0) == ("<reflection>" in said["forced"])
    assert [step for step, _ in rows[2]["curves"]["frac_reward_zero_std"]] == [1, 2]
    assert rows[0]["curves"] == rows[1]["curves"] == {}
    assert ablations.missing() == []

    (made / "runs" / "base" / "model").rename(made / "gone")  # nothing is opened or trained again
    assert ablations.run() == []
    assert read_results(ablations.results) == rows


def answers_of(out: Path, cell: str) -> list[str]:
    return (out / "answers" / f"{cell}-0.jsonl").read_text().splitlines()
