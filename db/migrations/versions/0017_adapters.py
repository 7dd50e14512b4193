"""Adapters on a server are on record, and an evaluation knows which weights answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table that nobody may change, and a column."""
    op.create_table(
        "servings",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("served", sa.String(), nullable=False),
        sa.Column(
            "step",
            sa.Enum("loaded", "unloaded", name="step", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("seen", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _to_models("model"),
        _to_models("served"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servings")),
    )
    only_add("servings")
    with op.batch_alter_table("evaluations") as evaluations:
        evaluations.add_column(sa.Column("weights", sa.String(), nullable=False, server_default=""))


def _to_models(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["models.name"], name=op.f(f"fk_servings_{column}"), ondelete="RESTRICT")
