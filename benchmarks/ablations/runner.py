"""Trains and judges what is not yet in results.jsonl; killed at any moment, it goes on where it was.

runs/NAME-SEED/       the run folder, as the app makes it
answers/NAME-SEED.jsonl   what its model answered
results.jsonl         the counts
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.ablations.cells import BASE, CELLS, Budget, Cell, jobs, settings_of
from benchmarks.ablations.judging import answer, counted
from benchmarks.ablations.results import append_result, check_budget, read_results
from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from m3ad.trace import read
from training import launch
from training.config import RawsSettings, Settings
from training.demo_model import REINFORCE
from training.demo_parts import SEEDS, draw_parts, taught
from training.examples import Example, build_examples
from training.modes import LabelledCase
from training.run import RunFolder

# Parts for judging, from a range that no training, threshold or evaluation draws from (`training.demo_parts.SEEDS`).
FRESH = 80_000_000
SEED_STRIDE = 1_000_000  # RCRL's parts of one seed and of the next
CURVES = (
    "reward", "reflection/rate", "reflection/fixed", "reflection/broke", "accuracy/initial", "accuracy/final",
    "frac_reward_zero_std", "unreadable",
)  # fmt: skip
# Seconds on two quiet cores, for the estimate only.
STARTED, RAWS_STEP, RCRL_STEP, JUDGED = 25.0, 1.1, 4.0, 0.4
WAIT = 0.5  # seconds between two looks at a training


@dataclass(frozen=True)
class Ablations:
    """One set of ablations.

    Attributes:
        made: the folder of `training.demo_model`, with runs/base, ft_answers.jsonl and ft_parts.
        out: where everything is written.
        stopping: set when trainings under way shall end.
    """

    made: Path
    out: Path
    budget: Budget
    cells: tuple[Cell, ...] = CELLS
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def results(self) -> Path:
        """The file that the report is made from."""
        return self.out / "results.jsonl"

    def missing(self) -> list[tuple[Cell, int]]:
        """The (cell, seed) that are not in the results. Raises RunError when these have another budget."""
        rows = read_results(self.results)
        check_budget(rows, asdict(self.budget))
        done = {(row["cell"], row["seed"]) for row in rows}
        return [(cell, seed) for cell, seed in jobs(self.cells, self.budget.seeds) if (cell.name, seed) not in done]

    def run(self, at_once: int = 1) -> list[str]:
        """Do all that is missing, `at_once` cells together; returns a sentence for each cell that failed.

        The others go on without it. Ctrl+C ends the trainings at their next checkpoint.
        """
        (self.out / "answers").mkdir(parents=True, exist_ok=True)
        (self.out / "runs").mkdir(exist_ok=True)
        missing, failed = self.missing(), []
        self._draw(missing)
        started, done = time.monotonic(), []
        for wave in waves(missing):
            pool = ThreadPoolExecutor(at_once)
            jobs = {pool.submit(self._one, cell, seed): (cell, seed) for cell, seed in wave}
            try:
                for job in as_completed(jobs):
                    cell, seed = jobs[job]
                    done.append((cell, seed))
                    said = f"{len(done)} of {len(missing)}: {cell.name}, seed {seed}"
                    if isinstance(error := job.exception(), RunError):
                        failed.append(f"{cell.name}, seed {seed}: {error}")
                        said += f" failed: {error}"
                    elif error:
                        raise error
                    # How much slower or faster than the estimate it goes here, by what is done.
                    pace = (time.monotonic() - started) / estimate(done, self.budget)
                    to_do = [job for job in missing if job not in done]
                    print(f"{said}; about {duration(pace * estimate(to_do, self.budget))} left", flush=True)
            except BaseException:
                self.stopping.set()
                raise
            finally:
                pool.shutdown(cancel_futures=True)
        return failed

    def _draw(self, missing: Sequence[tuple[Cell, int]]) -> None:
        """Draw all parts before any two cells could want the same ones at once."""
        self._fresh_parts()
        if any(cell.stage is Stage.RAWS for cell, _ in missing):
            _answered(self.made)
        for seed in {seed for cell, seed in missing if cell.stage is Stage.RCRL}:
            self._rcrl_parts(seed)

    def _fresh_parts(self) -> list[LabelledCase]:
        return draw_parts(self.out / "fresh_parts", self.budget.parts, FRESH)

    def _rcrl_parts(self, seed: int) -> list[LabelledCase]:
        count, first = self.budget.rcrl_steps * REINFORCE.batch, SEEDS["rcrl"] + seed * SEED_STRIDE
        return draw_parts(self.out / f"rcrl_parts_{seed}", count, first)

    def _one(self, cell: Cell, seed: int) -> None:
        run = self._folder(cell, seed)
        if cell.settings is not None:
            self._train(run, cell, seed)
        rows = answer(self._model(cell.name, seed), self._fresh_parts(), self.out / "answers" / f"{run.name}.jsonl")
        events = run.events()[0]
        result = {
            "cell": cell.name,
            "seed": seed,
            "budget": asdict(self.budget),
            "parts": [counted(row) for row in rows],
            "curves": curves(events) if cell.stage is Stage.RCRL else {},
            "alarm": next((event["text"] for event in events if event.get("alarm")), ""),
        }
        append_result(self.results, result)

    def _train(self, run: RunFolder, cell: Cell, seed: int) -> None:
        """Train as the app does, in a process of its own; one that outlived a killed runner is waited for."""
        if not run.path.exists():
            settings, stage = settings_of(cell, seed, self.budget), cell.stage
            assert stage is not None
            start = self._model(cell.start or BASE, seed)
            if not start.exists():
                raise RunError(f"its start model {cell.start} of this seed is not there.")
            examples = self._examples(settings, seed)
            RunFolder.create(run.path.parent, run.name, stage=stage, start=str(start), settings=settings,
                             examples=examples)  # fmt: skip
        if run.process() is None and run.state() is not RunState.FINISHED:
            launch.start(run)
        while run.process() is not None:
            if self.stopping.wait(WAIT):
                launch.end(run, grace=60.0, after_term=10.0)
        if run.state() is not RunState.FINISHED:
            raise RunError(run.message())

    def _examples(self, settings: Settings, seed: int) -> Sequence[Example]:
        if isinstance(settings, RawsSettings):
            shares = {"easy_reflective": settings.easy_reflective, "hard_reflective": settings.hard_reflective}
            return build_examples(_answered(self.made), seed, **shares)
        return build_examples(self._rcrl_parts(seed), seed)

    def _folder(self, cell: Cell, seed: int) -> RunFolder:
        return RunFolder(self.out / "runs" / f"{cell.name}-{seed}")

    def _model(self, name: str, seed: int) -> Path:
        if name == BASE:
            return self.made / "runs" / "base" / "model"
        return RunFolder(self.out / "runs" / f"{name}-{seed}").model_path


@cache
def _answered(made: Path) -> list[LabelledCase]:
    """The parts of the ft stage with what the base model answered to them."""
    texts = [json.loads(line) for line in (made / "ft_answers.jsonl").read_text().splitlines()]
    cases = taught(draw_parts(made / "ft_parts", len(texts), SEEDS["ft"]))
    return [replace(case, base=read(text)) for case, text in zip(cases, texts, strict=True)]


def curves(events: Sequence[dict[str, Any]]) -> dict[str, list[list[float]]]:
    """The figures that are watched during RCRL, over its steps."""
    logs = [event for event in events if event["kind"] == "log"]
    return {name: [[e["step"], e[name]] for e in logs if e.get(name) is not None] for name in CURVES}


def waves(missing: Sequence[tuple[Cell, int]]) -> list[list[tuple[Cell, int]]]:
    """The cells in two waves, none of which needs another of its own: those from the base model, then the others."""
    first = [job for job in missing if job[0].start in (None, BASE)]
    return [first, [job for job in missing if job not in first]]


def estimate(missing: Sequence[tuple[Cell, int]], budget: Budget) -> float:
    """Seconds that these cells take on two quiet cores, one after the other."""
    steps = {None: 0.0, Stage.RAWS: budget.raws_steps * RAWS_STEP, Stage.RCRL: budget.rcrl_steps * RCRL_STEP}
    return sum(steps[cell.stage] + STARTED * (cell.stage is not None) + budget.parts * JUDGED for cell, _ in missing)


def duration(seconds: float) -> str:
    """A duration as people say it."""
    return f"{max(1, round(seconds / 60))} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
