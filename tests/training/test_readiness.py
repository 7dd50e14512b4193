"""What the data cannot support, in sentences."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from db.readiness import Part, Readiness
from training.readiness import FEW, RARE, details, headline, warnings

GOOD = Readiness(
    run="raws-3",
    model="demo/raws-3",
    new=Part(14, 12, Counter(texture=26), Counter(scratch=9, dent=5)),
    older=Part(40, 60, Counter(texture=100), Counter(scratch=40, dent=2)),
    unreviewed=4,
    waiting=2,
    frozen=25,
    compared=26,
    alike=0,
)


def only(found: Readiness) -> str:
    (sentence,) = warnings(found)
    return sentence


def test_enough_is_said_without_a_warning() -> None:
    assert warnings(GOOD) == []
    assert headline(GOOD) == "26 annotations new since raws-3"
    assert details(GOOD) == (
        "14 anomalous, 12 normal · 4 not reviewed · 2 more wait for an answer · 100 older ones (40 anomalous) were in "
        "earlier runs · 25 frozen"
    )


def test_nothing_new_is_said_and_nothing_at_all_too() -> None:
    nothing = replace(GOOD, new=Part(), unreviewed=0, compared=0)
    assert only(nothing).startswith("Nothing is new since raws-3:")
    empty = Readiness(None, None, Part(), Part(), 0, 0, 0, 0, 0)
    assert warnings(empty)[0].startswith("Nothing is annotated")
    assert (headline(empty), details(empty)) == ("0 annotations new", "")


def test_too_few_are_said_to_the_case() -> None:
    few = replace(GOOD, new=Part(10, FEW - 11, Counter(), Counter(scratch=9)))
    assert only(few).startswith(f"{FEW - 1} annotations new:")
    assert warnings(replace(GOOD, new=Part(10, FEW - 10, Counter(), Counter(scratch=9)))) == []


def test_one_class_only_is_said_by_what_is_there_and_by_what_is_new() -> None:
    new = Part(0, 26)
    assert only(replace(GOOD, new=new)).startswith("Nearly all that is new is normal")
    assert only(replace(GOOD, new=new, older=Part(0, 60))).startswith("Every annotation is normal")
    assert only(replace(GOOD, new=Part(26, 0), older=Part())).startswith("Every annotation is anomalous")
    assert only(replace(GOOD, new=Part(28, 3))).startswith("Nearly all that is new is anomalous")
    assert warnings(replace(GOOD, new=Part(27, 3))) == []


def test_a_type_is_rare_by_all_its_cases() -> None:
    types = Counter(scratch=9, hole=RARE - 1, bent=1, dent=1)
    rare = replace(GOOD, new=Part(14, 12, Counter(), types), older=Part(40, 60, Counter(), Counter(dent=RARE - 1)))
    assert only(rare) == (
        f"Fewer than {RARE} cases in all of bent (1), hole ({RARE - 1}): too few to learn the type from."
    )


def test_unreviewed_frozen_and_alike_are_said() -> None:
    assert warnings(replace(GOOD, unreviewed=13)) == []
    assert only(replace(GOOD, unreviewed=14)).startswith("14 of 26 new annotations have been reviewed by nobody")
    assert only(replace(GOOD, frozen=0)).startswith("No frozen set")
    assert only(replace(GOOD, alike=3)).startswith("3 new look like frozen cases")
    assert only(replace(GOOD, alike=3, compared=20)).startswith("3 new (of the 20 annotated last) look like")
