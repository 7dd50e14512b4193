"""Each case knows where it stands: lists, counts and the queue are look-ups; claims, assignments and saved filters.

Standings, tallies, types and the index of reasoning follow from the rest: the store fills them when it is opened and
finds them empty (`db.standings`), so a later migration that changes what they say only has to empty them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import DIALECTS, WHOLE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, empty, and an index for what a person annotated."""
    op.create_index(op.f("ix_annotations_author_created"), "annotations", ["author", "created"])
    _tallies()
    _standings()
    _work()
    for statement in DIALECTS[op.get_context().dialect.name].word_index():
        op.execute(statement)


def _tallies() -> None:
    words = ("model", "dataset", "scenario", "category", "split", "truth", "source", "review", "initial", "decision")
    flags = ("reflected", "unsure", "problems")
    ends = ("reason", "assigned")
    op.create_table(
        "tallies",
        sa.Column("id", WHOLE, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in words),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in flags),
        *(sa.Column(name, sa.String(), nullable=False) for name in ends),
        sa.Column("count", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
        sa.UniqueConstraint(*words, *flags, *ends, name="uq_tallies_way"),
    )


def _standings() -> None:
    op.create_table(
        "standings",
        sa.Column("model", sa.String(), nullable=False),
        _case(),
        sa.Column("tally_id", WHOLE, nullable=False),
        sa.Column("annotation_id", WHOLE, nullable=True),
        sa.Column("inspection_id", WHOLE, nullable=True),
        sa.Column("final_probability", sa.Double(), nullable=True),
        _points_to("cases", "standings", "case_id"),
        _points_to("tallies", "standings", "tally_id"),
        _points_to("annotations", "standings", "annotation_id"),
        _points_to("inspections", "standings", "inspection_id"),
        sa.PrimaryKeyConstraint("model", "case_id", name=op.f("pk_standings")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_standings_tally_id_case_id"), "standings", ["tally_id", "case_id"])
    op.create_index(op.f("ix_standings_model_final_probability"), "standings", ["model", "final_probability"])
    op.create_table(
        "named_types",
        sa.Column("type", sa.String(), nullable=False),
        _case(),
        _points_to("cases", "named_types", "case_id"),
        sa.PrimaryKeyConstraint("type", "case_id", name=op.f("pk_named_types")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_named_types_case_id"), "named_types", ["case_id"])


def _work() -> None:
    op.create_table(
        "claims",
        _case(),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _points_to("cases", "claims", "case_id"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_claims")),
    )
    op.create_table(
        "assignments",
        _case(),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        _points_to("cases", "assignments", "case_id"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_assignments")),
    )
    op.create_table(
        "filters",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("filter", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filters")),
        sa.UniqueConstraint("name", name=op.f("uq_filters_name")),
    )


def _case() -> sa.Column[int]:
    return sa.Column("case_id", WHOLE, nullable=False)


def _points_to(target: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")
