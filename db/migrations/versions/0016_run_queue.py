"""Runs wait for a device in a queue, and none is started twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "queued_runs",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("devices", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("place", WHOLE, nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("twin", sa.String(), nullable=True),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _to_runs("queued_runs"),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_queued_runs")),
        sa.UniqueConstraint("key", name=op.f("uq_queued_runs_key")),
        sa.UniqueConstraint("twin", name=op.f("uq_queued_runs_twin")),
    )
    op.create_table(
        "busy_devices",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        _to_runs("busy_devices"),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_busy_devices")),
    )


def _to_runs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["run"], ["runs.name"], name=op.f(f"fk_{table}_run"), ondelete="RESTRICT")
