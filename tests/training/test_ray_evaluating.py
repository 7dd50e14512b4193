"""The bundled model answers drawn parts on a real cluster: as it does here, cut off, cancelled, with a copy killed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psutil
import pytest

from app import main
from db.store import Store
from m3ad.bench.answer_json import from_json, to_json
from m3ad.bench.answering import answer_together
from m3ad.bench.records import Evaluation, EvaluationState
from m3ad.errors import Halted, ModelUnavailable
from m3ad.monitor import open_monitor
from m3ad.monitor.base import BatchMonitor
from m3ad.monitor.fingerprint import weights_of
from m3ad.monitor.prompt import prompt_of
from m3ad.records import Mode
from tests.ray_cluster import Cluster
from tests.training.bench_parts import make_workspace
from training import ray_evaluating, ray_inspecting
from training.evaluating import Pace, Progress, evaluate
from training.ray_evaluating import ClusterEvaluation, Loading, Spread
from training.ray_job import RayJob

NOBODY = "http://127.0.0.1:9"
PARTS = 31  # so many that a cancelled cluster has not answered all of them before it hears of it


def workspace(folder: Path, parts: int = PARTS) -> Store:
    make_workspace(folder, parts, broken=True)
    return Store.open(folder / "workspace")


def begun(store: Store) -> Evaluation:
    snapshot = store.snapshot("bench").id
    return store.evaluations.begin(snapshot, "demo", Mode.AUTO, prompt_of("demo"), weights_of("demo"), actor="ann")


def answers(store: Store, evaluation: Evaluation) -> list[object]:
    """What is stored of each case, but for numbers and how long it took."""
    return [
        (one.inspection.trace, one.inspection.tokens)
        if one.inspection
        else one.reason.replace(str(store.workspace.parent), "")
        for one in store.evaluations.cases(evaluation.id)
    ]


def numbers(store: Store, evaluation: Evaluation) -> list[float | None]:
    """Probabilities and doubts; processes that share out their work otherwise round otherwise."""
    found = [one.inspection for one in store.evaluations.cases(evaluation.id) if one.inspection]
    return [each for one in found for each in (one.probability.initial, one.probability.final, one.doubt)]


def on(cluster: str, store: Store, evaluation: Evaluation, **own: object) -> ClusterEvaluation:
    spread = Spread(copies=1, batch=2)
    return ClusterEvaluation(store, evaluation, Loading("demo", "cpu"), cluster, spread, actor="ann", **own)  # type: ignore[arg-type]


def copies() -> list[psutil.Process]:
    """The processes that hold a copy of the model."""
    return [one for one in psutil.process_iter(["name", "cmdline"]) if "(Copy)" in " ".join(one.info["cmdline"] or [])]


@pytest.mark.slow
def test_a_cluster_gives_the_stored_answers_of_one_machine_cancelled_killed_and_gone_on_with(
    cluster: Cluster, tmp_path: Path
) -> None:
    with workspace(tmp_path / "a") as here, workspace(tmp_path / "b") as there:
        alone, spread = begun(here), begun(there)
        evaluate(here, alone, open_monitor("demo", device="cpu"), actor="ann", batch=2)  # type: ignore[arg-type]
        told: list[Progress] = []

        def some() -> bool:
            return bool(told) and told[-1].answered > 0

        with pytest.raises(Halted, match="start again"):
            on(cluster.address, there, spread, tell=told.append, cancelled=some).run()
        assert there.evaluations.get(spread.id).state is EvaluationState.CANCELLED
        kept = [one.inspection for one in there.evaluations.cases(spread.id) if one.inspection]
        assert 0 < len(kept) < PARTS - 1  # one of the pictures is broken
        killed: list[int] = []

        def kill_one() -> bool:
            for process in copies()[:1] if not killed else []:
                killed.append(process.pid)
                process.kill()
            return False

        begun(there)
        on(cluster.address, there, spread, tell=told.append, cancelled=kill_one).run()
        assert killed
        assert answers(there, spread) == answers(here, alone)
        assert numbers(there, spread) == pytest.approx(numbers(here, alone), abs=1e-5)
        assert told[-1] == Progress(PARTS, PARTS - 1, 1)
        assert there.evaluations.get(spread.id).state is EvaluationState.FINISHED
        after = [one.inspection.id for one in there.evaluations.cases(spread.id) if one.inspection]
        assert {one.id for one in kept} <= set(after)  # what was answered is not asked again
        assert not (there.workspace / "evaluations" / str(spread.id)).exists()


@pytest.mark.slow
def test_the_command_lets_the_cluster_answer_and_tells_the_figures(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace(tmp_path, 4).close()
    place = ["--workspace", str(tmp_path / "workspace"), "--model", "demo", "--device", "cpu"]
    assert main(["bench", "run", "bench", *place, "--ray", cluster.address, "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[-2] == {"total": 4, "answered": 3, "refused": 1}
    assert said[-1]["model"] == "demo"


def test_an_answer_is_the_same_after_its_way_through_a_file(tmp_path: Path) -> None:
    with workspace(tmp_path, 3) as store:
        pictures = {one.case.id: one.case.primary.path for one in store.evaluations.cases(begun(store).id)}
        outcomes = answer_together(open_monitor("demo", device="cpu"), pictures, Mode.AUTO)  # type: ignore[arg-type]
    assert sum(isinstance(one, str) for one in outcomes.values()) == 1
    for outcome in outcomes.values():
        assert from_json(json.loads(json.dumps(to_json(outcome)))) == outcome


def test_prompt_and_weights_are_known_before_the_model_is_loaded() -> None:
    monitor = open_monitor("demo", device="cpu")
    assert isinstance(monitor, BatchMonitor)
    assert (prompt_of("demo"), weights_of("demo")) == (monitor.prompt, monitor.weights)


def test_a_copy_with_other_weights_answers_nothing() -> None:
    asked = {"model": "demo", "device": "cpu", "quantization": None, "mode": "auto", "prompt": prompt_of("demo")}
    (said,) = ray_inspecting.Copy({**asked, "weights": "others"})({"pictures": ["{}"]})["answers"]
    assert "its files differ from those here" in json.loads(said)["failed"]


def test_answers_that_came_while_nobody_looked_are_stored_and_a_half_written_one_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_evaluating, "AWAY", 0.0)
    with workspace(tmp_path, 3) as store:
        one = begun(store)
        pictures = {case.case.id: case.case.primary.path for case in store.evaluations.cases(one.id)}
        outcomes = answer_together(open_monitor("demo", device="cpu"), pictures, Mode.AUTO)  # type: ignore[arg-type]
        lines = [json.dumps({name: to_json(outcome)}) for name, outcome in outcomes.items()]
        folder = store.workspace / "evaluations" / str(one.id)
        folder.mkdir(parents=True)
        (folder / "job.json").write_text(json.dumps({"cluster": NOBODY, "name": "evaluation-1"}))
        (folder / "evaluation-1.jsonl").write_text(f"{lines[0]}\n{lines[1]}\n{lines[2][:20]}")
        with pytest.raises(ModelUnavailable, match=r"cannot be asked at the moment.*What was answered is kept"):
            on(NOBODY, store, one).run()
        answered = [case.inspection is not None or bool(case.reason) for case in store.evaluations.cases(one.id)]
        assert answered == [True, True, False]
        assert (folder / "evaluation-1.jsonl").exists()  # the job may be at work still
        (folder / "evaluation-1.jsonl").write_text("\n".join([*lines, '{"failed": "The card is full."}', ""]))
        with pytest.raises(ModelUnavailable, match="The card is full"):
            on(NOBODY, store, one).run()
        assert store.evaluations.get(one.id).problem == "The card is full."


def test_copies_are_spread_over_cards_or_machines_and_are_not_more_than_batches() -> None:
    asked = {"copies": 0, "cards": None, "device": "auto", "batches": [{}] * 9}
    cards, none = {"GPU": 4.0, "CPU": 64.0}, {"CPU": 64.0}
    assert ray_inspecting.spread(asked, cards, 2) == (4, 1.0)
    assert ray_inspecting.spread(asked, none, 3) == (3, 0.0)
    assert ray_inspecting.spread({**asked, "cards": 0.5}, cards, 2) == (8, 0.5)
    assert ray_inspecting.spread({**asked, "copies": 2}, cards, 2) == (2, 1.0)
    assert ray_inspecting.spread({**asked, "device": "cpu"}, cards, 2) == (2, 0.0)
    assert ray_inspecting.spread({**asked, "batches": [{}]}, cards, 2) == (1, 1.0)


def test_the_pace_is_told_once_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 0.0, 10.0, 100.0))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    pace = Pace()
    assert [pace.words(Progress(400, done, 0)) for done in (10, 10, 20, 30)] == [
        "",
        "",
        ", 1 a second, 6 min left",
        ", 0.2 a second, 31 min left",
    ]


def test_a_job_that_nobody_knows_of_is_neither_over_nor_running() -> None:
    job = RayJob(NOBODY, "evaluation-2")
    assert job.away()
    assert job.ended() is None
