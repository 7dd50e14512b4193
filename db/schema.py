"""The tables. Every table and column is explained in docs/store.md, which a test holds true.

This module knows no sessions and no records; `db.migrations` holds how a database gets here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from db.dialect import WHOLE
from m3ad.bench.records import EvaluationState, Part
from m3ad.recipes import BranchKind
from m3ad.records import CaptionState, Mode, Scenario, Stage

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


# Rows of these tables are written once: triggers, made by the migrations, refuse to change or delete them.
APPEND_ONLY = (
    *("annotations", "inspections", "snapshots", "snapshot_rows", "examples", "captions", "events"),
    *("reviews", "bulks", "bulk_rows", "second_looks", "second_verdicts"),
    *("operating_points", "calibrators", "branches", "promotions", "rules", "servings"),
)


class Role(StrEnum):
    """What a user may do, in rising order: look; also annotate; also review and train; also what concerns the machine.

    The order is the order here; each role may do all that those before it may.
    """

    VIEWER = "viewer"
    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether who has this role may do what needs `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Decision(StrEnum):
    """What a person said of a revision."""

    APPROVE = "approve"
    SEND_BACK = "send back"
    ASK = "ask"  # the annotator wants a reviewer to look


class BulkKind(StrEnum):
    """What a bulk change changes."""

    RETYPE = "retype"
    CATEGORY = "category"


class Step(StrEnum):
    """What a person did with a model that was judged."""

    PROMOTED = "promoted"  # it is the model in use from then on
    TAKEN_BACK = "taken back"  # it is not any more; what was in use before is again


class Serve(StrEnum):
    """What became of a model on a server."""

    LOADED = "loaded"  # beside its base, under a name of its version
    UNLOADED = "unloaded"  # by a person; a server that is restarted forgets by itself


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC. SQLite keeps no time zone: it is taken off on the way in, put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive value is a bug and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SafeText(TypeDecorator[str]):
    """Text that any database can hold: half a surrogate pair, which browsers can send, becomes a question mark.

    So does the character zero, which models can write and PostgreSQL cannot keep.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as valid UTF-8, without zeros."""
        if value is None:
            return None
        value = value.replace("\0", "?")
        return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _words(kind: type[StrEnum], name: str, length: int = 16) -> Enum:
    """A text column that holds only the values of `kind`, by a named check constraint."""
    values = [word.value for word in kind]
    return Enum(
        kind, native_enum=False, create_constraint=True, name=name, length=length, values_callable=lambda _kind: values
    )


class Base(DeclarativeBase):
    """Base of all tables: named constraints, aware times, JSON where a record is kept whole."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        int: WHOLE,
        str: SafeText(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[list[str]]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        Scenario: _words(Scenario, "scenario"),
        Mode: _words(Mode, "mode"),
        Stage: _words(Stage, "stage"),
        Role: _words(Role, "role"),
        CaptionState: _words(CaptionState, "state"),
        Decision: _words(Decision, "decision"),
        BulkKind: _words(BulkKind, "kind"),
        BranchKind: _words(BranchKind, "branch_kind", 24),
        EvaluationState: _words(EvaluationState, "state"),
        Part: _words(Part, "part"),
        Step: _words(Step, "step"),
        Serve: _words(Serve, "step"),
    }


def table_of(kind: type[Base]) -> Table:
    """The table itself, for statements that need no objects."""
    return cast(Table, kind.__table__)


class CaseTable(Base):
    """One part as it was pictured."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("dataset", "key"),
        Index(None, "scenario", "category"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    key: Mapped[str]
    scenario: Mapped[Scenario]
    category: Mapped[str]
    split: Mapped[str]
    created: Mapped[datetime]
    licence: Mapped[str] = mapped_column(server_default="")


class PictureTable(Base):
    """One image file of a case."""

    __tablename__ = "pictures"
    __table_args__ = (
        UniqueConstraint("case_id", "position"),
        Index(None, "sha256"),
        Index(None, "pixels"),
        CheckConstraint("width > 0 AND height > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"))
    position: Mapped[int]
    role: Mapped[str]
    path: Mapped[str]
    sha256: Mapped[str]
    pixels: Mapped[str]
    perceptual: Mapped[str | None]
    width: Mapped[int]
    height: Mapped[int]


class InspectionTable(Base):
    """One stored trace of one model on one case."""

    __tablename__ = "inspections"
    __table_args__ = (
        Index(None, "case_id", "model", "id"),
        CheckConstraint("initial_probability BETWEEN 0 AND 1", name="initial_probability"),
        CheckConstraint("final_probability BETWEEN 0 AND 1", name="final_probability"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"))
    model: Mapped[str]
    mode: Mapped[Mode]
    seed: Mapped[int]
    text: Mapped[str]
    verdict: Mapped[dict[str, Any] | None]
    initial_anomalous: Mapped[bool | None]
    final_anomalous: Mapped[bool | None]
    reflected: Mapped[bool]
    initial_probability: Mapped[float | None]
    final_probability: Mapped[float | None]
    # The constraint is the column's own: a column with one can be added to a table that SQLite lets nobody rebuild.
    doubt: Mapped[float | None] = mapped_column(CheckConstraint("doubt BETWEEN 0 AND 1", name="doubt"))
    seconds: Mapped[float]
    tokens: Mapped[int]
    cancelled: Mapped[bool]
    created: Mapped[datetime]
    # What the text says, read once, so that questions about a hundred thousand read none: the initial verdict, pairs of
    # code and sentence, and the words of the prose. `problems` is NULL where that was not done yet.
    initial: Mapped[dict[str, Any] | None]
    problems: Mapped[list[list[str]] | None]
    words: Mapped[int | None]
    reading: Mapped[str] = mapped_column(server_default="")


class BranchTable(Base):
    """What a model wrote when something was changed before it went on."""

    __tablename__ = "branches"
    __table_args__ = (
        Index(None, "inspection_id"),
        CheckConstraint("initial_probability BETWEEN 0 AND 1", name="initial_probability"),
        CheckConstraint("final_probability BETWEEN 0 AND 1", name="final_probability"),
        CheckConstraint("doubt BETWEEN 0 AND 1", name="doubt"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"))
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id", ondelete="RESTRICT"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id", ondelete="RESTRICT"))
    kind: Mapped[BranchKind]
    recipe: Mapped[dict[str, Any]]
    model: Mapped[str]
    text: Mapped[str]
    initial_probability: Mapped[float | None]
    final_probability: Mapped[float | None]
    doubt: Mapped[float | None]
    seconds: Mapped[float]
    tokens: Mapped[int]
    cancelled: Mapped[bool]
    author: Mapped[str]
    created: Mapped[datetime]


class AnnotationTable(Base):
    """One immutable revision of a verdict on a case."""

    __tablename__ = "annotations"
    __table_args__ = (
        UniqueConstraint("case_id", "revision"),
        Index(None, "author", "created"),
        CheckConstraint("revision >= 1", name="revision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"))
    revision: Mapped[int]
    anomalous: Mapped[bool]
    verdict: Mapped[dict[str, Any]]
    author: Mapped[str]
    note: Mapped[str]
    inspection_id: Mapped[int | None] = mapped_column(ForeignKey("inspections.id", ondelete="RESTRICT"))
    created: Mapped[datetime]


class DraftTable(Base):
    """Unsaved work of one person on one case."""

    __tablename__ = "drafts"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[dict[str, Any]]
    note: Mapped[str]
    based_on: Mapped[int]
    saved: Mapped[datetime]


class ReviewTable(Base):
    """What a person said of one revision; the latest word on it counts."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index(None, "annotation_id"),
        CheckConstraint("pin_x BETWEEN 0 AND 1 AND pin_y BETWEEN 0 AND 1", name="pin"),
        CheckConstraint("(pin_x IS NULL) = (pin_y IS NULL)", name="whole_pin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))
    reviewer: Mapped[str]
    decision: Mapped[Decision]
    reason: Mapped[str]
    pin_x: Mapped[float | None]
    pin_y: Mapped[float | None]
    created: Mapped[datetime]


class BulkTable(Base):
    """One change of many cases at once."""

    __tablename__ = "bulks"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[BulkKind]
    old: Mapped[str]
    new: Mapped[str]
    author: Mapped[str]
    undoes: Mapped[int | None] = mapped_column(ForeignKey("bulks.id", ondelete="RESTRICT"))
    created: Mapped[datetime]


class BulkRowTable(Base):
    """One case that a bulk changed, with the revisions before and after where it made one."""

    __tablename__ = "bulk_rows"

    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulks.id", ondelete="RESTRICT"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))
    after_id: Mapped[int | None] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))


class SecondLookTable(Base):
    """One revision that others annotate again without seeing it."""

    __tablename__ = "second_looks"
    __table_args__ = (UniqueConstraint("annotation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str]
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))
    known: Mapped[bool]
    created: Mapped[datetime]


class SecondVerdictTable(Base):
    """What another person said in a second look; no revision of the truth."""

    __tablename__ = "second_verdicts"

    look_id: Mapped[int] = mapped_column(ForeignKey("second_looks.id", ondelete="RESTRICT"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[dict[str, Any]]
    note: Mapped[str]
    created: Mapped[datetime]


class TallyTable(Base):
    """How many cases stand in one way. What is not known is an empty text, so that each way is there once."""

    __tablename__ = "tallies"

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    dataset: Mapped[str]
    scenario: Mapped[str]
    category: Mapped[str]
    split: Mapped[str]
    truth: Mapped[str]
    source: Mapped[str]
    review: Mapped[str]
    initial: Mapped[str]
    decision: Mapped[str]
    reflected: Mapped[bool]
    unsure: Mapped[bool]
    problems: Mapped[bool]
    reason: Mapped[str]
    assigned: Mapped[str]
    count: Mapped[int]


WAYS = tuple(column.key for column in TallyTable.__table__.columns if column.key not in ("id", "count"))
TallyTable.__table__.append_constraint(UniqueConstraint(*WAYS, name="uq_tallies_way"))  # type: ignore[attr-defined]


class StandingTable(Base):
    """Where a case stands by the latest inspection of one model; with the model "", of any model."""

    __tablename__ = "standings"
    __table_args__ = (
        Index(None, "tally_id", "case_id"),
        Index(None, "model", "final_probability"),
        {"sqlite_with_rowid": False},
    )

    model: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    tally_id: Mapped[int] = mapped_column(ForeignKey("tallies.id", ondelete="RESTRICT"))
    annotation_id: Mapped[int | None] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))
    inspection_id: Mapped[int | None] = mapped_column(ForeignKey("inspections.id", ondelete="RESTRICT"))
    final_probability: Mapped[float | None]


class NamedTypeTable(Base):
    """A defect type that the latest annotation of a case names, or, without one, the latest inspection."""

    __tablename__ = "named_types"
    __table_args__ = (Index(None, "case_id"), {"sqlite_with_rowid": False})

    type: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)


class ClaimTable(Base):
    """Who works on a case, and until when nobody else is given it."""

    __tablename__ = "claims"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


class AssignmentTable(Base):
    """A case that one person alone shall be given."""

    __tablename__ = "assignments"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    person: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime]


class FilterTable(Base):
    """A filter that somebody gave a name; everybody sees it."""

    __tablename__ = "filters"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    author: Mapped[str]
    filter: Mapped[dict[str, Any]]
    created: Mapped[datetime]


class SnapshotTable(Base):
    """A frozen list of cases, revisions and splits."""

    __tablename__ = "snapshots"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str]
    size: Mapped[int]
    anomalous: Mapped[int]
    filter: Mapped[dict[str, Any]]
    account: Mapped[dict[str, Any] | None]
    created: Mapped[datetime]


class SnapshotRowTable(Base):
    """One case of a snapshot, with the exact annotation revision."""

    __tablename__ = "snapshot_rows"
    __table_args__ = (Index(None, "case_id"),)

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="RESTRICT"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))
    split: Mapped[str]


class ExampleTable(Base):
    """One annotated case as a model shall learn from it, by what one start model answered."""

    __tablename__ = "examples"
    __table_args__ = (UniqueConstraint("annotation_id", "model"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"))
    model: Mapped[str]
    mode: Mapped[Mode]
    difficulty: Mapped[str | None]
    initial: Mapped[dict[str, Any] | None]
    created: Mapped[datetime]


class CaptionTable(Base):
    """One immutable revision of the texts of an example."""

    __tablename__ = "captions"
    __table_args__ = (CheckConstraint("revision >= 1", name="revision"),)

    example_id: Mapped[int] = mapped_column(ForeignKey("examples.id", ondelete="RESTRICT"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    think: Mapped[str]
    reflection: Mapped[str | None]
    state: Mapped[CaptionState]
    author: Mapped[str]
    note: Mapped[str]
    created: Mapped[datetime]


class RunTable(Base):
    """One training; its state is in its folder."""

    __tablename__ = "runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[Stage]
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="RESTRICT"))
    start_model: Mapped[str]
    folder: Mapped[str]
    created: Mapped[datetime]
    settings: Mapped[dict[str, Any] | None]
    data_hash: Mapped[str | None]
    environment: Mapped[dict[str, Any] | None]


class RunRowTable(Base):
    """One annotation that is among the examples of a run."""

    __tablename__ = "run_rows"
    __table_args__ = (Index(None, "run"), {"sqlite_with_rowid": False})

    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotations.id", ondelete="RESTRICT"), primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.name", ondelete="RESTRICT"), primary_key=True)


class QueuedRunTable(Base):
    """A run that was given to the queue: waiting while it has a place. `key` and `twin` keep it from coming twice."""

    __tablename__ = "queued_runs"
    __table_args__ = (UniqueConstraint("key"), UniqueConstraint("twin"))

    run: Mapped[str] = mapped_column(ForeignKey("runs.name", ondelete="RESTRICT"), primary_key=True)
    devices: Mapped[list[str]]
    place: Mapped[int | None]
    key: Mapped[str | None]
    twin: Mapped[str | None]
    author: Mapped[str]
    created: Mapped[datetime]


class BusyDeviceTable(Base):
    """A device that a run has been given: never two runs at a time."""

    __tablename__ = "busy_devices"

    device: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.name", ondelete="RESTRICT"))


class ModelTable(Base):
    """Something that can inspect."""

    __tablename__ = "models"

    name: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    parent: Mapped[str | None]
    run: Mapped[str | None] = mapped_column(ForeignKey("runs.name", ondelete="RESTRICT"))
    created: Mapped[datetime]


class OperatingPointTable(Base):
    """The two thresholds by which a model's parts pass, are rejected or go to a person; the newest is in use."""

    __tablename__ = "operating_points"
    __table_args__ = (
        Index(None, "model"),
        CheckConstraint("0 <= pass_below AND pass_below <= reject_from AND reject_from <= 1", name="order"),
        CheckConstraint("revise_from > 0 AND revise_from <= 1", name="revise_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    pass_below: Mapped[float]
    reject_from: Mapped[float]
    revise_from: Mapped[float | None]
    cases: Mapped[str]
    figures: Mapped[dict[str, Any]]
    author: Mapped[str]
    created: Mapped[datetime]


class CalibratorTable(Base):
    """A calibrator of a model's probabilities, as numbers; the newest is in use."""

    __tablename__ = "calibrators"
    __table_args__ = (Index(None, "model"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    numbers: Mapped[dict[str, Any]]
    cases: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    author: Mapped[str]
    created: Mapped[datetime]


class PicturePropertyTable(Base):
    """What was measured of a picture file."""

    __tablename__ = "picture_properties"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    brightness: Mapped[float]
    contrast: Mapped[float]
    sharpness: Mapped[float]


class EvaluationTable(Base):
    """One model's answers to some cases of a snapshot: the frozen ones, or the corrected ones that are trained on."""

    __tablename__ = "evaluations"
    __table_args__ = (Index(None, "snapshot_id", "model"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id", ondelete="RESTRICT"))
    part: Mapped[Part] = mapped_column(server_default=Part.FROZEN.value)
    set_hash: Mapped[str]
    size: Mapped[int]
    model: Mapped[str]
    mode: Mapped[Mode]
    prompt: Mapped[str]
    weights: Mapped[str] = mapped_column(server_default="")
    metric_version: Mapped[int]
    state: Mapped[EvaluationState]
    problem: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime]
    changed: Mapped[datetime]


class EvaluationRowTable(Base):
    """One case that was tried in an evaluation: the inspection that was made for it, or why there is none."""

    __tablename__ = "evaluation_rows"
    __table_args__ = (CheckConstraint("(inspection_id IS NULL) = (reason != '')", name="reason"),)

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id", ondelete="RESTRICT"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)
    inspection_id: Mapped[int | None] = mapped_column(ForeignKey("inspections.id", ondelete="RESTRICT"))
    reason: Mapped[str]


class TrialTable(Base):
    """A run's model and the model that the run started from, on the same cases."""

    __tablename__ = "trials"

    model: Mapped[str] = mapped_column(ForeignKey("models.name", ondelete="RESTRICT"), primary_key=True)
    state: Mapped[EvaluationState]
    problem: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime]
    changed: Mapped[datetime]


class PromotionTable(Base):
    """A model was put into use, or taken out of it again."""

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(ForeignKey("models.name", ondelete="RESTRICT"))
    step: Mapped[Step]
    reason: Mapped[str]
    figures: Mapped[dict[str, Any]]
    author: Mapped[str]
    created: Mapped[datetime]


class ServingTable(Base):
    """A model's adapter was loaded on a server, or unloaded again."""

    __tablename__ = "servings"

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(ForeignKey("models.name", ondelete="RESTRICT"))
    served: Mapped[str] = mapped_column(ForeignKey("models.name", ondelete="RESTRICT"))
    step: Mapped[Serve]
    seen: Mapped[dict[str, Any]]
    author: Mapped[str]
    created: Mapped[datetime]


class RulesTable(Base):
    """What a model has to show before it can be promoted; the newest are in force."""

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    limits: Mapped[dict[str, Any]]
    author: Mapped[str]
    created: Mapped[datetime]


class UserTable(Base):
    """Somebody who may sign in."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(primary_key=True)
    password: Mapped[str]
    role: Mapped[Role]
    created: Mapped[datetime]
    removed: Mapped[datetime | None]


class SessionTable(Base):
    """One browser in which somebody is signed in."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user"),)

    token: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="RESTRICT"))
    created: Mapped[datetime]
    ends: Mapped[datetime]


class AttemptTable(Base):
    """Passwords that were tried for one name and did not fit."""

    __tablename__ = "attempts"

    name: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    latest: Mapped[datetime]


class PreferenceTable(Base):
    """What one person chose for themselves."""

    __tablename__ = "preferences"

    user: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]


class MeaningTable(Base):
    """What a person says that a source's own name of a defect means."""

    __tablename__ = "meanings"

    layout: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime]


class EventTable(Base):
    """Who changed what, and when."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime]
    event: Mapped[str]
    actor: Mapped[str]
    case_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]
