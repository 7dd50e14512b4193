"""Rows for lists and galleries: a case with its latest annotation and inspection, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from db.filters import CaseFilter, conditions, join_latest
from db.schema import AnnotationTable, CaseTable, DraftTable, InspectionTable, PictureTable
from m3ad.metrics.reflection import outcome
from m3ad.records import Outcome, Probability, Scenario, Trace, Verdict


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a list.

    Attributes:
        case_id, dataset, key, scenario, category, split: the case.
        name: short name for lists.
        picture_id, width, height: the primary picture; pixels, after EXIF orientation.
        revision, author, truth: the latest annotation; 0, "" and None when there is none.
        inspection_id, model, initial, predicted, reflected, probability: the latest complete inspection (of the model
            that was asked for); `initial` is None when unreadable, `predicted` too; inspection_id None: not inspected.
        outcome: what the reflection did to the decision; None without truth, reflection or readable initial decision.
        draft: True when the asking user has unsaved work on the case.
    """

    case_id: int
    dataset: str
    key: str
    scenario: Scenario
    category: str
    split: str
    picture_id: int
    width: int
    height: int
    revision: int
    author: str
    truth: Verdict | None
    inspection_id: int | None
    model: str | None
    initial: bool | None
    predicted: Verdict | None
    reflected: bool
    probability: Probability
    outcome: Outcome | None
    draft: bool

    @property
    def name(self) -> str:
        """Category and key, as `Case.name`."""
        return f"{self.category} {self.key.removeprefix(self.category + '/')}"

    @property
    def inspected(self) -> bool:
        """True when there is a complete inspection."""
        return self.inspection_id is not None

    @property
    def right(self) -> bool | None:
        """Is the model's yes or no right? An unreadable one is wrong; None without truth or inspection."""
        if self.truth is None or self.inspection_id is None:
            return None
        return self.predicted is not None and self.predicted.anomalous == self.truth.anomalous


_COLUMNS = (
    CaseTable.id,
    CaseTable.dataset,
    CaseTable.key,
    CaseTable.scenario,
    CaseTable.category,
    CaseTable.split,
    PictureTable.id,
    PictureTable.width,
    PictureTable.height,
    AnnotationTable.revision,
    AnnotationTable.author,
    AnnotationTable.verdict,
    InspectionTable.id,
    InspectionTable.model,
    InspectionTable.initial_anomalous,
    InspectionTable.verdict,
    InspectionTable.reflected,
    InspectionTable.initial_probability,
    InspectionTable.final_probability,
    DraftTable.user,
)


def case_rows(
    session: Session, wanted: CaseFilter, *, user: str | None, limit: int | None, offset: int
) -> list[CaseRow]:
    """The rows that `wanted` lets through, in the order of import."""
    query = select(*_COLUMNS).select_from(CaseTable)
    query = query.join(PictureTable, and_(PictureTable.case_id == CaseTable.id, PictureTable.position == 0))
    query = join_latest(query, model=wanted.model, user=user).where(*conditions(wanted))
    return [_row(found) for found in session.execute(query.order_by(CaseTable.id).limit(limit).offset(offset))]


def _row(found: Sequence[Any]) -> CaseRow:
    """One row of `_COLUMNS` as a record."""
    case_id, dataset, key, scenario, category, split, picture_id, width, height, *rest = found
    revision, author, truth_json, inspection_id, model, initial, predicted_json, reflected, before, after, draft = rest
    truth = None if truth_json is None else Verdict.from_json(truth_json)
    predicted = None if predicted_json is None else Verdict.from_json(predicted_json)
    return CaseRow(
        case_id=case_id,
        dataset=dataset,
        key=key,
        scenario=scenario,
        category=category,
        split=split,
        picture_id=picture_id,
        width=width,
        height=height,
        revision=revision or 0,
        author=author or "",
        truth=truth,
        inspection_id=inspection_id,
        model=model,
        initial=initial,
        predicted=predicted,
        reflected=bool(reflected),
        probability=Probability(before, after),
        outcome=_outcome(truth, initial, predicted) if truth and reflected else None,
        draft=draft is not None,
    )


def _outcome(truth: Verdict, initial: bool | None, predicted: Verdict | None) -> Outcome | None:
    """By the metric itself, so that lists and reports cannot disagree."""
    return outcome(truth, Trace("", "", "", None if initial is None else Verdict(initial), predicted))
