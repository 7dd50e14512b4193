"""From the store to a run and back: snapshot, run folder, model. The training itself is tested in test_training."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from db.filters import CaseFilter
from db.store import Store
from m3ad.errors import Conflict, NotFound, RunError
from m3ad.monitor.base import Answer
from m3ad.records import NORMAL, Mode, Model, NewCase, Probability, RunState, Snapshot, Stage
from m3ad.trace import read, render
from tests.training.conftest import make_settings
from training.loop import create_run, discard_run
from training.modes import LabelledCase
from training.promotion import register_finished
from training.run import RunFolder
from training.snapshots import labelled_cases


@pytest.fixture
def store(tmp_path: Path, cases: list[LabelledCase], tiny: Path) -> Iterator[Store]:
    """The twelve cases with their truth, and a model "demo" which called each of them normal."""
    with Store.open(tmp_path / "workspace") as opened:
        opened.add_model(Model("demo", str(tiny)))
        text = render(NORMAL, "The plate is clean. There is no defect.")
        for case in cases:
            new = NewCase("plates", case.case, case.scenario, case.category, (case.image,), verdict=case.truth)
            case_id, _ = opened.add_case(new)
            opened.add_inspection(case_id, "demo", Mode.AUTO, 0, Answer(text, read(text), Probability(), 1.0, 9, False))
        yield opened


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store.create_snapshot("all", CaseFilter(), frozen_share=0.3, seed=1)


def create(store: Store, snapshot: Snapshot, stage: Stage = Stage.RAWS, start: str = "demo") -> RunFolder:
    settings = make_settings(stage)
    run = create_run(store, store.workspace, stage=stage, start_model=start, snapshot_id=snapshot.id, settings=settings)
    return RunFolder(run.folder)


def finish(run: RunFolder) -> None:
    run.model_path.mkdir()
    run.set_status(RunState.FINISHED, "Finished.")


def test_a_run_holds_the_training_split_with_truth_and_difficulty(store: Store, snapshot: Snapshot, tiny: Path) -> None:
    run = create(store, snapshot)
    rows = {row.case.id: row for row in store.snapshot_rows(snapshot.id)}
    examples = run.examples()
    assert {int(e.case) for e in examples} == {i for i, row in rows.items() if row.split == "train"}
    assert 0 < len(examples) < 12
    for example in examples:
        row = rows[int(example.case)]
        assert example.truth == row.annotation.verdict
        assert example.difficulty == ("hard" if example.truth.anomalous else "easy")
        assert Path(example.image).samefile(row.case.primary.path)
    assert run.config().start == str(tiny)
    assert store.run("raws-1").snapshot_id == snapshot.id


def test_a_later_correction_does_not_reach_a_frozen_snapshot(store: Store, snapshot: Snapshot) -> None:
    case = next(
        row for row in store.snapshot_rows(snapshot.id) if row.annotation.verdict.anomalous and row.split == "train"
    )
    store.save_annotation(case.case.id, NORMAL, author="ann", based_on=1)
    truth = {c.case: c.truth for c in labelled_cases(store, snapshot.id, "demo")}[str(case.case.id)]
    assert truth.anomalous


def test_runs_are_counted_by_stage_and_share_no_folder(store: Store, snapshot: Snapshot) -> None:
    names = [create(store, snapshot, stage).name for stage in (Stage.RAWS, Stage.RCRL, Stage.RAWS)]
    assert names == ["raws-1", "rcrl-1", "raws-2"]


def test_a_served_or_unknown_start_model_is_refused(store: Store, snapshot: Snapshot) -> None:
    with pytest.raises(RunError, match="server"):
        create(store, snapshot, start="served:http://127.0.0.1:1/v1")
    with pytest.raises(NotFound):
        create(store, replace(snapshot, id=99))


def test_a_finished_run_becomes_a_model_that_can_be_started_from(store: Store, snapshot: Snapshot) -> None:
    first = create(store, snapshot)
    with pytest.raises(RunError, match="ready: it has no model"):
        register_finished(store, store.run(first.name))
    finish(first)
    model = register_finished(store, store.run(first.name))
    assert (model.name, model.parent, model.run) == ("demo/raws-1", "demo", "raws-1")
    assert Path(model.source) == first.model_path.resolve()
    assert register_finished(store, store.run(first.name)) == model
    second = create(store, snapshot, Stage.RCRL, start="demo/raws-1")
    finish(second)
    assert register_finished(store, store.run(second.name)).name == "demo/rcrl-1"
    assert second.config().start == model.source


def test_a_model_from_the_hub_gives_its_short_name(store: Store, snapshot: Snapshot) -> None:
    store.add_model(Model("Qwen/Qwen3-VL-4B-Instruct", "Qwen/Qwen3-VL-4B-Instruct"))
    run = create(store, snapshot, start="Qwen/Qwen3-VL-4B-Instruct")
    finish(run)
    assert register_finished(store, store.run(run.name)).name == "Qwen3-VL-4B-Instruct/raws-1"


def test_a_discarded_run_is_forgotten_but_not_one_with_a_model(store: Store, snapshot: Snapshot) -> None:
    run = create(store, snapshot)
    discard_run(store, run.name)
    assert not run.path.exists()
    assert store.runs() == []
    kept = create(store, snapshot)
    finish(kept)
    register_finished(store, store.run(kept.name))
    with pytest.raises(Conflict, match="demo/raws-1"):
        discard_run(store, kept.name)
    assert kept.path.exists()


def test_a_run_whose_folder_is_gone_can_be_discarded(store: Store, snapshot: Snapshot) -> None:
    run = create(store, snapshot)
    shutil.rmtree(run.path)
    discard_run(store, run.name)
    assert store.runs() == []


def test_what_a_model_is_made_of_is_known_when_the_folder_is_gone(store: Store, snapshot: Snapshot) -> None:
    run = create(store, snapshot)
    config, taught = run.config(), {int(example.case) for example in run.examples()}
    finish(run)
    (run.path / "environment.json").write_text('{"code": "git 12ab", "packages": {"torch": "1"}}')
    for _ in range(2):
        register_finished(store, store.run(run.name))
    shutil.rmtree(run.path)
    own, start = store.lineage.of_model("demo/raws-1")
    assert (own.name, start.name, start.making) == ("demo/raws-1", "demo", None)
    assert own.making is not None
    assert own.making.settings == config.settings.to_json()
    assert own.making.data_hash == config.data_sha256
    assert own.making.environment == {"code": "git 12ab", "packages": {"torch": "1"}}
    assert (own.making.snapshot, own.making.examples) == (snapshot, len(taught))
    for row in store.snapshot_rows(snapshot.id):
        (passed,) = store.lineage.of_case(row.case.id).passed.values()
        assert passed.snapshots == (("all", row.split),)
        assert [one.model for one in passed.runs] == (["demo/raws-1"] if row.case.id in taught else [])


def test_a_run_that_went_on_elsewhere_has_its_last_environment(store: Store, snapshot: Snapshot) -> None:
    run = create(store, snapshot)
    finish(run)
    for code in ("one", "two"):
        (run.path / "environment.json").write_text(f'{{"code": "{code}"}}')
        register_finished(store, store.run(run.name))
    assert store.lineage.of_run(run.name).environment == {"code": "two"}


def test_of_a_discarded_run_nothing_is_left(store: Store, snapshot: Snapshot) -> None:
    run = create(store, snapshot)
    taught = int(run.examples()[0].case)
    assert [one.run for passed in store.lineage.of_case(taught).passed.values() for one in passed.runs] == [run.name]
    discard_run(store, run.name)
    assert [passed.runs for passed in store.lineage.of_case(taught).passed.values()] == [()]
