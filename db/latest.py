"""The latest annotation, review and inspections of a few cases, and their assignments: what standings follow from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from db.schema import AnnotationTable, AssignmentTable, Decision, InspectionTable, ReviewTable

ANY = ""  # stands for the latest inspection of any model
Key = tuple[str, int]  # model and case


# Statements are made once: making one costs more than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


def _columns(table: Any, *names: str) -> Select[Any]:
    return select(*(getattr(table, name) for name in names))


_newest_revisions = (
    select(AnnotationTable.case_id, func.max(AnnotationTable.revision))
    .where(AnnotationTable.case_id.in_(_IDS))
    .group_by(AnnotationTable.case_id)
)
_ANNOTATIONS = _columns(AnnotationTable, "id", "case_id", "anomalous", "author", "created", "verdict").where(
    tuple_(AnnotationTable.case_id, AnnotationTable.revision).in_(_newest_revisions)
)
_WORDS = (
    select(ReviewTable.annotation_id, ReviewTable.decision)
    .where(ReviewTable.annotation_id.in_(_IDS))
    .order_by(ReviewTable.id)
)
_newest_inspections = (
    select(func.max(InspectionTable.id))
    .where(InspectionTable.case_id.in_(_IDS), InspectionTable.cancelled.is_(False))
    .group_by(InspectionTable.case_id, InspectionTable.model)
)
_INSPECTIONS = (
    _columns(InspectionTable, "id", "case_id", "model", "initial_anomalous", "final_anomalous", "reflected")
    .add_columns(InspectionTable.final_probability, InspectionTable.created)
    .add_columns(InspectionTable.verdict, InspectionTable.problems)
    .where(InspectionTable.id.in_(_newest_inspections))
    .order_by(InspectionTable.id)
)
_TEXTS = select(InspectionTable.id, InspectionTable.text).where(InspectionTable.id.in_(_IDS))
_ASSIGNED = select(AssignmentTable.case_id, AssignmentTable.person).where(AssignmentTable.case_id.in_(_IDS))


def latest_annotations(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """By case, the newest revision."""
    return {row.case_id: row for row in session.execute(_ANNOTATIONS, {"ids": ids})}


def last_words(session: Session, annotation_ids: Sequence[int]) -> dict[int, Decision]:
    """By annotation, what was last said of it."""
    if not annotation_ids:
        return {}
    return {row.annotation_id: row.decision for row in session.execute(_WORDS, {"ids": annotation_ids})}


def latest_inspections(session: Session, ids: Sequence[int]) -> dict[Key, Any]:
    """By model and case, the latest that was not cancelled; with the model `ANY`, the latest of all."""
    found: dict[Key, Any] = {}
    for row in session.execute(_INSPECTIONS, {"ids": ids}):
        found[row.model, row.case_id] = found[ANY, row.case_id] = row
    return found


def texts(session: Session, inspection_ids: set[int]) -> dict[int, str]:
    """By inspection, what the model wrote."""
    if not inspection_ids:
        return {}
    return {row.id: row.text for row in session.execute(_TEXTS, {"ids": list(inspection_ids)})}


def assigned(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """By case, the person it is assigned to."""
    return {row.case_id: row.person for row in session.execute(_ASSIGNED, {"ids": ids})}
