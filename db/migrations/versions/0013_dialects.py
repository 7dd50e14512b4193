"""Inspections of models that answer in a dialect of their own are read again as they were read when they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column."""
    op.add_column("inspections", sa.Column("reading", sa.String(), server_default="", nullable=False))
