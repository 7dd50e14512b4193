"""Served models answer a frozen set over real HTTP: several at once, asked again, within limits."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.store import Store
from m3ad.bench.records import Evaluation, EvaluationState
from m3ad.errors import Halted, ModelUnavailable
from m3ad.monitor.base import never
from m3ad.records import Mode
from tests.server_process import free_port, started
from tests.training.bench_parts import make_workspace
from training.evaluating import Progress
from training.served_evaluating import ServedEvaluation, ServedPool
from training.teacher_limits import Limits

SERVER = Path(__file__).parents[1] / "m3ad" / "vllm_like_server.py"
FAST = Limits(requests_per_minute=60_000)
PARTS = 6  # every other picture is 192 pixels wide, the others 224


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    process = started([sys.executable, str(SERVER), str(port)], f"{root}/seen", log)
    yield root
    process.kill()
    process.wait()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("training.patience.FIRST_PAUSE", 0.01)
    make_workspace(tmp_path, PARTS)
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


def evaluated(
    store: Store,
    source: str,
    limits: Limits = FAST,
    *,
    at_once: int = 3,
    told: list[Progress] | None = None,
    cancelled: Callable[[], bool] = never,
) -> Evaluation:
    pool = ServedPool(source, at_once)
    one = store.evaluations.begin(store.snapshot("bench").id, source, Mode.AUTO, pool.prompt, actor="ann")
    tell = (told if told is not None else []).append
    ServedEvaluation(store, one, pool, limits, actor="ann", tell=tell, cancelled=cancelled).run()
    return store.evaluations.get(one.id)


def requests(server: str) -> int:
    with urllib.request.urlopen(f"{server}/seen", timeout=5) as reply:
        return int(json.load(reply).get("requests", 0))


def test_all_cases_are_answered_though_the_server_is_busy(server: str, store: Store) -> None:
    told: list[Progress] = []
    one = evaluated(store, f"served:{server}/v1#busy", told=told)
    assert one.state is EvaluationState.FINISHED
    assert told[-1] == Progress(PARTS, PARTS, 0)
    for case in store.evaluations.cases(one.id):
        assert case.inspection is not None
        assert [defect.type for defect in case.inspection.trace.verdict.defects] == ["dent"]


def test_a_question_that_the_server_refuses_is_listed_and_not_asked_again_and_again(server: str, store: Store) -> None:
    before = requests(server)
    one = evaluated(store, f"served:{server}/v1#picky")
    cases = store.evaluations.cases(one.id)
    assert one.state is EvaluationState.FINISHED
    assert [bool(case.inspection) for case in cases] == [case.case.primary.width != 192 for case in cases]
    assert all("not allowed" in case.reason for case in cases if case.inspection is None)
    assert requests(server) - before < 4 * PARTS
    evaluated(store, f"served:{server}/v1#picky")
    assert all(len(store.inspections(case.case.id)) <= 1 for case in cases)  # those with an answer are not asked again


def test_a_server_without_the_model_ends_it_at_once(server: str, store: Store) -> None:
    before = requests(server)
    with pytest.raises(ModelUnavailable, match="no model of that name"):
        evaluated(store, f"served:{server}/v1#nobody")
    (one,) = store.evaluations.all()
    assert (one.state, "no model of that name" in one.problem) == (EvaluationState.FAILED, True)
    assert requests(server) - before <= 3


def test_the_limit_of_tokens_ends_it_and_raising_it_goes_on(server: str, store: Store) -> None:
    source = f"served:{server}/v1#whole-tags"
    with pytest.raises(Halted, match="limit of 15 tokens"):
        evaluated(store, source, Limits(requests_per_minute=60_000, tokens=15), at_once=1)
    (one,) = store.evaluations.all()
    kept = [case.inspection.tokens for case in store.evaluations.cases(one.id) if case.inspection]
    assert one.state is EvaluationState.CANCELLED
    assert sum(kept[:-1]) < 15 <= sum(kept)
    assert evaluated(store, source).id == one.id
    assert sum(bool(case.inspection) for case in store.evaluations.cases(one.id)) == PARTS


def test_several_are_under_way_at_once_and_cancelling_keeps_them(server: str, store: Store) -> None:
    told: list[Progress] = []
    begun = time.monotonic()
    with pytest.raises(Halted, match="Cancelled"):
        evaluated(store, f"served:{server}/v1#slow", at_once=2, told=told, cancelled=lambda: len(told) > 1)
    (one,) = store.evaluations.all()
    kept = [case.inspection for case in store.evaluations.cases(one.id) if case.inspection]
    assert 1 <= len(kept) < PARTS
    assert not any(inspection.cancelled for inspection in kept)
    alone = kept[0].seconds
    evaluated(store, f"served:{server}/v1#slow", at_once=6)
    assert time.monotonic() - begun < PARTS * alone


def test_a_model_that_is_not_served_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="no served model"):
        ServedPool("demo")
