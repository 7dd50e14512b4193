"""Pictures know what they look like, snapshots how they were divided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty: opening every picture here would keep the store shut for as long as that takes."""
    op.add_column("pictures", sa.Column("perceptual", sa.String(), nullable=True))
    op.add_column("snapshots", sa.Column("account", sa.JSON(none_as_null=True), nullable=True))
