from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError

from db import engine as db_engine
from db.engine import migrate, migration_config, open_engine, writing
from db.reasoning import ours
from db.schema import APPEND_ONLY, Base
from db.store import Store
from m3ad.errors import Conflict
from tests.db.conftest import open_again

ROOT = Path(__file__).resolve().parents[2]


def tables_of(connection: Connection) -> dict[str, list[str]]:
    """Every table and index as SQLite was told to make it: its parts, whatever their order and white space."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
    )
    return {
        name: sorted(" ".join(part.split()) for part in re.split("[(),]", sql.replace('"', "")))
        for name, sql in rows
        if name != "alembic_version" and ours(name, "table")
    }


def test_the_migrated_schema_is_the_declared_one(store: Store) -> None:
    with store.engine.connect() as migrated:
        assert compare_metadata(MigrationContext.configure(migrated, opts={"include_name": ours}), Base.metadata) == []


def test_sqlite_was_told_to_make_the_declared_tables_to_the_letter(sqlite_store: Store, tmp_path: Path) -> None:
    declared = open_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    Base.metadata.create_all(writing(declared))
    with sqlite_store.engine.connect() as migrated, declared.connect() as made:
        left, right = tables_of(migrated), tables_of(made)
    assert left.keys() == right.keys()
    assert left == right


def test_every_constraint_has_a_name(store: Store) -> None:
    with store.engine.connect() as connection:
        seen = inspect(connection)
        for table in Base.metadata.tables:
            found = [
                seen.get_pk_constraint(table),
                *seen.get_foreign_keys(table),
                *seen.get_unique_constraints(table),
                *seen.get_check_constraints(table),
            ]
            assert all(constraint["name"] for constraint in found), table


def test_append_only_tables_are_guarded_by_triggers(store: Store) -> None:
    with store.engine.connect() as connection:
        sqlite = store.engine.dialect.name == "sqlite"
        listed = (
            "name FROM sqlite_master WHERE type = 'trigger'"
            if sqlite
            else "tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        found = connection.exec_driver_sql(f"SELECT {listed}").scalars().all()
    assert set(found) == {f"tr_{table}_{change}" for table in APPEND_ONLY for change in ("update", "delete")}


def test_opening_again_changes_nothing_and_needs_no_write_lock(store: Store) -> None:
    with store.changing(), open_again(store) as again:
        assert again.count_cases() == 0


def test_sqlite_is_opened_with_the_settings_that_keep_what_was_acknowledged(sqlite_store: Store) -> None:
    with sqlite_store.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15000}


NEWEST = ScriptDirectory.from_config(migration_config()).get_heads()[0]
SCRIPT = """
revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None

from alembic import op

def upgrade():
{body}
"""


def with_migrations(folder: Path, *bodies: str) -> None:
    """A copy of the migrations with further ones behind them."""
    shutil.copytree(db_engine.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for number, body in enumerate(bodies, start=int(NEWEST) + 1):
        text = SCRIPT.format(revision=f"{number:04}", down=f"{number - 1:04}", body=f"    {body}")
        (folder / "versions" / f"{number:04}.py").write_text(text)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = "op.execute('CREATE TABLE extra (id INTEGER)')"
    with_migrations(
        tmp_path / "migrations", good, "op.execute('CREATE TABLE half (id INTEGER)'); op.execute('NONSENSE')"
    )
    monkeypatch.setattr(db_engine, "MIGRATIONS", tmp_path / "migrations")
    with pytest.raises(DBAPIError, match="NONSENSE"):
        open_again(store)
    with store.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (NEWEST,)
        assert not {"extra", "half"} & set(inspect(connection).get_table_names())


def test_a_migration_and_its_version_row_come_together(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_migrations(tmp_path / "migrations", "op.execute('CREATE TABLE extra (id INTEGER)')")
    monkeypatch.setattr(db_engine, "MIGRATIONS", tmp_path / "migrations")
    with open_again(store) as again, again.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (f"{int(NEWEST) + 1:04}",)
        assert "extra" in inspect(connection).get_table_names()


def test_a_migration_that_leaves_rows_pointing_nowhere_is_undone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "op.execute(\"INSERT INTO drafts VALUES (99, 'ann', '{}', '', 0, '2026-01-01 00:00:00+00')\")"
    with_migrations(tmp_path / "migrations", body)
    monkeypatch.setattr(db_engine, "MIGRATIONS", tmp_path / "migrations")
    with pytest.raises((RuntimeError, IntegrityError), match=r"point nowhere|fk_drafts_case_id"):
        open_again(store)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM drafts").scalar_one() == 0


def test_a_store_of_a_newer_version_is_refused_with_a_sentence(store: Store) -> None:
    with store.changing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict, match="newer version of this program"):
        open_again(store)


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("this is a letter, not a database" * 100)
    with pytest.raises(Conflict, match="is not a database"):
        Store.open(tmp_path)


@pytest.mark.parametrize("url", ["nonsense", "nonsense://x/y", "mysql+nosuchdriver://x/y"])
def test_a_database_url_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(Conflict, match="database URL cannot be used"):
        Store.open(tmp_path, url)


def test_a_database_url_takes_the_place_of_the_workspaces_file(tmp_path: Path) -> None:
    with Store.open(tmp_path / "workspace", f"sqlite:///{tmp_path / 'elsewhere.db'}") as store:
        assert store.count_cases() == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "workspace" / "store.db").exists()


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory.from_config(migration_config()).get_heads()) == 1


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_two_programs_may_open_a_new_workspace_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = f"sqlite:///{tmp_path / 'new.db'}"
    url = file if kind == "sqlite" else request.getfixturevalue("server").fresh()
    code = (
        "import sys; from pathlib import Path; from db.store import Store; "
        "print(Store.open(Path(sys.argv[1]), sys.argv[2]).facets().total)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "new"), url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    results = [process.communicate(timeout=60) for process in started]
    assert [out.strip() for out, _ in results] == [b"0"] * 2, results


def test_a_new_database_is_opened_while_another_program_writes_it(tmp_path: Path) -> None:
    """SQLite itself gives up at once here: it waits for nobody while it turns to write-ahead logging."""
    file = tmp_path / "new.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.executescript("CREATE TABLE t (x); BEGIN IMMEDIATE")
    assert other.in_transaction
    leaves = threading.Timer(0.3, other.execute, ["COMMIT"])
    leaves.start()
    with open_engine(f"sqlite:///{file}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    leaves.join()
    other.close()


def test_migrations_are_found_without_alembic_ini_or_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine)
    with writing(engine).begin() as connection:
        command.check(migration_config(connection))
