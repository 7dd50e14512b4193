"""The workbench in a real browser: boxes are drawn, moved and resized by mouse and by finger, exact to the pixel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W

pytestmark = pytest.mark.browser


def test_draw_a_box_type_it_by_keyboard_and_save(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.drag((100, 50), (260, 190))
    assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]
    expect(desk.part("anomalous")).to_have_attribute("aria-pressed", "true")
    desk.press("t")
    desk.write("warp")
    desk.press("Enter")
    expect(desk.stage).to_be_focused()
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, W, H) == [("warping", [100, 50, 260, 190])]
    assert desk.store.draft(case_id, "ann") is None


def test_move_and_resize_by_pointer(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.drag((160, 340), (260, 310))
    expect(desk.said()).to_contain_text("Moved, 80 × 80 px at 220, 270")
    desk.drag((300, 350), (340, 400))
    expect(desk.said()).to_contain_text("Resized, 120 × 130 px")
    desk.drag((220, 335), (200, 335))
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [200, 270, 340, 400])]


def test_a_box_is_exact_to_the_pixel_on_a_large_picture_at_every_zoom(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(width=4000, height=3000)
    desk.open(case_id)
    x, y = desk.point(2000, 1500)
    desk.page.mouse.move(x, y)
    for _ in range(4):
        desk.page.mouse.wheel(0, -400)
    expect(desk.part("size-chip")).to_contain_text(re.compile(r"\d{3,4} %"))
    desk.drag((1987, 1491), (2003, 1502))
    desk.press("t", "h", "o", "l", "e", "Enter", "Escape")
    desk.drag((2010, 1500), (2011, 1501))  # one pixel
    desk.press("t", "h", "o", "l", "e", "Enter", "f", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, 4000, 3000) == [("hole", [1987, 1491, 2003, 1502]), ("hole", [2010, 1500, 2011, 1501])]


def test_a_box_cannot_leave_the_picture(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.drag((160, 340), (-60, 700))
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [0, 520, 80, 600])]


def test_shift_draws_inside_another_box_and_the_smaller_one_is_picked(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.keyboard.down("Shift")
    desk.drag((140, 320), (170, 350))
    desk.page.keyboard.up("Shift")
    assert len(desk.rows()) == 2
    desk.press("Escape")
    desk.page.mouse.click(*desk.point(155, 335))
    expect(desk.said()).to_contain_text("Box 2 of 2: no type yet, 30 × 30 px at 140, 320")


def test_escape_gives_a_drag_up(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.mouse.move(*desk.point(160, 340))
    desk.page.mouse.down()
    desk.page.mouse.move(*desk.point(300, 100))
    desk.press("Escape")
    desk.page.mouse.up()
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]
    expect(desk.state()).to_contain_text("no changes since r1")


def test_pan_with_space_and_with_the_middle_button_and_zoom_keys(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    start = desk.point(0, 0)
    desk.page.keyboard.down(" ")
    desk.drag((300, 300), (340, 320))
    desk.page.keyboard.up(" ")
    assert desk.rows() == []
    moved = desk.point(0, 0)
    assert moved[0] > start[0]
    desk.drag((300, 300), (260, 280), button="middle")
    assert desk.point(0, 0) == pytest.approx(start, abs=1.5)
    desk.press("o")
    expect(desk.part("size-chip")).to_contain_text("100 %")
    desk.press("+")
    expect(desk.part("size-chip")).to_contain_text("125 %")
    desk.press("-", "-")
    expect(desk.part("size-chip")).to_contain_text("80 %")
    desk.press("f")
    assert desk.point(0, 0) == pytest.approx(start, abs=0.5)
