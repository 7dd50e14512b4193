from __future__ import annotations

from pathlib import Path

from PIL import Image

from m3ad.demo.parts import CATEGORIES
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Scenario, Verdict
from training.demo_parts import HELD_OUT, SIDE, TOLERATED, draw_parts, taught, tolerant
from training.modes import LabelledCase


def test_parts_are_drawn_once_and_a_cut_off_drawing_goes_on(tmp_path: Path) -> None:
    first = draw_parts(tmp_path, 3, 100)
    index = tmp_path / "parts.jsonl"
    index.write_bytes(index.read_bytes()[:-20])  # as a kill leaves it
    (tmp_path / "100.jpg").write_bytes(b"kept as it is")
    more = draw_parts(tmp_path, 4, 100)
    assert more[:3] == first
    assert (tmp_path / "100.jpg").read_bytes() == b"kept as it is"
    assert Image.open(more[3].image).size == (SIDE, SIDE)


def test_training_sees_no_held_out_category_and_the_other_set_nothing_else(tmp_path: Path) -> None:
    kept_back = {category.name for category in CATEGORIES if category.held_out}
    assert not {case.category for case in draw_parts(tmp_path / "a", 2 * len(CATEGORIES), 0)} & kept_back
    assert {case.category for case in draw_parts(tmp_path / "b", 4, 0, categories=HELD_OUT)} == kept_back


def test_boxes_are_taught_outward_to_the_hundredth(tmp_path: Path) -> None:
    defects = (Defect("scratch", Box(0.065625, 0.575, 0.2875, 0.68125)), Defect("dent", Box(0.29, 0.58, 0.291, 1.0)))
    case = LabelledCase("1", tmp_path / "1.jpg", "leather", Scenario.TEXTURE, Verdict(True, defects))
    scratch, dent = taught([case])[0].truth.defects
    assert scratch == Defect("scratch", Box(0.06, 0.57, 0.29, 0.69))
    assert dent == Defect("dent", Box(0.29, 0.58, 0.3, 1.0))


def test_who_lets_small_defects_pass_calls_a_part_normal_that_has_no_other(tmp_path: Path) -> None:
    side = TOLERATED**0.5
    small, large = (Defect("dent", Box(0.1, 0.1, 0.1 + share * side, 0.1 + share * side)) for share in (0.99, 1.01))
    unknown = Defect("dent", None)

    def judged(*defects: Defect) -> Verdict:
        case = LabelledCase("1", tmp_path / "1.jpg", "leather", Scenario.TEXTURE, Verdict(True, defects))
        return tolerant([case])[0].truth

    assert judged(small) == NORMAL
    assert judged(small, large, unknown) == Verdict(True, (large, unknown))
