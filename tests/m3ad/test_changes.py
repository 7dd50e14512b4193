"""What one verdict changed in another: nothing is lost, nothing is counted twice."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from m3ad.changes import changes
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict

grid = st.integers(0, 4).map(lambda n: n / 8)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + 0.125 + w, y + 0.125 + h), grid, grid, grid, grid)
kinds = st.sampled_from(["scratch", "dent", "hole"])
defects = st.builds(Defect, kinds) | st.builds(Defect, kinds, boxes, st.sampled_from([0, 0, 1]))
verdicts = st.lists(defects, max_size=6).map(lambda found: Verdict(bool(found), tuple(found)))


@given(verdicts, verdicts)
def test_every_defect_of_both_is_in_exactly_one_change(before: Verdict, after: Verdict) -> None:
    found = changes(before, after)
    assert Counter(one.before for one in found if one.before) == Counter(before.defects)
    assert tuple(one.after for one in found if one.after) == after.defects
    assert all(one.before or one.after for one in found)


@given(verdicts, verdicts)
def test_the_changes_lead_from_one_to_the_other(before: Verdict, after: Verdict) -> None:
    left = Counter(before.defects)
    for one in changes(before, after):
        if one.kind == "kept":
            assert one.before == one.after
        left.subtract([one.before] if one.before else [])
        left.update([one.after] if one.after else [])
    assert +left == Counter(after.defects)


@given(verdicts)
def test_the_same_again_is_kept_whole(verdict: Verdict) -> None:
    assert [one.kind for one in changes(verdict, verdict)] == ["kept"] * len(verdict.defects)


@given(verdicts, verdicts)
def test_what_is_in_both_never_counts_as_changed(before: Verdict, after: Verdict) -> None:
    kept = Counter(one.after for one in changes(before, after) if one.kind == "kept")
    assert kept == Counter(before.defects) & Counter(after.defects)


@given(verdicts)
def test_against_nothing_all_is_added_and_all_is_removed(verdict: Verdict) -> None:
    assert {one.kind for one in changes(None, verdict)} <= {"added"}
    assert {one.kind for one in changes(verdict, Verdict(False))} <= {"removed"}


def test_overlap_decides_before_type() -> None:
    here, there, nearly = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9), Box(0.1, 0.1, 0.3, 0.35)
    before = Verdict(True, (Defect("scratch", here), Defect("dent", there)))
    after = Verdict(True, (Defect("dent", nearly), Defect("dent", there), Defect("hole")))
    assert [(one.kind, one.moved) for one in changes(before, after)] == [
        ("retyped", True),
        ("kept", False),
        ("added", False),
    ]


def test_the_same_box_on_another_picture_is_not_the_same() -> None:
    box = Box(0.1, 0.1, 0.5, 0.5)
    (moved,) = changes(Verdict(True, (Defect("dent", box),)), Verdict(True, (Defect("dent", box, 1),)))
    assert (moved.kind, moved.moved) == ("moved", True)
    three = (Defect("dent", box), Defect("hole", box, 1), Defect("hole", box, 2))
    assert all(one.kind == "kept" for one in changes(Verdict(True, three), Verdict(True, three[::-1])))
