"""A person's own keys in a real browser: chosen in the list of keys, kept, refused where another command has them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.annotate_desk import BENT, Desk, MakeCase, suggest
from ui.own_keys import PREFERENCE

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _fresh_keys(desk: Desk) -> None:
    """Nobody chose keys yet."""
    desk.store.preferences.change("ann", PREFERENCE, lambda _: {})


def key_of(desk: Desk, name: str, place: int = 0) -> Locator:
    """The button of a command's key in the list."""
    return desk.page.locator(f"#m3-help [data-place='{name} {place}']")


def give(desk: Desk, name: str, key: str, place: int = 0) -> None:
    """Choose a key in the open list."""
    key_of(desk, name, place).click()
    desk.press(key)


def words(desk: Desk) -> Locator:
    """What the list says."""
    return desk.page.locator("#m3-help [role=status]")


def hint(desk: Desk, command: str) -> Locator:
    """Where the page shows a command's key, outside the list."""
    return desk.page.locator(f"kbd[data-command='annotate {command}']")


def test_a_key_is_changed_by_keys_alone_counts_everywhere_and_survives_a_reload(
    desk: Desk, make_case: MakeCase
) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.press("?")
    button = key_of(desk, "newBox")
    expect(button).to_have_attribute("aria-label", "N: new box. Choose another key")
    expect(desk.page.get_by_role("button", name="Close")).to_be_focused()
    for _ in range(3):
        desk.press("Tab")
    expect(button).to_be_focused()
    assert button.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid", "the focus is seen"
    desk.press("Enter")
    expect(words(desk)).to_contain_text("Press the new key: new box")
    desk.press("e")
    expect(words(desk)).to_contain_text("Changed")
    expect(button).to_have_text("E")
    expect(button).to_be_focused()
    expect(hint(desk, "newBox")).to_have_text("E")
    expect(desk.part("defects")).to_have_attribute("data-empty", "No box yet. Draw one with the pointer, or press E.")
    desk.press("Escape")
    expect(desk.page.locator("#m3-help")).to_be_hidden()
    for _ in range(2):
        desk.stage.focus()
        desk.press("n")
        assert desk.rows() == []
        desk.press("e")
        assert desk.rows() == ["type? | press T to choose | 134 × 100 px | ×"]
        desk.press("Control+z")
        desk.open(case_id)  # the keys are in the store, not in the page
    desk.press("m")
    desk.write("p is no box")
    assert desk.rows() == []


def test_a_taken_key_is_refused_with_the_name_of_who_has_it(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    desk.press("?")
    give(desk, "newBox", "Control+s")
    expect(words(desk)).to_have_text("Ctrl S is taken: save. Give that another key first.")
    expect(key_of(desk, "newBox")).to_have_text("N")
    give(desk, "newBox", "Shift+R")
    expect(words(desk)).to_contain_text("search the types by this letter")
    give(desk, "newBox", "?")
    expect(words(desk)).to_have_text("? always opens this list.")
    key_of(desk, "newBox").click()
    desk.press("Escape")
    expect(words(desk)).to_contain_text("Click a key")
    expect(desk.page.locator("#m3-help")).to_be_visible()
    give(desk, "save", "F2")  # then its key is free
    expect(words(desk)).to_contain_text("Changed")
    give(desk, "newBox", "Control+s")
    expect(words(desk)).to_contain_text("Changed")
    assert desk.store.preferences.get("ann", PREFERENCE) == {"annotate": {"newBox": ["Ctrl+s"], "save": ["F2"]}}
    desk.press("Escape", "Control+s")
    assert len(desk.rows()) == 1


def test_default_keys_come_back_at_once(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    suggest(desk.store, case_id)
    kept = {"annotate": {"hide": ["e"], "anomalous": ["i"], "search": ["Alt+a…z"]}, "inspect": {"fit": ["z"]}}
    desk.store.preferences.change("ann", PREFERENCE, lambda _: kept)
    desk.open(case_id)
    expect(desk.part("anomalous").locator("kbd")).to_have_text("I")
    box = desk.part("truth")
    desk.page.keyboard.down("e")
    expect(box).to_be_hidden()
    desk.page.keyboard.up("e")
    expect(box).to_be_visible()
    desk.press("Tab", "Alt+s")
    expect(desk.part("picker input")).to_have_value("s")
    desk.press("Escape", "?")
    expect(key_of(desk, "search")).to_have_text("Alt A … Z")
    desk.page.get_by_role("button", name="Default keys").click()
    expect(words(desk)).to_contain_text("default keys")
    expect(key_of(desk, "search")).to_have_text("Shift A … Z")
    expect(desk.part("anomalous").locator("kbd")).to_have_text("1")
    assert desk.store.preferences.get("ann", PREFERENCE) == {"inspect": {"fit": ["z"]}}, "another tab's keys stay"
    desk.press("Escape")
    desk.stage.focus()
    desk.press("Tab", "Shift+S")
    expect(desk.part("picker input")).to_have_value("s")


def test_hostile_and_broken_choices_leave_the_default_keys(desk: Desk, make_case: MakeCase) -> None:
    hostile = "<img src=x onerror=\"document.title='hit'\">"
    broken = {"annotate": {"newBox": [hostile], "adopt": ["n"], "grid": 7, hostile: ["p"]}, hostile: {}}
    desk.store.preferences.change("ann", PREFERENCE, lambda _: broken)
    desk.open(make_case())
    desk.press("?")
    for name, key in (("newBox", "N"), ("adopt", "X"), ("grid", "G")):
        expect(key_of(desk, name)).to_have_text(key)
    assert desk.page.title() != "hit"
    desk.press("Escape", "n")
    assert len(desk.rows()) == 1


def test_arrows_on_letters_keep_their_modifiers(desk: Desk, make_case: MakeCase) -> None:
    moved = {"search": ["Ctrl+Alt+a…z"], "right": ["e"]}
    desk.store.preferences.change("ann", PREFERENCE, lambda _: {"annotate": moved})
    desk.open(make_case(BENT))
    desk.press("Tab", "e", "Shift+E", "Alt+e")
    expect(desk.said()).to_contain_text("81 × 80 px at 131, 300")
