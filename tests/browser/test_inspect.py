"""The Inspect tab in a real browser: watching a model, choosing cases, boxes and keys, uploads, looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from db.store import Store
from m3ad.records import NORMAL as NO_DEFECT
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.server import served
from tests.ui.scripted import (
    BENT,
    FIXED,
    NORMAL,
    UNREADABLE,
    Gate,
    ScriptedMonitor,
    add_case,
    add_inspection,
    make_context,
    png,
)

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

HIT = "document.title='hit'"
HOSTILE = f'<img src=x onerror="{HIT}"> ${{{HIT}}} {{{{value}}}} `x` <script>{HIT}</script>'
MANY = 600


@dataclass
class Site:
    """The served page, its store, and the gate before each word of its model."""

    address: str
    store: Store
    gate: Gate
    ids: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A store of a few hundred cases, the first of them inspected in different ways."""
    with Store.open(tmp_path_factory.mktemp("inspect")) as store:
        made = Site("", store, Gate())
        for number, truth in enumerate([BENT, NO_DEFECT, None] * 4):
            made.ids.append(add_case(store, f"{number:04}", truth, size=(480, 360)))
        for case_id, text in zip(made.ids, (FIXED, NORMAL, UNREADABLE, NORMAL), strict=False):
            add_inspection(store, case_id, text)
        with served(make_context(store, lambda source: ScriptedMonitor(gate=made.gate))) as address:
            made.address = address
            yield made
            made.gate.allow()


class Screen:
    """The Inspect tab, worked by keys and pointer."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site

    def open(self, case_id: int) -> Screen:
        """Follow the link to a case and wait until it is shown."""
        self.page.goto(f"{self.site.address}?tab=inspect&case={case_id}")
        return self.at(case_id)

    def at(self, case_id: int) -> Screen:
        """Wait until the case is chosen in the list, in the address bar and in the picture."""
        expect(self.page.locator(f".m3-row[data-id='{case_id}']")).to_have_attribute("aria-selected", "true")
        expect(self.page).to_have_url(re.compile(rf"case={case_id}\b"))
        picture = self.site.store.case(case_id).primary.id
        expect(self.part("picture")).to_have_attribute("src", f"picture/{picture}")
        return self

    def part(self, name: str) -> Locator:
        """An element of the tab by its class, without the prefix."""
        return self.page.locator(f"#m3-tabs .m3-{name}")

    def lane(self, name: str) -> Locator:
        """The text of a lane."""
        return self.page.locator(f".m3-lane-{name} .m3-prose")

    @property
    def word(self) -> Locator:
        """The verdict's word."""
        return self.page.locator(".m3-big")

    @property
    def footer(self) -> Locator:
        """The footer's left side."""
        return self.page.locator(".m3-footer:visible .m3-footer-text")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def screen(page: Page, site: Site) -> Iterator[Screen]:
    """A page of its own; its model says nothing before the test allows it, and everything afterwards."""
    site.gate.shut()
    yield Screen(page, site)
    site.gate.allow()


def new_case(site: Site, key: str) -> int:
    """A case of this test's own, not inspected yet."""
    return add_case(site.store, key, BENT, size=(480, 360))


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


# -- the list ---


def test_arrows_walk_the_list_and_search_and_filters_narrow_it(screen: Screen, site: Site, page: Page) -> None:
    screen.open(site.ids[0])
    screen.press("ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft")
    screen.at(site.ids[2])
    screen.press("/")
    page.keyboard.type("board 0003")
    expect(page.locator(".m3-chip[data-filter=all] b")).to_have_text("1")
    expect(page.locator(".m3-row")).to_have_count(1)
    page.keyboard.press("Enter")
    screen.at(site.ids[3])
    page.locator(".m3-search").fill("")
    page.click(".m3-chip[data-filter=unreadable]")
    expect(page.locator(f".m3-row[data-id='{site.ids[2]}']")).to_be_visible()
    expect(page.locator(f".m3-row[data-id='{site.ids[0]}']")).to_have_count(0)


def test_keys_do_nothing_while_somebody_types(screen: Screen, site: Site, page: Page) -> None:
    case_id = new_case(site, "typing")
    screen.open(case_id)
    page.locator(".m3-search").focus()
    page.keyboard.type("a c 1?")
    expect(page.locator(".m3-search")).to_have_value("a c 1?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(screen.word).to_have_text("Not inspected yet")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_contain_text("accept: use as annotation")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert site.store.latest_annotation(case_id).revision == 1  # type: ignore[union-attr]


def test_thousands_of_cases_make_no_more_rows_than_fit(screen: Screen, site: Site, page: Page) -> None:
    if site.store.count_cases() < MANY:
        for number in range(MANY):
            add_case(site.store, f"many-{number:04}", category="weave", size=(8, 8))
    last = site.store.case_ids()[-1]
    screen.open(last)
    assert page.locator(".m3-row").count() < 40
    screen.press("ArrowLeft")
    screen.at(site.store.case_ids()[-2])


# -- picture ---


def zoom(page: Page) -> str:
    return page.locator(".m3-mini span").inner_text()


def test_wheel_zooms_drag_pans_and_f_fits(screen: Screen, site: Site, page: Page) -> None:
    screen.open(site.ids[0])
    fitted, before = zoom(page), screen.part("picture").bounding_box()
    page.mouse.move(500, 300)
    page.mouse.wheel(0, -300)
    expect(page.locator(".m3-mini span")).not_to_have_text(fitted)
    zoomed = screen.part("picture").bounding_box()
    page.mouse.down()
    page.mouse.move(540, 330, steps=3)
    page.mouse.up()
    panned = screen.part("picture").bounding_box()
    assert before
    assert zoomed
    assert panned
    assert zoomed["width"] > before["width"]
    assert (panned["x"] - zoomed["x"], panned["y"] - zoomed["y"]) == pytest.approx((40, 30), abs=1)
    # The point under the pointer stays where it is while zooming.
    kept = [(500 - box["x"]) / box["width"] for box in (before, zoomed)]
    assert kept[0] == pytest.approx(kept[1], abs=0.002)
    screen.press("f")
    expect(page.locator(".m3-mini span")).to_have_text(fitted)


def test_each_kind_of_box_can_be_switched_by_key_and_by_chip(screen: Screen, site: Site, page: Page) -> None:
    screen.open(site.ids[0])
    expect(screen.part("box-predicted")).to_have_count(1)
    screen.press("1")
    expect(screen.part("box-predicted")).to_have_count(0)
    expect(page.locator(".m3-legend-predicted")).to_have_attribute("aria-pressed", "false")
    page.click(".m3-legend-truth")
    expect(screen.part("box-truth")).to_have_count(0)
    screen.press("1", "3")
    expect(screen.part("box-predicted")).to_have_count(1)
    expect(screen.part("box-truth")).to_have_count(1)


# -- uploads ---

GIVE = """([kind, bytes]) => {
    const data = new DataTransfer(), file = new File([new Uint8Array(bytes)], kind + '.png', { type: 'image/png' });
    data.items.add(file);
    const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
    if (kind === 'paste') document.body.dispatchEvent(paste);
    else for (const type of ['dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
}"""


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_picture_can_be_chosen_dropped_and_pasted(
    screen: Screen, site: Site, page: Page, tmp_path: Path, way: str
) -> None:
    screen.open(site.ids[0])
    data = png(tmp_path, (50 + len(way), 40))
    if way == "choose":
        page.set_input_files("input[type=file]", {"name": "choose.png", "mimeType": "image/png", "buffer": data})
    else:
        page.evaluate(GIVE, [way, list(data)])
    expect(screen.part("drop-said")).to_have_text(f"{way}.png: added")
    expect(screen.footer).to_contain_text(f"uploads · {50 + len(way)} × 40 px")
    assert site.store.count_cases() > 0


def test_a_file_that_is_no_picture_is_refused_in_words(screen: Screen, site: Site, page: Page) -> None:
    screen.open(site.ids[0])
    page.set_input_files("input[type=file]", {"name": "bad.png", "mimeType": "image/png", "buffer": b"nothing"})
    expect(screen.part("drop-said")).to_contain_text("bad.png is not a picture")
    screen.at(site.ids[0])


# -- looks ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_screen_holds_the_task_in_light_and_dark(browser: Browser, site: Site, scheme: str) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        Screen(page, site).open(site.ids[0])
        expect(page.locator(".m3-big")).to_have_text("Anomalous")
        size = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
        assert size == [720, 1280]
        for part in ("#inspect-accept", "#inspect-correct", ".m3-drop", ".m3-footer:visible", ".m3-lane-answer"):
            box = page.locator(part).bounding_box()
            assert box
            assert box["y"] + box["height"] <= 720
            assert box["x"] + box["width"] <= 1280
        ground = page.evaluate("getComputedStyle(document.querySelector('.m3-panel')).backgroundColor")
        assert ground == ("rgb(25, 29, 35)" if scheme == "dark" else "rgb(255, 255, 255)")


def test_the_persons_choice_of_light_or_dark_stays(screen: Screen, site: Site, page: Page) -> None:
    screen.open(site.ids[0])
    page.get_by_title("Light or dark").click()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    screen.open(site.ids[1])
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    page.get_by_title("Light or dark").click()
    expect(page.locator("body")).not_to_have_class(re.compile("dark"))


def test_a_link_to_a_case_that_is_gone_leads_to_the_first_and_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.address}?case=99999999")
    expect(page.get_by_text("That case is not there")).to_be_visible()
    Screen(page, site).at(site.ids[0])
