"""Alembic's entry: runs the migrations on the connection that `db.engine.migrate` opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from db.reasoning import ours
from db.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=ours,
    transactional_ddl=True,  # db.engine begins transactions itself, so SQLite's DDL takes part in them
    render_as_batch=True,
)
context.run_migrations()
