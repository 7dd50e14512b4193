from __future__ import annotations

from collections.abc import Callable

import pytest

from db.splits import TRAIN
from db.store import Store
from m3ad.bench.records import Part
from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Mode, NewCase, Verdict

Make = Callable[..., NewCase]
DENT = Verdict(True, (Defect("dent", Box(0.1, 0.1, 0.5, 0.5)),))


def case(store: Store, new_case: Make, n: int, verdict: Verdict | None = None, category: str = "bottle") -> int:
    return store.add_case(new_case(f"{n}.png", seed=n, category=category, verdict=verdict))[0]


def answered(store: Store, answer: Callable, case_id: int, verdict: bool | None) -> int:
    return store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(None, verdict, reflected=False)).id


def corrected(store: Store, name: str = "a") -> list[int]:
    made = store.create_snapshot(name, frozen_share=0, frozen_categories=["tile"])
    one = store.evaluations.begin(made.id, "demo", Mode.AUTO, "abc", part=Part.CORRECTED, actor="ann")
    assert one.set.part is Part.CORRECTED
    assert one.set.name == f"corrected cases of {name}"
    return [each.case.id for each in store.evaluations.cases(one.id)]


def test_a_correction_says_something_else_than_what_was_there(store: Store, new_case: Make, answer: Callable) -> None:
    wrong, right, unreadable, revised, by_data, alone = (case(store, new_case, n) for n in range(6))
    revised_truth = case(store, new_case, 7, NORMAL)
    for case_id, said in ((wrong, False), (right, False), (unreadable, None)):
        made = answered(store, answer, case_id, said)
        verdict = NORMAL if case_id == right else DENT
        store.save_annotation(case_id, verdict, author="ann", based_on=0, inspection_id=made)
    answered(store, answer, revised, True)  # seen and not adopted
    store.save_annotation(revised, NORMAL, author="ann", based_on=0)
    answered(store, answer, by_data, True)
    store.save_annotation(by_data, NORMAL, author="imported from cvat", based_on=0)
    store.save_annotation(alone, DENT, author="ann", based_on=0)
    answered(store, answer, alone, False)  # later: nothing that was corrected
    store.save_annotation(revised_truth, DENT, author="ann", based_on=1)
    assert corrected(store) == [wrong, unreadable, revised, revised_truth]


def test_corrected_cases_that_are_frozen_are_judged_with_the_frozen(
    store: Store, new_case: Make, answer: Callable
) -> None:
    kept = case(store, new_case, 1, category="tile")
    store.save_annotation(kept, DENT, author="ann", based_on=0, inspection_id=answered(store, answer, kept, False))
    case(store, new_case, 2, NORMAL)
    with pytest.raises(Conflict, match="no case to train on that a person corrected"):
        corrected(store)
    made = store.snapshot("a")
    assert store.evaluations.frozen_set(made.id).size == 1
    assert [row.split for row in store.snapshot_rows(made.id) if row.case.id != kept] == [TRAIN]


def test_the_two_parts_of_a_snapshot_are_evaluations_of_their_own(
    store: Store, new_case: Make, answer: Callable
) -> None:
    one = case(store, new_case, 1)
    store.save_annotation(one, DENT, author="ann", based_on=0, inspection_id=answered(store, answer, one, False))
    case(store, new_case, 2, NORMAL, "tile")
    (found,) = corrected(store)
    assert found == one
    snapshot = store.snapshot("a").id
    frozen = store.evaluations.begin(snapshot, "demo", Mode.AUTO, "abc", actor="ann")
    newest = store.evaluations.newest(snapshot, Part.CORRECTED, "demo")
    assert newest is not None
    assert newest.id != frozen.id
    assert store.evaluations.newest(snapshot, Part.FROZEN, "demo") == frozen
    assert store.evaluations.newest(snapshot, Part.FROZEN, "other") is None
