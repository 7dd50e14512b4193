"""A run's model is judged beside its parent, and a person puts it into use by rules, or takes it out again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

APPEND_ONLY = ("promotions", "rules")


def upgrade() -> None:
    """Say of evaluations which part of a snapshot they are of; add three tables, two of which nobody may change."""
    with op.batch_alter_table("evaluations") as evaluations:
        evaluations.add_column(sa.Column("part", sa.String(16), nullable=False, server_default="frozen"))
        evaluations.create_check_constraint(op.f("ck_evaluations_part"), "part IN ('frozen', 'corrected')")
    op.create_table(
        "trials",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("state", _words("state", "open", "finished", "cancelled", "failed"), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        _to_models("trials"),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_trials")),
    )
    op.create_table(
        "promotions",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("step", _words("step", "promoted", "taken back"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _to_models("promotions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
    )
    op.create_table(
        "rules",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("limits", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
    )
    only_add(*APPEND_ONLY)


def _to_models(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f(f"fk_{table}_model"), ondelete="RESTRICT")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)
