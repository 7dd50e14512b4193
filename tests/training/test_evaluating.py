"""The bundled model answers drawn parts: batches, refusals, cancelling, and a process that is killed half-way."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from db.store import Store
from m3ad.bench.answering import answer_together, plan
from m3ad.bench.records import Evaluation, EvaluationState
from m3ad.errors import Halted, MemoryExhausted, ModelUnavailable
from m3ad.images import open_image
from m3ad.monitor import open_monitor
from m3ad.monitor.base import Answer, BatchMonitor, inspect
from m3ad.records import NORMAL, Mode, Model, NewCase, Probability, Run, Scenario, Stage
from m3ad.trace import read
from tests.training.bench_parts import make_workspace
from training.bench_report import FILES, subject, write_report
from training.evaluating import Progress, evaluate, judgement, trained_on

ROOT = Path(__file__).resolve().parents[2]
BATCH = 4
PARTS = 40  # more than a batch


@pytest.fixture(scope="module")
def monitor() -> BatchMonitor:
    return open_monitor("demo", device="cpu")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    make_workspace(tmp_path, 6, broken=True)
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


def begun(store: Store, prompt: str = "abc") -> Evaluation:
    return store.evaluations.begin(store.snapshot("bench").id, "demo", Mode.AUTO, prompt, actor="ann")


def said(store: Store, evaluation_id: int) -> list[tuple[str, Probability]]:
    cases = [one.inspection for one in store.evaluations.cases(evaluation_id) if one.inspection]
    return [(one.trace.text, one.probability) for one in cases]


def test_like_sizes_go_together_and_the_largest_first() -> None:
    sizes = {1: (100, 100), 2: (300, 200), 3: (100, 100), 4: (200, 300), 5: (4000, 4000)}
    assert plan(sizes, 2) == [[5, 4], [2, 1], [3]]
    assert plan({}, 2) == []


def test_one_damaged_picture_does_not_stop_the_others(store: Store, monitor: BatchMonitor) -> None:
    told: list[Progress] = []
    one = begun(store)
    evaluate(store, one, monitor, actor="ann", tell=told.append, batch=BATCH)
    cases = store.evaluations.cases(one.id)
    assert [bool(case.inspection) for case in cases] == [False, True, True, True, True, True]
    assert "0.png" in cases[0].reason
    assert told[-1] == Progress(6, 5, 1)
    assert store.evaluations.get(one.id).state is EvaluationState.FINISHED
    assert judgement(cases).whole.count == 5
    assert store.latest_inspection(cases[1].case.id, "demo") == cases[1].inspection  # as Reflect and Annotate read it


def test_cancelled_between_two_batches_it_keeps_what_it_has_and_goes_on(store: Store, monitor: BatchMonitor) -> None:
    one, told = begun(store), []
    with pytest.raises(Halted, match="start again"):
        evaluate(store, one, monitor, actor="ann", tell=told.append, cancelled=lambda: len(told) > 1, batch=BATCH)
    assert store.evaluations.get(one.id).state is EvaluationState.CANCELLED
    kept = said(store, one.id)
    assert 0 < len(kept) <= BATCH
    again = begun(store)
    assert again.id == one.id
    evaluate(store, again, monitor, actor="ann", batch=BATCH)
    assert len(said(store, one.id)) == 5
    assert len(store.inspections(store.evaluations.cases(one.id)[1].case.id)) == 1


class SmallCard:
    """A card with memory for `most` pictures at once; what it says is the picture's size."""

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, []

    def inspect_batch(self, images: Sequence[Image.Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        self.asked.append(len(images))
        if len(images) > self.most:
            raise MemoryExhausted("The card is full.")
        texts = [f"<think>{image.size}</think><answer>no</answer>" for image in images]
        return [Answer(text, read(text), Probability(), 6.0, 3, False) for text in texts]


def test_what_does_not_fit_is_asked_in_halves(store: Store) -> None:
    cases = store.evaluations.cases(begun(store).id)[1:]
    pictures = {one.case.id: one.case.primary.path for one in cases}
    card = SmallCard(2)
    found = answer_together(card, pictures, Mode.AUTO)
    assert card.asked == [5, 2, 3, 1, 2]
    assert list(found) == list(pictures)
    assert [answer.seconds for answer in found.values()] == [3.0, 3.0, 6.0, 3.0, 3.0]
    for one in cases:
        assert str(one.case.primary.width) in found[one.case.id].text


def test_a_card_that_holds_no_picture_ends_the_evaluation_with_a_sentence(store: Store) -> None:
    one = begun(store)
    with pytest.raises(ModelUnavailable, match="full"):
        evaluate(store, one, SmallCard(0), actor="ann")
    ended = store.evaluations.get(one.id)
    assert (ended.state, ended.problem) == (EvaluationState.FAILED, "The card is full.")


def test_a_batch_says_what_the_pictures_say_alone(store: Store, monitor: BatchMonitor) -> None:
    cases = store.evaluations.cases(begun(store).id)[1:]
    together = answer_together(monitor, {one.case.id: one.case.primary.path for one in cases}, Mode.AUTO)
    for one in cases:
        assert together[one.case.id].text == inspect(monitor, open_image(one.case.primary.path)).text


def test_models_that_learnt_from_cases_of_the_set_are_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "workspace") as store:
        for number in range(4):
            path = tmp_path / f"{number}.png"
            Image.new("RGB", (20 + number, 20), (60 * number, 9, 9)).save(path)
            category = "tile" if number < 3 else "bottle"
            store.add_case(NewCase("set", path.name, Scenario.TEXTURE, category, (path,), verdict=NORMAL))
        early = store.create_snapshot("early", frozen_share=0)
        store.add_run(Run("first", Stage.RAWS, early.id, "demo", tmp_path, early.created))
        store.add_model(Model("demo/first", "demo", "demo", "first"))
        bench = store.create_snapshot("bench", frozen_share=0, frozen_categories=["tile"])  # after the training
        store.add_run(Run("second", Stage.RCRL, bench.id, "demo/first", tmp_path, bench.created))
        store.add_model(Model("demo/second", "demo", "demo/first", "second"))
        frozen = [one.case.id for one in store.evaluations.cases(begun(store).id)]
        assert len(frozen) == 3
        assert [trained_on(store, name, frozen) for name in ("demo", "demo/first", "demo/second")] == [0, 3, 3]
        assert trained_on(store, "demo/second", [4]) == 1
        store.lineage.record("first", {}, "", frozen[:2])  # a run left out the third: its text was sent back
        assert trained_on(store, "demo/first", frozen) == 2


@pytest.mark.slow
def test_a_killed_evaluation_goes_on_to_identical_results(tmp_path: Path, monitor: BatchMonitor) -> None:
    """The process is killed after its first batch, another one ends the work; beside it, one that was never cut off."""
    make_workspace(tmp_path, PARTS)
    shutil.copytree(tmp_path / "workspace", tmp_path / "whole")
    command = [sys.executable, "app.py", "bench", "run", "bench", "--workspace", str(tmp_path / "workspace")]
    command += ["--device", "cpu", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        for line in first.stdout:
            if json.loads(line)["answered"]:
                break
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
    with Store.open(tmp_path / "workspace") as store, Store.open(tmp_path / "whole") as other:
        (cut,) = store.evaluations.all()
        before = said(store, cut.id)
        assert cut.state is EvaluationState.OPEN
        assert 0 < len(before) < PARTS
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, ended.stderr
        figures = json.loads(ended.stdout.splitlines()[-1])
        whole = begun(other)
        evaluate(other, whole, monitor, actor="ann")
        (again,) = store.evaluations.all()
        assert (again.id, again.state, again.set.hash) == (cut.id, EvaluationState.FINISHED, whole.set.hash)
        for (text, chances), (same, alike) in zip(said(store, cut.id), said(other, whole.id), strict=True):
            assert text == same
            # Another process may share the work out to its threads otherwise: the last digits are the machine's.
            assert (chances.initial, chances.final) == pytest.approx((alike.initial, alike.final), rel=1e-4)
        assert len(store.inspections(1)) == 1
        assert figures["whole"] == json.loads(json.dumps(subject(other, whole.id).judgement.to_json()))["whole"]
        write_report(store, [cut.id], tmp_path / "report")
    assert {path.name for path in (tmp_path / "report").iterdir()} == set(FILES)
    assert (tmp_path / "report" / "report.html").read_text().count("data:image/jpeg") > 2
