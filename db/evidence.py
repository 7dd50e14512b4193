"""What is known of a model's decisions on annotated cases, in the form in which cases are compared with a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from db.schema import (
    AnnotationTable,
    CaseTable,
    InspectionTable,
    PicturePropertyTable,
    PictureTable,
    StandingTable,
    table_of,
)
from m3ad.formats.base import batches
from m3ad.records import Inspection
from m3ad.reliability.likeness import Features, Known, Likeness, alike
from m3ad.reliability.properties import Properties

if TYPE_CHECKING:
    from db.store import Store

MOST_KNOWN = 1000  # annotated cases that one is compared with, the newest annotations first; every look at a case waits

_standings, _cases, _pictures = table_of(StandingTable), table_of(CaseTable), table_of(PictureTable)
_inspections, _measured = table_of(InspectionTable), table_of(PicturePropertyTable)
_LOOKS = tuple(_measured.c[name] for name in ("brightness", "contrast", "sharpness"))

Decided = dict[int, Counter[bool]]  # by case, how many of a model's answers decided so


class Evidence:
    """How often models were right on cases like one; callers use `Store.evidence`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def alike(self, inspection: Inspection) -> tuple[Features, Likeness | None] | None:
        """The features of an inspected case, and the cases most like it that the model inspected and people annotated.

        None when its decision cannot be read.
        """
        verdict = inspection.trace.verdict
        if verdict is None:
            return None
        with self._store.reading() as session:
            answers = _answers(session, inspection.model, [inspection.case_id])
            case, looks = _case(session, inspection.case_id)
            features = Features(
                verdict.anomalous,
                inspection.probability.final,
                case.scenario,
                case.category,
                looks,
                _agreement(answers, inspection.case_id, verdict.anomalous),
            )
            known = _known(session, inspection.model)
        return features, alike(features, [one for one in known if one.case_id != inspection.case_id])

    def known(self, model: str) -> list[Known]:
        """The annotated cases of which the model's newest answer can be read, the newest annotation first."""
        with self._store.reading() as session:
            return _known(session, model)

    def keep(self, sha256: str, properties: Properties) -> None:
        """Keep what was measured of a picture file; the first measurement stays."""
        with self._store.changing() as session:
            if session.get(PicturePropertyTable, sha256) is None:
                session.add(PicturePropertyTable(sha256=sha256, **asdict(properties)))

    def unmeasured(self, model: str, most: int) -> list[int]:
        """Ids of primary pictures that the model inspected and nobody has measured, at most so many."""
        query = (
            _with_looks(_pictures.c.id)
            .join(_standings, _standings.c.case_id == _cases.c.id)
            .where(_standings.c.model == model, _measured.c.sha256.is_(None))
            .order_by(_pictures.c.id)
            .limit(most)
        )
        with self._store.reading() as session:
            return list(session.scalars(query))


def measured(session: Session, picture_ids: Sequence[int]) -> dict[int, Properties]:
    """By picture, what was measured of it; those that nobody measured are left out."""
    found: dict[int, Properties] = {}
    for some in batches(picture_ids, 500):
        query = select(_pictures.c.id, *_LOOKS).join(_measured, _measured.c.sha256 == _pictures.c.sha256)
        for row in session.execute(query.where(_pictures.c.id.in_(some))):
            found[row.id] = Properties(row.brightness, row.contrast, row.sharpness)
    return found


def _with_looks(*columns: Any) -> Select[Any]:
    """A query over cases with their primary picture's properties where it was measured."""
    primary = and_(_pictures.c.case_id == _cases.c.id, _pictures.c.position == 0)
    joined = _cases.join(_pictures, primary).outerjoin(_measured, _measured.c.sha256 == _pictures.c.sha256)
    return select(*columns, _cases.c.scenario, _cases.c.category, *_LOOKS).select_from(joined)


def _case(session: Session, case_id: int) -> tuple[Any, Properties | None]:
    row = session.execute(_with_looks(_cases.c.id).where(_cases.c.id == case_id)).one()
    return row, _properties(row)


def _properties(row: Any) -> Properties | None:
    return None if row.brightness is None else Properties(row.brightness, row.contrast, row.sharpness)


def _known(session: Session, model: str) -> list[Known]:
    query = (
        _with_looks(
            _cases.c.id, AnnotationTable.anomalous, _inspections.c.final_anomalous, _inspections.c.final_probability
        )
        .join(_standings, _standings.c.case_id == _cases.c.id)
        .join(AnnotationTable, AnnotationTable.id == _standings.c.annotation_id)
        .join(_inspections, _inspections.c.id == _standings.c.inspection_id)
        .where(_standings.c.model == model, _inspections.c.final_anomalous.is_not(None))
        .order_by(_standings.c.annotation_id.desc())
        .limit(MOST_KNOWN)
    )
    rows = session.execute(query).all()
    answers = _answers(session, model, [row.id for row in rows])
    return [
        Known(
            row.id,
            Features(
                row.final_anomalous,
                row.final_probability,
                row.scenario,
                row.category,
                _properties(row),
                _agreement(answers, row.id, row.final_anomalous),
            ),
            row.final_anomalous == row.anomalous,
        )
        for row in rows
    ]


def _answers(session: Session, model: str, case_ids: Sequence[int]) -> Decided:
    """What all complete answers of the model decided, those that can be read."""
    table = _inspections
    found: Decided = {}
    for some in batches(case_ids, 500):
        query = (
            select(table.c.case_id, table.c.final_anomalous, func.count())
            .where(table.c.case_id.in_(some), table.c.model == model, table.c.cancelled.is_(False))
            .where(table.c.final_anomalous.is_not(None))
            .group_by(table.c.case_id, table.c.final_anomalous)
        )
        for case_id, anomalous, count in session.execute(query):
            found.setdefault(case_id, Counter())[anomalous] = count
    return found


def _agreement(answers: Decided, case_id: int, anomalous: bool) -> float | None:
    """The share of a case's answers that decide so; None where there is no second one."""
    counts = answers.get(case_id, Counter())
    return counts[anomalous] / counts.total() if counts.total() > 1 else None
