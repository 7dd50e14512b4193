"""A store that people worked in, copied into an empty database, and worked in there (SQLite and PostgreSQL)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db.bulk import change, undo
from db.filters import CaseFilter
from db.moving import FOLLOWING, copy_store
from db.schema import Base, BulkKind, Decision
from db.store import Store
from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.records import Defect, Mode, NewCase, Verdict
from tests.db.lineage_made import made_run
from tests.postgres import Server

ROOT = Path(__file__).resolve().parents[2]
WORDY = "Kratzer 'quer' — 傷 😀 \x00 ;--"


@pytest.fixture
def filled(sqlite_store: Store, new_case: Callable[..., NewCase], answer: Callable[..., object]) -> Store:
    """A store with rows in most tables, made as the app makes them."""
    store = sqlite_store
    store.add_user("ann", "correct horse battery")
    cases = [store.add_case(new_case(f"{n}.png", seed=n, verdict=scratch(n % 2)))[0] for n in range(12)]
    for case_id in cases[:6]:
        store.save_annotation(case_id, scratch(0.4), author="ann", based_on=1, note=WORDY)
        store.add_inspection(case_id, "demo", Mode.AUTO, 2**40 + case_id, answer(True, False))
    store.reviews.add(cases[0], 2, Decision.SEND_BACK, reviewer="bob", reason="too wide", pin=(0.1, 1 / 3))
    store.save_draft(cases[1], "ann", scratch(0.7), based_on=2, note=WORDY)
    snapshot = store.create_snapshot("march", frozen_share=0.5)
    made_run(store, snapshot)
    begun = store.evaluations.begin(snapshot.id, "demo", Mode.AUTO, "abc", actor="ann")
    (first, *_) = store.evaluations.cases(begun.id)
    store.evaluations.keep(begun.id, {first.case.id: answer(True, True)}, actor="ann")
    store.filters.add("mine", CaseFilter(category="tile"), actor="ann")
    retyped = change(store, BulkKind.RETYPE, "scratch", "hole", author="eve")
    undo(store, retyped.bulk.id, author="eve")
    return store


@pytest.fixture
def server_target(server: Server, migrated: str, tmp_path: Path) -> Iterator[Store]:
    url = server.fresh(migrated)
    with Store.open(tmp_path / "workspace", url) as opened:
        yield opened
    server.drop(url)


def scratch(x: float) -> Verdict:
    return Verdict(True, (Defect("scratch", Box(x / 2, 0.1, 0.9, 1 / 3)),))


def rows_of(store: Store) -> dict[str, int]:
    """Rows by table; but the counts that are kept of cases lie in rows that stay when they fall to 0."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != "tallies"]
    with store.reading() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}


def require_same(source: Store, copy: Store) -> None:
    """Both stores give the same records, by the ways in which the app asks for them."""
    assert rows_of(copy) == rows_of(source)
    assert copy.case_ids() == source.case_ids()
    for case_id in source.case_ids():
        assert copy.annotations(case_id) == source.annotations(case_id)
        assert copy.inspections(case_id) == source.inspections(case_id)
        assert copy.reviews.of_case(case_id) == source.reviews.of_case(case_id)
    assert copy.drafts("ann") == source.drafts("ann")
    assert copy.snapshots() == source.snapshots()
    assert copy.runs() == source.runs()
    assert copy.facets() == source.facets()
    assert copy.events() == source.events()
    asked = CaseFilter(reasoning="text")
    assert copy.case_ids(asked) == source.case_ids(asked) != []


def require_usable(copy: Store, new_case: Callable[..., NewCase]) -> None:
    """People go on where they were: new rows get numbers of their own."""
    case_id, added = copy.add_case(new_case("new.png", seed=99))
    assert added
    assert case_id > max(copy.case_ids()[:-1])
    newest = copy.latest_annotation(copy.case_ids()[0])
    saved = copy.save_annotation(newest.case_id, scratch(0.2), author="ann", based_on=newest.revision)
    assert saved.id > newest.id
    assert copy.users()[0].name == "ann"


def test_from_sqlite_to_sqlite_nothing_is_lost_and_the_source_stays_as_it_was(
    filled: Store, tmp_path: Path, new_case: Callable[..., NewCase]
) -> None:
    before = rows_of(filled)
    with Store.open(filled.workspace, f"sqlite:///{tmp_path / 'copy.db'}") as copy:
        heard: list[object] = []
        done = copy_store(filled, copy, heard.append)
        assert heard == done
        assert {one.table: one.rows for one in done} | {
            t.name: before[t.name] for t in FOLLOWING if t.name in before
        } == before
        require_same(filled, copy)
        require_usable(copy, new_case)
    assert rows_of(filled) == before


@pytest.mark.slow
def test_to_postgresql_and_back_nothing_is_lost_and_work_goes_on(
    filled: Store, server_target: Store, tmp_path: Path, new_case: Callable[..., NewCase]
) -> None:
    sent = copy_store(filled, server_target, lambda _: None)
    require_same(filled, server_target)
    with Store.open(filled.workspace, f"sqlite:///{tmp_path / 'back.db'}") as back:
        assert copy_store(server_target, back, lambda _: None) == sent
        require_same(filled, back)
    require_usable(server_target, new_case)


def test_the_command_says_what_it_copied(filled: Store, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    command = [sys.executable, "app.py", "store", "copy", "--workspace", str(filled.workspace), "--to", url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "cases: 12 rows, checksum " in done.stdout
    assert "the same on both sides" in done.stdout.splitlines()[-1]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert again.returncode == 1
    assert "The target is not empty" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_target_that_holds_something_is_refused_and_left_alone(filled: Store, tmp_path: Path) -> None:
    with Store.open(filled.workspace, f"sqlite:///{tmp_path / 'used.db'}") as used:
        used.add_user("eve", "correct horse battery")
        before = rows_of(used)
        with pytest.raises(Conflict, match="not empty: it has rows in"):
            copy_store(filled, used, lambda _: None)
        assert rows_of(used) == before


def test_what_arrives_otherwise_than_it_was_sent_is_not_kept(filled: Store, tmp_path: Path) -> None:
    with Store.open(filled.workspace, f"sqlite:///{tmp_path / 'copy.db'}") as copy:
        with copy.engine.connect() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER damage AFTER INSERT ON cases WHEN NEW.id = 7 "
                "BEGIN UPDATE cases SET category = 'other' WHERE id = 7; END"
            )
            connection.commit()
        with pytest.raises(Conflict, match="Table cases did not arrive as it was sent"):
            copy_store(filled, copy, lambda _: None)
        assert set(rows_of(copy).values()) == {0}


def test_who_saves_during_the_copy_waits_and_is_never_acknowledged_behind_its_back(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.dialect.BUSY_SECONDS", 0.2)
    with (
        Store.open(filled.workspace, f"sqlite:///{tmp_path / 'copy.db'}") as copy,
        Store.open(filled.workspace) as other,
    ):
        seen: list[str] = []

        def save(_: object) -> None:
            if not seen:
                with pytest.raises(Conflict) as told:
                    other.log("saved meanwhile", "eve")
                seen.append(str(told.value))

        copy_store(filled, copy, save)
        assert "othing was saved" in seen[0]
        assert copy.events() == filled.events()
