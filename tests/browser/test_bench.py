"""The Bench tab in a real browser: start, leave, come back, compare; text stays text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from m3ad.records import Mode, Verdict
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import BENT, Gate, ScriptedMonitor, add_case, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'>"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def address(tmp_path: Path, gate: Gate) -> Iterator[str]:
    """Eight frozen cases, a model that waits at the gate, and an open evaluation of one with a hostile name."""
    with Store.open(tmp_path / "workspace") as store:
        for number in range(8):
            add_case(store, str(number), BENT if number % 2 else Verdict(False))
        snapshot = store.create_snapshot(HOSTILE, frozen_share=0, frozen_categories=["sensor board"])
        store.evaluations.begin(snapshot.id, HOSTILE, Mode.AUTO, "other", actor="ann")
        with served(make_context(store, lambda source: ScriptedMonitor(gate=gate), model="demo")) as made:
            yield made


def test_an_evaluation_outlives_the_page_and_is_compared(
    page: Page, address: str, gate: Gate, witness: Witness
) -> None:
    page.goto(f"{address}?tab=bench")
    expect(page.locator("#bench-figures")).to_contain_text("0 of 8 cases")
    expect(page.locator("#bench-words")).to_contain_text("8 of 8 cases are not answered yet")
    page.locator("#bench-start").click()
    expect(page.locator("#bench-state")).to_contain_text("demo on")
    page.goto("about:blank")
    gate.allow()
    page.goto(f"{address}?tab=bench")
    expect(page.locator("#bench-figures")).to_contain_text("8 of 8 cases")
    expect(page.locator("#bench-figures")).to_contain_text("50.0 [")
    expect(page.locator("#bench-plot .js-plotly-plot")).to_be_visible()
    with page.expect_download() as loading:
        page.locator("#bench-files").get_by_role("link", name="Markdown").click()
    report = loading.value.path().read_text(encoding="utf-8")
    assert "demo" in report
    assert HOSTILE not in report
    page.locator("#bench-compared input").click()
    page.get_by_role("option", name="1: ").click()
    expect(page.locator("#bench-words")).to_contain_text("no fair comparison")
    expect(page.locator("#bench-words")).to_contain_text(HOSTILE)
    assert page.title() == "RA-Monitor"
    page.locator("#bench-figures").click()
    page.mouse.wheel(0, 3000)
    page.wait_for_function("document.querySelector('#bench-plot').getBoundingClientRect().bottom <= innerHeight")
    if folder := os.environ.get("M3AD_PICTURES"):
        page.screenshot(path=f"{folder}/bench.png")
    assert witness.errors == []
    assert witness.foreign == []


def test_a_model_of_another_family_gets_a_name_and_is_chosen(page: Page, address: str, witness: Witness) -> None:
    page.goto(f"{address}?tab=bench")
    page.locator("#bench-another button").first.click()
    page.locator("#bench-another-name input, #bench-another-name textarea").fill(HOSTILE)
    page.locator("#bench-another-source input, #bench-another-source textarea").fill(
        "served:http://127.0.0.1:9/v1#best"
    )
    page.locator("#bench-another-dialect input").click()
    page.get_by_role("option", name="Gemini").click()
    if folder := os.environ.get("M3AD_PICTURES"):
        page.screenshot(path=f"{folder}/bench-another.png")
    page.locator("#bench-another-add").click()
    expect(page.locator("#bench-model input")).to_have_value(HOSTILE)
    page.reload()
    page.locator("#bench-model input").click()
    expect(page.get_by_role("option", name=HOSTILE, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#bench-another button").first.click()
    page.locator("#bench-another-name input, #bench-another-name textarea").fill("b")
    page.locator("#bench-another-source input, #bench-another-source textarea").fill("/no/such/folder")
    page.locator("#bench-another-add").click()
    expect(page.get_by_text("it is no folder on this machine")).to_be_visible()
    assert page.title() == "RA-Monitor"
    assert witness.errors == []
