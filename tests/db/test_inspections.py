from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.dialects import DIALECTS
from m3ad.errors import NotFound
from m3ad.geometry import Box
from m3ad.metrics.reflection import outcome
from m3ad.records import NORMAL, Defect, Mode, NewCase, Outcome, Probability, Verdict
from m3ad.trace import read, render

Answers = Callable[..., object]


@pytest.fixture
def case_id(store: Store, new_case: Callable[..., NewCase]) -> int:
    return store.add_case(new_case())[0]


def test_an_inspection_is_read_back_with_its_trace(store: Store, case_id: int, answer: Answers) -> None:
    verdict = Verdict(True, (Defect("scratch", Box(0.1, 0.2, 0.3, 0.4)),))
    text = render(verdict, "The surface looks clean. There is no defect.", "A line crosses the tile: it is scratched.")
    given = replace(answer(False, True), trace=read(text))
    stored = store.add_inspection(case_id, "demo", Mode.REFLECTIVE, 7, given)
    assert store.inspection(stored.id) == stored
    assert stored.trace == read(text)
    assert stored.trace.verdict == verdict
    assert stored.trace.initial == NORMAL
    assert (stored.model, stored.mode, stored.seed, stored.cancelled) == ("demo", Mode.REFLECTIVE, 7, False)
    assert (stored.probability, stored.seconds, stored.tokens) == (Probability(0.25, 0.75), 1.5, 40)


def test_an_inspection_is_read_again_in_the_dialect_it_came_in(store: Store, case_id: int, answer: Answers) -> None:
    text = '<type>scratch</type><location>[{"bbox_2d": [80, 100, 240, 200]}]</location><answer>yes</answer>'
    dialect, seen = DIALECTS["qwen2.5-vl"], (800, 400)
    given = replace(answer(None, True), trace=dialect.read(text, seen), reading=dialect.reading(seen))
    stored = store.inspection(store.add_inspection(case_id, "qwen", Mode.AUTO, 0, given).id)
    assert stored.trace == dialect.read(text, seen) != read(text)
    assert stored.trace.verdict.defects[0].box == Box(0.1, 0.25, 0.3, 0.5)
    assert store.latest_inspection(case_id, "qwen").trace == stored.trace


def test_inspections_come_newest_first_and_by_model(store: Store, case_id: int, answer: Answers) -> None:
    ids = [store.add_inspection(case_id, model, Mode.AUTO, 0, answer(True, True)).id for model in ("a", "b", "a")]
    assert [found.id for found in store.inspections(case_id)] == ids[::-1]
    assert [found.id for found in store.inspections(case_id, "a")] == [ids[2], ids[0]]
    assert store.latest_inspection(case_id, "b").id == ids[1]
    assert store.latest_inspection(case_id).id == ids[2]
    assert store.latest_inspection(case_id, "c") is None


def test_a_cancelled_inspection_is_kept_but_never_the_latest(store: Store, case_id: int, answer: Answers) -> None:
    whole = store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True))
    cut = store.add_inspection(case_id, "demo", Mode.AUTO, 1, answer(None, None, cancelled=True))
    assert [found.id for found in store.inspections(case_id)] == [cut.id, whole.id]
    assert store.latest_inspection(case_id).id == whole.id
    assert store.case_rows()[0].inspection_id == whole.id


def test_the_latest_of_every_case_are_those_of_each_case(
    store: Store, new_case: Callable[..., NewCase], answer: Answers
) -> None:
    ids = [store.add_case(new_case(str(number)))[0] for number in range(4)]
    for case_id in (*ids[:3], ids[1]):
        store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True))
    store.add_inspection(ids[2], "demo", Mode.AUTO, 1, answer(None, None, cancelled=True))
    store.add_inspection(ids[3], "other", Mode.AUTO, 0, answer(True, True))
    assert store.latest_inspections("demo") == {
        case_id: store.latest_inspection(case_id, "demo") for case_id in ids[:3]
    }


def test_unmeasured_probabilities_stay_absent(store: Store, case_id: int, answer: Answers) -> None:
    given = answer(True, True, probability=Probability())
    stored = store.add_inspection(case_id, "served", Mode.AUTO, 0, given)
    assert store.inspection(stored.id).probability == Probability(None, None)


def test_a_probability_outside_0_to_1_is_a_bug_and_refused(store: Store, case_id: int, answer: Answers) -> None:
    with pytest.raises(IntegrityError, match="ck_inspections_final_probability"):
        store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True, probability=Probability(0.5, 1.2)))


def test_unknown_inspections_and_cases_are_not_found(store: Store, answer: Answers) -> None:
    with pytest.raises(NotFound, match="no inspection 3"):
        store.inspection(3)
    with pytest.raises(NotFound, match="no case 3"):
        store.add_inspection(3, "demo", Mode.AUTO, 0, answer(True, True))


def test_a_row_without_annotation_and_inspection_says_so(store: Store, case_id: int) -> None:
    (row,) = store.case_rows()
    assert (row.case_id, row.revision, row.author, row.truth) == (case_id, 0, "", None)
    assert (row.inspection_id, row.model, row.predicted, row.outcome, row.right) == (None, None, None, None, None)
    assert not row.inspected
    assert not row.draft
    assert store.picture(row.picture_id) == store.case(case_id).primary
    assert row.name == store.case(case_id).name


def test_a_row_shows_the_latest_of_everything(store: Store, case_id: int, answer: Answers, scratched: Verdict) -> None:
    store.save_annotation(case_id, NORMAL, author="ann", based_on=0)
    store.save_annotation(case_id, scratched, author="bob", based_on=1)
    store.add_inspection(case_id, "old", Mode.AUTO, 0, answer(True, False))
    newest = store.add_inspection(case_id, "new", Mode.AUTO, 0, answer(False, True))
    store.save_draft(case_id, "ann", NORMAL, based_on=2)
    (row,) = store.case_rows(user="ann")
    assert (row.revision, row.author, row.truth) == (2, "bob", scratched)
    assert (row.inspection_id, row.model, row.initial, row.predicted) == (newest.id, "new", False, Verdict(True))
    assert (row.outcome, row.right, row.draft) == (Outcome.FIXED, True, True)
    (old,) = store.case_rows(model="old", user="bob")
    assert (old.model, old.outcome, old.right, old.draft) == ("old", Outcome.BROKE, False, False)
    assert store.case_rows(CaseFilter(model="old"))[0].model == "old"
    assert store.case_rows(CaseFilter(status=Status.DRAFT), user="ann") == [row]
    assert store.case_rows(CaseFilter(status=Status.DRAFT), user="bob") == []


def test_rows_take_one_query_however_many(store: Store, new_case: Callable[..., NewCase], answer: Answers) -> None:
    from sqlalchemy import event

    for n in range(5):
        case_id, _ = store.add_case(new_case(f"{n}", verdict=NORMAL))
        store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, False))
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert len(store.case_rows()) == 5
    assert len([text for text in statements if text.startswith("SELECT")]) == 1


DECISIONS = (True, False, None)


@pytest.fixture
def every_combination(
    store: Store, new_case: Callable[..., NewCase], answer: Answers
) -> list[tuple[int, bool | None, object]]:
    """A case for every truth (or none), initial and final decision, with and without reflection."""
    found = []
    for truth in DECISIONS:
        for initial in DECISIONS:
            for final in DECISIONS:
                for reflected in (True, False):
                    key = f"{truth} {initial} {final} {reflected}"
                    verdict = None if truth is None else Verdict(truth)
                    case_id, _ = store.add_case(new_case(key, verdict=verdict))
                    given = answer(initial, final, reflected=reflected)
                    store.add_inspection(case_id, "demo", Mode.AUTO, 0, given)
                    found.append((case_id, truth, given.trace))
    return found


def test_outcomes_of_rows_and_filters_are_those_of_the_metric(
    store: Store, every_combination: list[tuple[int, bool | None, object]]
) -> None:
    expected = {
        case_id: None if truth is None else outcome(Verdict(truth), trace)
        for case_id, truth, trace in every_combination
    }
    assert {row.case_id: row.outcome for row in store.case_rows()} == expected
    for wanted in Outcome:
        ids = [case_id for case_id, found in expected.items() if found is wanted]
        assert ids
        assert store.case_ids(CaseFilter(outcome=wanted)) == ids


def test_statuses_follow_truth_and_final_decision(
    store: Store, every_combination: list[tuple[int, bool | None, object]]
) -> None:
    def ids(status: Status) -> set[int]:
        return set(store.case_ids(CaseFilter(status=status)))

    facts = [(case_id, truth, trace.verdict, trace) for case_id, truth, trace in every_combination]
    judged = [(case_id, truth, final) for case_id, truth, final, _ in facts if truth is not None]
    right = {case_id for case_id, truth, final in judged if final is not None and final.anomalous == truth}
    assert ids(Status.RIGHT) == right
    assert ids(Status.WRONG) == {case_id for case_id, _, _ in judged} - right
    assert ids(Status.ESCAPE) == {i for i, truth, final in judged if truth and final == NORMAL}
    assert ids(Status.OVERKILL) == {i for i, truth, final in judged if not truth and final == Verdict(True)}
    assert ids(Status.UNREADABLE) == {i for i, _, final, _ in facts if final is None}
    assert ids(Status.REFLECTED) == {i for i, _, _, trace in facts if trace.reflected}
    assert ids(Status.INSPECTED) == {i for i, *_ in facts}
    assert ids(Status.UNINSPECTED) == set()
    assert {row.case_id for row in store.case_rows() if row.right} == right


def test_truth_by_a_person_is_told_from_imported_truth(store: Store, new_case: Callable[..., NewCase]) -> None:
    imported, _ = store.add_case(new_case("imported", verdict=NORMAL))
    corrected, _ = store.add_case(new_case("corrected", verdict=NORMAL))
    store.save_annotation(corrected, Verdict(True), author="ann", based_on=1)
    assert store.case_ids(CaseFilter(status=Status.BY_A_PERSON)) == [corrected]
    assert store.case_ids(CaseFilter(status=Status.ANNOTATED)) == [imported, corrected]


@pytest.mark.parametrize("doubt", [0.0, 0.37, 1.0, None])
def test_the_models_doubt_is_kept(store: Store, case_id: int, answer: Answers, doubt: float | None) -> None:
    stored = store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True, doubt=doubt))
    assert store.inspection(stored.id).doubt == doubt
    assert store.latest_inspections("demo")[case_id].doubt == doubt


def test_a_doubt_outside_0_to_1_is_a_bug_and_refused(store: Store, case_id: int, answer: Answers) -> None:
    with pytest.raises(IntegrityError, match="ck_inspections_doubt"):
        store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True, doubt=1.5))
