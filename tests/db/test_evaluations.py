from __future__ import annotations

from collections.abc import Callable

import pytest

from db.splits import FROZEN
from db.store import Store
from m3ad.bench.records import Evaluation, EvaluationState, differences
from m3ad.errors import Conflict, NotFound
from m3ad.records import NORMAL, Mode, NewCase, Verdict

Make = Callable[..., NewCase]


@pytest.fixture
def frozen(store: Store, new_case: Make) -> list[int]:
    """Six cases, four of which are frozen as `bench`."""
    for n in range(6):
        category = "tile" if n < 4 else "bottle"
        store.add_case(new_case(f"{n}.png", seed=n, category=category, verdict=Verdict(n % 2 == 0)))
    made = store.create_snapshot("bench", frozen_share=0, frozen_categories=["tile"])
    return [row.case.id for row in store.snapshot_rows(made.id) if row.split == FROZEN]


def begun(store: Store, model: str = "demo", prompt: str = "abc") -> Evaluation:
    return store.evaluations.begin(store.snapshot("bench").id, model, Mode.AUTO, prompt, actor="ann")


def test_an_evaluation_goes_on_where_it_was_cut_off(store: Store, frozen: list[int], answer: Callable) -> None:
    one = begun(store)
    assert (one.state, one.set.name, one.set.size, one.author) == (EvaluationState.OPEN, "bench", 4, "ann")
    store.evaluations.keep(one.id, {frozen[0]: answer(True, True), frozen[1]: "no such file"}, actor="ann")
    again = begun(store)
    assert again.id == one.id
    cases = store.evaluations.cases(again.id)
    assert [case.case.id for case in cases] == frozen
    assert [bool(case.inspection) for case in cases] == [True, False, False, False]
    assert [case.reason for case in cases] == ["", "no such file", "", ""]
    assert cases[0].inspection == store.latest_inspection(frozen[0], "demo")
    assert cases[0].truth == Verdict(True)


def test_an_answer_is_kept_once_and_a_reason_gives_way_to_one(
    store: Store, frozen: list[int], answer: Callable
) -> None:
    one = begun(store)
    store.evaluations.keep(one.id, {frozen[0]: "the server did not answer"}, actor="ann")
    store.evaluations.keep(one.id, {frozen[0]: answer(True, True)}, actor="ann")
    store.evaluations.keep(one.id, {frozen[0]: answer(False, False)}, actor="bob")
    (kept,) = store.inspections(frozen[0])
    assert kept.trace == store.evaluations.cases(one.id)[0].inspection.trace
    assert store.evaluations.cases(one.id)[0].reason == ""


def test_a_batch_is_kept_whole_or_not_at_all(store: Store, frozen: list[int], answer: Callable) -> None:
    one = begun(store)
    with pytest.raises(NotFound):
        store.evaluations.keep(one.id, {frozen[0]: answer(True, True), 999: answer(True, True)}, actor="ann")
    assert store.inspections(frozen[0]) == []
    assert not any(case.inspection for case in store.evaluations.cases(one.id))


def test_another_prompt_is_another_evaluation(store: Store, frozen: list[int]) -> None:
    one, other = begun(store), begun(store, prompt="def")
    assert one.id != other.id
    assert [evaluation.id for evaluation in store.evaluations.all()] == [other.id, one.id]
    (sentence,) = differences(one, other)
    assert "abc" in sentence
    assert "def" in sentence
    assert differences(one, begun(store, model="other")) == []


def test_how_it_ended_is_written_down_and_taken_back_by_going_on(store: Store, frozen: list[int]) -> None:
    one = begun(store)
    store.evaluations.settle(one.id, EvaluationState.FAILED, "The server is gone.", actor="ann")
    ended = store.evaluations.get(one.id)
    assert (ended.state, ended.problem) == (EvaluationState.FAILED, "The server is gone.")
    assert begun(store).state is EvaluationState.OPEN
    assert store.evaluations.get(one.id).problem == ""


def test_the_hash_of_a_set_is_that_of_its_pictures_and_truths(
    store: Store, new_case: Make, frozen: list[int], scratched: Verdict
) -> None:
    first = store.evaluations.frozen_set(store.snapshot("bench").id)
    store.add_case(new_case("later.png", seed=9, category="bottle", verdict=NORMAL))  # goes into training
    same = store.evaluations.frozen_set(store.create_snapshot("more", frozen_share=0).id)
    assert (same.hash, same.size) == (first.hash, 4)
    store.save_annotation(frozen[0], scratched, author="ann", based_on=1)
    other = store.evaluations.frozen_set(store.create_snapshot("corrected", frozen_share=0).id)
    assert other.hash != first.hash
    assert store.evaluations.frozen_set(store.snapshot("bench").id) == first


def test_without_frozen_cases_there_is_nothing_to_judge_on(store: Store, new_case: Make) -> None:
    store.add_case(new_case(verdict=NORMAL))
    made = store.create_snapshot("all", frozen_share=0)
    with pytest.raises(Conflict, match="keeps no case back"):
        store.evaluations.begin(made.id, "demo", Mode.AUTO, "abc", actor="ann")
    with pytest.raises(NotFound):
        store.evaluations.get(7)


def test_a_model_whose_weights_changed_is_judged_anew(store: Store, frozen: list[int], answer: Callable) -> None:
    snapshot = store.snapshot("bench").id

    def begun_with(weights: str) -> Evaluation:
        return store.evaluations.begin(snapshot, "demo", Mode.AUTO, "abc", weights, actor="ann")

    first = begun_with("one")
    store.evaluations.keep(first.id, {frozen[0]: answer(True, True)}, actor="ann")
    assert (begun_with("one").id, first.weights) == (first.id, "one")
    second = begun_with("two")
    assert second.id != first.id
    assert [case.inspection for case in store.evaluations.cases(second.id)] == [None] * len(frozen)
    former = store.evaluations.former(second)
    assert former is not None
    assert (former.id, former.weights) == (first.id, "one")
    assert any("two models under one name" in words for words in differences(first, second))
    assert store.evaluations.former(first) is None
    assert begun_with("").id not in (first.id, second.id)  # what is not known is not taken for the same
