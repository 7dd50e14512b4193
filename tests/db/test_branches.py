from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from db.schema import BranchTable, InspectionTable
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.geometry import Box
from m3ad.picture_changes import ChangeKind, PictureChange
from m3ad.recipes import BranchKind, Recipe
from m3ad.records import Inspection, Mode, NewCase, Probability
from m3ad.trace import read

Answers = Callable[..., object]
WRITTEN = "<think>All is even. There is no defect.</think><answer>no</answer>"
RECIPE = Recipe(
    "<think>All is even.",
    Mode.REFLECTIVE,
    7,
    1.0,
    "Use two types.",
    (PictureChange(ChangeKind.BRIGHTEN, Box(0.1, 0.2, 0.5, 0.6), 1.5),),
    (2, 8),
    "even",
)


@pytest.fixture
def root(store: Store, new_case: Callable[..., NewCase], answer: Answers) -> Inspection:
    case_id = store.add_case(new_case())[0]
    return store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True))


def add(store: Store, root: Inspection, given: object, parent: int | None = None, recipe: Recipe = RECIPE):
    return store.branches.add(root.id, parent, BranchKind.EDITED, recipe, "demo", given, author="ann")


def test_a_branch_is_read_back_with_its_recipe_and_trace(store: Store, root: Inspection, answer: Answers) -> None:
    given = replace(answer(False, False), trace=read(WRITTEN), doubt=0.3)
    made = add(store, root, given)
    assert store.branches.get(made.id) == made
    assert (made.case_id, made.inspection_id, made.parent_id) == (root.case_id, root.id, None)
    assert made.recipe == RECIPE
    assert made.trace == read(WRITTEN)
    assert (made.probability, made.doubt, made.seconds, made.tokens) == (Probability(0.25, 0.75), 0.3, 1.5, 40)
    assert (made.kind, made.model, made.author, made.cancelled) == (BranchKind.EDITED, "demo", "ann", False)
    event = store.events(case_id=root.case_id, limit=1)[0]
    assert (event.event, event.actor, event.data["branch"]) == ("branch.added", "ann", made.id)


def test_a_tree_comes_with_parents_first_and_without_other_trees(
    store: Store, root: Inspection, answer: Answers
) -> None:
    other = store.add_inspection(root.case_id, "demo", Mode.AUTO, 0, answer(True, True))
    first = add(store, root, answer(True, True))
    add(store, other, answer(True, True))
    second = add(store, root, answer(True, True), first.id)
    assert [one.id for one in store.branches.of_inspection(root.id)] == [first.id, second.id]
    assert second.parent_id == first.id
    with pytest.raises(Conflict, match="does not go off inspection"):
        add(store, other, answer(True, True), first.id)


def test_what_is_not_there_is_said(store: Store, root: Inspection, answer: Answers) -> None:
    with pytest.raises(NotFound, match="no branch 99"):
        store.branches.get(99)
    with pytest.raises(NotFound, match="no branch 99"):
        add(store, root, answer(True, True), 99)
    with pytest.raises(NotFound, match="no inspection 99"):
        add(store, replace(root, id=99), answer(True, True))
    assert store.branches.of_inspection(root.id) == []


def test_a_branch_is_never_changed_and_holds_what_it_grew_from(store: Store, root: Inspection, answer: Answers) -> None:
    made = add(store, root, answer(True, True))
    with pytest.raises(IntegrityError, match="append-only"), store.changing() as session:
        session.get(BranchTable, made.id).text = "other"
    with pytest.raises(IntegrityError), store.changing() as session:
        session.delete(session.get(InspectionTable, root.id))
    assert store.branches.get(made.id) == made


def test_a_probability_outside_0_to_1_is_a_bug_and_refused(store: Store, root: Inspection, answer: Answers) -> None:
    with pytest.raises(IntegrityError, match="ck_branches_doubt"):
        add(store, root, answer(True, True, doubt=1.5))


def test_latest_inspections_know_nothing_of_branches(store: Store, root: Inspection, answer: Answers) -> None:
    add(store, root, replace(answer(False, False), trace=read(WRITTEN)))
    newest = store.latest_inspection(root.case_id, "demo")
    assert newest is not None
    assert newest.id == root.id
    assert [one.id for one in store.inspections(root.case_id)] == [root.id]
