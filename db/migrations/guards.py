"""Tables whose rows are written once: the guards that migrations put on them, on every kind of database."""

from __future__ import annotations

from alembic import op

from db.dialect import DIALECTS


def only_add(*tables: str) -> None:
    """Let nobody change or delete a row of these tables from here on."""
    dialect = DIALECTS[op.get_context().dialect.name]
    for table in tables:
        for statement in dialect.only_add(table):
            op.execute(statement)
