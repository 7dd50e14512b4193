"""Examples and the manual check of their texts (M3-AD-FT, step 4): revisions that are only ever added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.events import log, now
from db.example_rows import (
    EVERY_EXAMPLE,
    TO_CHECK,
    CaptionRevision,
    ExampleFilter,
    NewExample,
    StoredExample,
    caption_revisions,
    count_states,
    example_ids,
    stored_examples,
)
from db.schema import AnnotationTable, CaptionTable, ExampleTable
from m3ad.errors import Conflict, NotFound, StaleCaption
from m3ad.records import CaptionState, Mode

if TYPE_CHECKING:
    from db.store import Store


class Examples:
    """The examples of a store; reached as `store.examples`. Every method is one transaction.

    Whether a text is fit to be learnt from is not judged here: `training.checking` does, before it saves.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def one(self, example_id: int) -> StoredExample:
        """An example with the latest revision of its texts; NotFound when there is none with this id."""
        with self._store.reading() as session:
            return _one(session, example_id)

    def find(
        self, wanted: ExampleFilter = EVERY_EXAMPLE, *, limit: int | None = None, offset: int = 0
    ) -> list[StoredExample]:
        """The examples that pass, oldest first; one query."""
        with self._store.reading() as session:
            return stored_examples(session, wanted, limit=limit, offset=offset)

    def ids(self, wanted: ExampleFilter = EVERY_EXAMPLE) -> list[int]:
        """The ids of the examples that pass, oldest first: for going to the previous and the next."""
        with self._store.reading() as session:
            return example_ids(session, wanted)

    def counts(self, wanted: ExampleFilter = EVERY_EXAMPLE) -> dict[CaptionState, int]:
        """How many of the examples that pass are in each state, those with none included."""
        with self._store.reading() as session:
            return count_states(session, wanted)

    def next_to_check(self, wanted: ExampleFilter = EVERY_EXAMPLE, *, after: int = 0) -> int | None:
        """The id of the next example that waits for a person, the first again behind the last; None when none does.

        Stale ones do not wait: they cannot be approved. `wanted.states` and `wanted.stale` are not looked at.
        """
        with self._store.reading() as session:
            ids = example_ids(session, replace(wanted, states=TO_CHECK, stale=False))
        return next((found for found in ids if found > after), ids[0] if ids else None)

    def revisions(self, example_id: int) -> list[CaptionRevision]:
        """All revisions of an example's texts, oldest first; NotFound when there is no such example."""
        with self._store.reading() as session:
            return caption_revisions(session, example_id)

    def add(self, new: NewExample, think: str, reflection: str | None, *, author: str) -> StoredExample:
        """Store an example with its first texts, in the state "written"; `author` is the caption writer's name.

        Raises:
            Conflict: there is one for this annotation and start model, or the texts do not fit the mode.
            NotFound: no such annotation.
        """
        with self._store.changing() as session:
            case_id = _require_new(session, new)
            row = ExampleTable(
                annotation_id=new.annotation_id,
                model=new.model,
                mode=new.mode,
                difficulty=new.difficulty,
                initial=new.initial.to_json() if new.initial else None,
                created=now(),
            )
            session.add(row)
            session.flush()
            texts = _sound(new.mode, think, reflection)
            _add(session, case_id, _Revision(row.id, 1, texts, CaptionState.WRITTEN, author))
            return _one(session, row.id)

    def rewrite(
        self, example_id: int, think: str, reflection: str | None, *, author: str, based_on: int
    ) -> StoredExample:
        """New texts of a caption writer, in the state "written". Raises as `edit` does."""
        texts = (think, reflection)
        return self._save(example_id, based_on, CaptionState.WRITTEN, author, texts=texts)

    def edit(
        self, example_id: int, think: str, reflection: str | None, *, author: str, based_on: int, note: str = ""
    ) -> StoredExample:
        """A person's texts on top of revision `based_on`; they wait to be approved.

        Raises:
            StaleCaption: another revision came between; carries both, nothing is changed.
            Conflict: a text is missing, or one is too many for the mode.
            NotFound: no such example.
        """
        texts = (think, reflection)
        return self._save(example_id, based_on, CaptionState.EDITED, author, note, texts)

    def approve(self, example_id: int, *, author: str, based_on: int, note: str = "") -> StoredExample:
        """Let runs learn from revision `based_on`. Raises as `edit` does; also Conflict when the example is stale."""
        return self._save(example_id, based_on, CaptionState.APPROVED, author, note)

    def send_back(self, example_id: int, *, author: str, based_on: int, note: str = "") -> StoredExample:
        """Have it written again by the next captioning, which is told the note. Raises as `edit` does."""
        return self._save(example_id, based_on, CaptionState.SENT_BACK, author, note)

    def _save(
        self,
        example_id: int,
        based_on: int,
        state: CaptionState,
        author: str,
        note: str = "",
        texts: tuple[str, str | None] | None = None,
    ) -> StoredExample:
        """The next revision, with the texts of the latest one where there are no others."""
        with self._store.changing() as session:
            example = _one(session, example_id)
            latest = example.caption
            texts = texts or (latest.think, latest.reflection)
            if latest.revision != based_on:
                raise StaleCaption(texts, latest)
            if state is CaptionState.APPROVED:
                _require_fresh(example)
            texts = _sound(example.mode, *texts)
            _add(session, example.case_id, _Revision(example_id, based_on + 1, texts, state, author, note))
            return _one(session, example_id)


@dataclass(frozen=True, slots=True)
class _Revision:
    """The next row of `captions`."""

    example_id: int
    revision: int
    texts: tuple[str, str | None]
    state: CaptionState
    author: str
    note: str = ""


def _one(session: Session, example_id: int) -> StoredExample:
    found = stored_examples(session, ExampleFilter(ids=(example_id,)))
    if not found:
        raise NotFound(f"The store has no example {example_id}.")
    return found[0]


def _require_new(session: Session, new: NewExample) -> int:
    """The case's id; see `Examples.add` for what is raised."""
    annotation = session.get(AnnotationTable, new.annotation_id)
    if annotation is None:
        raise NotFound(f"The store has no annotation {new.annotation_id}.")
    query = select(ExampleTable.id).where(
        ExampleTable.annotation_id == new.annotation_id, ExampleTable.model == new.model
    )
    if found := session.scalar(query):
        raise Conflict(f"Example {found} is there already for this annotation and {new.model}. Rewrite that one.")
    if (new.mode is Mode.REFLECTIVE) != (new.initial is not None) or new.mode is Mode.AUTO:
        raise Conflict("A reflective example has an initial verdict to reflect on, and a thinking one has none.")
    return annotation.case_id


def _require_fresh(example: StoredExample) -> None:
    if example.stale:
        raise Conflict(
            f"Case {example.case_id} has annotation {example.newest_revision} by now, and this example was written for "
            f"annotation {example.truth_revision}: its texts may say what is no longer held true. Take a new snapshot "
            "and have its examples written."
        )


def _sound(mode: Mode, think: str, reflection: str | None) -> tuple[str, str | None]:
    """The texts without white space around them; Conflict when they are not those of the mode."""
    think, reflection = think.strip(), (reflection or "").strip() or None
    if not think:
        raise Conflict("The text of the thinking is empty. Write it, or send the example back.")
    if mode is Mode.REFLECTIVE and reflection is None:
        raise Conflict("The text of the reflection is empty. Write it, or send the example back.")
    if mode is Mode.THINKING and reflection is not None:
        raise Conflict("This example only thinks: a reflection has no place in it.")
    return think, reflection


def _add(session: Session, case_id: int, new: _Revision) -> None:
    """Write a revision and its log entry."""
    think, reflection = new.texts
    row = CaptionTable(
        example_id=new.example_id,
        revision=new.revision,
        think=think,
        reflection=reflection,
        state=new.state,
        author=new.author,
        note=new.note,
        created=now(),
    )
    session.add(row)
    session.flush()
    log(session, f"caption.{new.state.value}", new.author, case_id, example=new.example_id, revision=new.revision)
