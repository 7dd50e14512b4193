"""Revisions are reviewed, changed in bulk and taken back as one, and annotated a second time without being seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = ("reviews", "bulks", "bulk_rows", "second_looks", "second_verdicts")


def upgrade() -> None:
    """Add five tables, which nobody can change afterwards."""
    _reviews()
    _bulks()
    _second_looks()
    only_add(*APPEND_ONLY)


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("annotation_id", WHOLE, nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("decision", _words("decision", "approve", "send back", "ask"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("pin_x", sa.Double(), nullable=True),
        sa.Column("pin_y", sa.Double(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pin_x BETWEEN 0 AND 1 AND pin_y BETWEEN 0 AND 1", name=op.f("ck_reviews_pin")),
        sa.CheckConstraint("(pin_x IS NULL) = (pin_y IS NULL)", name=op.f("ck_reviews_whole_pin")),
        _to("annotations", "reviews", "annotation_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_annotation_id"), "reviews", ["annotation_id"])


def _bulks() -> None:
    op.create_table(
        "bulks",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("kind", _words("kind", "retype", "category"), nullable=False),
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("undoes", WHOLE, nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _to("bulks", "bulks", "undoes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulks")),
    )
    op.create_table(
        "bulk_rows",
        sa.Column("bulk_id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("before_id", WHOLE, nullable=True),
        sa.Column("after_id", WHOLE, nullable=True),
        _to("bulks", "bulk_rows", "bulk_id"),
        _to("cases", "bulk_rows", "case_id"),
        _to("annotations", "bulk_rows", "before_id"),
        _to("annotations", "bulk_rows", "after_id"),
        sa.PrimaryKeyConstraint("bulk_id", "case_id", name=op.f("pk_bulk_rows")),
    )


def _second_looks() -> None:
    op.create_table(
        "second_looks",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("annotation_id", WHOLE, nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _to("annotations", "second_looks", "annotation_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_looks")),
        sa.UniqueConstraint("annotation_id", name=op.f("uq_second_looks_annotation_id")),
    )
    op.create_table(
        "second_verdicts",
        sa.Column("look_id", WHOLE, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("verdict", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _to("second_looks", "second_verdicts", "look_id"),
        sa.PrimaryKeyConstraint("look_id", "person", name=op.f("pk_second_verdicts")),
    )


def _to(target: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)
