"""Where annotations went, and what became of the corrected cases of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command

from db.corrected import corrected, tally
from db.engine import migration_config, open_engine, writing
from db.lineage import Entered, Passed
from db.store import Store
from m3ad.errors import NotFound
from m3ad.lineage import Became, Look
from m3ad.metrics.effect import Aspect
from m3ad.records import NORMAL, Mode, Model, NewCase, Stage, Verdict
from tests.db.lineage_made import made_run

Make = Callable[..., NewCase]
Says = Callable[..., object]


@pytest.fixture
def ids(store: Store, new_case: Make) -> list[int]:
    """Six cases that the data set calls normal."""
    return [store.add_case(new_case(f"{n}.png", seed=n, verdict=NORMAL))[0] for n in range(6)]


def correct(store: Store, case_id: int, verdict: Verdict, author: str = "ann") -> int:
    latest = store.latest_annotation(case_id)
    assert latest is not None
    return store.save_annotation(case_id, verdict, author=author, based_on=latest.revision).id


def look(store: Store, answer: Says, case_id: int, model: str, anomalous: bool | None) -> None:
    store.add_inspection(case_id, model, Mode.AUTO, 0, answer(anomalous, anomalous))


def test_each_revision_knows_the_snapshots_and_runs_it_entered(store: Store, ids: list[int]) -> None:
    (first,) = store.annotations(ids[0])
    run = made_run(store, store.create_snapshot("old", frozen_share=0))
    second = correct(store, ids[0], Verdict(True))
    store.create_snapshot("new", frozen_share=0)
    assert store.lineage.of_case(ids[0]).passed == {
        first.id: Passed((("old", "train"),), (Entered(run, Stage.RAWS, "raws-1-model"),)),
        second: Passed((("new", "train"),), ()),
    }


def test_a_frozen_case_entered_no_run(store: Store, ids: list[int]) -> None:
    made_run(store, store.create_snapshot("bench", frozen_share=1), model=False)
    (passed,) = store.lineage.of_case(ids[0]).passed.values()
    assert (passed.snapshots, passed.runs) == ((("bench", "frozen"),), ())
    assert store.lineage.of_case(ids[0]).looks == ()


def test_the_latest_word_of_each_model_is_told_in_the_order_of_their_birth(
    store: Store, ids: list[int], answer: Says
) -> None:
    store.add_model(Model("registered", "x"))
    snapshot = store.create_snapshot("all", frozen_share=0)
    made_run(store, snapshot)
    for model, said in (("raws-1-model", True), ("registered", None), ("base", True), ("base", False)):
        look(store, answer, ids[1], model, said)
    found = store.lineage.of_case(ids[1]).looks
    assert found == (Look("base", NORMAL), Look("registered", None), Look("raws-1-model", Verdict(True)))


def test_a_model_is_followed_down_to_one_that_nobody_trained(store: Store, ids: list[int]) -> None:
    snapshot = store.create_snapshot("all", frozen_share=0)
    made_run(store, snapshot)
    made_run(store, snapshot, start="raws-1-model")
    names = [one.name for one in store.lineage.of_model("raws-2-model")]
    assert names == ["raws-2-model", "raws-1-model", "demo"]
    own, parent, base = store.lineage.of_model("raws-2-model")
    assert own.making == store.lineage.of_run("raws-2")
    assert (own.making.settings, own.making.data_hash, own.making.examples) == ({"epochs": 1.0}, "ab" * 32, len(ids))
    assert own.making.environment is None
    assert parent.making is not None
    assert (base.model, base.making) == (None, None)
    for ask in (store.lineage.of_model, store.lineage.of_run):
        with pytest.raises(NotFound):
            ask("nobody")


def test_the_corrected_cases_of_a_run_are_judged_by_what_both_models_said(
    store: Store, ids: list[int], answer: Says
) -> None:
    for case_id in ids[:5]:
        correct(store, case_id, Verdict(True))
    run = made_run(store, store.create_snapshot("all", frozen_share=0))
    answers = [(False, True), (False, None), (True, False), (True, True), (False, "not yet")]
    for case_id, (before, after) in zip(ids, answers, strict=False):
        look(store, answer, case_id, "demo", before)
        if after != "not yet":
            look(store, answer, case_id, f"{run}-model", after)
    look(store, answer, ids[0], "another model", False)
    found = corrected(store, run)
    assert [(one.case_id, one.became()) for one in found] == [
        (ids[2], Became.BROKEN),
        (ids[1], Became.STILL_WRONG),
        (ids[0], Became.NOW_RIGHT),
        (ids[3], Became.STILL_RIGHT),
        (ids[4], Became.NOT_INSPECTED),
    ]
    assert tally(found) == dict.fromkeys(Became, 1)
    assert tally(found, Aspect.PRESENCE) == dict.fromkeys(Became, 1)
    assert all(one.new and one.author == "ann" and one.revision == 2 for one in found)


def test_a_correction_that_an_earlier_run_had_is_not_new(store: Store, ids: list[int]) -> None:
    correct(store, ids[0], Verdict(True))
    made_run(store, store.create_snapshot("one", frozen_share=0))
    correct(store, ids[1], Verdict(True))
    run = made_run(store, store.create_snapshot("two", frozen_share=0), start="raws-1-model", model=False)
    assert {one.case_id: one.new for one in corrected(store, run)} == {ids[0]: False, ids[1]: True}
    assert {one.became() for one in corrected(store, run)} == {Became.NOT_INSPECTED}
    with pytest.raises(NotFound):
        corrected(store, "nobody")


OLD = (
    "INSERT INTO cases VALUES (1, 'set', 'a', 'workpiece', 'part', '', '2026-01-01', ''), "
    "(2, 'set', 'b', 'workpiece', 'part', '', '2026-01-01', '')",
    "INSERT INTO annotations VALUES (1, 1, 1, 0, '{\"anomalous\": false, \"defects\": []}', 'ann', '', NULL, "
    "'2026-01-01'), (2, 2, 1, 0, '{\"anomalous\": false, \"defects\": []}', 'ann', '', NULL, '2026-01-01')",
    "INSERT INTO snapshots (id, name, hash, size, anomalous, filter, created) VALUES (1, 'old', 'h', 2, 0, '{}', 'x')",
    "INSERT INTO snapshot_rows VALUES (1, 1, 1, 'frozen'), (1, 2, 2, 'train')",
    "INSERT INTO runs VALUES ('raws-1', 'raws', 1, 'demo', 'runs/raws-1', '2026-01-01')",
)  # fmt: skip


def test_runs_of_an_earlier_version_count_as_having_learnt_their_training_part(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with writing(engine).begin() as connection:
        command.upgrade(migration_config(connection), "0012")
        for statement in OLD:
            connection.exec_driver_sql(statement.replace("'x'", "'2026-01-01'"))
    with Store.open(tmp_path) as store:
        assert [one.run for one in store.lineage.of_case(2).passed[2].runs] == ["raws-1"]
        assert store.lineage.of_case(1).passed[1].runs == ()
        made = store.lineage.of_run("raws-1")
        assert (made.examples, made.settings, made.data_hash, made.environment) == (1, None, None, None)
