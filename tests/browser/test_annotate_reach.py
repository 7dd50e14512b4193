"""The workbench in a real browser: hostile text, two hundred boxes, a screen reader."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W, suggest

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='hit'\"> ${document.title='hit'} {{value}}"


def test_hostile_text_is_shown_as_text(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(Verdict(True, (Defect(HOSTILE, Box(0.1, 0.1, 0.4, 0.4)),)))
    desk.store.save_annotation(
        case_id, Verdict(True, (Defect(HOSTILE, Box(0.1, 0.1, 0.4, 0.5)),)), author=HOSTILE, based_on=1, note=HOSTILE
    )
    desk.open(case_id)
    desk.press("m")
    desk.write(" seen")
    desk.press("Escape", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r3")
    for place in ("defects", "history", "layer"):
        expect(desk.part(place)).to_contain_text("<img src=x")
    expect(desk.part("note")).to_have_value(f"{HOSTILE} seen")
    assert desk.page.locator("#annotate img[src='x']").count() == 0
    assert desk.page.title() != "hit"


def test_moving_one_box_of_two_hundred_touches_that_box_only(desk: Desk, make_case: MakeCase) -> None:
    boxes = [Box.from_pixels(x, y, x + 20, y + 14, W, H) for x in range(10, 790, 39) for y in range(10, 590, 58)]
    desk.open(make_case(Verdict(True, tuple(Defect("hole", box) for box in boxes[:200]))))
    assert len(desk.rows()) == 200
    desk.page.evaluate(
        """() => { window.touched = new Set();
                   const observer = new MutationObserver((all) => all.forEach((one) => window.touched.add(one.target)));
                   const what = {subtree: true, attributes: true, childList: true};
                   observer.observe(document.querySelector('#annotate .be-root'), what); }"""
    )
    desk.page.mouse.move(*desk.point(15, 15))
    desk.page.mouse.down()
    desk.page.evaluate("() => new Promise((done) => setTimeout(() => { window.touched.clear(); done(); }, 50))")
    desk.page.mouse.move(*desk.point(60, 60), steps=12)
    touched = desk.page.evaluate("() => new Promise((done) => setTimeout(() => done(window.touched.size), 50))")
    desk.page.mouse.up()
    assert 1 <= touched <= 14, "the box, its eight handles, the size in the list and in the corner, the cursor"


CONTROLS = {"button", "textbox", "combobox", "listbox", "option", "checkbox", "link", "application", "dialog", "image"}


def controls(desk: Desk) -> list[tuple[str, str]]:
    """(role, name) of every control as a screen reader gets it."""
    session = desk.page.context.new_cdp_session(desk.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    found = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    return [(role, name) for role, name in found if role in CONTROLS]


def test_every_control_has_a_name_for_screen_readers(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    suggest(desk.store, case_id)
    desk.open(case_id)
    desk.page.get_by_role("button", name="Brightness, contrast, grid and zoom").click()
    desk.press("l")
    expect(desk.part("compare")).to_be_visible()
    shown = controls(desk)
    desk.press("Escape", "u")
    expect(desk.part("why")).to_be_visible()
    shown += controls(desk)
    desk.press("Escape", "?")
    expect(desk.page.locator("#m3-help")).to_be_visible()
    shown += controls(desk)
    assert [role for role, name in shown if not name.strip()] == []
    for wanted in (
        *(
            "Picture. Draw, move and resize boxes; press question mark for the keys.",
            "Grid (G)",
            "Undo (Ctrl Z)",
            "Note",
        ),
        *("New box (N)", "Which cases", "Delete bent", "Type of the selected box: search name, group or definition"),
        *("Why? The annotator is told.", "Keys", "G: grid. Choose another key", "Default keys", "Send back"),
    ):
        assert wanted in {name for _, name in shown}, wanted
    desk.press("Escape")
    expect(desk.said()).to_have_attribute("aria-live", "polite")
    desk.press("Tab")
    expect(desk.said()).to_contain_text("bent, 80 × 80 px")
