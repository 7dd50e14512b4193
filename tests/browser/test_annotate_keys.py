"""The workbench in a real browser: everything can be done by keys, and typing is never a command."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import default_taxonomy
from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W

pytestmark = pytest.mark.browser


def test_a_box_made_placed_and_typed_without_a_pointer(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.press("n")
    expect(desk.said()).to_contain_text("134 × 100 px at 333, 250")  # a sixth of what is seen, in its middle
    desk.press("ArrowRight", "Shift+ArrowDown", "Alt+ArrowRight", "Alt+Shift+ArrowUp")
    expect(desk.said()).to_contain_text("Resized, 135 × 90 px at 334, 260")
    desk.press("t")
    desk.write("hole")
    desk.press("Enter", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, W, H) == [("hole", [334, 260, 469, 350])]


def test_cycle_and_delete_by_keys_and_tab_leaves_at_the_end(desk: Desk, make_case: MakeCase) -> None:
    two = Verdict(True, (*BENT.defects, Defect("hole", Box.from_pixels(400, 100, 440, 130, W, H))))
    desk.open(make_case(two))
    desk.press("Tab")
    expect(desk.said()).to_contain_text("Box 1 of 2: bent")
    desk.press("Tab")
    expect(desk.said()).to_contain_text("Box 2 of 2: hole")
    desk.press("]")
    expect(desk.said()).to_contain_text("Box 1 of 2: bent")
    desk.press("[")
    expect(desk.said()).to_contain_text("Box 2 of 2: hole")
    desk.press("Tab")
    expect(desk.stage).not_to_be_focused()
    desk.stage.focus()
    desk.press("Delete")
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]


def test_undo_and_redo_go_through_every_step(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    states = [desk.rows()]

    def step(*keys: str) -> None:
        desk.press(*keys)
        states.append(desk.rows())

    desk.drag((100, 100), (200, 200))
    states.append(desk.rows())
    desk.press("t")
    desk.write("bent")
    step("Enter")
    step("Alt+ArrowRight")
    step("n")
    step("Delete")
    step("0")
    assert len({tuple(state) for state in states}) > 3
    for expected in reversed(states[:-1]):
        desk.press("Control+z")
        assert desk.rows() == expected
    expect(desk.part("anomalous")).to_have_attribute("aria-pressed", "false")
    desk.press("Control+z")
    for expected in states[1:]:
        desk.press("Control+Shift+z")
        assert desk.rows() == expected


def test_digits_give_recent_types_and_keep_their_place(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("Tab", "t")
    desk.write("crack")
    desk.press("Enter", "t")
    desk.write("hole")
    desk.press("Enter")
    desk.press("2")
    assert desk.rows()[0].startswith("crack |")
    desk.press("3")
    assert desk.rows()[0].startswith("hole |")
    desk.press("9")
    assert desk.rows()[0].startswith("hole |"), "a digit without a type does nothing"


def test_normal_sets_boxes_aside_and_anomalous_brings_them_back(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("0")
    assert desk.rows() == []
    expect(desk.said()).to_contain_text("1 box set aside")
    desk.press("1")
    assert len(desk.rows()) == 1
    desk.press("0", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    latest = desk.store.latest_annotation(case_id)
    assert latest is not None
    assert latest.verdict == Verdict(False)


def test_holding_h_hides_the_boxes(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    box = desk.part("truth")
    desk.page.keyboard.down("h")
    expect(box).to_be_hidden()
    desk.page.keyboard.up("h")
    expect(box).to_be_visible()


def test_typing_in_a_field_is_never_a_command(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("m")
    desk.write("n01xad[]2.,ht?")
    desk.press("Delete", "ArrowLeft")
    desk.page.keyboard.type("\n")
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]
    expect(desk.part("root")).to_have_attribute("data-case", str(case_id))
    expect(desk.part("note")).to_have_value(re.compile(r"n01xad\[\]2\.,ht"))
    desk.press("Escape", "Tab", "t")
    desk.write("n0[x.")
    assert len(desk.rows()) == 1
    desk.press("Escape")
    expect(desk.stage).to_be_focused()


def test_the_picker_finds_what_the_taxonomy_finds(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("Tab", "t")
    taxonomy = default_taxonomy()
    queries = [node.name[:length] for node in taxonomy.types[::4] for length in (2, 4, 20)]
    for query in [*queries, "foreign", "STRUCTURAL", "mis-", "no such thing"]:
        desk.part("picker input").fill(query)
        shown = desk.part("types li b").all_inner_texts()
        assert shown == [node.name for node in taxonomy.search(query)], query
