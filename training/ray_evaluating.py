"""A model answers a set of cases on a Ray cluster: a job does the asking, and we store what it writes, as it comes.

The job and this program share a folder of the workspace, which the cluster sees under the same path: questions.json and
job.json by us, JOB.jsonl with the answers by the job (`training.ray_inspecting`). Who goes on after having been cut off
finds the answers that came meanwhile, and the job, if it is still at work.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from db.store import Store
from m3ad.bench.answer_json import from_json
from m3ad.bench.answering import BATCH, plan
from m3ad.bench.records import Evaluation
from m3ad.errors import Halted, ModelUnavailable
from m3ad.monitor.base import never
from m3ad.monitor.names import NAMES, resolve
from training.evaluating import Progress, Tell, settled, size
from training.ray_job import ClusterAway, RayJob
from training.ray_launcher import shell_line, submit
from training.run import write_json

POLL = 0.5  # seconds between two looks into the folder
AWAY = 300.0  # seconds after which a cluster that does not answer is waited for no longer


@dataclass(frozen=True, slots=True)
class Spread:
    """How a model is spread over a cluster.

    Attributes:
        copies: of the model; 0: one for each card, or for each machine of a cluster without cards.
        cards: of a card's memory for each copy, e.g. 0.5; None: a whole one, where there are any.
        batch: pictures in a batch.
    """

    copies: int = 0
    cards: float | None = None
    batch: int = BATCH


@dataclass(frozen=True, slots=True)
class Loading:
    """How the model is opened on the cluster; `source` as `m3ad.monitor.open_monitor` takes it."""

    source: str
    device: str = "auto"
    quantization: str | None = None


class ClusterEvaluation:
    """One evaluation under way on a cluster."""

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        loading: Loading,
        cluster: str,
        spread: Spread,
        *,
        actor: str,
        tell: Tell = lambda progress: None,
        cancelled: Callable[[], bool] = never,
    ) -> None:
        self._store, self._evaluation, self._actor = store, evaluation, actor
        self._loading, self._cluster, self._spread = loading, cluster, spread
        self._tell, self._cancelled = tell, cancelled
        self._folder = store.workspace.resolve() / "evaluations" / str(evaluation.id)
        self._position, self._done = 0, False

    def run(self) -> None:
        """Let the cluster answer the cases that have no answer yet, and store each batch whole as it comes.

        Raises:
            Halted: it was cancelled; the job is stopped.
            ModelUnavailable: the model cannot answer, or the cluster ended the job or is away; what came is kept.
            RunError: the cluster does not take the job.
        """
        with settled(self._store, self._evaluation, self._actor):
            before = self._recorded()
            if before is not None:
                self._take(before)  # what came after an earlier program was cut off
            job = before if before and not self._done and before.ended() is None else self._submitted()
            if job is not None:
                self._follow(job)
            shutil.rmtree(self._folder, ignore_errors=True)
        self._tell(self._progress())

    def _recorded(self) -> RayJob | None:
        file = self._folder / "job.json"
        return RayJob(**json.loads(file.read_text())) if file.exists() else None

    def _submitted(self) -> RayJob | None:
        """A new job for all that has no answer; None when there is nothing left to ask."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._position, self._done = 0, False
        if not (batches := list(self._batches())):
            return None
        self._folder.mkdir(parents=True)
        spread, loading = self._spread, self._loading
        job = RayJob(self._cluster, f"evaluation-{self._evaluation.id}-{uuid.uuid4().hex[:12]}")
        asked = {
            "model": portable(loading.source), "device": loading.device, "quantization": loading.quantization,
            "prompt": self._evaluation.prompt, "weights": self._evaluation.weights,
            "mode": self._evaluation.mode.value, "copies": spread.copies, "cards": spread.cards, "batches": batches,
            "answers": _answers(job),
        }  # fmt: skip
        write_json(self._folder / "questions.json", asked)
        write_json(self._folder / "job.json", asdict(job))
        words = ["python", "-m", "training.ray_inspecting", str(self._folder)]
        submit(job, shell_line(words, self._folder), cores=0, cards=0)
        return job

    def _batches(self) -> Iterator[dict[int, str]]:
        """Case -> picture, in the batches of the whole set: so the answers are those of one machine."""
        cases = {one.case.id: one for one in self._store.evaluations.cases(self._evaluation.id)}
        for names in plan({name: size(one) for name, one in cases.items()}, self._spread.batch):
            missing = [name for name in names if cases[name].inspection is None]
            open_ = {name: str(self._store.places.held(cases[name].case.primary)) for name in missing}
            if open_:
                yield open_

    def _follow(self, job: RayJob) -> None:
        away_since: float | None = None
        self._tell(self._progress())
        while not self._done:
            if self._cancelled():
                self._stop(job)
                raise Halted("Cancelled. What was answered is kept: start again to go on from there.")
            ended = job.ended()  # before reading: what it wrote last is there then
            if self._take(job):
                self._tell(self._progress())
            if self._done:
                return
            if ended is not None:
                said = _last_line(self._folder / "log.txt")
                raise ModelUnavailable(f"{ended} {said} What was answered is kept: start again to go on from there.")
            away_since = (away_since or time.monotonic()) if job.away() else None
            if away_since is not None and time.monotonic() - away_since > AWAY:
                raise ModelUnavailable(f"{job.note()} What was answered is kept: start again to go on from there.")
            time.sleep(POLL)

    def _stop(self, job: RayJob) -> None:
        """Stop the job; while its cluster is away it works on, and who goes on finds it and what it wrote."""
        try:
            job.stop()
        except ClusterAway:
            return
        self._take(job)
        (self._folder / "job.json").unlink()

    def _take(self, job: RayJob) -> int:
        """Store the batches that were written since; returns how many. Raises ModelUnavailable when no case can be."""
        lines, self._position = whole_lines(self._folder / _answers(job), self._position)
        for line in lines:
            if "failed" in line:
                raise ModelUnavailable(str(line["failed"]))
            if "done" in line:
                self._done = True
                continue
            outcomes = {int(name): from_json(outcome) for name, outcome in line.items()}
            self._store.evaluations.keep(self._evaluation.id, outcomes, actor=self._actor)
        return len(lines)

    def _progress(self) -> Progress:
        cases = self._store.evaluations.cases(self._evaluation.id)
        answered = sum(one.inspection is not None for one in cases)
        refused = sum(one.inspection is None and bool(one.reason) for one in cases)
        return Progress(len(cases), answered, refused)


def whole_lines(file: Path, position: int) -> tuple[list[dict[str, Any]], int]:
    """The lines written after byte `position`, and the byte to go on from; an unfinished line is left for later."""
    if not file.exists():
        return [], 0
    with file.open("rb") as stream:
        stream.seek(position)
        data = stream.read()
    whole = data[: data.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], position + len(whole)


def portable(source: str) -> str:
    """A model's source as another machine understands it: no folder is named relative to ours."""
    plain, chosen, dialect = source.rpartition("?dialect=")
    name = plain if chosen else source
    found = resolve(name)
    if name in NAMES or found.kind != "folder":
        return source
    return f"{Path(found.location).resolve()}{chosen}{dialect if chosen else ''}"


def _answers(job: RayJob) -> str:
    """The file of a job's answers: its own, for one that was stopped may write a last line after the next one began."""
    return f"{job.name}.jsonl"


def _last_line(log: Path) -> str:
    """What its process said last."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
