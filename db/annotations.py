"""Annotations, which are only ever added, and drafts, which come and go."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import (
    AnnotationTable,
    CaseTable,
    ClaimTable,
    Decision,
    DraftTable,
    InspectionTable,
    PictureTable,
    ReviewTable,
    table_of,
)
from db.standings import touch
from db.verdicts import sound, undecided
from m3ad.errors import Conflict, NotFound, StaleRevision
from m3ad.records import Annotation, Draft, Verdict

# Statements are made once: making one costs more than running it.
_annotations, _drafts, _claims = table_of(AnnotationTable), table_of(DraftTable), table_of(ClaimTable)
_of_case: BindParameter[Any] = bindparam("of_case")
_REVISIONS = select(*_annotations.c).where(_annotations.c.case_id == _of_case).order_by(_annotations.c.revision)
_LATEST = _REVISIONS.order_by(None).order_by(_annotations.c.revision.desc()).limit(1)
_ADD = insert(_annotations)
_CASE = select(CaseTable.id).where(CaseTable.id == _of_case)
_CASE_OF_INSPECTION = select(InspectionTable.case_id).where(InspectionTable.id == bindparam("inspection"))
_DRAFT = select(*_drafts.c).where(_drafts.c.case_id == _of_case, _drafts.c.user == bindparam("person"))
_DELETE_DRAFT = delete(_drafts).where(_drafts.c.case_id == _of_case, _drafts.c.user == bindparam("person"))
_RELEASE = delete(_claims).where(_claims.c.case_id == _of_case, _claims.c.holder == bindparam("person"))


def to_annotation(row: Any) -> Annotation:
    """The record of a row."""
    return Annotation(
        row.id,
        row.case_id,
        row.revision,
        Verdict.from_json(row.verdict),
        row.author,
        row.note,
        row.inspection_id,
        row.created,
    )


def to_draft(row: Any) -> Draft:
    """The record of a row."""
    return Draft(row.case_id, row.user, Verdict.from_json(row.verdict), row.note, row.based_on, row.saved)


def revisions(session: Session, case_id: int) -> list[Annotation]:
    """All revisions of a case, oldest first."""
    return [to_annotation(row) for row in session.execute(_REVISIONS, {"of_case": case_id})]


def latest_annotation(session: Session, case_id: int) -> Annotation | None:
    """The newest revision of a case."""
    row = session.execute(_LATEST, {"of_case": case_id}).first()
    return None if row is None else to_annotation(row)


def add_revision(
    session: Session,
    case_id: int,
    revision: int,
    verdict: Verdict,
    *,
    author: str,
    note: str,
    inspection_id: int | None,
) -> Annotation:
    """Write a revision and its log entry; the caller has made sure that it is the next one, and sound."""
    values = revision_values(case_id, revision, verdict, author=author, note=note, inspection_id=inspection_id)
    done = session.connection().execute(_ADD, values)
    log(session, "annotation.saved", author, case_id, revision=revision)
    touch(session, case_id)
    saved = (case_id, revision, verdict, author, note, inspection_id, values["created"])
    return Annotation(done.inserted_primary_key[0] if done.inserted_primary_key else 0, *saved)


def revision_row(
    case_id: int, revision: int, verdict: Verdict, *, author: str, note: str, inspection_id: int | None
) -> AnnotationTable:
    """A revision that is not written yet."""
    return AnnotationTable(
        **revision_values(case_id, revision, verdict, author=author, note=note, inspection_id=inspection_id)
    )


def revision_values(
    case_id: int, revision: int, verdict: Verdict, *, author: str, note: str, inspection_id: int | None
) -> dict[str, Any]:
    """The columns of a revision that is not written yet."""
    return {
        "case_id": case_id,
        "revision": revision,
        "anomalous": verdict.anomalous,
        "verdict": verdict.to_json(),
        "author": author,
        "note": note,
        "inspection_id": inspection_id,
        "created": now(),
    }


def save_annotation(
    session: Session,
    case_id: int,
    verdict: Verdict,
    *,
    author: str,
    based_on: int,
    note: str,
    inspection_id: int | None,
) -> Annotation | StaleRevision:
    """The new revision, and the author's draft gone with it; or, when another came between, the refusal to raise.

    A refusal is returned, not raised, so that the transaction that keeps the refused version as a draft is committed.
    A defect of the type "unknown" asks a reviewer, with the note as the question. What already stands as the author's
    own newest revision is not refused and not written again: its first request arrived, only the answer was lost.
    """
    require_case(session, case_id)
    verdict = sound(verdict, pictures_for(session, case_id, verdict))
    asks = undecided(verdict)
    if asks and not note.strip():
        raise Conflict(
            'The type of a defect is "unknown": write in the note what the reviewer is asked, or choose one.'
        )
    _require_inspection(session, case_id, inspection_id)
    latest = latest_annotation(session, case_id)
    newest = latest.revision if latest else 0
    if based_on > newest or based_on < 0:
        raise Conflict(f"Case {case_id} has no revision {based_on} to build on. Load the case again.")
    if latest is not None and based_on < newest:
        if (latest.author, latest.verdict, latest.note) == (author, verdict, note):
            _finish(session, case_id, author)
            return latest
        write_draft(session, case_id, author, verdict, note=note, based_on=based_on)
        log(session, "annotation.refused", author, case_id, based_on=based_on, latest=newest)
        return StaleRevision(verdict, latest)
    _finish(session, case_id, author)
    saved = add_revision(session, case_id, newest + 1, verdict, author=author, note=note, inspection_id=inspection_id)
    if asks:
        add_review(session, saved, Decision.ASK, author, note)
    return saved


def _finish(session: Session, case_id: int, author: str) -> None:
    """The author's work on the case is done: neither draft nor claim is left."""
    delete_draft(session, case_id, author)
    release_claim(session, case_id, author)


def add_review(
    session: Session,
    annotation: Annotation,
    decision: Decision,
    reviewer: str,
    reason: str = "",
    pin: tuple[float, float] | None = None,
) -> ReviewTable:
    """Write what a person said of a revision, and its log entry; the caller has made sure that they may."""
    row = ReviewTable(
        annotation_id=annotation.id,
        reviewer=reviewer,
        decision=decision,
        reason=reason.strip(),
        pin_x=pin[0] if pin else None,
        pin_y=pin[1] if pin else None,
        created=now(),
    )
    session.add(row)
    session.flush()
    touch(session, annotation.case_id)
    log(session, "annotation.reviewed", reviewer, annotation.case_id, revision=annotation.revision, decision=decision)
    return row


def _require_inspection(session: Session, case_id: int, inspection_id: int | None) -> None:
    if inspection_id is None:
        return
    owner = session.scalar(_CASE_OF_INSPECTION, {"inspection": inspection_id})
    if owner is None:
        raise NotFound(f"The store has no inspection {inspection_id}.")
    if owner != case_id:
        raise Conflict(f"Inspection {inspection_id} is of case {owner}, not of case {case_id}.")


def require_case(session: Session, case_id: int) -> None:
    """Raises NotFound when there is no such case."""
    if session.connection().scalar(_CASE, {"of_case": case_id}) is None:
        raise NotFound(f"The store has no case {case_id}.")


def pictures_for(session: Session, case_id: int, verdict: Verdict) -> int:
    """How many pictures the case has, as `db.verdicts.sound` asks; counted only where a box is on a further one."""
    if not verdict.further:
        return 1
    return session.scalar(select(func.count()).where(PictureTable.case_id == case_id)) or 0


def draft(session: Session, case_id: int, user: str) -> Draft | None:
    """A person's unsaved work on a case."""
    row = session.execute(_DRAFT, {"of_case": case_id, "person": user}).first()
    return None if row is None else to_draft(row)


def write_draft(session: Session, case_id: int, user: str, verdict: Verdict, *, note: str, based_on: int) -> Draft:
    """Keep unsaved work as it is, contradictions included; it replaces the same person's earlier draft.

    Raises Conflict for a box on a picture that the case does not have: nothing could show it again.
    """
    require_case(session, case_id)
    if not verdict.all_on(pictures_for(session, case_id, verdict)):
        raise Conflict("A box is on a picture that the case does not have: it was not kept.")
    row = DraftTable(case_id=case_id, user=user, verdict=verdict.to_json(), note=note, based_on=based_on, saved=now())
    return to_draft(session.merge(row))


def delete_draft(session: Session, case_id: int, user: str) -> None:
    """Drop a person's draft, if there is one."""
    session.connection().execute(_DELETE_DRAFT, {"of_case": case_id, "person": user})


def release_claim(session: Session, case_id: int, user: str) -> None:
    """End a person's claim on a case, if there is one."""
    session.connection().execute(_RELEASE, {"of_case": case_id, "person": user})


def drafts(session: Session, user: str) -> list[Draft]:
    """All drafts of a person, the one saved last first."""
    query = select(DraftTable).where(DraftTable.user == user).order_by(DraftTable.saved.desc())
    return [to_draft(row) for row in session.scalars(query)]
