"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import WHOLE
from db.migrations.guards import only_add

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("annotations", "inspections", "snapshots", "snapshot_rows", "events")


def upgrade() -> None:
    """Create all tables, and let the database hold the append-only ones to it."""
    op.create_table(
        "cases",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "scenario",
            sa.Enum(
                "texture",
                "workpiece",
                "electronic",
                "logical",
                name="scenario",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("dataset", "key", name=op.f("uq_cases_dataset_key")),
    )
    op.create_index(op.f("ix_cases_scenario_category"), "cases", ["scenario", "category"])
    op.create_table(
        "events",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("case_id", WHOLE, nullable=True),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_case_id"), "events", ["case_id"])
    op.create_table(
        "snapshots",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("anomalous", WHOLE, nullable=False),
        sa.Column("filter", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("name", name=op.f("uq_snapshots_name")),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "annotator", "reviewer", "admin", name="role", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "drafts",
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("verdict", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("based_on", WHOLE, nullable=False),
        sa.Column("saved", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("case_id", "user", name=op.f("pk_drafts")),
    )
    op.create_table(
        "inspections",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "auto", "thinking", "reflective", name="mode", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.Column("seed", WHOLE, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("verdict", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("initial_anomalous", sa.Boolean(), nullable=True),
        sa.Column("final_anomalous", sa.Boolean(), nullable=True),
        sa.Column("reflected", sa.Boolean(), nullable=False),
        sa.Column("initial_probability", sa.Double(), nullable=True),
        sa.Column("final_probability", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("tokens", WHOLE, nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("final_probability BETWEEN 0 AND 1", name=op.f("ck_inspections_final_probability")),
        sa.CheckConstraint("initial_probability BETWEEN 0 AND 1", name=op.f("ck_inspections_initial_probability")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_inspections_case_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )
    op.create_index(op.f("ix_inspections_case_id_model_id"), "inspections", ["case_id", "model", "id"])
    op.create_table(
        "pictures",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("pixels", sa.String(), nullable=False),
        sa.Column("width", WHOLE, nullable=False),
        sa.Column("height", WHOLE, nullable=False),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_pictures_size")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_pictures_case_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("case_id", "position", name=op.f("uq_pictures_case_id_position")),
    )
    op.create_index(op.f("ix_pictures_pixels"), "pictures", ["pixels"])
    op.create_index(op.f("ix_pictures_sha256"), "pictures", ["sha256"])
    op.create_table(
        "runs",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum("raws", "rcrl", name="stage", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("snapshot_id", WHOLE, nullable=False),
        sa.Column("start_model", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_runs_snapshot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_runs")),
    )
    op.create_table(
        "annotations",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("revision", WHOLE, nullable=False),
        sa.Column("anomalous", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("inspection_id", WHOLE, nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_annotations_revision")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_annotations_case_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_annotations_inspection_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
        sa.UniqueConstraint("case_id", "revision", name=op.f("uq_annotations_case_id_revision")),
    )
    op.create_table(
        "models",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.name"], name=op.f("fk_models_run"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_models")),
    )
    op.create_table(
        "snapshot_rows",
        sa.Column("snapshot_id", WHOLE, nullable=False),
        sa.Column("case_id", WHOLE, nullable=False),
        sa.Column("annotation_id", WHOLE, nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name=op.f("fk_snapshot_rows_annotation_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_snapshot_rows_case_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_rows_snapshot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "case_id", name=op.f("pk_snapshot_rows")),
    )
    only_add(*APPEND_ONLY)
