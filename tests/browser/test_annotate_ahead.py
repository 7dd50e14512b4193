"""The next case is on the screen before the server has answered for the one before, and nothing is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Route, expect

from m3ad.records import Verdict
from tests.browser.annotate_desk import BENT, SUGGESTED, Desk, H, MakeCase, W, suggest

pytestmark = pytest.mark.browser

REQUESTS = re.compile("gradio_api/(run|queue/join)")
ONE = Verdict(True, SUGGESTED.defects[:1])


def hold(desk: Desk) -> Callable[[], None]:
    """Keeps every request to the server back; call the result to let them through."""
    held: list[Route] = []
    desk.page.route(REQUESTS, lambda route: held.append(route))

    def release() -> None:
        for route in held:
            route.continue_()
        desk.page.unroute(REQUESTS)

    return release


def test_the_next_case_is_worked_on_before_the_server_has_answered(desk: Desk, make_case: MakeCase) -> None:
    first, second, third = make_case(), make_case(), make_case()
    for case_id in (first, second, third):
        suggest(desk.store, case_id, ONE)
    desk.open(first)
    release = hold(desk)
    desk.press("a")
    desk.shows(second)
    assert desk.store.annotations(first) == []
    assert desk.rows() == ["crack | model's suggestion | adopt"]
    desk.press("m")
    desk.write("seen ")
    desk.press("Escape", "x", "ArrowRight", "Enter")  # the second one is saved as soon as the first is
    release()
    desk.at(third)
    assert desk.pixels(first, W, H) == [("crack", [240, 312, 352, 372])]
    assert desk.pixels(second, W, H) == [("crack", [241, 312, 353, 372])]
    expect(desk.page).to_have_url(re.compile(f"case={third}"))


def test_the_servers_answer_does_not_disturb_somebody_who_types(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case(BENT)
    desk.open(first)
    release = hold(desk)
    desk.press("0", "Enter")
    desk.shows(second)
    desk.press("Tab", "t", "s")
    release()
    expect(desk.page.locator("#annotate .be-root:not([data-waiting])")).to_be_visible()
    desk.press("c", "Enter")
    assert desk.rows() == ["scratch | Surface › Surface Damage | 80 × 80 px | ×"]


def test_a_conflict_brings_the_left_case_back_and_keeps_what_was_begun(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(BENT), make_case()
    desk.open(first)
    desk.store.save_annotation(first, Verdict(False), author="bob", based_on=1)
    desk.press("Tab", "ArrowRight")
    release = hold(desk)
    desk.press("Enter")
    desk.shows(second)
    desk.drag((100, 50), (260, 190))
    release()
    desk.at(first)
    expect(desk.part("conflict")).to_contain_text("bob, r2")
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]
    desk.part("conflict").get_by_role("button", name="Keep mine").click()
    expect(desk.state()).to_contain_text("Saved as r3")
    assert desk.pixels(first, W, H) == [("bent", [121, 300, 201, 380])]
    desk.press("Control+z")
    expect(desk.said()).to_contain_text("Undone")
    desk.press("Control+Shift+z", ".")
    desk.at(second)
    assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]


def test_a_server_that_does_not_answer_gives_the_left_case_back(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    desk.open(first)
    desk.page.clock.install()
    desk.page.route(REQUESTS, lambda route: None)
    desk.press("0", "Enter")
    desk.shows(second)
    desk.page.clock.run_for(12_000)
    desk.shows(first)
    expect(desk.state()).to_contain_text("does not answer")
    expect(desk.part("normal")).to_have_attribute("aria-pressed", "true")
    desk.page.unroute(REQUESTS)
    desk.press("Enter")
    desk.at(second)
    assert len(desk.store.annotations(first)) == 1


def test_a_reload_before_the_answer_loses_neither_case(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(BENT), make_case()
    desk.open(first)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.route(REQUESTS, lambda route: route.abort())
    desk.press("Tab", "ArrowRight", "Enter")
    desk.shows(second)
    desk.drag((100, 50), (260, 190))
    desk.page.unroute(REQUESTS)
    desk.open(first)
    desk.press("Tab")
    expect(desk.said()).to_contain_text("bent, 80 × 80 px at 121, 300")
    desk.open(second)
    desk.press("Tab")
    expect(desk.said()).to_contain_text("no type yet, 160 × 140 px at 100, 50")


def test_what_was_undone_before_a_reload_does_not_come_back_with_the_draft_of_it(
    desk: Desk, make_case: MakeCase
) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.drag((100, 50), (260, 190))
    expect(desk.page.locator("#annotate")).to_contain_text("draft saved")
    assert desk.store.draft(case_id, "ann") is not None
    desk.page.on("dialog", lambda dialog: dialog.accept())
    gone: list[object] = []  # nothing of the page that is left reaches the server, not even its last words
    desk.page.on("domcontentloaded", lambda page: gone.append(page))
    desk.page.route(REQUESTS, lambda route: route.continue_() if gone else route.abort())
    desk.press("Control+z")
    desk.open(case_id)
    assert desk.rows() == []
    desk.page.wait_for_function("!Object.keys(sessionStorage).some((key) => key.includes('unsaved annotation'))")
    assert desk.store.draft(case_id, "ann") is None


def test_an_answer_from_before_a_save_does_not_bring_the_old_revision_back(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.page.get_by_role("tab", name="Inspect", exact=True).click()
    late: list[tuple[Route, APIResponse]] = []
    slow = True

    def answer(route: Route) -> None:
        if slow:
            late.append((route, route.fetch()))  # answered, but on a slow way
        else:
            route.continue_()

    desk.page.route(REQUESTS, answer)
    desk.page.get_by_role("tab", name="Annotate", exact=True).click()
    expect(desk.stage).to_be_visible()
    desk.page.wait_for_timeout(500)
    assert late
    slow = False
    desk.stage.focus()
    desk.press("0", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    for route, response in late:
        route.fulfill(response=response)
    desk.page.wait_for_timeout(500)
    expect(desk.part("normal")).to_have_attribute("aria-pressed", "true")
    expect(desk.state()).to_contain_text("Saved as r1")


def test_undo_goes_on_behind_a_save(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("Tab", "ArrowRight", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    desk.press("Control+z")
    expect(desk.said()).to_contain_text("Undone")
    desk.kept()
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r3")
    assert desk.pixels(case_id, W, H) == [("bent", [120, 300, 200, 380])]
