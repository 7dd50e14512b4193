"""The latest annotation, review and inspections of a few cases, and their assignments: what standings follow from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from db.schema import AnnotationTable, AssignmentTable, Decision, InspectionTable, ReviewTable

ANY = ""  # stands for the latest inspection of any model
Key = tuple[str, int]  # model and case


def latest_annotations(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """By case, the newest revision."""
    newest = (
        select(AnnotationTable.case_id, func.max(AnnotationTable.revision))
        .where(AnnotationTable.case_id.in_(ids))
        .group_by(AnnotationTable.case_id)
    )
    columns = ("id", "case_id", "anomalous", "author", "created", "verdict")
    query = select(*(getattr(AnnotationTable, name) for name in columns))
    rows = session.execute(query.where(tuple_(AnnotationTable.case_id, AnnotationTable.revision).in_(newest)))
    return {row.case_id: row for row in rows}


def last_words(session: Session, annotation_ids: Sequence[int]) -> dict[int, Decision]:
    """By annotation, what was last said of it."""
    query = select(ReviewTable.annotation_id, ReviewTable.decision).where(ReviewTable.annotation_id.in_(annotation_ids))
    return {row.annotation_id: row.decision for row in session.execute(query.order_by(ReviewTable.id))}


def latest_inspections(session: Session, ids: Sequence[int]) -> dict[Key, Any]:
    """By model and case, the latest that was not cancelled; with the model `ANY`, the latest of all."""
    newest = (
        select(func.max(InspectionTable.id))
        .where(InspectionTable.case_id.in_(ids), InspectionTable.cancelled.is_(False))
        .group_by(InspectionTable.case_id, InspectionTable.model)
    )
    columns = ("id", "case_id", "model", "initial_anomalous", "final_anomalous", "reflected", "final_probability")
    query = select(*(getattr(InspectionTable, name) for name in (*columns, "created", "verdict")))
    found: dict[Key, Any] = {}
    for row in session.execute(query.where(InspectionTable.id.in_(newest)).order_by(InspectionTable.id)):
        found[row.model, row.case_id] = found[ANY, row.case_id] = row
    return found


def texts(session: Session, inspection_ids: set[int]) -> dict[int, str]:
    """By inspection, what the model wrote."""
    if not inspection_ids:
        return {}
    query = select(InspectionTable.id, InspectionTable.text).where(InspectionTable.id.in_(inspection_ids))
    return {row.id: row.text for row in session.execute(query)}


def assigned(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """By case, the person it is assigned to."""
    rows = session.scalars(select(AssignmentTable).where(AssignmentTable.case_id.in_(ids)))
    return {row.case_id: row.person for row in rows}
