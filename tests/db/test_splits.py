"""Nothing that training has seen is judged on: near-duplicates and bench categories never cross a snapshot's split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from PIL import Image

from db.duplicates import near_hashes
from db.engine import migration_config, open_engine, writing
from db.filters import CaseFilter
from db.snapshots import create_snapshot
from db.splits import FROZEN, TRAIN, SplitRule
from db.store import Store
from m3ad.demo.parts import draw
from m3ad.errors import Conflict
from m3ad.records import HELD_OUT, NORMAL, NewCase, Scenario, Snapshot, SplitAccount

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "kolektorsdd"
CATEGORIES = ("metal washer", "label bottle", "woven fabric", "circuit board")

Add = Callable[..., int]


@pytest.fixture
def add(store: Store, tmp_path: Path) -> Add:
    """add(number, kind, **fields): a drawn part as "png", as "jpeg" or "small" (both near-duplicates); its case id."""

    def write(number: int, kind: str = "png", **fields: object) -> int:
        path = tmp_path / f"{number}-{kind}{'.png' if kind == 'png' else '.jpg'}"
        image = draw(CATEGORIES[number % 4], number, size=96).image
        if kind == "small":
            image = image.resize((72, 72))
        image.save(path, quality=85)
        values = {"dataset": kind, "scenario": Scenario.WORKPIECE, "category": "part", "verdict": NORMAL} | fields
        return store.add_case(NewCase(key=path.name, images=(path,), **values))[0]

    return write


def splits(store: Store, made: Snapshot) -> dict[int, str]:
    return {row.case.id: row.split for row in store.snapshot_rows(made.id)}


def account(made: Snapshot) -> SplitAccount:
    assert made.account is not None
    return made.account


def test_a_picture_saved_again_never_crosses_the_split(store: Store, add: Add) -> None:
    groups = [[add(number, kind) for kind in ("png", "jpeg", "small")] for number in range(20)]
    made = store.create_snapshot("all", frozen_share=0.5)
    found = splits(store, made)
    assert all(len({found[case_id] for case_id in group}) == 1 for group in groups)
    assert set(found.values()) == {TRAIN, FROZEN}
    assert account(made).frozen == list(found.values()).count(FROZEN)
    assert 0 < account(made).moved < 40
    assert f"{account(made).moved} cases moved to the side of a copy or near-duplicate." in account(made).sentences()


def test_different_parts_are_drawn_one_by_one(store: Store, add: Add) -> None:
    ids = [add(number) for number in range(20)]
    made = store.create_snapshot("all", frozen_share=0.5)
    assert account(made).moved == 0
    assert len(splits(store, made)) == len(ids)


def test_a_later_near_duplicate_does_not_turn_the_draw(store: Store, add: Add) -> None:
    ids = [add(number) for number in range(20)]
    before = splits(store, store.create_snapshot("before", frozen_share=0.5))
    twins = [add(number, "jpeg") for number in range(20)]
    made = store.create_snapshot("after", frozen_share=0.5)
    after = splits(store, made)
    assert {case_id: after[case_id] for case_id in ids} == before
    assert [after[case_id] for case_id in twins] == [before[case_id] for case_id in ids]
    assert account(made).trained == 0


def test_what_was_frozen_once_stays_frozen_and_so_do_its_near_duplicates(store: Store, add: Add) -> None:
    first, other = add(0), add(1)
    store.create_snapshot("first", CaseFilter(ids=(first,)), frozen_share=1)
    twin = add(0, "jpeg")
    made = store.create_snapshot("second", CaseFilter(dataset="jpeg"), frozen_share=0, seed=7)
    assert splits(store, made) == {twin: FROZEN}  # although the frozen one itself is not in this snapshot
    assert account(made) == SplitAccount(frozen=1, moved=1)
    everything = store.create_snapshot("third", frozen_share=0)
    assert splits(store, everything) == {first: FROZEN, other: TRAIN, twin: FROZEN}


def test_a_held_out_category_is_never_trained_on_whatever_brings_it(store: Store, add: Add) -> None:
    bench = add(0, category="bottle cap", split=HELD_OUT)
    same_category = add(1, dataset="another", category="bottle cap")
    twin = add(0, "small", category="lid")
    other = add(2)
    made = store.create_snapshot("all", frozen_share=0)
    assert splits(store, made) == {bench: FROZEN, same_category: FROZEN, twin: FROZEN, other: TRAIN}
    assert account(made) == SplitAccount(frozen=3, categories=("bottle cap",), moved=1)
    assert account(made).sentences() == (
        "3 cases kept back from training. Kept back whole: bottle cap. "
        "1 case moved to the side of a copy or near-duplicate."
    )
    without = store.create_snapshot("lids", CaseFilter(category="lid"), frozen_share=0)
    assert splits(store, without) == {twin: FROZEN}


def test_a_category_kept_back_once_is_kept_back_in_every_later_snapshot(store: Store, add: Add) -> None:
    add(0, category="bottle"), add(1)
    store.create_snapshot("bench", frozen_share=0, frozen_categories=["bottle"])
    new = add(2, category="bottle")
    assert splits(store, store.create_snapshot("later", frozen_share=0))[new] == FROZEN


def test_frozen_cases_that_were_trained_on_before_are_counted(store: Store, add: Add) -> None:
    seen = add(0, category="bottle")
    store.create_snapshot("training", frozen_share=0)
    add(1, category="bottle")
    made = store.create_snapshot("bench", frozen_share=0, frozen_categories=["bottle"])
    assert splits(store, made)[seen] == FROZEN
    assert account(made).trained == 1
    assert "1 case of those kept back was trained on in an earlier snapshot" in account(made).sentences()


def test_even_pictures_are_not_taken_for_one_another(store: Store, add: Add, tmp_path: Path) -> None:
    for grey in range(20):
        path = tmp_path / f"{grey}.png"
        Image.new("L", (40, 30), 5 * grey).save(path)
        store.add_case(NewCase("even", path.name, Scenario.TEXTURE, "paper", (path,), verdict=NORMAL))
    made = store.create_snapshot("all", frozen_share=0.5)
    assert set(splits(store, made).values()) == {TRAIN, FROZEN}
    assert account(made).moved == 0


def test_a_case_that_comes_while_a_snapshot_is_taken_is_left_to_the_next(store: Store, add: Add) -> None:
    early = add(0)
    with store.reading() as session:
        near = near_hashes(session)
    late = add(1)
    with store.changing() as session:
        made = create_snapshot(session, "now", CaseFilter(), SplitRule(), near, "ann")
    assert set(splits(store, made)) == {early}
    with store.changing() as session, pytest.raises(Conflict, match="nothing to freeze"):
        create_snapshot(session, "late", CaseFilter(ids=(late,)), SplitRule(), near, "ann")


def forget(store: Store) -> None:
    """As an earlier version left its pictures."""
    with store.changing() as session:
        session.connection().exec_driver_sql("UPDATE pictures SET perceptual = NULL")


def test_pictures_of_an_earlier_version_are_looked_at_by_the_next_snapshot(store: Store, add: Add) -> None:
    groups = [[add(number, kind) for kind in ("png", "jpeg")] for number in range(12)]
    with store.reading() as session:
        near = near_hashes(session)
    forget(store)
    made = store.create_snapshot("all", frozen_share=0.5)
    found = splits(store, made)
    assert all(found[one] == found[other] for one, other in groups)
    assert account(made).unseen == 0
    with store.reading() as session:
        assert near_hashes(session).keys() == near.keys()


def test_a_picture_whose_file_is_gone_is_counted_and_found_once_it_is_back(store: Store, add: Add) -> None:
    one, other = add(0), add(0, "jpeg")
    forget(store)
    path = store.case(other).primary.path
    moved = path.rename(path.with_suffix(".away"))
    made = store.create_snapshot("all")
    assert account(made).unseen == 1
    assert "1 case could not be compared by look: the file of a picture is gone." in account(made).sentences()
    draw("woven fabric", 1, size=96).image.save(path)  # another picture under the same name
    assert account(store.create_snapshot("again")).unseen == 1
    moved.rename(path)
    later = store.create_snapshot("back")
    assert account(later).unseen == 0
    assert splits(store, later)[one] == splits(store, later)[other]


OLD = (
    "INSERT INTO cases VALUES (1, 'set', 'a', 'workpiece', 'part', '', '2026-01-01'), "
    "(2, 'set', 'b', 'workpiece', 'part', '', '2026-01-01')",
    "INSERT INTO pictures VALUES (1, 1, 0, 'primary', 'a.png', 's1', 'p1', 96, 96)",
    "INSERT INTO annotations "
    "VALUES (1, 1, 1, 0, '{\"anomalous\": false, \"defects\": []}', 'ann', '', NULL, '2026-01-01')",
    "INSERT INTO snapshots VALUES (1, 'old', 'hash', 1, 0, '{\"frozen_share\": 0.2}', '2026-01-01')",
    "INSERT INTO snapshot_rows VALUES (1, 1, 1, 'frozen')",
)  # fmt: skip


def test_a_store_of_the_first_schema_is_upgraded_and_keeps_its_snapshots(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with writing(engine).begin() as connection:
        command.upgrade(migration_config(connection), "0001")
        for statement in OLD:
            connection.exec_driver_sql(statement)
    with Store.open(tmp_path) as store:
        old = store.snapshot("old")
        assert old.account is None
        made = store.create_snapshot("new", frozen_share=0)
        assert splits(store, made) == {1: FROZEN}
        assert account(made) == SplitAccount(frozen=1, unseen=1)
        with store.changing() as session, pytest.raises(Exception, match="append-only"):
            session.connection().exec_driver_sql("UPDATE snapshots SET account = NULL")


@pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not here: ../shared/data/kolektorsdd is absent")
def test_the_surfaces_that_kolektorsdd_holds_twice_stay_together(store: Store) -> None:
    ids = {}
    for path in sorted(DATA.glob("kos*/*.jpg")):
        key = path.relative_to(DATA).as_posix()
        new = NewCase("kolektorsdd", key, Scenario.WORKPIECE, "commutator", (path,), verdict=NORMAL)
        ids[key] = store.add_case(new)[0]
    same_bytes = ("kos01/Part5.jpg", "kos19/Part5.jpg")
    taken_twice = [("kos30/Part6.jpg", "kos32/Part7.jpg"), ("kos30/Part4.jpg", "kos32/Part5.jpg")]
    for seed in range(8):
        made = splits(store, store.create_snapshot(f"seed {seed}", frozen_share=0.1, seed=seed))
        assert all(made[ids[one]] == made[ids[other]] for one, other in (same_bytes, *taken_twice))
    with store.reading() as session:
        near = near_hashes(session)
    assert len(ids) - len(set(near.values())) == 3  # and no other two of the 63 are taken for one another
