"""What differs between the two databases that can hold a store, SQLite and PostgreSQL; nothing else asks which it is.

Both are used in one way. A block that reads sees one state from its beginning to its end. A block that writes has the
store to itself from its first statement, so whatever it read is still true when it writes: SQLite has its write lock
for that, PostgreSQL an advisory lock, which it lets go of with the transaction and with a program that dies. So there
are no lost updates, no deadlocks between two programs, and nothing to try again. Constraints hold the same rules again.

How words in reasoning are asked for also differs: `db.reasoning`.
"""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, BigInteger, Connection, Integer, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from m3ad.errors import Conflict

BUSY_SECONDS = 15.0  # how long a writer waits for another program before it gives up
WRITERS = 0x4D334144  # the advisory lock that whoever writes holds: "M3AD"

# Whole numbers of 64 bits. SQLite's always are, and its row numbers have to be called INTEGER.
WHOLE = BigInteger().with_variant(Integer(), "sqlite")


class Dialect(ABC):
    """How a store uses one kind of database.

    Attributes:
        options: for `sqlalchemy.create_engine`.
        writing: execution options of transactions that write.
    """

    options: Mapping[str, Any]
    writing: Mapping[str, Any]

    def address(self, url: URL) -> URL:
        """The URL with its driver."""
        return url

    @abstractmethod
    def connected(self, connection: Any, _record: Any) -> None:
        """Prepare a new connection of the driver; listens to SQLAlchemy's "connect"."""

    @abstractmethod
    def begun(self, connection: Connection) -> None:
        """Begin a transaction, with the lock of those who write if it does; listens to SQLAlchemy's "begin"."""

    @abstractmethod
    def is_busy(self, error: OperationalError) -> bool:
        """Has a writer waited for others as long as it should?"""

    @abstractmethod
    def why_unusable(self, error: DBAPIError, url: URL) -> str | None:
        """What a person is told when the database cannot be opened; None when that is nobody's mistake but ours."""

    @abstractmethod
    def word_index(self) -> list[str]:
        """The statements that make `reasoning`: by case (`rowid`), the words of a text. See `db.reasoning`."""

    @abstractmethod
    def only_add(self, table: str) -> list[str]:
        """The statements after which nobody changes or deletes a row of the table."""

    @abstractmethod
    def count_on(self, table: str, column: str) -> list[str]:
        """The statements after which new rows are numbered beyond `:last`, which is used if `:used`."""

    @contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """One transaction around migrations."""
        with connection.begin():
            yield


class Sqlite(Dialect):
    """WAL and synchronous=FULL: an acknowledged commit survives a killed process and a power cut."""

    options: Mapping[str, Any] = {"pool_size": 16, "max_overflow": 48}
    writing: Mapping[str, Any] = {"writes": True}

    def connected(self, connection: Any, _record: Any) -> None:
        """Take the transactions from the driver, which knows the deferred kind only: `begun` begins them."""
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}").close()
        _write_ahead(connection)
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    def begun(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE takes the write lock: two writers queue up at the start instead of failing in the middle."""
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")

    def is_busy(self, error: OperationalError) -> bool:
        """SQLite says "database is locked"."""
        return "locked" in str(error.orig)

    def why_unusable(self, error: DBAPIError, url: URL) -> str | None:
        """A file that is something else."""
        if "not a database" not in str(error.orig):
            return None
        return f"{url.database} is not a database. Move it away, or choose another workspace."

    def word_index(self) -> list[str]:
        """The texts themselves stay in `inspections`."""
        return ["CREATE VIRTUAL TABLE reasoning USING fts5(text, content='')"]

    def only_add(self, table: str) -> list[str]:
        """Triggers."""
        return [
            f"CREATE TRIGGER tr_{table}_{change} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for change in ("update", "delete")
        ]

    def count_on(self, table: str, column: str) -> list[str]:
        """It always goes on from the highest number."""
        return []

    @contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """Without foreign keys: a migration may rebuild a table that others point to. Checked before the commit."""
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("PRAGMA foreign_keys = OFF").close()
        with connection.begin():
            yield
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                raise RuntimeError(f"a migration left rows that point nowhere: {broken[:5]}")
        raw.execute("PRAGMA foreign_keys = ON").close()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """WAL, which a file keeps. SQLite waits for nobody while it changes the mode of a new one, so this does."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


class Postgresql(Dialect):
    """Transactions that read see one snapshot; those that write wait for the advisory lock, then see what is newest."""

    # A connection is tried before it is used: the app goes on when the server was restarted.
    options: Mapping[str, Any] = {
        **{"pool_size": 16, "max_overflow": 16, "pool_pre_ping": True},
        "isolation_level": "REPEATABLE READ",
    }
    # Not a snapshot: it would be of the moment before the lock was had.
    writing: Mapping[str, Any] = {"writes": True, "isolation_level": "READ COMMITTED"}

    def address(self, url: URL) -> URL:
        """psycopg is the driver, whichever of the usual names the URL begins with."""
        if "@" in (url.host or ""):
            raise Conflict("The database URL cannot be used: write an @ in its password as %40.")
        return url.set(drivername="postgresql+psycopg")

    def connected(self, connection: Any, _record: Any) -> None:
        """Wait for a lock as long as SQLite would. Outside of any transaction, whose end would take it back."""
        if (encoding := connection.info.parameter_status("server_encoding")) != "UTF8":
            raise Conflict(f"The database keeps text as {encoding}, which cannot hold every name: make one with UTF8.")
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {int(BUSY_SECONDS * 1000)}")
        connection.autocommit = False

    def begun(self, connection: Connection) -> None:
        """The driver begins; the lock is the first statement of whoever writes."""
        if _writes(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    def is_busy(self, error: OperationalError) -> bool:
        """lock_not_available."""
        return _sqlstate(error) == "55P03"

    def why_unusable(self, error: DBAPIError, url: URL) -> str | None:
        """A server that is not there or lets nobody in, a user who may make no tables. The password is not in it."""
        where = url.render_as_string(hide_password=True)
        if _sqlstate(error) == "42501":
            return (
                f"The user of {where} may not create tables there. Make it the owner of the database, or "
                "GRANT CREATE, USAGE ON SCHEMA public to it."
            )
        if isinstance(error, OperationalError):
            return f"The database {where} cannot be opened: {' '.join(str(error.orig).split())}"
        return None

    def word_index(self) -> list[str]:
        """A table of its own, so that a changed row of it moves nothing else."""
        return [
            "CREATE TABLE reasoning (rowid BIGINT CONSTRAINT pk_reasoning PRIMARY KEY, words TSVECTOR NOT NULL)",
            "CREATE INDEX ix_reasoning_words ON reasoning USING gin (words)",
        ]

    def only_add(self, table: str) -> list[str]:
        """Triggers; they hold for whoever owns the tables too, but not for TRUNCATE, which only an owner may."""
        refuse = (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
        triggers = (
            f"CREATE TRIGGER tr_{table}_{change} BEFORE {change} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            for change in ("update", "delete")
        )
        return [refuse, *triggers]

    def count_on(self, table: str, column: str) -> list[str]:
        """Numbers come from a sequence, which knows nothing of rows that brought theirs."""
        return [f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), :last, :used)"]


DIALECTS: Mapping[str, Dialect] = {"sqlite": Sqlite(), "postgresql": Postgresql()}


def read_url(url: str | URL) -> tuple[URL, Dialect]:
    """A database's URL with its driver, and how that kind of database is used.

    Raises:
        Conflict: it is no URL, or of another kind of database. What it holds is not repeated: it may be a password.
    """
    try:
        read = make_url("postgresql" + url[8:] if isinstance(url, str) and url.startswith("postgres://") else url)
    except (ArgumentError, ValueError) as error:
        raise Conflict(
            "The database URL cannot be used: it cannot be read. Write it as postgresql://user@host:5432/name."
        ) from error
    dialect = DIALECTS.get(read.get_backend_name())
    if dialect is None:
        raise Conflict(
            f"The database URL cannot be used: a store is kept in SQLite or PostgreSQL, not in "
            f"{read.get_backend_name()}. Write it as postgresql://user@host:5432/name."
        )
    return dialect.address(read), dialect


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes", False))


def _sqlstate(error: DBAPIError) -> str | None:
    found: str | None = getattr(error.orig, "sqlstate", None)
    return found
