"""Trust in a real browser: diagram, thresholds by slider and field, a point that Inspect goes by; text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from m3ad.records import Probability, Verdict
from m3ad.reliability.operating import Point
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import BENT, FIXED, NORMAL, add_case, add_inspection, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """12 bent and 12 good ones; two of the bent ones pass for normal. One more that nobody annotated."""
    with Store.open(tmp_path / "workspace") as opened:
        for number in range(12):
            missed = number < 2
            for truth, p in ((BENT, 0.2 if missed else 0.9), (Verdict(False), 0.1)):
                case_id = add_case(opened, f"{number}-{truth.anomalous}", truth, category=HOSTILE)
                add_inspection(opened, case_id, FIXED if p > 0.5 else NORMAL, probability=Probability(0.1, p))
        new = add_case(opened, "new", category=HOSTILE)
        add_inspection(opened, new, NORMAL, probability=Probability(0.1, 0.15))
        yield opened


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(make_context(store, model="demo")) as made:
        yield made


def test_from_the_diagram_to_a_point_that_inspect_goes_by(
    page: Page, address: str, store: Store, witness: Witness
) -> None:
    page.goto(f"{address}?tab=reflect")
    expect(page.locator("#reflect-effect")).to_be_visible()
    page.get_by_role("tab", name="Trust").click()
    expect(page.locator("#reflect-effect")).to_be_hidden()
    expect(page.locator("#trust-diagram [data-line='1'] circle")).to_have_count(3)  # P 0.1, 0.2, 0.9
    expect(page.locator("#trust-numbers tbody tr")).to_have_count(2)
    low, high = (page.locator(f"#trust-{name} input") for name in ("low", "high"))
    cost, claims = page.locator("#trust-cost tbody tr"), page.locator("#trust-claims")

    low.fill("0.5")
    low.press("Tab")
    expect(cost.nth(0)).to_contain_text("2 of 12 · 16.7 % (2.1–48.4 %)")
    expect(claims).to_contain_text("With 12 defects and 2 escapes the bound is 43.8 %")
    low.fill("0.15")
    expect(cost.nth(0)).to_contain_text("0 of 12 · 0 % (0.0–26.5 %)")
    expect(claims).to_contain_text("To claim at most 1 % takes 287 further defects")
    page.locator("#trust-target input").fill("20")
    expect(claims).to_contain_text("To claim at most 20 % takes 2 further defects")

    page.get_by_role("slider", name="Reject from").focus()
    page.keyboard.press("Home")  # the lowest: it takes the other threshold along
    expect(high).to_have_value("0")
    expect(low).to_have_value("0")
    expect(cost.nth(1)).to_contain_text("12 of 12 · 100 %")
    high.fill("0.8")
    low.fill("0.12")
    expect(cost.nth(2)).to_contain_text("2 of 24")
    low.press("Tab")
    page.locator("body").click(position={"x": 5, "y": 400})
    page.keyboard.press("u")
    history = page.locator("#trust-history")
    expect(history).to_contain_text("Pass below 0.12, reject from 0.80.")
    expect(history).to_contain_text("0 of 12 defects escaped: at most 22.1 %")
    assert store.trust.point("demo") == Point(0.12, 0.8)

    page.get_by_role("button", name="Fit logistic").click()
    expect(history).to_contain_text("logistic on 24 cases")
    expect(page.locator("#trust-numbers")).to_contain_text("calibrated, cross-validated")

    page.goto(f"{address}?tab=inspect&case=25")
    line = page.locator("#inspect-trace .m3-trust")
    expect(line).to_contain_text("Look again")
    expect(line).to_contain_text("P 0.15 (calibrated 0.")
    line.get_by_role("button", name="Right in").click()
    likes = page.locator("dialog.m3-likes")
    expect(likes.locator("li")).to_have_count(10)
    expect(likes).to_contain_text(HOSTILE)
    likes.locator("a").first.click()
    expect(page).to_have_url(re.compile(r"tab=inspect&case=\d+$"))
    assert page.title() != "hit"
    assert witness.errors == []
    assert witness.foreign == []


def test_the_view_stays_in_front_when_the_page_is_loaded_again(page: Page, address: str) -> None:
    page.goto(f"{address}?tab=reflect")
    page.get_by_role("tab", name="Trust").click()
    expect(page.locator("#trust-cost tbody tr")).to_have_count(4)
    page.reload()
    expect(page.locator("#trust-cost tbody tr")).to_have_count(4)
    page.get_by_role("tab", name="Reflection").click()
    expect(page.locator("#reflect-effect .m3-effect-cell").nth(0)).to_be_visible()
    expect(page.locator("#trust-cost")).to_be_hidden()
