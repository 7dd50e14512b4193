"""Models are judged on frozen sets, and an evaluation that was cut off goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "evaluations",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("snapshot_id", WHOLE, nullable=False),
        sa.Column("set_hash", sa.String(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("mode", _words("mode", "auto", "thinking", "reflective"), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("metric_version", WHOLE, nullable=False),
        sa.Column("state", _words("state", "open", "finished", "cancelled", "failed"), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        _to("snapshots", "evaluations", "snapshot_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_index(op.f("ix_evaluations_snapshot_id_model"), "evaluations", ["snapshot_id", "model"])
    op.create_table(
        "evaluation_rows",
        sa.Column("evaluation_id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("inspection_id", WHOLE, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("(inspection_id IS NULL) = (reason != '')", name=op.f("ck_evaluation_rows_reason")),
        _to("evaluations", "evaluation_rows", "evaluation_id"),
        _to("cases", "evaluation_rows", "case_id"),
        _to("inspections", "evaluation_rows", "inspection_id"),
        sa.PrimaryKeyConstraint("evaluation_id", "case_id", name=op.f("pk_evaluation_rows")),
    )


def _to(target: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)
