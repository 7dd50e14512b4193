"""Older cases in a snapshot: at most the share that was asked for, drawn by content, and said in its record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from db.replay import rested
from db.store import Store
from m3ad.errors import Conflict
from m3ad.records import NORMAL, NewCase, Snapshot, Verdict
from tests.db.lineage_made import made_run

Make = Callable[..., NewCase]


@pytest.fixture
def older(store: Store, new_case: Make) -> set[int]:
    """Forty cases that a model has learnt from; twelve that are new come after them."""
    ids = {store.add_case(new_case(f"{n}.png", seed=n, verdict=NORMAL))[0] for n in range(40)}
    made_run(store, store.create_snapshot("first", frozen_share=0))
    for n in range(40, 52):
        store.add_case(new_case(f"{n}.png", seed=n, verdict=Verdict(True)))
    return ids


def cases(store: Store, made: Snapshot) -> set[int]:
    return {row.case.id for row in store.snapshot_rows(made.id)}


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0), (0.1, 1), (0.25, 4), (0.5, 12), (0.9, 40)])
def test_older_cases_make_up_the_share_and_no_more(store: Store, older: set[int], share: float, kept: int) -> None:
    made = store.create_snapshot("second", frozen_share=0, replay=share)
    assert len(cases(store, made) & older) == kept
    assert len(cases(store, made) - older) == 12
    assert made.filter["replay"] == share
    assert made.account is not None
    assert (made.account.older, made.account.rested, made.size) == (kept, 40 - kept, 12 + kept)


def test_without_a_share_all_take_part_and_are_counted(store: Store, older: set[int]) -> None:
    made = store.create_snapshot("second", frozen_share=0)
    assert cases(store, made) >= older
    assert "replay" not in made.filter
    assert made.account is not None
    assert (made.account.older, made.account.rested) == (40, 0)
    assert "40 cases to train on were in an earlier run too." in made.account.sentences()


def test_the_draw_is_by_its_seed_and_a_corrected_case_is_new_again(store: Store, older: set[int]) -> None:
    drawn = [
        cases(store, store.create_snapshot(name, frozen_share=0, replay=0.5, seed=seed)) & older
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    left = min(older - drawn[0])
    store.save_annotation(left, Verdict(True), author="ann", based_on=1)
    assert left in cases(store, store.create_snapshot("corrected", frozen_share=0, replay=0.0))


def test_frozen_cases_stay_whatever_the_share(store: Store, new_case: Make) -> None:
    for n in range(30):
        store.add_case(new_case(f"{n}.png", seed=n, verdict=NORMAL))
    first = store.create_snapshot("first", frozen_share=0.4)
    made_run(store, first)
    for n in range(30, 60):
        store.add_case(new_case(f"{n}.png", seed=n, verdict=NORMAL))
    frozen = {row.case.id for row in store.snapshot_rows(first.id) if row.split == "frozen"}
    assert frozen
    assert frozen <= cases(store, store.create_snapshot("second", frozen_share=0.4, replay=0.0))


def test_a_run_without_a_model_has_taught_nothing(store: Store, new_case: Make) -> None:
    store.add_case(new_case(verdict=NORMAL))
    made_run(store, store.create_snapshot("first", frozen_share=0), model=False)
    made = store.create_snapshot("second", frozen_share=0, replay=0.0)
    assert made.size == 1


def test_a_share_of_nothing_new_is_refused(store: Store, new_case: Make) -> None:
    store.add_case(new_case(verdict=NORMAL))
    made_run(store, store.create_snapshot("first", frozen_share=0))
    with pytest.raises(Conflict, match="nothing new"):
        store.create_snapshot("second", frozen_share=0, replay=0.3)
    for share in (-0.1, 1.0):
        with pytest.raises(Conflict, match="at least 0 and below 1"):
            store.create_snapshot("second", replay=share)
    assert [one.name for one in store.snapshots()] == ["first"]


def test_a_case_that_comes_changes_who_is_drawn_by_one_at_most() -> None:
    names = {number: f"{number:x}" for number in range(50)}
    before, after = rested(names, 20, 0.5, 0), rested(names | {50: "new"}, 20, 0.5, 0)
    assert len(before - after) + len(after - before - {50}) <= 1
