"""The licence of a case's data set, and what a person says that a source's names of defects mean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("cases", sa.Column("licence", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "meanings",
        sa.Column("layout", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("layout", "category", "name", name=op.f("pk_meanings")),
    )
