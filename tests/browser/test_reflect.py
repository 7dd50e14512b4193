"""The Reflect tab in a real browser: from the outcomes to a case, by pointer and by keys; text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from m3ad.records import Verdict
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import BENT, FIXED, NORMAL, add_case, add_inspection, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two fixed, one broken, one right at once; one more that nobody annotated."""
    with Store.open(tmp_path / "workspace") as opened:
        texts = ((BENT, FIXED), (BENT, FIXED), (Verdict(False), FIXED), (Verdict(False), NORMAL), (None, FIXED))
        for number, (truth, text) in enumerate(texts):
            case_id = add_case(opened, str(number), truth, category=HOSTILE if number == 1 else "board")
            add_inspection(opened, case_id, text)
        for case_id in (1, 3):
            add_inspection(opened, case_id, NORMAL, model="<b>other</b>")
        yield opened


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(make_context(store, model="demo")) as made:
        yield made


def test_from_the_outcomes_to_the_cases_and_on(page: Page, address: str, witness: Witness) -> None:
    page.goto(f"{address}?tab=reflect")
    effect = page.locator("#reflect-effect")
    cells = effect.locator(".m3-effect-cell")
    expect(cells.nth(0)).to_contain_text("2fixed")
    expect(cells.nth(1)).to_contain_text("1broke")
    expect(effect.locator(".m3-effect-said")).to_contain_text("4 cases, 3 reflected on.")
    expect(effect.locator("tbody tr")).to_have_count(1)  # what broke is in front
    expect(effect.locator(".m3-flow")).to_contain_text("2 right")

    cells.nth(0).click()
    expect(cells.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(effect.locator("tbody tr")).to_have_count(2)
    expect(effect.locator("tbody")).to_contain_text(HOSTILE)
    expect(effect.locator("tr[aria-selected=true]")).to_contain_text("board 0")  # where the page begins
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("tab=reflect&case=2$"))
    expect(effect.locator("tr[aria-selected=true]")).to_contain_text(HOSTILE)
    expect(page.locator("#reflect-lens .m3-lane-reflection")).to_contain_text("The first look missed a defect")
    expect(page.locator("#reflect-lens .m3-outcome")).to_have_text("reflection fixed it")
    expect(page.locator("#reflect-lens .m3-box-truth")).to_have_count(1)
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile("case=1$"))

    effect.locator(".m3-ribbon.m3-way-broke").focus()
    page.keyboard.press("Enter")
    expect(effect.locator(".m3-effect-head")).to_contain_text("broke · 1 case")
    effect.locator("tbody button").click()
    expect(page.locator("#reflect-lens .m3-outcome")).to_have_text("reflection broke it")
    page.keyboard.press("c")
    expect(page.locator("#annotate .be-root[data-case='3']")).to_be_visible()
    assert page.title() != "hit"
    assert witness.errors == []
    assert witness.foreign == []


def test_the_list_is_sorted_and_searched(page: Page, address: str) -> None:
    page.goto(f"{address}?tab=reflect")
    effect = page.locator("#reflect-effect")
    effect.locator(".m3-effect-cell").nth(0).click()
    names = effect.locator("tbody tr td:first-child button")
    expect(names.nth(0)).to_have_text("board 0")
    effect.get_by_role("button", name="case", exact=True).click()
    expect(effect.locator("th").nth(0)).to_have_attribute("aria-sort", "ascending")
    expect(names.nth(0)).to_contain_text("<img")
    effect.locator(".m3-search").fill("BOARD")
    expect(names).to_have_count(1)
    effect.locator(".m3-search").fill("no such case")
    expect(effect.locator(".m3-effect-rest")).to_have_text("No case here.")


def test_another_aspect_and_another_model_beside(page: Page, address: str) -> None:
    page.goto(f"{address}?tab=reflect")
    effect = page.locator("#reflect-effect")
    expect(effect.locator(".m3-effect-said")).to_contain_text("Balanced accuracy")
    page.locator("#reflect-beside input").click()
    page.get_by_role("option", name="<b>other</b>").click()
    expect(effect.locator(".m3-effect-beside")).to_contain_text("demo beside <b>other</b>, 2 cases of both.")
    effect.get_by_role("button", name="1 <b>other</b> is right, demo is not").click()
    expect(effect.locator("tbody tr")).to_have_count(1)
    page.locator("#reflect-aspect input").click()
    page.get_by_role("option", name="location").click()
    expect(effect.locator(".m3-effect-cell").nth(0)).to_contain_text("2fixed")
    page.locator("#reflect-model input").click()
    page.get_by_role("option", name="<b>other</b>").click()
    expect(effect.locator(".m3-effect-said")).to_contain_text("2 cases, 0 reflected on.")


def test_slices_and_problems_open_their_cases(page: Page, address: str, witness: Witness) -> None:
    page.goto(f"{address}?tab=reflect")
    effect = page.locator("#reflect-effect")
    effect.get_by_role("tab", name="Slices").click()
    effect.get_by_label("Slices by").select_option("category")
    row = effect.locator("tbody tr").filter(has_text=HOSTILE)
    expect(row).to_have_count(1)
    row.click()
    expect(effect.locator(".m3-effect-narrow")).to_contain_text(HOSTILE)
    expect(effect.locator(".m3-effect-said")).to_contain_text("1 case, 1 reflected on.")
    effect.get_by_role("button", name="all cases").click()
    expect(effect.locator(".m3-effect-said")).to_contain_text("4 cases, 3 reflected on.")
    effect.get_by_role("tab", name="Cases").click()
    effect.locator(".m3-effect-cell").nth(0).click()
    expect(effect.locator("tbody img")).to_have_count(2)
    expect(effect.locator("tbody .m3-frame-truth").first).to_be_attached()
    with page.expect_download() as loading:
        effect.get_by_role("link", name="CSV").click()
    lines = loading.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert lines[1].split(",")[6] == "fixed"
