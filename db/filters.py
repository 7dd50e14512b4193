"""Which cases: a filter as plain data, and the joins and conditions it becomes. Knows no sessions.

`db.lists` answers the same filters from the tallies, without looking at each case; a property test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Literal, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from db.authors import IMPORTED_AUTHOR, SOURCE_AUTHOR
from db.reasoning import says
from db.reasons import UNSURE, Reason
from db.schema import (
    AnnotationTable,
    CaseTable,
    Decision,
    DraftTable,
    InspectionTable,
    NamedTypeTable,
    ReviewTable,
    StandingTable,
    TallyTable,
)
from db.standings import ANY, type_name
from m3ad.records import Outcome, Scenario


class Status(StrEnum):
    """Where a case stands in the work. Those after "uninspected" need an inspection, most also an annotation."""

    ANNOTATED = "annotated"
    UNANNOTATED = "unannotated"
    BY_A_PERSON = "annotated by a person"
    TO_REVIEW = "to review"
    ASKED = "asked"
    SENT_BACK = "sent back"
    APPROVED = "approved"
    DRAFT = "draft"
    UNINSPECTED = "uninspected"
    INSPECTED = "inspected"
    REFLECTED = "reflected"
    UNREADABLE = "unreadable"
    UNSURE = "unsure"
    RIGHT = "right"
    WRONG = "wrong"
    ESCAPE = "escape"
    OVERKILL = "overkill"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; everything that is None or empty does not restrict.

    Attributes:
        scenario, category, dataset, split: equal to the case's own.
        text: found anywhere in data set, category or key, whatever the case of its letters.
        status: where the case stands; "draft" means a draft of the asking user.
        verdict: what the latest annotation says.
        outcome: what the reflection of the latest inspection did.
        model: whose latest inspection `status`, `outcome` and `probability` look at; None: the latest of any model.
        reason: why the queue gives it out, by the latest inspection of any model.
        type: a defect type that the latest annotation names, or, without one, the latest inspection of any model.
        probability: final P(anomalous), from and to, both included.
        reasoning: words, all of them in what the latest inspection of any model wrote; each may be a word's beginning.
        assigned: the person it is assigned to.
        ids: only these cases.
    """

    scenario: Scenario | None = None
    category: str | None = None
    dataset: str | None = None
    split: str | None = None
    text: str = ""
    status: Status | None = None
    verdict: Literal["anomalous", "normal"] | None = None
    outcome: Outcome | None = None
    model: str | None = None
    reason: Reason | None = None
    type: str | None = None
    probability: tuple[float, float] | None = None
    reasoning: str = ""
    assigned: str | None = None
    ids: tuple[int, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what restricts, as JSON types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None and v != ""}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CaseFilter:
        """The inverse of `to_json`."""
        kinds = {
            "scenario": Scenario,
            "status": Status,
            "outcome": Outcome,
            "reason": Reason,
            "probability": tuple,
            "ids": tuple,
        }
        return cls(**{name: kinds[name](value) if name in kinds else value for name, value in data.items()})


EVERYTHING = CaseFilter()

Columns = TypeVarTuple("Columns")

Here = aliased(StandingTable)  # the row about the latest inspection of any model
Way = aliased(TallyTable)
Looked = aliased(StandingTable)  # the row about the latest inspection of the model that was asked for


def join_latest(query: Select[*Columns], *, model: str | None, user: str | None) -> Select[*Columns]:
    """Join to cases: their latest annotation, latest complete inspection (of `model`) and `user`'s draft, where any.

    Cancelled inspections do not count: they say nothing about the part. The joins add no rows and take none away.
    """
    return (
        query.join(Here, and_(Here.case_id == CaseTable.id, Here.model == ANY))
        .join(Way, Way.id == Here.tally_id)
        .outerjoin(Looked, and_(Looked.case_id == CaseTable.id, Looked.model == (model or ANY)))
        .outerjoin(AnnotationTable, AnnotationTable.id == Here.annotation_id)
        .outerjoin(InspectionTable, InspectionTable.id == Looked.inspection_id)
        .outerjoin(DraftTable, and_(DraftTable.case_id == CaseTable.id, DraftTable.user == (user or "")))
    )


def conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions on the tables of `join_latest`."""
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (CaseTable.scenario, wanted.scenario),
        (CaseTable.category, wanted.category),
        (CaseTable.dataset, wanted.dataset),
        (CaseTable.split, wanted.split),
    ):
        if value is not None:
            found.append(column == value)
    found += loose(wanted, CaseTable.id, InspectionTable.final_probability)
    if wanted.reason is not None:
        found.append(Way.reason == wanted.reason)
    if wanted.assigned is not None:
        found.append(Way.assigned == wanted.assigned)
    if wanted.ids is not None:
        found.append(CaseTable.id.in_(wanted.ids))
    if wanted.verdict is not None:
        found.append(AnnotationTable.anomalous.is_(wanted.verdict == "anomalous"))
    if wanted.status is not None:
        found.append(_STATUS[wanted.status])
    if wanted.outcome is not None:
        found.append(_outcome(wanted.outcome))
    return found


def loose(wanted: CaseFilter, case_id: Any, probability: Any) -> list[ColumnElement[bool]]:
    """The conditions that no tally knows, on the columns with a case's id and its final probability.

    `CaseTable` has to be among the tables for `text`.
    """
    found: list[ColumnElement[bool]] = []
    for word in wanted.text.lower().split():
        columns = (CaseTable.dataset, CaseTable.category, CaseTable.key)
        found.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if wanted.type is not None:
        found.append(case_id.in_(select(NamedTypeTable.case_id).where(NamedTypeTable.type == type_name(wanted.type))))
    if wanted.probability is not None:
        found.append(probability.between(*wanted.probability))
    if wanted.reasoning.split():
        found.append(says(case_id, wanted.reasoning))
    return found


_truth = AnnotationTable.anomalous
_before = InspectionTable.initial_anomalous
_after = InspectionTable.final_anomalous
_judged = and_(AnnotationTable.id.is_not(None), InspectionTable.id.is_not(None))
# An unreadable final verdict is NULL: neither equal nor different in SQL, but wrong in the sense of the metrics.
_right = and_(_judged, _after.is_not(None), _after == _truth)
_wrong = and_(_judged, or_(_after.is_(None), _after != _truth))

_by_a_person = and_(
    AnnotationTable.id.is_not(None),
    AnnotationTable.author != SOURCE_AUTHOR,
    AnnotationTable.author.not_like(f"{IMPORTED_AUTHOR}%"),
)
_last_words = select(func.max(ReviewTable.id)).group_by(ReviewTable.annotation_id)


def reviewed(decision: Decision) -> ColumnElement[bool]:
    """The last word on the annotation is this one."""
    said = select(ReviewTable.annotation_id).where(ReviewTable.decision == decision, ReviewTable.id.in_(_last_words))
    return AnnotationTable.id.in_(said)


_STATUS: dict[Status, ColumnElement[bool]] = {
    Status.ANNOTATED: AnnotationTable.id.is_not(None),
    Status.UNANNOTATED: AnnotationTable.id.is_(None),
    Status.BY_A_PERSON: _by_a_person,
    Status.TO_REVIEW: or_(
        and_(_by_a_person, AnnotationTable.id.not_in(select(ReviewTable.annotation_id))), reviewed(Decision.ASK)
    ),
    Status.ASKED: reviewed(Decision.ASK),
    Status.SENT_BACK: reviewed(Decision.SEND_BACK),
    Status.APPROVED: reviewed(Decision.APPROVE),
    Status.DRAFT: DraftTable.user.is_not(None),
    Status.UNINSPECTED: InspectionTable.id.is_(None),
    Status.INSPECTED: InspectionTable.id.is_not(None),
    Status.REFLECTED: InspectionTable.reflected.is_(True),
    Status.UNREADABLE: and_(InspectionTable.id.is_not(None), _after.is_(None)),
    Status.UNSURE: InspectionTable.final_probability.between(*UNSURE),
    Status.RIGHT: _right,
    Status.WRONG: _wrong,
    Status.ESCAPE: and_(_truth.is_(True), _after.is_(False)),
    Status.OVERKILL: and_(_truth.is_(False), _after.is_(True)),
}


def _outcome(wanted: Outcome) -> ColumnElement[bool]:
    """`m3ad.metrics.reflection.outcome` as a condition; a test compares the two over every combination."""
    reflected = and_(InspectionTable.reflected.is_(True), _before.is_not(None))
    before = _before == _truth if wanted in (Outcome.KEPT_RIGHT, Outcome.BROKE) else _before != _truth
    after = _right if wanted in (Outcome.KEPT_RIGHT, Outcome.FIXED) else _wrong
    return and_(reflected, before, after)
