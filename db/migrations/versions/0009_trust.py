"""How far each model can be trusted is kept: operating points, calibrators, and what is measured of pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("operating_points", "calibrators")


def upgrade() -> None:
    """Add three tables; nobody can change what is in two of them."""
    op.create_table(
        "operating_points",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("pass_below", sa.Double(), nullable=False),
        sa.Column("reject_from", sa.Double(), nullable=False),
        sa.Column("revise_from", sa.Double(), nullable=True),
        sa.Column("cases", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("0 <= pass_below AND pass_below <= reject_from AND reject_from <= 1", name=_check("order")),
        sa.CheckConstraint("revise_from > 0 AND revise_from <= 1", name=_check("revise_from")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operating_points")),
    )
    op.create_index(op.f("ix_operating_points_model"), "operating_points", ["model"])
    op.create_table(
        "calibrators",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("numbers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("cases", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrators")),
    )
    op.create_index(op.f("ix_calibrators_model"), "calibrators", ["model"])
    op.create_table(
        "picture_properties",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("brightness", sa.Double(), nullable=False),
        sa.Column("contrast", sa.Double(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_picture_properties")),
    )
    only_add(*APPEND_ONLY)


def _check(name: str) -> str:
    return op.f(f"ck_operating_points_{name}")
