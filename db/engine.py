"""Opening the database: its transactions and its migrations. Knows no tables; what differs is in `db.dialect`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from db.dialect import DIALECTS, read_url
from m3ad.errors import Conflict

MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str | URL) -> Engine:
    """An engine on `url`, whose transactions are as `db.dialect` says.

    Raises:
        Conflict: a URL that cannot be used, or a driver that is not installed.
    """
    address, dialect = read_url(url)
    try:
        engine = create_engine(address, **dialect.options)
    except ModuleNotFoundError as error:
        raise Conflict(
            f"The database URL cannot be used: PostgreSQL's driver ({error.name}) is not installed. Install it with "
            "`uv sync --extra postgres`."
        ) from error
    event.listen(engine, "connect", dialect.connected)
    event.listen(engine, "begin", dialect.begun)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: from their first statement on nobody else does."""
    return engine.execution_options(**DIALECTS[engine.dialect.name].writing)


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
        Conflict: the database cannot be used as it is, or was written by a newer version of this program.
    """
    dialect = DIALECTS[engine.dialect.name]
    try:
        _migrate(engine)
    except DBAPIError as error:
        if (why := dialect.why_unusable(error, engine.url)) is None:
            raise
        raise Conflict(why) from error


def _migrate(engine: Engine) -> None:
    scripts = ScriptDirectory.from_config(migration_config())
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    if present == tuple(scripts.get_heads()):
        return
    known = {script.revision for script in scripts.walk_revisions()}
    if unknown := [head for head in present if head not in known]:
        raise Conflict(
            f"The store was last opened by a newer version of this program (schema {', '.join(unknown)}), which this "
            "version cannot read. Use the newer version, or choose another workspace."
        )
    # It also keeps a second program waiting.
    with writing(engine).connect() as connection, DIALECTS[engine.dialect.name].migrating(connection):
        command.upgrade(migration_config(connection), "head")
