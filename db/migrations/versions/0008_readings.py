"""Inspections keep what their text says; those of before are read from it as they always were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty: reading every text here would keep the store shut for as long as that takes."""
    op.add_column("inspections", sa.Column("initial", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("inspections", sa.Column("problems", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("inspections", sa.Column("words", WHOLE, nullable=True))
