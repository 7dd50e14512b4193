"""The workbench worked by hand at speed: few keys for a type, boxes without a drag, aids for the eye."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import default_taxonomy
from tests.browser.annotate_desk import BENT, SUGGESTED, Desk, H, MakeCase, W, suggest

pytestmark = pytest.mark.browser

ONE = Verdict(True, SUGGESTED.defects[:1])


def saved(desk: Desk, case_id: int) -> list[str]:
    """The types of the latest revision."""
    latest = desk.store.latest_annotation(case_id)
    return [] if latest is None else [defect.type for defect in latest.verdict.defects]


# -- few keys ----------------------------------------------------------------------------------------------------------


def test_a_wrong_type_is_mended_with_two_keys_and_a_rare_one_with_four(desk: Desk, make_case: MakeCase) -> None:
    first, second, third = make_case(), make_case(), make_case()
    for case_id in (first, second):
        suggest(desk.store, case_id, ONE)
    desk.open(first)
    desk.press("Shift+S", "r", "Enter", "a")  # scrape; the rest of the model's verdict is taken as it is
    desk.at(second)
    desk.press("2", "a")  # the type used last
    desk.at(third)
    assert (saved(desk, first), saved(desk, second)) == (["scrape"], ["scrape"])


def test_one_of_two_predictions_gets_another_type_and_the_other_is_adopted(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    suggest(desk.store, first)
    desk.open(first)
    desk.press("Shift+G")
    expect(desk.state()).to_contain_text("Select a box first")  # two boxes: neither is retyped by surprise
    desk.press("]")
    expect(desk.said()).to_contain_text("suggestion crack, 112 × 60 px at 240, 312. X adopts it.")
    desk.press("Shift+G", "a", "Enter")
    expect(desk.said()).to_contain_text("Box 1 of 1: gap")
    desk.press("a")
    desk.at(second)
    assert saved(desk, first) == ["gap", "bent"]


def test_accept_does_not_bring_back_a_box_that_was_thrown_out(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    suggest(desk.store, case_id)
    desk.open(case_id)
    desk.press("x", "Delete", "a")
    expect(desk.state()).to_contain_text("annotated already")
    assert desk.store.annotations(case_id) == []


def test_every_type_is_given_with_four_keys(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("Tab")
    for node in default_taxonomy().types:
        desk.press("t")
        row = desk.part("types li").filter(has=desk.page.get_by_text(node.name, exact=True))
        letters = row.first.locator("kbd").last.text_content() or ""
        assert len(letters) == 2
        desk.press(*letters, "Enter")
        expect(desk.stage).to_be_focused()
        assert desk.rows()[0].startswith(f"{node.name} |"), letters


def test_the_picker_starts_with_the_type_of_the_box_what_the_model_said_and_their_siblings(
    desk: Desk, make_case: MakeCase
) -> None:
    case_id = make_case(Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),)))
    suggest(desk.store, case_id, ONE)
    desk.open(case_id)
    desk.press("Tab")
    shown = desk.part("types li b").all_inner_texts()
    taxonomy = default_taxonomy()
    groups = {node.name: node.group for node in taxonomy.types}
    siblings = [name for name, group in groups.items() if group in (groups["scratch"], groups["crack"])]
    assert shown[:2] == ["scratch", "crack"]
    assert set(shown[: len(siblings)]) == set(siblings)
    assert set(shown) == {*groups, "unknown"}
    assert len(shown) == len(groups) + 1, "every type once, and the one that asks the reviewer"
    expect(desk.part("types li em")).to_have_text("model")
    expect(desk.part("types .be-active")).to_contain_text("Surface › Surface Damage")
    expect(desk.part("types .be-active")).to_contain_text(
        next(n.definition for n in taxonomy.types if n.name == "scratch")
    )


def test_boxes_of_the_case_before_are_copied(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(BENT), make_case()
    desk.open(first)
    desk.press("v")
    expect(desk.state()).to_contain_text("nothing to copy")
    desk.press(".")
    desk.at(second)
    desk.press("v")
    expect(desk.said()).to_contain_text("bent, 80 × 80 px at 120, 300")
    desk.press("v")
    expect(desk.state()).to_contain_text("here already")
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(second, W, H) == [("bent", [120, 300, 200, 380])]


# -- boxes without a drag, side by side --------------------------------------------------------------------------------


def test_a_box_by_two_corners_with_pointer_or_keys(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    desk.page.mouse.move(*desk.point(100, 90))
    desk.press("c")
    desk.page.mouse.move(*desk.point(220, 190))
    desk.press("n", "0", "x")  # no other command while a corner is missing
    desk.page.mouse.click(*desk.point(220, 190))
    expect(desk.said()).to_contain_text("120 × 100 px at 100, 90")
    desk.press("Escape")
    desk.page.mouse.move(*desk.point(400, 300))
    desk.press("c", "Shift+ArrowRight", "Shift+ArrowDown", "ArrowRight")
    expect(desk.said()).to_contain_text("Corner at 411, 310")
    desk.press("Enter")
    expect(desk.said()).to_contain_text("11 × 10 px at 400, 300")
    desk.press("Escape", "c", "Escape")
    assert len(desk.rows()) == 2


def test_arrows_move_each_side_by_one_and_by_ten(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("Tab", "Alt+ArrowRight", "Alt+Shift+ArrowDown")
    expect(desk.said()).to_contain_text("81 × 90 px at 120, 300")
    desk.press("Control+ArrowLeft", "Control+Shift+ArrowUp")
    expect(desk.said()).to_contain_text("82 × 100 px at 119, 290")
    for _ in range(12):
        desk.press("Control+Shift+ArrowRight")
    expect(desk.said()).to_contain_text("1 × 100 px at 200, 290")


# -- seeing ------------------------------------------------------------------------------------------------------------


def test_light_contrast_and_grid_help_the_eye_and_change_nothing_else(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    pictures, words = desk.part("pictures"), desk.part("size-chip")
    desk.press("b", "b", "j", "g")
    expect(pictures).to_have_css("filter", "brightness(1.21) contrast(0.91)")
    expect(words).to_contain_text("brightness 121 % · contrast 91 % · grid 100 px")
    expect(desk.part("grid")).to_be_visible()
    desk.press("+", "+", "+", "+")
    expect(words).to_contain_text("grid 50 px")
    desk.press("r")
    expect(pictures).to_have_css("filter", "none")
    expect(desk.part("grid")).to_be_hidden()
    opener = desk.page.get_by_role("button", name="Brightness, contrast, grid and zoom")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    for name in ("Darker (D)", "Grid (G)", "Pixel for pixel (O)"):
        desk.page.get_by_role("button", name=name).click()
    expect(words).to_contain_text("brightness 91 % · grid 50 px · 800 × 600 px · 100 %")
    expect(desk.state()).to_contain_text("no changes since r1")


def test_the_keys_are_listed_and_all_of_them_are_on_the_screen(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    desk.press("?")
    dialog = desk.page.locator("#m3-help")
    for words in ("copy the boxes of the case before", "corner here", "grid", "a recent type"):
        expect(dialog).to_contain_text(words)
    assert dialog.evaluate("(node) => node.scrollHeight <= node.clientHeight")
