"""The manual check in a real browser, by keys and fields; and random examples before a run. Nothing is trained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from db.store import Store
from m3ad.records import NORMAL, CaptionState, Stage
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import BENT, add_case, add_example, add_inspection, make_context
from training.config import RawsSettings
from training.loop import create_run
from training.run import RunFolder
from training.snapshots import unanswered_cases

pytestmark = pytest.mark.browser

GOOD = "The sensor board lies flat and every pin stands straight. There is no defect."
HIT = "document.title='hit'"
HOSTILE = f'<img src=x onerror="{HIT}"> ${{{HIT}}} {{{{value}}}}'


@dataclass
class Desk:
    """The check in a page; its examples reflect on a missed defect (1, 3, …) or only think (2, 4, …)."""

    page: Page
    store: Store
    address: str

    def open(self) -> Desk:
        """Follow the link to Annotate and turn to the examples."""
        self.page.goto(f"{self.address}?tab=annotate")
        self.page.get_by_role("tab", name="Examples", exact=True).click()
        return self

    def at(self, example: int) -> None:
        """Wait until the example is on the screen."""
        expect(self.page.locator(".m3-desk")).to_have_attribute("data-example", str(example))

    def part(self, name: str) -> Locator:
        """An element of the desk by its class, without the prefix."""
        return self.page.locator(f"#examples .m3-{name}")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def state(self, example: int) -> tuple[CaptionState, str]:
        """The latest revision's state and think text."""
        caption = self.store.examples.one(example).caption
        return caption.state, caption.think


@pytest.fixture
def desk(tmp_path: Path, page: Page, witness: Witness) -> Iterator[Desk]:
    with Store.open(tmp_path / "workspace") as store:
        for number in range(10):
            add_case(store, f"{number:03}", NORMAL if number % 2 else BENT, size=(96, 64))
        store.create_snapshot("first")
        for place, case_id in enumerate(unanswered_cases(store, 1, "demo")):
            add_inspection(store, case_id)
            anomalous = store.latest_annotation(case_id).verdict.anomalous  # type: ignore[union-attr]
            add_example(store, case_id, NORMAL if anomalous else None)
            assert store.examples.one(place + 1).case_id == case_id
        with served(make_context(store)) as address:
            yield Desk(page, store, address)
            # Looked at while the server runs: one that ends under an open page is an error of the page's connection.
            assert page.title() != "hit"
            assert witness.foreign == []
            assert [error for error in witness.errors if "Failed to load resource" not in error] == []


def reflective(store: Store) -> int:
    """The first example that reflects."""
    return next(one.id for one in store.examples.find() if one.initial is not None)


def test_a_person_approves_edits_and_sends_back_and_only_approved_texts_enter_a_run(desk: Desk) -> None:
    total = len(desk.store.examples.find())
    desk.open().at(1)
    desk.press("a")
    desk.at(2)
    expect(desk.part("desk-says")).to_contain_text("Approved.")
    expect(desk.part("desk-counts")).to_have_text(f"{total - 1} to check · 1 approved · 0 sent back")
    assert desk.state(1)[0] is CaptionState.APPROVED

    desk.press("b")  # sent back: not without a reason, and letters in its field are no commands
    desk.press("Enter")
    expect(desk.part("desk-says")).to_contain_text("Give a reason")
    desk.page.keyboard.type("a bad text.")
    desk.press("Enter")
    desk.at(3)
    assert desk.state(2)[0] is CaptionState.SENT_BACK
    assert desk.store.examples.one(2).caption.note == "a bad text."

    before = desk.state(3)
    desk.press("e")
    expect(desk.part("think-text")).to_be_focused()
    desk.press("Control+End")
    desk.page.keyboard.type(f" {HOSTILE} a b . ,")
    desk.press("Control+s")
    expect(desk.part("desk-says")).to_contain_text("Nothing was saved.")
    expect(desk.part("think-text")).to_have_value(before[1] + f" {HOSTILE} a b . ,")
    assert desk.state(3) == before

    desk.page.reload()  # a text that is not saved survives that, and going to another example too
    desk.at(3)
    expect(desk.part("think-text")).to_have_value(before[1] + f" {HOSTILE} a b . ,")
    desk.press(".")
    desk.at(4)
    desk.part("desk-link").click()
    desk.at(3)
    expect(desk.part("desk-says")).to_contain_text("Your unsaved text is back.")
    desk.part("undo").click()
    expect(desk.part("think-text")).to_have_value(before[1])

    run = create_run(
        desk.store,
        desk.store.workspace,
        stage=Stage.RAWS,
        start_model="demo",
        snapshot_id=1,
        settings=RawsSettings(max_steps=1),
    )
    assert [one.case for one in RunFolder(run.folder).examples()] == [str(desk.store.examples.one(1).case_id)]


def test_an_edit_is_saved_and_approved_with_one_key_and_a_conflict_shows_both(desk: Desk) -> None:
    example = reflective(desk.store)
    desk.open()
    for passed in range(1, example):
        desk.at(passed)
        desk.press(".")
    desk.at(example)
    expect(desk.part("box-truth")).to_have_count(1)
    desk.part("think-text").fill(GOOD)
    theirs = desk.store.examples.one(example).caption
    desk.store.examples.edit(example, HOSTILE, theirs.reflection, author="bob", based_on=1)
    desk.press("Escape", "a")
    expect(desk.part("desk-conflict")).to_contain_text("r2 edited by bob")
    expect(desk.part("desk-conflict")).to_contain_text(HOSTILE)
    expect(desk.part("think-text")).to_have_value(GOOD)
    desk.page.get_by_role("button", name="Keep mine").click()
    desk.press("a")
    expect(desk.part("desk-says")).to_contain_text("Saved and approved.")
    assert desk.state(example) == (CaptionState.APPROVED, GOOD)
    desk.press("u")
    desk.at(example)
    expect(desk.part("desk-history")).to_contain_text("r4 approved by ann")
    assert desk.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_random_examples_are_shown_before_a_run_as_the_model_will_see_them(desk: Desk) -> None:
    for one in desk.store.examples.find():
        desk.store.examples.edit(one.id, f"{HOSTILE} {one.id}", one.caption.reflection, author="bob", based_on=1)
    desk.page.goto(f"{desk.address}?tab=retrain")
    words = desk.page.locator("#example-mix").get_by_role("textbox")
    expect(words).to_have_value(re.compile("0 examples: .* Texts: 0 approved. Left out: "))
    desk.page.get_by_label("Also examples nobody has checked").check()
    expect(words).to_have_value(re.compile("that nobody has approved"))
    desk.page.get_by_role("button", name="Random examples").click()
    cards = desk.page.locator(".m3-card")
    expect(cards.first).to_contain_text(HOSTILE, timeout=120_000)  # the processor's library is loaded for the first
    expect(cards.first).to_contain_text("288 × 192 px")
    expect(desk.page.locator(".m3-sheet-prompt")).to_contain_text("Are there any defects in the test image?")
    size = desk.page.evaluate("(i => [i.naturalWidth, i.naturalHeight])(document.querySelector('.m3-card img'))")
    assert size == [288, 192]
    desk.page.get_by_role("button", name="Others").click()
    expect(desk.page.locator(".m3-sheet")).not_to_have_attribute("aria-busy", "true")
    expect(cards.first).to_contain_text(HOSTILE)
    desk.press("Escape")
    expect(desk.page.locator(".m3-sheet")).to_be_hidden()


def test_texts_are_written_from_the_page_and_then_checked(desk: Desk) -> None:
    for one in desk.store.examples.find():
        desk.store.examples.send_back(one.id, author="ann", based_on=1, note="Say where.")
    desk.page.goto(f"{desk.address}?tab=retrain")
    desk.page.get_by_text("Write and check the texts").click()
    desk.page.locator("#write-texts").click()
    total = len(desk.store.examples.find())
    expect(desk.page.locator("#texts-words").get_by_role("textbox")).to_have_value(
        f"template wrote {total} of {total} texts."
    )
    desk.page.locator("#check-texts").click()
    desk.at(1)
    expect(desk.part("desk-history")).to_contain_text("Say where.")
