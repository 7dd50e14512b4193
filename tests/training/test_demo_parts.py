from __future__ import annotations

from pathlib import Path

from PIL import Image

from m3ad.demo.parts import CATEGORIES
from training.demo_parts import SIDE, draw_parts


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
    assert {case.category for case in draw_parts(tmp_path / "b", 4, 0, held_out=True)} <= kept_back
