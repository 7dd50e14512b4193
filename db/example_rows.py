"""Examples as records, each with the latest revision of its texts, and which of them: a filter as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from db.schema import AnnotationTable, CaptionTable, CaseTable, ExampleTable, SnapshotRowTable
from db.splits import TRAIN
from m3ad.errors import NotFound
from m3ad.records import CaptionState, Mode, Scenario, Verdict

Columns = TypeVarTuple("Columns")

TO_CHECK = (CaptionState.WRITTEN, CaptionState.EDITED)

_Later = aliased(CaptionTable)
_Newer = aliased(AnnotationTable)


@dataclass(frozen=True, slots=True)
class CaptionRevision:
    """One immutable revision of an example's texts, from 1; `reflection` is None in thinking mode.

    `author` wrote, edited, approved or sent it back, by `state`; `note` is what they had to say.
    """

    revision: int
    think: str
    reflection: str | None
    state: CaptionState
    author: str
    note: str
    created: datetime


@dataclass(frozen=True, slots=True)
class NewExample:
    """An example about to be stored.

    Attributes:
        annotation_id: the truth it is written for, and by it the case.
        model: the start model whose answer decided `difficulty` and `initial`.
        mode: thinking or reflective.
        difficulty: "easy" or "hard"; None when the model never answered.
        initial: the decision that <think> states in reflective mode; None in thinking mode.
    """

    annotation_id: int
    model: str
    mode: Mode
    difficulty: str | None
    initial: Verdict | None


@dataclass(frozen=True, slots=True)
class StoredExample(NewExample):
    """An example with the latest revision of its texts.

    Attributes:
        case_id, scenario, category: the case.
        truth, truth_revision: the annotation that it was written for; boxes on the primary picture alone.
        newest_revision: the case's newest annotation.
        writer: who wrote the texts last: "template", or the teacher's name.
    """

    id: int
    case_id: int
    scenario: Scenario
    category: str
    truth: Verdict
    truth_revision: int
    newest_revision: int
    writer: str
    caption: CaptionRevision

    @property
    def stale(self) -> bool:
        """True when the case has a newer annotation than the example was written for."""
        return self.newest_revision > self.truth_revision


@dataclass(frozen=True, slots=True)
class ExampleFilter:
    """Which examples; everything that is None or empty does not restrict.

    Attributes:
        states: the state of the latest revision is one of these.
        model: the start model.
        snapshot: written for exactly what this snapshot (its id) gives to training.
        stale: whether the case has a newer annotation than the example was written for.
        mode, difficulty, scenario, category: equal to the example's own.
        ids: only these examples.
    """

    states: tuple[CaptionState, ...] = ()
    model: str | None = None
    snapshot: int | None = None
    stale: bool | None = None
    mode: Mode | None = None
    difficulty: str | None = None
    scenario: Scenario | None = None
    category: str | None = None
    ids: tuple[int, ...] | None = None


EVERY_EXAMPLE = ExampleFilter()

_newest = (
    select(func.max(_Newer.revision)).where(_Newer.case_id == AnnotationTable.case_id).correlate(AnnotationTable)
).scalar_subquery()
_last = (
    select(func.max(_Later.revision)).where(_Later.example_id == ExampleTable.id).correlate(ExampleTable)
).scalar_subquery()
_writer = (
    select(_Later.author)
    .where(_Later.example_id == ExampleTable.id, _Later.state == CaptionState.WRITTEN)
    .order_by(_Later.revision.desc())
    .limit(1)
    .correlate(ExampleTable)
).scalar_subquery()


def stored_examples(
    session: Session, wanted: ExampleFilter, *, limit: int | None = None, offset: int = 0
) -> list[StoredExample]:
    """The examples that pass, oldest first; one query."""
    columns = (ExampleTable, CaptionTable, AnnotationTable, CaseTable.scenario, CaseTable.category, _newest, _writer)
    query = _joined(select(*columns), wanted).order_by(ExampleTable.id).limit(limit).offset(offset)
    return [
        StoredExample(
            annotation_id=row.annotation_id,
            model=row.model,
            mode=row.mode,
            difficulty=row.difficulty,
            initial=Verdict.from_json(row.initial) if row.initial else None,
            id=row.id,
            case_id=annotation.case_id,
            scenario=scenario,
            category=category,
            truth=Verdict.from_json(annotation.verdict).on_primary(),
            truth_revision=annotation.revision,
            newest_revision=newest,
            writer=writer,
            caption=to_caption(caption),
        )
        for row, caption, annotation, scenario, category, newest, writer in session.execute(query)
    ]


def example_ids(session: Session, wanted: ExampleFilter) -> list[int]:
    """The ids of the examples that pass, oldest first."""
    return list(session.scalars(_joined(select(ExampleTable.id), wanted).order_by(ExampleTable.id)))


def count_states(session: Session, wanted: ExampleFilter) -> dict[CaptionState, int]:
    """How many of the examples that pass are in each state."""
    query = _joined(select(CaptionTable.state, func.count()), wanted).group_by(CaptionTable.state)
    found = dict(session.execute(query).tuples().all())
    return {state: found.get(state, 0) for state in CaptionState}


def caption_revisions(session: Session, example_id: int) -> list[CaptionRevision]:
    """All revisions of an example's texts, oldest first; NotFound when there is no such example."""
    query = select(CaptionTable).where(CaptionTable.example_id == example_id).order_by(CaptionTable.revision)
    found = [to_caption(row) for row in session.scalars(query)]
    if not found:
        raise NotFound(f"The store has no example {example_id}.")
    return found


def to_caption(row: CaptionTable) -> CaptionRevision:
    """The record of a row."""
    return CaptionRevision(row.revision, row.think, row.reflection, row.state, row.author, row.note, row.created)


def _joined(query: Select[*Columns], wanted: ExampleFilter) -> Select[*Columns]:
    """Examples with their latest texts, annotation and case; the joins add no rows."""
    return (
        query.select_from(ExampleTable)
        .join(CaptionTable, (CaptionTable.example_id == ExampleTable.id) & (CaptionTable.revision == _last))
        .join(AnnotationTable, AnnotationTable.id == ExampleTable.annotation_id)
        .join(CaseTable, CaseTable.id == AnnotationTable.case_id)
        .where(*_conditions(wanted))
    )


def _conditions(wanted: ExampleFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (ExampleTable.model, wanted.model),
        (ExampleTable.mode, wanted.mode),
        (ExampleTable.difficulty, wanted.difficulty),
        (CaseTable.scenario, wanted.scenario),
        (CaseTable.category, wanted.category),
    ):
        if value is not None:
            yield column == value
    if wanted.ids is not None:
        yield ExampleTable.id.in_(wanted.ids)
    if wanted.states:
        yield CaptionTable.state.in_(wanted.states)
    if wanted.stale is not None:
        yield AnnotationTable.revision < _newest if wanted.stale else AnnotationTable.revision == _newest
    if wanted.snapshot is not None:
        frozen = select(SnapshotRowTable.annotation_id).where(
            SnapshotRowTable.snapshot_id == wanted.snapshot, SnapshotRowTable.split == TRAIN
        )
        yield ExampleTable.annotation_id.in_(frozen)
