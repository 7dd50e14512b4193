"""Examples and the manual check of their texts: revisions, refusals, lists."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from db.engine import migration_config, open_engine, writing
from db.example_rows import ExampleFilter, NewExample, StoredExample
from db.filters import CaseFilter
from db.store import Store
from m3ad.errors import Conflict, NotFound, StaleCaption
from m3ad.records import NORMAL, CaptionState, Mode, NewCase, Verdict

NewCases = Callable[..., NewCase]
THINK, REFLECTION = "There is no defect.", 'A scratch. I revise from "no defect" to "abnormal with scratch".'


def added(store: Store, new_case: NewCases, verdict: Verdict, key: str = "a.png", **own: object) -> StoredExample:
    """A new case with its truth, and a reflective example of it."""
    case_id, _ = store.add_case(new_case(key, verdict=verdict))
    annotation = store.latest_annotation(case_id)
    assert annotation is not None
    new = replace(NewExample(annotation.id, "demo", Mode.REFLECTIVE, "hard", NORMAL), **own)
    reflection = REFLECTION if new.mode is Mode.REFLECTIVE else None
    return store.examples.add(new, THINK, reflection, author="template")


@pytest.fixture
def example(store: Store, new_case: NewCases, scratched: Verdict) -> StoredExample:
    return added(store, new_case, scratched)


def test_an_example_is_read_back_with_its_case_truth_and_first_texts(
    store: Store, example: StoredExample, scratched: Verdict
) -> None:
    assert store.examples.one(example.id) == example
    assert (example.model, example.mode, example.difficulty, example.initial) == (
        "demo", Mode.REFLECTIVE, "hard", NORMAL
    )  # fmt: skip
    assert (example.truth, example.truth_revision, example.stale) == (scratched, 1, False)
    caption = example.caption
    assert (caption.revision, caption.think, caption.reflection) == (1, THINK, REFLECTION)
    assert (caption.state, caption.author, example.writer) == (CaptionState.WRITTEN, "template", "template")
    assert store.events(event="caption.written")[0].case_id == example.case_id


def test_a_thinking_example_has_no_initial_verdict_and_no_reflection(
    store: Store, new_case: NewCases, scratched: Verdict
) -> None:
    thinks = added(store, new_case, scratched, mode=Mode.THINKING, initial=None, difficulty=None)
    assert (thinks.initial, thinks.difficulty, thinks.caption.reflection) == (None, None, None)
    edited = store.examples.edit(thinks.id, " Shorter. ", " ", author="ann", based_on=1)
    assert (edited.caption.think, edited.caption.reflection) == ("Shorter.", None)
    with pytest.raises(Conflict, match="only thinks"):
        store.examples.edit(thinks.id, THINK, REFLECTION, author="ann", based_on=2)


def test_every_step_of_the_check_is_a_revision_that_stays(store: Store, example: StoredExample) -> None:
    check = store.examples
    check.send_back(example.id, author="ann", based_on=1, note="wrong side")
    rewritten = check.rewrite(example.id, "Again.", REFLECTION, author="big-teacher", based_on=2)
    assert (rewritten.writer, rewritten.caption.author) == ("big-teacher", "big-teacher")
    edited = check.edit(example.id, "Better.", REFLECTION, author="bob", based_on=3)
    assert (edited.writer, edited.caption.author) == ("big-teacher", "bob")
    approved = check.approve(example.id, author="ann", based_on=4)
    assert approved.caption.think == "Better."
    assert [(one.revision, one.state, one.author, one.note) for one in check.revisions(example.id)] == [
        (1, CaptionState.WRITTEN, "template", ""),
        (2, CaptionState.SENT_BACK, "ann", "wrong side"),
        (3, CaptionState.WRITTEN, "big-teacher", ""),
        (4, CaptionState.EDITED, "bob", ""),
        (5, CaptionState.APPROVED, "ann", ""),
    ]
    logged = [entry.event for entry in store.events(case_id=example.case_id) if entry.event.startswith("caption")]
    assert logged[0] == "caption.approved"
    assert len(logged) == 5


def test_a_change_on_top_of_an_older_revision_is_refused_with_both_texts(store: Store, example: StoredExample) -> None:
    theirs = store.examples.edit(example.id, "Theirs.", REFLECTION, author="ann", based_on=1).caption
    with pytest.raises(StaleCaption, match="edited by ann") as refusal:
        store.examples.edit(example.id, "Mine.", "Also mine.", author="bob", based_on=1)
    assert refusal.value.yours == ("Mine.", "Also mine.")
    assert refusal.value.theirs == theirs
    for step in (store.examples.approve, store.examples.send_back):
        with pytest.raises(StaleCaption):
            step(example.id, author="bob", based_on=1)
    assert store.examples.one(example.id).caption == theirs
    assert store.examples.edit(example.id, "Mine.", "Also mine.", author="bob", based_on=2).caption.revision == 3


def test_of_two_who_approve_at_once_one_is_refused(store: Store, example: StoredExample) -> None:
    outcomes: list[str] = []

    def approve(name: str) -> None:
        try:
            store.examples.approve(example.id, author=name, based_on=1)
            outcomes.append("done")
        except StaleCaption:
            outcomes.append("refused")

    threads = [threading.Thread(target=approve, args=(name,)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]


def test_approving_is_refused_once_the_case_has_a_newer_annotation(store: Store, example: StoredExample) -> None:
    store.save_annotation(example.case_id, NORMAL, author="ann", based_on=1)
    with pytest.raises(Conflict, match="annotation 2 by now, and this example was written for annotation 1"):
        store.examples.approve(example.id, author="ann", based_on=1)
    stale = store.examples.one(example.id)
    assert stale.stale
    assert stale.caption.state is CaptionState.WRITTEN
    assert stale.truth.anomalous  # what it was written for, not what is held true now
    assert store.examples.next_to_check() is None


def test_there_is_one_example_for_an_annotation_and_a_start_model(store: Store, example: StoredExample) -> None:
    again = NewExample(example.annotation_id, "demo", Mode.THINKING, None, None)
    with pytest.raises(Conflict, match=f"Example {example.id} is there already"):
        store.examples.add(again, THINK, None, author="template")
    store.examples.add(replace(again, model="other"), THINK, None, author="template")
    store.save_annotation(example.case_id, NORMAL, author="ann", based_on=1)
    newer = store.latest_annotation(example.case_id)
    assert newer is not None
    fresh = store.examples.add(replace(again, annotation_id=newer.id), THINK, None, author="template")
    assert (fresh.truth_revision, fresh.stale) == (2, False)


@pytest.mark.parametrize(
    ("new", "texts", "why"),
    [
        (NewExample(1, "m", Mode.REFLECTIVE, "hard", None), (THINK, REFLECTION), "initial verdict"),
        (NewExample(1, "m", Mode.THINKING, "hard", NORMAL), (THINK, None), "initial verdict"),
        (NewExample(1, "m", Mode.AUTO, None, None), (THINK, None), "initial verdict"),
        (NewExample(1, "m", Mode.REFLECTIVE, "hard", NORMAL), (THINK, "  "), "reflection is empty"),
        (NewExample(1, "m", Mode.THINKING, "hard", None), (" ", None), "thinking is empty"),
        (NewExample(1, "m", Mode.THINKING, "hard", None), (THINK, "x"), "only thinks"),
    ],
)
def test_what_does_not_fit_together_is_refused_whole(
    store: Store, new_case: NewCases, new: NewExample, texts: tuple[str, str | None], why: str
) -> None:
    store.add_case(new_case(verdict=NORMAL))
    with pytest.raises(Conflict, match=why):
        store.examples.add(new, *texts, author="template")
    assert store.examples.find() == []


def test_unknown_examples_and_annotations_are_not_found(store: Store) -> None:
    for look in (store.examples.one, store.examples.revisions):
        with pytest.raises(NotFound, match="no example 3"):
            look(3)
    with pytest.raises(NotFound, match="no example 3"):
        store.examples.approve(3, author="ann", based_on=1)
    with pytest.raises(NotFound, match="no annotation 3"):
        store.examples.add(NewExample(3, "m", Mode.THINKING, None, None), THINK, None, author="template")


@pytest.mark.parametrize("table", ["examples", "captions"])
def test_rows_are_never_changed_or_deleted(store: Store, example: StoredExample, table: str) -> None:
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET created = created"):
        with pytest.raises(IntegrityError, match="append-only"), store.changing() as session:
            session.connection().exec_driver_sql(change)


@pytest.fixture
def four(store: Store, new_case: NewCases, scratched: Verdict) -> list[StoredExample]:
    """One example in each state."""
    found = [added(store, new_case, scratched, f"{n}.png", difficulty=("easy", "hard")[n % 2]) for n in range(4)]
    store.examples.edit(found[1].id, "Better.", REFLECTION, author="ann", based_on=1)
    store.examples.approve(found[2].id, author="ann", based_on=1)
    store.examples.send_back(found[3].id, author="ann", based_on=1)
    return [store.examples.one(one.id) for one in found]


def test_examples_are_found_and_counted_by_what_they_are(
    store: Store, four: list[StoredExample], new_case: NewCases, scratched: Verdict
) -> None:
    assert store.examples.find() == four
    assert store.examples.counts() == dict.fromkeys(CaptionState, 1)
    for one in four:
        assert store.examples.find(ExampleFilter(states=(one.caption.state,))) == [one]
    assert store.examples.ids(ExampleFilter(difficulty="easy")) == [four[0].id, four[2].id]
    assert store.examples.find(limit=2, offset=1) == four[1:3]
    assert store.examples.counts(ExampleFilter(category="other")) == dict.fromkeys(CaptionState, 0)
    assert store.examples.find(ExampleFilter(mode=Mode.THINKING)) == []
    assert store.examples.find(ExampleFilter(model="other")) == []
    store.save_annotation(four[0].case_id, NORMAL, author="ann", based_on=1)
    assert store.examples.ids(ExampleFilter(stale=True)) == [four[0].id]
    assert store.examples.ids(ExampleFilter(stale=False)) == [one.id for one in four[1:]]


def test_a_snapshot_has_the_examples_of_its_training_split_and_revisions(
    store: Store, four: list[StoredExample]
) -> None:
    first = store.create_snapshot("first", CaseFilter(), frozen_share=0.5, seed=2)
    trained = [row.annotation.id for row in store.snapshot_rows(first.id) if row.split == "train"]
    assert 0 < len(trained) < 4
    assert [one.annotation_id for one in store.examples.find(ExampleFilter(snapshot=first.id))] == trained
    for one in four:
        store.save_annotation(one.case_id, NORMAL, author="ann", based_on=1)
    second = store.create_snapshot("second", CaseFilter())
    assert store.examples.find(ExampleFilter(snapshot=second.id)) == []
    assert len(store.examples.find(ExampleFilter(snapshot=first.id))) == len(trained)


def test_the_next_to_check_goes_round_those_that_wait(store: Store, four: list[StoredExample]) -> None:
    written, edited, *_ = (one.id for one in four)
    assert store.examples.next_to_check() == written
    assert store.examples.next_to_check(after=written) == edited
    assert store.examples.next_to_check(after=edited) == written
    assert store.examples.next_to_check(ExampleFilter(difficulty="hard"), after=edited) == edited
    store.examples.approve(written, author="ann", based_on=1)
    store.examples.approve(edited, author="ann", based_on=2)
    assert store.examples.next_to_check() is None


def test_a_list_takes_one_query_however_many(store: Store, four: list[StoredExample]) -> None:
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert len(store.examples.find()) == 4
    assert len([text for text in statements if text.startswith("SELECT")]) == 1


def test_a_store_of_the_version_before_keeps_all_it_held(tmp_path, scratched: Verdict) -> None:  # type: ignore[no-untyped-def]
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with writing(engine).begin() as connection:
        command.upgrade(migration_config(connection), "0002")
        for statement in (
            "INSERT INTO cases VALUES (1, 'set', 'a.png', 'texture', 'tile', '', '2026-01-01')",
            "INSERT INTO pictures VALUES (1, 1, 0, 'primary', 'a.png', 'f', 'p', 4, 4, NULL)",
            "INSERT INTO inspections VALUES (1, 1, 'demo', 'auto', 0, '<answer>no</answer>', NULL, NULL, 0, 0, "
            "0.1, 0.2, 1.5, 9, 0, '2026-01-01')",
            "INSERT INTO annotations VALUES (1, 1, 1, 0, '{\"anomalous\": false, \"defects\": []}', 'ann', '', 1, "
            "'2026-01-01')",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    with Store.open(tmp_path) as store:
        old = store.inspection(1)
        assert (old.doubt, old.probability.final, old.tokens) == (None, 0.2, 9)
        with pytest.raises(IntegrityError, match="append-only"), store.changing() as session:
            session.connection().exec_driver_sql("DELETE FROM inspections")
        example = store.examples.add(NewExample(1, "demo", Mode.THINKING, "easy", None), THINK, None, author="template")
        assert store.examples.approve(example.id, author="ann", based_on=1).truth == NORMAL
