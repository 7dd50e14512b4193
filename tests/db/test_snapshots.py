from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from db.duplicates import group_copies
from db.filters import CaseFilter
from db.splits import FROZEN, TRAIN, SplitRule, split_of
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.records import NORMAL, NewCase, Verdict

Make = Callable[..., NewCase]


def fill(store: Store, new_case: Make, count: int = 12) -> None:
    for n in range(count):
        category = ("tile", "bottle", "cable")[n % 3]
        store.add_case(new_case(f"{n}.png", seed=n, category=category, verdict=Verdict(n % 4 == 0)))


def test_a_snapshot_keeps_the_revision_it_froze(store: Store, new_case: Make, scratched: Verdict) -> None:
    case_id, _ = store.add_case(new_case(verdict=NORMAL))
    frozen = store.create_snapshot("before")
    store.save_annotation(case_id, scratched, author="ann", based_on=1)
    (row,) = store.snapshot_rows(frozen.id)
    assert (row.annotation.revision, row.annotation.verdict) == (1, NORMAL)
    assert row.case == store.case(case_id)
    (later,) = store.snapshot_rows(store.create_snapshot("after").id)
    assert later.annotation.verdict == scratched


def test_a_snapshot_counts_and_leaves_out_what_nobody_annotated(store: Store, new_case: Make) -> None:
    fill(store, new_case)
    store.add_case(new_case("unseen.png"))
    made = store.create_snapshot("all", frozen_share=0.5, seed=3)
    rows = store.snapshot_rows(made.id)
    assert (made.size, made.anomalous) == (12, 3)
    assert len(rows) == 12
    assert made.filter == {"frozen_share": 0.5, "frozen_categories": [], "seed": 3}
    assert store.snapshots() == [made]
    assert store.snapshot("all") == store.snapshot(made.id) == made


def test_a_snapshot_follows_its_filter(store: Store, new_case: Make) -> None:
    fill(store, new_case)
    made = store.create_snapshot("bottles", CaseFilter(category="bottle", verdict="normal"))
    assert {row.case.category for row in store.snapshot_rows(made.id)} == {"bottle"}
    assert made.anomalous == 0
    assert made.filter["category"] == "bottle"


def test_the_hash_changes_with_pictures_verdicts_and_splits_only(
    store: Store, new_case: Make, scratched: Verdict, tmp_path: Path
) -> None:
    fill(store, new_case)
    first = store.create_snapshot("first")
    assert store.create_snapshot("again").hash == first.hash
    assert store.create_snapshot("other split", frozen_share=0.9).hash != first.hash
    with Store.open(tmp_path / "second") as second:  # other ids, other order, same data
        second.import_cases(
            new_case(f"{n}.png", seed=n, category=("tile", "bottle", "cable")[n % 3], verdict=Verdict(n % 4 == 0))
            for n in reversed(range(12))
        )
        assert second.create_snapshot("copy").hash == first.hash
    with Store.open(tmp_path / "third") as third:  # the same verdicts and split about other pictures
        third.import_cases(new_case(f"{n}.png", seed=100 + n, verdict=Verdict(n % 4 == 0)) for n in range(12))
        assert third.create_snapshot("x", frozen_share=0).hash != store.create_snapshot("x", frozen_share=0).hash
    store.save_annotation(1, scratched, author="ann", based_on=1)
    assert store.create_snapshot("changed").hash != first.hash


def test_copies_of_a_picture_never_cross_the_split(store: Store, new_case: Make, paint: Callable[..., Path]) -> None:
    for n in range(25):
        original = paint(f"{n}.png", n)
        same_bytes = paint(f"copy/{n}.png", n)
        assert same_bytes.read_bytes() == original.read_bytes()
        same_pixels = original.with_suffix(".bmp")
        Image.open(original).save(same_pixels)
        assert same_pixels.read_bytes() != original.read_bytes()
        for image in (original, same_bytes, same_pixels):
            store.add_case(new_case(str(image), images=(image,), verdict=NORMAL))
    rows = store.snapshot_rows(store.create_snapshot("all", frozen_share=0.5).id)
    splits = [{row.split for row in rows if row.case.key.endswith((f"/{n}.png", f"/{n}.bmp"))} for n in range(25)]
    assert all(len(found) == 1 for found in splits)
    assert {split for found in splits for split in found} == {TRAIN, FROZEN}


def test_a_board_and_the_template_it_shares_stay_together(
    store: Store, new_case: Make, paint: Callable[..., Path]
) -> None:
    for n in range(25):
        board, template = paint(f"{n}_test.png", n), paint(f"{n}_temp.png", 1000 + n)
        store.add_case(new_case(f"{n}_test", images=(board, template), verdict=Verdict(True)))
        store.add_case(new_case(f"{n}_temp", images=(template,), verdict=NORMAL))
    rows = store.snapshot_rows(store.create_snapshot("all", frozen_share=0.5).id)
    split = {row.case.key: row.split for row in rows}
    assert all(split[f"{n}_test"] == split[f"{n}_temp"] for n in range(25))
    assert set(split.values()) == {TRAIN, FROZEN}


def test_a_frozen_case_stays_frozen_when_more_cases_come(store: Store, new_case: Make) -> None:
    fill(store, new_case, 20)
    before = {
        row.case.id: row.split for row in store.snapshot_rows(store.create_snapshot("small", frozen_share=0.5).id)
    }
    fill(store, new_case, 40)
    after = {row.case.id: row.split for row in store.snapshot_rows(store.create_snapshot("large", frozen_share=0.5).id)}
    assert len(after) == 40
    assert {case_id: after[case_id] for case_id in before} == before


def test_whole_categories_can_be_kept_back(store: Store, new_case: Make) -> None:
    fill(store, new_case)
    made = store.create_snapshot("bench", frozen_share=0, frozen_categories=["bottle"])
    assert {(row.case.category, row.split) for row in store.snapshot_rows(made.id)} == {
        ("tile", TRAIN),
        ("bottle", FROZEN),
        ("cable", TRAIN),
    }


@pytest.mark.parametrize(("share", "splits"), [(0.0, {TRAIN}), (1.0, {FROZEN})])
def test_the_share_may_be_none_or_all(store: Store, new_case: Make, share: float, splits: set[str]) -> None:
    fill(store, new_case)
    assert {row.split for row in store.snapshot_rows(store.create_snapshot("x", frozen_share=share).id)} == splits


def test_the_share_is_met_on_average_and_the_seed_changes_the_draw() -> None:
    groups = [f"{n:x}" for n in range(4000)]
    drawn = [split_of(group, SplitRule(frozen_share=0.2)) for group in groups]
    assert 0.17 < drawn.count(FROZEN) / len(drawn) < 0.23
    assert drawn != [split_of(group, SplitRule(frozen_share=0.2, seed=1)) for group in groups]


@given(st.dictionaries(st.integers(), st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=12))
def test_cases_that_share_a_print_share_a_group_and_others_do_not(prints: dict[int, set[str]]) -> None:
    groups = group_copies(prints)
    for one, other in ((a, b) for a in prints for b in prints):
        reached = set(prints[one])
        while more := {p for shared in prints.values() if shared & reached for p in shared} - reached:
            reached |= more
        assert (groups[one] == groups[other]) == bool(reached & prints[other])
    assert all(groups[groups[one]] == groups[one] <= one for one in prints)


def test_an_empty_or_doubly_named_snapshot_is_refused(store: Store, new_case: Make) -> None:
    with pytest.raises(Conflict, match="nothing to freeze"):
        store.create_snapshot("none")
    store.add_case(new_case(verdict=NORMAL))
    with pytest.raises(Conflict, match="needs a name"):
        store.create_snapshot("  ")
    store.create_snapshot("one")
    with pytest.raises(Conflict, match="named one already"):
        store.create_snapshot("one")
    with pytest.raises(NotFound, match="no snapshot 9"):
        store.snapshot_rows(9)
    with pytest.raises(NotFound, match="no snapshot named nine"):
        store.snapshot("nine")


def test_a_share_that_is_no_share_is_refused(store: Store, new_case: Make) -> None:
    store.add_case(replace(new_case(), verdict=NORMAL))
    with pytest.raises(Conflict, match="between 0 and 1"):
        store.create_snapshot("x", frozen_share=20)
