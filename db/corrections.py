"""Corrections: annotations by which a person said something else than a model, or than an earlier revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.authors import PERSON, source_of
from db.schema import AnnotationTable, InspectionTable, table_of
from m3ad.changes import changes
from m3ad.formats.base import batches
from m3ad.records import Annotation, Verdict

BATCH = 500


def corrected(session: Session, annotations: Iterable[Annotation]) -> frozenset[int]:
    """Ids of the cases whose annotation is a person's correction; one annotation a case.

    It corrects the answer that it was made from, or the newest complete one that was stored before it; where no model
    had answered, the revision before it. An answer that could not be read is corrected by any annotation.
    """
    theirs = {one.case_id: one for one in annotations if source_of(one.author) == PERSON}
    answers = _answers(session, theirs)
    found = {case_id for case_id, said in answers.items() if differs(said, theirs[case_id].verdict)}
    rest = {case_id: one for case_id, one in theirs.items() if case_id not in answers and one.revision > 1}
    earlier = _revisions_before(session, rest)
    return frozenset(found | {case_id for case_id, said in earlier.items() if differs(said, rest[case_id].verdict)})


def differs(before: Verdict | None, after: Verdict) -> bool:
    """Whether the decision or any defect changed; the order of the defects says nothing."""
    if before is None or before.anomalous != after.anomalous:
        return True
    return any(one.kind != "kept" for one in changes(before, after))


def _answers(session: Session, annotations: Mapping[int, Annotation]) -> dict[int, Verdict | None]:
    """What was answered of each case before its annotation; cases without an answer are left out."""
    table = table_of(InspectionTable).c
    columns = (table.id, table.case_id, table.verdict, table.created)
    found: dict[int, Verdict | None] = {}
    for some in batches(annotations, BATCH):
        query = select(*columns).where(table.case_id.in_(some), table.cancelled.is_(False)).order_by(table.id)
        for row in session.execute(query):
            one = annotations[row.case_id]
            made_from = one.inspection_id == row.id
            before = one.inspection_id is None and row.created <= one.created
            if made_from or before:
                found[row.case_id] = None if row.verdict is None else Verdict.from_json(row.verdict)
    return found


def _revisions_before(session: Session, annotations: Mapping[int, Annotation]) -> dict[int, Verdict]:
    table = table_of(AnnotationTable).c
    found: dict[int, Verdict] = {}
    for some in batches(annotations, BATCH):
        rows = session.execute(select(table.case_id, table.revision, table.verdict).where(table.case_id.in_(some)))
        for row in rows:
            if row.revision == annotations[row.case_id].revision - 1:
                found[row.case_id] = Verdict.from_json(row.verdict)
    return found
