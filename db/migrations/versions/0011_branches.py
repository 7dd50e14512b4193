"""What a model writes when something is changed before it goes on is kept as a branch, with its exact recipe."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = (
    *("edited", "reflection forced", "reflection forbidden"),
    *("other definitions", "picture changed", "another seed"),
)


def upgrade() -> None:
    """Add the table, which nobody can change afterwards."""
    op.create_table(
        "branches",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("inspection_id", WHOLE, nullable=False),
        sa.Column("parent_id", WHOLE, nullable=True),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="branch_kind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("recipe", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("initial_probability", sa.Double(), nullable=True),
        sa.Column("final_probability", sa.Double(), nullable=True),
        sa.Column("doubt", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("tokens", WHOLE, nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.CheckConstraint(f"{name} BETWEEN 0 AND 1", name=op.f(f"ck_branches_{name}"))
            for name in ("initial_probability", "final_probability", "doubt")
        ),
        _to("cases", "case_id"),
        _to("inspections", "inspection_id"),
        _to("branches", "parent_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
    )
    op.create_index(op.f("ix_branches_inspection_id"), "branches", ["inspection_id"])
    only_add("branches")


def _to(target: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_branches_{column}"), ondelete="RESTRICT")
