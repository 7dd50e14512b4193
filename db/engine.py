"""Opening the database: its settings, its transactions, its migrations. Knows no tables.

SQLite runs in WAL mode with synchronous=FULL: an acknowledged commit survives a killed process and a power cut. A
writing transaction begins with BEGIN IMMEDIATE, so two writers queue up at the start instead of failing in the middle.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError

from m3ad.errors import Conflict

BUSY_SECONDS = 15  # how long a writer waits for another process before it gives up
MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str) -> Engine:
    """An engine on `url`; SQLite gets its pragmas and explicit transactions, anything else is taken as it is."""
    if not url.startswith("sqlite"):
        return _other_engine(url)
    engine = create_engine(url, pool_size=16, max_overflow=48)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _other_engine(url: str) -> Engine:
    try:
        return create_engine(url)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise Conflict(
            f"The database URL cannot be used: {error}. Write it as postgresql+psycopg://user@host/name and install "
            "the driver that it names."
        ) from error


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: they take SQLite's write lock at their start."""
    return engine.execution_options(writes=True)


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions of its own (it knows the deferred kind only): `_begin` does.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migration_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of this package, run on `connection`."""
    config = Config()
    # Alembic reads '%' in option values as interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema, all or nothing; a database that is there already is only read.

    Raises:
        Conflict: the database was written by a newer version of this program, or is no database.
    """
    scripts = ScriptDirectory.from_config(migration_config())
    present = _present_heads(engine)
    if present == tuple(scripts.get_heads()):
        return
    known = {script.revision for script in scripts.walk_revisions()}
    if unknown := [head for head in present if head not in known]:
        raise Conflict(
            f"The store was last opened by a newer version of this program (schema {', '.join(unknown)}), which this "
            "version cannot read. Use the newer version, or choose another workspace."
        )
    with writing(engine).connect() as connection:
        _upgrade(connection)


def _present_heads(engine: Engine) -> tuple[str, ...]:
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_heads()
    except DatabaseError as error:
        if "not a database" not in str(error.orig):
            raise
        raise Conflict(
            f"{engine.url.database} is not a database. Move it away, or choose another workspace."
        ) from error


def _upgrade(connection: Connection) -> None:
    """One transaction around the pending migrations and their version rows; it also keeps a second process waiting."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:  # a migration may rebuild a table that others point to; checked below, before the commit
        _raw(connection).execute("PRAGMA foreign_keys = OFF").close()
    with connection.begin():
        command.upgrade(migration_config(connection), "head")
        if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            raise RuntimeError(f"a migration left rows that point nowhere: {broken[:5]}")
    if sqlite:
        _raw(connection).execute("PRAGMA foreign_keys = ON").close()


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
