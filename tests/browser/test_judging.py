"""Judge, promote and take back in a real browser: broken cases first, rules that block, hostile words as text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.server import served
from tests.browser.walk import SLOW
from tests.ui.judged import CORRECTED, FROZEN_BENT, FROZEN_GOOD, MODEL, add_run, fill, opener
from tests.ui.scripted import Gate, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'> ${1+1} {{value}}"


@dataclass
class Site:
    """The served page, its store, and the gate that its models wait at."""

    address: str
    store: Store
    gate: Gate


@pytest.fixture
def site(page: Page, tmp_path: Path) -> Iterator[Site]:
    """The page with a finished run, and somebody before it with more patience than usual."""
    gate = Gate()
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    with Store.open(tmp_path / "workspace") as store:
        fill(store)
        add_run(store)
        with served(make_context(store, opener(gate))) as address:
            yield Site(address, store, gate)
        gate.allow()
    expect.set_options(timeout=PATIENCE)


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("M3AD_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_a_model_is_judged_promoted_used_and_taken_back(page: Page, site: Site, witness: Witness) -> None:
    page.goto(f"{site.address}?tab=retrain")
    expect(page.locator("#judge-run")).to_be_enabled()
    page.locator("#judge-run").click()
    expect(page.locator("#judge-model input")).to_have_value(MODEL)
    expect(page.locator("#judge-state")).to_contain_text("not judged")
    expect(page.locator("#judge-promote")).to_be_disabled()
    page.locator("#judge-start").click()
    expect(page.locator("#judge-state")).to_contain_text("part 1 of 4")
    page.goto("about:blank")  # closing the page stops nothing
    site.gate.allow()
    page.goto(f"{site.address}?tab=retrain")
    expect(page.locator("#judge-state")).to_contain_text("judged")
    expect(page.locator("#judge-figures")).to_contain_text("Escape rate, %")
    groups = page.locator("#judge-cases .m3-judged-group summary")
    expect(groups.nth(0)).to_contain_text(f"{FROZEN_GOOD}newly broken")
    expect(groups.nth(1)).to_contain_text(f"{FROZEN_BENT + CORRECTED}fixed")
    picture(page, "judge-blocked")

    expect(page.locator("#judge-checks")).to_contain_text("blocks")
    expect(page.locator("#judge-promote")).to_be_disabled()
    page.get_by_text("Change the rules").click()
    expect(page.locator("#rule-escape").get_by_role("textbox")).to_have_value("10 %")
    for name, limit in (("overkill", "100 %"), ("loss", "100"), ("cases", "5")):
        page.locator(f"#rule-{name}").get_by_role("textbox").fill(limit)
    page.locator("#rules-save").click()
    expect(page.locator("#judge-promote")).to_be_enabled()
    expect(page.locator("#rules-by")).to_contain_text("Set by ann")
    page.locator("#judge-promote").click()
    expect(page.get_by_text("Say why")).to_be_visible()
    page.locator("#judge-reason").get_by_role("textbox").fill(HOSTILE)
    page.locator("#judge-promote").click()
    expect(page.locator("#judge-history")).to_contain_text(HOSTILE)
    expect(page.locator("#judge-history")).to_contain_text(f"in use now{MODEL}")
    assert site.store.promotions.in_use() == MODEL
    picture(page, "judge-promoted")

    first = page.locator("#judge-cases .m3-judged-case").first
    case_id = re.search(r"case=(\d+)", first.get_attribute("href") or "")
    assert case_id is not None
    first.click()
    expect(page).to_have_url(re.compile(rf"tab=inspect&case={case_id[1]}\b"))
    expect(page.locator("#inspect-model input")).to_have_value(MODEL)
    expect(page.locator(".m3-big")).to_have_text("Anomalous")

    with page.context.browser.new_context() as other:  # a new session
        fresh = other.new_page()
        fresh.goto(site.address)
        expect(fresh.locator("#inspect-model input")).to_have_value(MODEL)
        expect(fresh.locator(".m3-header")).to_contain_text(MODEL)

    page.get_by_role("tab", name="Retrain", exact=True).click()
    page.locator("#judge-back").click()
    expect(page.locator("#judge-history")).to_contain_text("in use nowno promoted model")
    expect(page.locator("#judge-back")).to_be_disabled()
    page.goto(site.address)
    expect(page.locator("#inspect-model input")).to_have_value("demo")
    page.locator("#inspect-model input").click()
    expect(page.get_by_role("option", name=f"{MODEL} (not promoted)")).to_be_visible()
    assert page.title() == "RA-Monitor"
    assert (witness.foreign, witness.errors) == ([], [])
