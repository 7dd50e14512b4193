"""A model's making is known without its run folder, and an annotation knows the runs that it entered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three columns, an index and a table; runs that are there count as having learnt all their training part."""
    op.add_column("runs", sa.Column("settings", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("runs", sa.Column("data_hash", sa.String(), nullable=True))
    op.add_column("runs", sa.Column("environment", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(op.f("ix_snapshot_rows_case_id"), "snapshot_rows", ["case_id"])
    op.create_table(
        "run_rows",
        sa.Column("annotation_id", WHOLE, nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        _to("annotations.id", "annotation_id"),
        _to("runs.name", "run"),
        sa.PrimaryKeyConstraint("annotation_id", "run", name=op.f("pk_run_rows")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_run_rows_run"), "run_rows", ["run"])
    op.execute(
        "INSERT INTO run_rows (annotation_id, run) SELECT snapshot_rows.annotation_id, runs.name FROM runs "
        "JOIN snapshot_rows ON snapshot_rows.snapshot_id = runs.snapshot_id WHERE snapshot_rows.split = 'train'"
    )


def _to(target: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_run_rows_{column}"), ondelete="RESTRICT")
