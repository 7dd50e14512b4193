"""Bulk changes: previewed, one revision a case, taken back as one; what others changed meanwhile is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from db import bulk
from db.bulk import change, preview, undo
from db.filters import CaseFilter
from db.schema import BulkKind
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Verdict

RETYPE, CATEGORY = BulkKind.RETYPE, BulkKind.CATEGORY
BOX = Box(0.1, 0.2, 0.3, 0.4)
NORMAL = Verdict(False)


def of(*types: str) -> Verdict:
    return Verdict(True, tuple(Defect(one, BOX) for one in types))


@pytest.fixture
def cases(store: Store, new_case: Callable[..., NewCase]) -> list[int]:
    """Four cases: two with the type, one that once had it, one without."""
    verdicts = (of("Scratches", "dent"), of("scratch", "scratch"), of("scratch"), of("dent"))
    ids = [store.add_case(new_case(f"{n}.png", verdict=verdict))[0] for n, verdict in enumerate(verdicts)]
    store.save_annotation(ids[2], NORMAL, author="ann", based_on=1)
    return ids


def types(store: Store, case_id: int) -> list[str]:
    latest = store.latest_annotation(case_id)
    assert latest is not None
    return [one.type for one in latest.verdict.defects]


def test_a_preview_counts_and_changes_nothing(store: Store, cases: list[int]) -> None:
    found = preview(store, RETYPE, "scratch", "crack")
    assert (found.cases, found.defects, found.examples) == (2, 3, (cases[0], cases[1]))
    assert preview(store, RETYPE, "no such", "crack").cases == 0
    assert (bulk.bulks(store), len(store.annotations(cases[0]))) == ([], 1)


def test_every_case_gets_one_revision_that_says_which_bulk_change(store: Store, cases: list[int]) -> None:
    done = change(store, RETYPE, "scratch", "crack", author="ann")
    assert (done.bulk.cases, done.left) == (2, ())
    assert [types(store, one) for one in cases] == [["crack", "dent"], ["crack", "crack"], [], ["dent"]]
    latest = store.latest_annotation(cases[0])
    assert latest is not None
    assert (latest.revision, latest.author, latest.note) == (2, "ann", f"bulk {done.bulk.id}: scratch → crack")
    assert [len(store.annotations(one)) for one in cases] == [2, 2, 2, 1]


def test_another_spelling_becomes_one_and_the_right_one_stays(store: Store, cases: list[int]) -> None:
    assert preview(store, RETYPE, "Scratches", "scratch").cases == 1
    change(store, RETYPE, "scratches", "scratch", author="ann")
    assert [len(store.annotations(one)) for one in cases] == [2, 1, 2, 1]


def test_it_is_taken_back_as_one_but_for_what_others_changed(store: Store, cases: list[int]) -> None:
    done = change(store, RETYPE, "scratch", "crack", author="ann")
    store.save_annotation(cases[1], of("hole"), author="bob", based_on=2)
    back = undo(store, done.bulk.id, author="eve")
    assert (back.bulk.cases, back.left, back.bulk.undoes) == (1, (cases[1],), done.bulk.id)
    assert types(store, cases[0]) == ["Scratches", "dent"], "spelt as before"
    assert types(store, cases[1]) == ["hole"]
    latest = store.latest_annotation(cases[0])
    assert latest is not None
    assert (latest.revision, latest.author, latest.note) == (3, "eve", f"bulk {back.bulk.id}: takes bulk 1 back")
    with pytest.raises(Conflict, match="nothing to take back"):
        undo(store, done.bulk.id, author="eve")
    again = undo(store, back.bulk.id, author="eve")
    assert (types(store, cases[0]), again.left) == (["crack", "dent"], ())
    assert [one.undoes for one in bulk.bulks(store)] == [back.bulk.id, done.bulk.id, None]


def test_what_was_cut_off_is_finished_by_asking_again(
    store: Store, cases: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PIECE", 1)

    def cut_off(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change(store, RETYPE, "scratch", "crack", author="ann", progress=cut_off)
    assert [len(store.annotations(one)) for one in cases[:2]] == [2, 1]
    assert change(store, RETYPE, "scratch", "crack", author="ann").bulk.cases == 1
    with pytest.raises(KeyboardInterrupt):
        undo(store, 1, author="ann", progress=cut_off)
    undo(store, 2, author="ann")
    assert [types(store, one) for one in cases[:2]] == [["Scratches", "dent"], ["scratch", "scratch"]]


def test_a_save_that_comes_between_the_pieces_is_left_alone(
    store: Store, cases: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PIECE", 1)

    def meanwhile(done: int, total: int) -> None:
        if done == 1:
            store.save_annotation(cases[1], NORMAL, author="bob", based_on=1)

    done = change(store, RETYPE, "scratch", "crack", author="ann", progress=meanwhile)
    assert (done.bulk.cases, done.left) == (1, (cases[1],))
    assert types(store, cases[1]) == []


def test_cases_move_to_another_category_and_back(
    store: Store, cases: list[int], new_case: Callable[..., NewCase]
) -> None:
    other, _ = store.add_case(new_case("other.png", category="lid"))
    assert preview(store, CATEGORY, "tile", "floor tile").cases == 4
    done = change(store, CATEGORY, "tile", "floor tile", author="ann")
    assert store.case_ids(CaseFilter(category="floor tile")) == cases
    assert store.events(event="case.category")[0].actor == "ann"
    with store.changing() as session:
        session.connection().exec_driver_sql(f"UPDATE cases SET category = 'wall' WHERE id = {cases[0]}")
    back = undo(store, done.bulk.id, author="ann")
    assert (store.case_ids(CaseFilter(category="tile")), back.left) == (cases[1:], (cases[0],))
    assert store.case(other).category == "lid"
    assert [len(store.annotations(one)) for one in cases] == [1, 1, 2, 1], "no annotation is touched"


def test_a_category_that_is_kept_for_the_bench_does_not_become_one_to_train_on(
    store: Store, cases: list[int], new_case: Callable[..., NewCase]
) -> None:
    store.create_snapshot("bench", frozen_share=0, frozen_categories=["tile", "lid"])
    with pytest.raises(Conflict, match="kept back from training"):
        change(store, CATEGORY, "tile", "floor", author="ann")
    assert change(store, CATEGORY, "tile", "lid", author="ann").bulk.cases == 4


@pytest.mark.parametrize(("old", "new", "words"), [("", "a", "both"), ("a", " ", "both"), ("a", "a", "already")])
def test_what_makes_no_sense_is_refused(store: Store, old: str, new: str, words: str) -> None:
    for kind in BulkKind:
        with pytest.raises(Conflict, match=words):
            change(store, kind, old, new, author="ann")
        with pytest.raises(Conflict, match="No "):
            change(store, kind, "no such", "thing", author="ann")
    with pytest.raises(NotFound):
        undo(store, 7, author="ann")
    assert bulk.bulks(store) == []
