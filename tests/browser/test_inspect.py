"""The Inspect tab in a real browser: a stored inspection, a model at work, accepting and correcting."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Witness
from tests.browser.inspect_screen import Screen, Site, new_case
from tests.ui.scripted import add_case, add_inspection

pytestmark = pytest.mark.browser

HIT = "document.title='hit'"
HOSTILE = f'<img src=x onerror="{HIT}"> ${{{HIT}}} {{{{value}}}} `x` <script>{HIT}</script>'


# -- a stored inspection ---


def test_a_link_shows_the_case_with_verdict_lanes_and_boxes(screen: Screen, site: Site, witness: Witness) -> None:
    screen.open(site.ids[0])
    expect(screen.word).to_have_text("Anomalous")
    expect(screen.part("outcome")).to_have_text("reflection fixed it")
    expect(screen.part("path")).to_have_text("Structural › Deformation › bent")
    expect(screen.part("numbers")).to_have_text("before reflection 0.21after 0.93")
    expect(screen.lane("think").locator(".m3-existence.m3-revised").first).to_have_text("no visible defects")
    expect(screen.lane("reflection").locator(".m3-type").first).to_be_visible()
    expect(screen.lane("answer")).to_have_text("bent · (0.520,0.198) (0.632,0.370) · yes")
    expect(screen.part("box-predicted")).to_have_count(1)
    expect(screen.part("box-truth")).to_have_count(1)
    expect(screen.part("note")).to_contain_text("Demonstration model for drawn parts")
    expect(screen.footer).to_contain_text("Inspected in 1.9 s")
    assert witness.foreign == []
    assert witness.errors == []


def test_the_boxes_lie_where_their_fractions_say(screen: Screen, site: Site) -> None:
    screen.open(site.ids[0])
    picture, box = screen.part("picture").bounding_box(), screen.part("box-predicted").bounding_box()
    assert picture
    assert box
    corners = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    sides = (picture["width"], picture["height"]) * 2
    origins = (picture["x"], picture["y"]) * 2
    found = [(corner - origin) / side for corner, origin, side in zip(corners, origins, sides, strict=True)]
    assert found == pytest.approx([0.52, 0.198, 0.632, 0.37], abs=0.004)


def test_the_labels_of_a_kept_box_and_of_its_first_version_do_not_cover_each_other(
    screen: Screen, site: Site, witness: Witness
) -> None:
    case_id = new_case(site, "kept")
    add_inspection(
        site.store,
        case_id,
        "<think>The pin has a bent area (0.520,0.198) (0.632,0.370). It is abnormal with bent.</think>"
        '<reflection>A second look confirms it. I keep "abnormal with bent".</reflection>'
        "<type>bent</type><location>(0.530,0.200) (0.632,0.370)</location><answer>yes</answer>",
    )
    screen.open(case_id)
    first, final = (screen.part(f"box-{kind}").locator("span") for kind in ("initial", "predicted"))
    expect(first).to_be_visible()
    expect(final).to_be_visible()
    above, below = first.bounding_box(), final.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"]
    screen.page.get_by_role("button", name="predicted").click()
    expect(final).to_have_count(0)
    expect(first).to_be_visible()
    assert witness.errors == []


def test_an_unreadable_answer_says_its_problems(screen: Screen, site: Site) -> None:
    screen.open(site.ids[2])
    expect(screen.word).to_have_text("Unreadable")
    expect(screen.part("problems").locator("li").first).to_be_visible()
    expect(screen.page.locator("#inspect-accept")).to_be_disabled()


def test_hostile_text_is_shown_as_text(screen: Screen, site: Site, page: Page, witness: Witness) -> None:
    case_id = add_case(site.store, "<b>0042</b>", category="<i>${document.title='hit'}</i>")
    add_inspection(site.store, case_id, f"<think>{HOSTILE}</think><type>{HOSTILE}</type><answer>yes</answer>")
    screen.open(case_id)
    expect(screen.lane("think")).to_contain_text("${document.title='hit'} {{value}}")
    expect(page.locator(f".m3-row[data-id='{case_id}'] b")).to_contain_text("<i>${document.title='hit'}</i>")
    assert page.locator("#m3-tabs .m3-trace img, .m3-trace script, .m3-row i, .m3-row b b").count() == 0
    assert page.title() == "RA-Monitor"
    assert witness.errors == []


# -- watching a model ---

INSPECTED = """id => fetch('rows?ids=' + id).then((answer) => answer.json())
    .then((rows) => rows[0].status !== 'not inspected')"""
STILL = [
    "#inspect-viewer", ".m3-picture", ".m3-verdict", ".m3-lane-think", ".m3-lane-reflection", ".m3-lane-answer",
    "#inspect-accept", "#inspect-correct", "#inspect-model", ".m3-rows",
]  # fmt: skip
PLACES = f"""() => JSON.stringify({STILL}.map((each) => {{
    const r = document.querySelector(each).getBoundingClientRect(); return [each, r.x, r.y, r.width, r.height]; }}))"""
WATCH = f"""() => {{ const places = {PLACES}; window.moved = []; let last = places();
    const look = () => {{
        const now = places();
        if (now !== last) window.moved.push([last, now]);
        last = now;
        requestAnimationFrame(look);
    }};
    look(); }}"""


def test_text_streams_into_its_lanes_and_nothing_else_moves(screen: Screen, site: Site, page: Page) -> None:
    case_id = new_case(site, "stream")
    screen.open(case_id)
    expect(screen.word).to_have_text("Not inspected yet")
    page.evaluate(WATCH)
    screen.press(" ")
    site.gate.allow(8)
    expect(screen.lane("think")).to_have_text("The image shows a sensor board with connectors.")
    expect(screen.word).to_have_text("Thinking…")
    expect(page.locator(f".m3-row[data-id='{case_id}'] small")).to_have_text("inspecting…")
    expect(screen.page.locator("#inspect-stop")).to_be_visible()
    site.gate.allow(12)
    expect(screen.lane("reflection")).to_have_text("The first look missed")
    expect(screen.word).to_have_text("Reflecting…")
    site.gate.allow()
    expect(screen.word).to_have_text("Anomalous")
    expect(screen.part("outcome")).to_have_text("reflection fixed it")
    expect(screen.part("box-predicted")).to_have_count(1)
    expect(page.locator(f".m3-row[data-id='{case_id}'] small")).to_have_text("anomalous · fixed")
    expect(screen.footer).to_contain_text("Inspected in 1.9 s")
    expect(page.locator(".m3-header")).to_contain_text("CPU, scripted · 1.9 s a part")
    assert page.evaluate("window.moved") == []


def test_escape_stops_the_model_and_the_answer_does_not_count(screen: Screen, site: Site) -> None:
    case_id = new_case(site, "stopped")
    screen.open(case_id)
    screen.press(" ")
    site.gate.allow(4)
    expect(screen.lane("think")).to_have_text("The image shows a")
    screen.press("Escape")
    expect(screen.footer).to_have_text("Stopping…")
    site.gate.allow(1)
    expect(screen.footer).to_contain_text("Stopped")
    expect(screen.word).to_have_text("Not inspected yet")
    expect(screen.page.locator("#inspect-run")).to_be_visible()


def test_going_on_to_the_next_case_keeps_the_inspection_running(screen: Screen, site: Site, page: Page) -> None:
    first, second = new_case(site, "leave-1"), new_case(site, "leave-2")
    screen.open(first)
    screen.press(" ")
    site.gate.allow(4)
    expect(screen.lane("think")).to_have_text("The image shows a")
    screen.press("ArrowRight")
    screen.at(second)
    expect(screen.lane("think")).to_have_text("")
    expect(screen.word).to_have_text("Not inspected yet")
    screen.press("ArrowLeft")
    screen.at(first)
    expect(screen.lane("think")).to_have_text("The image shows a")
    screen.press("ArrowRight")
    screen.at(second)
    site.gate.allow()
    page.wait_for_function(INSPECTED, arg=first)
    expect(screen.word).to_have_text("Not inspected yet")
    screen.press("ArrowLeft")
    screen.at(first)
    expect(screen.word).to_have_text("Anomalous")


# -- accepting and correcting ---


def test_accept_saves_the_verdict_as_annotation(screen: Screen, site: Site) -> None:
    case_id = add_case(site.store, "accepted", size=(480, 360))
    add_inspection(site.store, case_id)
    screen.open(case_id)
    expect(screen.part("box-truth")).to_have_count(0)
    screen.press("a")
    expect(screen.footer).to_have_text("Saved as revision 1 by ann")
    expect(screen.part("box-truth")).to_have_count(1)
    expect(screen.page.locator("#inspect-accept")).to_be_disabled()
    saved = site.store.latest_annotation(case_id)
    assert saved is not None
    assert saved.author == "ann"


def test_a_link_to_another_tab_is_one_step_of_the_browser(site: Site, page: Page, witness: Witness) -> None:
    page.add_init_script(
        "const push = history.pushState; window.steps = [];"
        "history.pushState = function (...all) { window.steps.push(String(all[2])); return push.apply(this, all) }"
    )
    page.goto(f"{site.address}?tab=annotate&case={site.ids[2]}")
    expect(page.locator("#annotate .be-picture").first).to_be_visible()
    page.wait_for_timeout(1000)  # what the first tab answers late would come now
    page.get_by_role("tab", name="Data").click()
    expect(page).to_have_url(re.compile("tab=data"))
    assert [re.findall(r"tab=(\w+)", step) for step in page.evaluate("window.steps")] == [["data"]]
    page.go_back()
    expect(page.get_by_role("tab", name="Annotate")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(rf"case={site.ids[2]}\b"))


def test_correct_opens_the_case_in_annotate_and_back_returns(
    screen: Screen, site: Site, page: Page, witness: Witness
) -> None:
    screen.open(site.ids[3])
    screen.press("c")
    expect(page).to_have_url(re.compile(rf"tab=annotate.*case={site.ids[3]}\b|case={site.ids[3]}.*tab=annotate"))
    expect(page.get_by_role("tab", name="Annotate")).to_have_attribute("aria-selected", "true")
    picture = page.locator("#annotate .be-picture").first
    expect(picture).to_have_attribute("src", re.compile(rf"picture/{site.store.case(site.ids[3]).primary.id}\b"))
    page.go_back()
    expect(page.get_by_role("tab", name="Inspect")).to_have_attribute("aria-selected", "true")
    assert witness.errors == []
