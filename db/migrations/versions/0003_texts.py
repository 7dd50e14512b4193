"""Examples with their texts are kept and checked; inspections remember how much the model doubted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("examples", "captions")


def upgrade() -> None:
    """Add the column, empty, and the two tables, which nobody can change afterwards."""
    doubt = sa.CheckConstraint("doubt BETWEEN 0 AND 1", name=op.f("ck_inspections_doubt"))
    op.add_column("inspections", sa.Column("doubt", sa.Double(), doubt, nullable=True))
    op.create_table(
        "examples",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("annotation_id", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("mode", _words("mode", "auto", "thinking", "reflective"), nullable=False),
        sa.Column("difficulty", sa.String(), nullable=True),
        sa.Column("initial", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name=op.f("fk_examples_annotation_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examples")),
        sa.UniqueConstraint("annotation_id", "model", name=op.f("uq_examples_annotation_id_model")),
    )
    op.create_table(
        "captions",
        sa.Column("example_id", WHOLE, nullable=False),
        sa.Column("revision", WHOLE, nullable=False),
        sa.Column("think", sa.String(), nullable=False),
        sa.Column("reflection", sa.String(), nullable=True),
        sa.Column("state", _words("state", "written", "edited", "approved", "sent back"), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_captions_revision")),
        sa.ForeignKeyConstraint(
            ["example_id"], ["examples.id"], name=op.f("fk_captions_example_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("example_id", "revision", name=op.f("pk_captions")),
    )
    only_add(*APPEND_ONLY)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)
