"""The Inspect tab in a real browser: the list of cases, the picture, uploads, keys and looks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.inspect_screen import Screen, Site, new_case
from tests.ui.scripted import add_case, png

pytestmark = pytest.mark.browser

MANY = 600


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
