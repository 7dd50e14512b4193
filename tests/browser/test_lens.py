"""From what broke to a case, to a sentence that is written anew, to the branch that came of it: the real model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from m3ad.demo.parts import draw
from m3ad.monitor import open_monitor
from m3ad.records import NewCase, Scenario, Verdict
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import add_inspection, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'>"
BROKE = (
    "<think>The tile is complete and clean. The tile has no defect.</think><reflection>A second look. The first look "
    f'missed a scratch in the upper left {HOSTILE}. I revise from "no defect" to "abnormal with scratch".</reflection>'
    "<type>scratch</type><location>(0.100,0.100) (0.300,0.300)</location><answer>yes</answer>"
)
EDIT = "The first look was right: the surface is clean."
SLOW = 120_000  # milliseconds: the model is loaded by the first question


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A sound drawn part, of which the model is said to have written what is above."""
    with Store.open(tmp_path / "workspace") as store:
        part = draw("ceramic tile", 3, anomalous=False)
        part.image.save(tmp_path / "tile.png")
        new = NewCase(
            "drawn", "tile", Scenario.TEXTURE, part.category, (tmp_path / "tile.png",), verdict=Verdict(False)
        )
        add_inspection(store, store.add_case(new)[0], BROKE)
        with served(make_context(store, open_monitor, model="demo")) as made:
            yield made


def test_a_sentence_is_edited_and_the_branch_compared(page: Page, address: str, witness: Witness) -> None:
    page.goto(f"{address}?tab=reflect")
    cells = page.locator("#reflect-effect .m3-effect-cell")
    expect(cells.nth(1)).to_contain_text("1broke")
    cells.nth(1).click()
    page.locator("#reflect-effect tbody button").click()
    lens = page.locator("#reflect-lens")
    expect(lens.locator(".m3-outcome")).to_have_text("reflection broke it")
    expect(lens.locator(".m3-lane-reflection")).to_contain_text(HOSTILE)
    expect(lens.locator(".m3-lens-differences")).to_contain_text("The decision turns from normal to anomalous.")

    missed = lens.locator(".m3-lane-reflection .m3-sentence").nth(1)
    missed.hover()
    expect(lens.locator(".m3-lens-lights i")).to_have_count(1)  # the box that it speaks of
    missed.click()
    page.keyboard.press("e")
    field = lens.locator("textarea.m3-lens-field")
    expect(field).to_have_value(re.compile("^The first look missed a scratch"))
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("e")
    field.fill(EDIT)
    page.keyboard.press("Control+Enter")

    rows = lens.locator("tr[data-node]")
    expect(rows).to_have_count(2, timeout=SLOW)
    expect(rows.nth(1)).to_contain_text("edit: ")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    expect(lens.locator(".m3-lane-reflection")).to_contain_text(EDIT)
    expect(lens.locator(".m3-lens-differences")).to_contain_text("Beside its parent: The decision")
    expect(lens.locator(".m3-curve-line")).to_be_visible(timeout=SLOW)  # the model is loaded: measured by itself
    totals = rows.locator("td:nth-child(7)").all_inner_texts()
    lens.locator("[data-table=a]").click()
    expect(lens.locator("[data-table=a]")).to_have_attribute("aria-pressed", "true")
    assert rows.locator("td:nth-child(7)").all_inner_texts() != totals  # a bad reflection costs nothing by (a)

    page.keyboard.press("b")
    expect(rows.nth(0)).to_have_attribute("aria-selected", "true")
    expect(lens.locator(".m3-lane-reflection")).to_contain_text("missed a scratch")
    page.keyboard.press("n")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    lens.locator(".m3-lens-again").click()
    expect(lens.locator(".m3-lens-said")).to_have_text("Replayed: the same text, word for word.", timeout=SLOW)
    expect(rows).to_have_count(2)

    page.reload()
    expect(rows).to_have_count(2)  # what was asked is kept
    page.keyboard.press("c")
    expect(page.locator("#annotate .be-root[data-case='1']")).to_be_visible()
    assert page.title() != "hit"
    assert witness.errors == []
    assert witness.foreign == []


def test_a_region_is_cut_out_and_asked_again(page: Page, address: str, witness: Witness) -> None:
    page.goto(f"{address}?tab=reflect")
    lens = page.locator("#reflect-lens")
    expect(lens.locator(".m3-sentence").first).to_be_visible()
    page.keyboard.press("d")
    over = lens.locator(".m3-lens-over")
    expect(over).to_have_class(re.compile("m3-drawing"))
    area = over.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + 0.3 * area["width"], area["y"] + 0.3 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.8 * area["width"], area["y"] + 0.9 * area["height"], steps=3)
    page.mouse.up()
    lens.get_by_role("button", name="Cut out").click()
    rows = lens.locator("tr[data-node]")
    expect(rows).to_have_count(2, timeout=SLOW)
    expect(rows.nth(1)).to_contain_text("cut-out")
    expect(lens.locator(".m3-picture")).to_have_attribute("src", re.compile(r"^lens/picture/\d+$"))
    expect(over).not_to_have_class(re.compile("m3-drawing"))

    page.keyboard.press("m")
    cells = lens.locator(".m3-lens-map i")
    expect(cells).to_have_count(64, timeout=SLOW)
    expect(lens.locator(".m3-lens-differences")).to_contain_text("not where the defect is")
    inside = cells.first.bounding_box()
    assert inside is not None
    assert inside["x"] >= area["x"] + 0.29 * area["width"]  # the map lies over the cut-out alone
    page.keyboard.press("m")
    expect(cells).to_have_count(0)
    assert witness.errors == []
