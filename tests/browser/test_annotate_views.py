"""A case with several pictures on the workbench: they stand together, and a box belongs to the one it was drawn on."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Scenario, Verdict
from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W, Workbench, picture, suggest

pytestmark = pytest.mark.browser


def with_others(workbench: Workbench, *others: tuple[str, int, int]) -> int:
    """A case of 800 x 600 pixels with a box and further pictures (role, width, height)."""
    name = "-".join(("part", *(role for role, _, _ in others)))  # not a role alone: the files lie in one folder
    files = [picture(workbench.folder, name, W, H)]
    files += [picture(workbench.folder, role, width, height) for role, width, height in others]
    roles = ("primary", *(role for role, _, _ in others))
    new = NewCase("toys", name, Scenario.ELECTRONIC, "board", tuple(files), verdict=BENT, roles=roles)
    return workbench.store.add_case(new)[0]


def middle(desk: Desk, place: str) -> tuple[float, float]:
    """The middle of what is seen of a picture, in fractions of it."""
    found = desk.page.evaluate(
        """(place) => { const frame = document.querySelector(place).getBoundingClientRect();
                        const seen = document.querySelector(place + ' .be-picture').getBoundingClientRect();
                        return [(frame.left + frame.width / 2 - seen.left) / seen.width,
                                (frame.top + frame.height / 2 - seen.top) / seen.height]; }""",
        f"#annotate {place}",
    )
    return found[0], found[1]


def test_a_template_beside_the_part_follows_its_zoom_and_shows_its_boxes(desk: Desk, workbench: Workbench) -> None:
    case_id = with_others(workbench, ("template", W // 2, H // 2))
    desk.open(case_id)
    expect(desk.part("other-name")).to_have_text("picture 2: template · 400 × 300 px")
    expect(desk.part("mirror")).to_have_count(1)
    desk.page.mouse.move(*desk.point(160, 340))
    expect(desk.part("cross")).to_be_visible()
    desk.page.mouse.wheel(0, -800)
    assert middle(desk, ".be-other") == pytest.approx(middle(desk, ".be-stage"), abs=0.01)
    mirrored, drawn = desk.part("mirror").bounding_box(), desk.part("truth").first.bounding_box()
    assert mirrored
    assert drawn
    assert mirrored["width"] == pytest.approx(drawn["width"], abs=3), "a part is as large on both"
    desk.part("other").hover()
    desk.page.mouse.wheel(0, -400)
    assert middle(desk, ".be-other") == pytest.approx(middle(desk, ".be-stage"), abs=0.01)
    desk.press("b", "b")
    lights = [desk.part("pictures").nth(at).evaluate("(n) => getComputedStyle(n).filter") for at in range(2)]
    assert lights[0] == lights[1] != "none"


def test_pictures_of_another_shape_are_fitted_only_and_all_can_be_put_away(desk: Desk, workbench: Workbench) -> None:
    case_id = with_others(workbench, ("view", 300, 900), ("thermal", W, H))
    desk.open(case_id)
    names = desk.part("other-name").all_text_contents()
    assert names == ["picture 2: view · not aligned · 300 × 900 px", "picture 3: thermal · 800 × 600 px"]
    expect(desk.part("mirror")).to_have_count(1)
    narrow = desk.stage.bounding_box()
    desk.press("w")
    expect(desk.part("other")).to_have_count(0)
    wide = desk.stage.bounding_box()
    assert narrow
    assert wide
    assert wide["width"] > narrow["width"] * 1.3
    desk.press("w")
    expect(desk.part("other")).to_have_count(2)
    desk.settled()
    desk.drag((300, 300), (400, 380))
    desk.press("Shift+H", "o", "Enter", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H)[-1] == ("hole", [300, 300, 400, 380])


def test_a_case_with_one_picture_says_so(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("w")
    expect(desk.state()).to_contain_text("one picture only")


# -- boxes belong to the picture they were drawn on --------------------------------------------------------------------


def placed(desk: Desk, case_id: int, *sizes: tuple[int, int]) -> list[tuple[str, int, list[int]]]:
    """Type, number of the picture and whole pixels of it, of the latest revision's defects."""
    latest = desk.store.latest_annotation(case_id)
    assert latest is not None
    found = []
    for defect in latest.verdict.defects:
        assert defect.box is not None
        exact = defect.box.to_pixels(*sizes[defect.picture])
        assert exact == pytest.approx([round(value) for value in exact], abs=1e-6)
        found.append((defect.type, defect.picture, [round(value) for value in exact]))
    return found


def test_a_box_is_drawn_on_a_view_saved_loaded_again_edited_and_undone(desk: Desk, workbench: Workbench) -> None:
    case_id = with_others(workbench, ("back", 300, 900), ("infrared", W, H))
    sizes = [(W, H), (300, 900), (W, H)]
    bent = ("bent", 0, [120, 300, 200, 380])
    desk.open(case_id)
    desk.part("other").first.click()
    expect(desk.part("size-chip")).to_contain_text("picture 2: back · 300 × 900 px")
    expect(desk.part("truth")).to_have_count(0)  # the box of the primary picture stands beside, and not on this one
    desk.settled()
    desk.drag((10, 20), (111, 333))
    desk.press("Shift+H", "o", "Enter")
    assert desk.rows()[-1] == "hole | Structural › Damage | on picture 2 | 101 × 313 px | ×"
    desk.press("Shift+ArrowRight", "ArrowDown", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert placed(desk, case_id, *sizes) == [bent, ("hole", 1, [20, 21, 121, 334])]
    desk.page.reload()
    desk.at(case_id)
    expect(desk.part("size-chip")).to_contain_text("picture 1: primary")
    expect(desk.part("truth")).to_have_count(1)
    expect(desk.part("own")).to_have_count(1)
    desk.part("pick").nth(1).click()  # the list brings its picture forward
    expect(desk.part("size-chip")).to_contain_text("picture 2: back")
    expect(desk.part("truth")).to_have_text("hole")
    desk.press("Alt+ArrowDown", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r3")
    assert placed(desk, case_id, *sizes)[1] == ("hole", 1, [20, 21, 121, 335])
    desk.press("p", "p", "Control+z")  # undo brings forward what it changes
    expect(desk.part("size-chip")).to_contain_text("picture 2: back")
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r4")
    assert placed(desk, case_id, *sizes) == [bent, ("hole", 1, [20, 21, 121, 334])]
    desk.press("l")
    expect(desk.part("compare")).to_contain_text("hole: box changed on picture 2")
    expect(desk.part("past")).to_have_count(2)  # where it is and where it was; the kept one is on the other picture


def test_the_stage_keeps_its_place_when_an_aligned_picture_comes_forward(desk: Desk, workbench: Workbench) -> None:
    case_id = with_others(workbench, ("drawing", W // 2, H // 2))
    desk.open(case_id)
    desk.page.mouse.move(*desk.point(160, 340))
    desk.page.mouse.wheel(0, -800)
    before = middle(desk, ".be-stage")
    desk.press("p")
    expect(desk.part("size-chip")).to_contain_text("picture 2: drawing · 400 × 300 px")
    assert middle(desk, ".be-stage") == pytest.approx(before, abs=0.01)
    assert middle(desk, ".be-other") == pytest.approx(before, abs=0.01)
    expect(desk.part("mirror")).to_have_count(1)  # the primary picture's box, thin, on the drawing
    desk.page.mouse.wheel(0, -200)
    assert middle(desk, ".be-other") == pytest.approx(middle(desk, ".be-stage"), abs=0.01)
    desk.press("f")
    desk.drag((200, 200), (220, 230))
    desk.press("Shift+H", "o", "Enter")
    expect(desk.part("mirror")).to_have_count(2)  # each on the other's picture
    expect(desk.part("own")).to_have_count(1)
    desk.press("w")
    expect(desk.part("other")).to_have_count(0)
    desk.press("w", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert placed(desk, case_id, (W, H), (W // 2, H // 2))[1] == ("hole", 1, [200, 200, 220, 230])


def test_a_draft_a_conflict_and_a_copy_keep_the_picture(desk: Desk, workbench: Workbench) -> None:
    sizes = [(W, H), (300, 900)]
    other = with_others(workbench, ("side", 300, 900))
    case_id = with_others(workbench, ("view", 300, 900))
    desk.open(case_id)
    desk.press("p")
    desk.settled()
    desk.drag((50, 60), (90, 100))
    desk.press("Shift+H", "o", "Enter")
    desk.kept()
    desk.page.reload()
    desk.at(case_id)
    assert "on picture 2" in desk.rows()[-1]
    theirs = Verdict(True, (Defect("crack", Box.from_pixels(30, 90, 60, 180, 300, 900), 1),))
    desk.store.save_annotation(case_id, theirs, author="bob", based_on=1)
    desk.press("Control+s")
    expect(desk.part("conflict")).to_contain_text("crack, 30 × 90 px on picture 2")
    expect(desk.part("conflict")).to_contain_text("hole, 40 × 40 px on picture 2")
    expect(desk.part("theirs")).to_have_count(0)
    desk.press("p")
    expect(desk.part("theirs")).to_have_count(1)
    desk.part("conflict button").first.click()
    expect(desk.state()).to_contain_text("Saved as r3")
    assert placed(desk, case_id, *sizes)[1] == ("hole", 1, [50, 60, 90, 100])
    desk.press(",")
    desk.at(other)
    desk.press("v", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert placed(desk, other, *sizes)[-1] == ("hole", 1, [50, 60, 90, 100])


def test_suggestions_and_pins_are_of_the_primary_picture(desk: Desk, workbench: Workbench) -> None:
    case_id = with_others(workbench, ("left", 300, 900))
    suggest(desk.store, case_id)
    desk.open(case_id)
    expect(desk.part("ghost")).to_have_count(2)
    desk.press("p")
    expect(desk.part("size-chip")).to_contain_text("picture 2: left")
    expect(desk.part("ghost")).to_have_count(0)
    desk.press("x")  # what was adopted is shown
    expect(desk.part("size-chip")).to_contain_text("picture 1: primary")
    expect(desk.part("truth")).to_have_count(3)
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    desk.press("p", "u")
    expect(desk.part("size-chip")).to_contain_text("picture 1: primary")
    desk.part("other").click()
    desk.settled()
    desk.page.mouse.click(*desk.point(150, 450))
    expect(desk.state()).to_contain_text("A pin is a place on picture 1")
    desk.part("other").click()
    desk.settled()
    desk.page.mouse.click(*desk.point(400, 300))
    expect(desk.part("pin-words")).to_contain_text("Pinned at 400, 300")
    desk.write("too wide")
    desk.press("Enter")
    expect(desk.part("pin")).to_have_count(1)
    expect(desk.state()).to_contain_text("r2 sent back")
    (review,) = desk.store.reviews.of_case(case_id)
    assert review.pin is not None
    assert review.pin == pytest.approx((0.5, 0.5), abs=0.002)
