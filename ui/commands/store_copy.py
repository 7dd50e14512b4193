"""`store copy`: the whole store into another, empty database: from SQLite to PostgreSQL, or back."""

from __future__ import annotations

import argparse

from db.moving import Copied, copy_store
from db.store import Store
from ui.commands.common import make_settings, open_store, tell

WORDS = "Copy the whole store into an empty database (from SQLite to PostgreSQL, or back)."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument(
        "--to",
        required=True,
        metavar="URL",
        help="postgresql://user@host:5432/name (the password in PGPASSWORD), or sqlite:////path/store.db.",
    )


def run(options: argparse.Namespace) -> None:
    """Copy, table by table; nothing of the source is changed, and who saves meanwhile waits."""

    def told(table: Copied) -> None:
        if table.rows:
            words = f"{table.table}: {table.rows} rows, checksum {table.checksum[:12]}"
            tell(options, {"table": table.table, "rows": table.rows, "sha256": table.checksum}, words)

    workspace = make_settings(options).workspace
    with open_store(options) as source, Store.open(workspace, options.to) as target:
        copied = copy_store(source, target, told)
    rows = sum(table.rows for table in copied)
    words = f"{rows} rows copied, and the same on both sides. Start the app with --database to use the copy."
    tell(options, {"rows": rows, "tables": len(copied)}, words)
