"""The workbench in a real browser: nothing is lost on the way to the store, whatever the network or others do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from m3ad.geometry import Box
from m3ad.records import Verdict
from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W, Workbench

pytestmark = pytest.mark.browser

REQUESTS = re.compile("gradio_api/(run|queue/join)")


def test_enter_saves_and_opens_the_next_case_whose_picture_is_already_there(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.open(first)
    ahead = str(desk.store.case(second).primary.id)
    desk.page.wait_for_function("document.readyState === 'complete'")
    assert any(re.search(rf"/picture/{ahead}(\?|$)", url) for url in asked), "fetched before it is wanted"
    desk.press("0", "Enter")
    desk.at(second)
    expect(desk.state()).to_contain_text("Saved as r1")
    assert f"case={second}" in desk.page.url
    latest = desk.store.latest_annotation(first)
    assert latest is not None
    assert (latest.author, latest.verdict) == ("ann", Verdict(False))
    desk.press(",")
    desk.at(first)
    desk.press("PageDown")
    desk.at(second)


def test_save_is_refused_until_it_is_decided_and_every_box_has_a_type(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.press("Enter")
    expect(desk.state()).to_contain_text("Choose Anomalous or Normal first")
    desk.press("n", "Enter")
    expect(desk.state()).to_contain_text("no type yet")
    assert desk.store.annotations(case_id) == []


def test_a_draft_survives_a_reload_and_a_closed_browser(
    browser: Browser, workbench: Workbench, make_case: MakeCase
) -> None:
    case_id = make_case()
    with browser.new_context() as context:
        desk = workbench.desk(context.new_page()).open(case_id)
        desk.drag((100, 50), (260, 190))
        desk.press("m")
        desk.write("left edge")
        desk.kept()
        desk.page.reload()
        desk.at(case_id)
        assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]
    with browser.new_context() as context:
        desk = workbench.desk(context.new_page()).open(case_id)
        assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]
        expect(desk.part("note")).to_have_value("left edge")


def test_going_on_at_once_keeps_the_draft(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    desk.open(first)
    desk.drag((100, 50), (260, 190))
    desk.press(".")
    desk.at(second)
    assert desk.rows() == []
    draft = desk.store.draft(first, "ann")
    assert draft is not None
    assert draft.verdict.defects[0].box == Box.from_pixels(100, 50, 260, 190, W, H)
    desk.press(",")
    desk.at(first)
    assert len(desk.rows()) == 1


def test_undoing_everything_leaves_no_draft(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("Tab", "ArrowRight")
    desk.kept()
    desk.press("Control+z")
    expect(desk.state()).to_contain_text("no changes since r1")
    assert desk.store.draft(case_id, "ann") is None


def test_edits_made_while_the_server_is_slow_are_all_kept(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)

    def slow(route: Route) -> None:
        desk.page.wait_for_timeout(700)
        route.continue_()

    desk.page.route(REQUESTS, slow)
    desk.press("Tab", "ArrowRight")
    desk.page.wait_for_timeout(600)
    for _ in range(4):
        desk.press("Alt+ArrowDown")
        desk.page.wait_for_timeout(150)
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 84 px | ×"]
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [121, 300, 201, 384])]


@pytest.mark.parametrize("choice", ["Keep mine", "Take theirs"])
def test_two_pages_on_one_case_show_both_versions_and_leave_the_choice(
    browser: Browser, workbench: Workbench, make_case: MakeCase, choice: str
) -> None:
    case_id = make_case(BENT)
    with browser.new_context() as context:
        one, other = (workbench.desk(context.new_page()).open(case_id) for _ in range(2))
        one.press("0", "Control+s")
        expect(one.state()).to_contain_text("Saved as r2")
        other.page.bring_to_front()
        other.press("Tab", "ArrowRight", "Control+s")
        conflict = other.part("conflict")
        expect(conflict).to_contain_text("ann, r2")
        expect(conflict).to_contain_text("normal")
        expect(conflict).to_contain_text("bent, 80 × 80 px")
        assert len(workbench.store.annotations(case_id)) == 2
        other.press("Enter")
        expect(other.state()).to_contain_text("Choose one of the two versions")
        conflict.get_by_role("button", name=choice).click()
        expect(conflict).to_be_hidden()
        if choice == "Keep mine":
            expect(other.state()).to_contain_text("Saved as r3")
            assert other.pixels(case_id, W, H) == [("bent", [121, 300, 201, 380])]
        else:
            expect(other.part("normal")).to_have_attribute("aria-pressed", "true")
            expect(other.state()).to_contain_text("no changes since r2")
            assert len(workbench.store.annotations(case_id)) == 2
            assert workbench.store.draft(case_id, "ann") is None


def test_a_server_that_does_not_answer_is_said_and_the_work_is_sent_again(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.clock.install()
    held: list[Route] = []
    desk.page.route(REQUESTS, lambda route: held.append(route))
    desk.press("Tab", "ArrowRight")
    desk.page.clock.run_for(1_000)
    expect(desk.state()).to_contain_text("saving draft")
    desk.page.clock.run_for(12_000)
    expect(desk.state()).to_contain_text("does not answer")
    desk.page.unroute(REQUESTS)
    desk.page.clock.run_for(5_000)
    desk.kept()
    draft = desk.store.draft(case_id, "ann")
    assert draft is not None
    assert draft.verdict.defects[0].box == Box.from_pixels(121, 300, 201, 380, W, H)
    assert held


def test_work_done_while_the_connection_is_lost_survives_the_reload_that_gradio_makes(
    desk: Desk, make_case: MakeCase
) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.route(REQUESTS, lambda route: route.abort())
    desk.press("Tab", "ArrowRight")
    desk.page.wait_for_timeout(700)
    assert desk.store.draft(case_id, "ann") is None
    desk.page.unroute(REQUESTS)
    desk.page.reload()
    desk.at(case_id)
    desk.kept()
    draft = desk.store.draft(case_id, "ann")
    assert draft is not None
    assert draft.verdict.defects[0].box == Box.from_pixels(121, 300, 201, 380, W, H)
