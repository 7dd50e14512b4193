"""The Data tab in a real browser: many cases changed at once and taken back, second looks drawn and compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.filters import CaseFilter
from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import add_case, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'>"
DENT = Verdict(True, (Defect("dent", Box(0.1, 0.1, 0.3, 0.3)),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two cases of bob's."""
    with Store.open(tmp_path / "workspace") as opened:
        for number in range(2):
            opened.save_annotation(add_case(opened, str(number)), DENT, author="bob", based_on=0)
        yield opened


def types(store: Store) -> list[str]:
    return [one.type for n in store.case_ids() for one in store.annotations(n)[-1].verdict.defects]


def test_a_type_is_changed_everywhere_and_taken_back(store: Store, page: Page, witness: Witness) -> None:
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=data")
        page.get_by_role("button", name="Change many cases at once").click()
        page.locator("#bulk-old").get_by_role("textbox").fill("dents")
        page.locator("#bulk-new").get_by_role("textbox").fill(HOSTILE)
        expect(page.locator("#bulk-change")).to_be_disabled()
        page.locator("#bulk-preview").click()
        words = page.locator("#bulk-words").get_by_role("textbox")
        expect(words).to_have_value(f"2 defects in 2 cases would become {HOSTILE}, as one new revision each. "
                                    f"{HOSTILE} is not in the taxonomy.")  # fmt: skip
        links = page.locator("#bulk-examples a")
        expect(links).to_have_count(2)
        assert types(store) == ["dent", "dent"]
        page.locator("#bulk-change").click()
        expect(words).to_have_value(f"Bulk change 1: dents → {HOSTILE} in 2 cases.")
        assert types(store) == [HOSTILE, HOSTILE]
        expect(page.locator("#bulk-made tbody tr")).to_contain_text(HOSTILE)
        store.save_annotation(1, Verdict(False), author="ann", based_on=2)
        page.locator("#bulk-number").get_by_role("textbox").fill("1")
        page.locator("#bulk-undo").click()
        expect(words).to_have_value("Bulk change 2: Took bulk change 1 back in 1 case. "
                                    "Left alone, because somebody changed them since: 1 case (1).")  # fmt: skip
        assert types(store) == ["dent"]
        assert page.title() != "hit"
    assert witness.foreign == []


def test_a_filter_is_saved_leads_to_its_cases_is_assigned_and_removed(store: Store, page: Page) -> None:
    store.save_annotation(1, Verdict(False), author="bob", based_on=1)
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=data")
        page.get_by_role("button", name="New filter").click()
        expect(page.locator("#assign-filter")).to_be_hidden()
        page.locator("#save-filter").click()
        expect(page.get_by_text("This filter lets every case through")).to_be_visible()
        page.locator("#filter-name").get_by_role("textbox").fill("dents")
        page.locator("#filter-type").get_by_role("textbox").fill("dent")
        page.locator("#save-filter").click()
        row = page.locator("#filters tbody tr")
        expect(row).to_contain_text("?tab=annotate&filter=dents")
        expect(row.locator("td").last).to_have_text("1")
        page.locator("#filter-chosen input").click()
        page.get_by_role("option", name="dents").click()
        page.locator("#filter-person").get_by_role("textbox").fill("cleo")
        page.locator("#assign-filter").click()
        expect(page.get_by_text("1 case is assigned to that person now.")).to_be_visible()
        assert store.queue.count(CaseFilter(assigned="cleo"), "ann").number == 1
        page.goto(f"{address}?tab=annotate&filter=dents")
        expect(page.locator("#annotate .be-root[data-case='2']")).to_be_visible()
        page.goto(f"{address}?tab=data")
        page.locator("#filter-chosen input").click()
        page.get_by_role("option", name="dents").click()
        page.locator("#remove-filter").click()
        expect(page.locator("#assign-filter")).to_be_hidden()
        assert store.filters.all() == []


def test_second_looks_are_drawn_done_blind_and_compared(store: Store, page: Page, witness: Witness) -> None:
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=data")
        page.get_by_role("button", name="Agreement").click()
        page.locator("#draw-name").get_by_role("textbox").fill("first")
        page.get_by_label("% of annotated").fill("100")
        page.keyboard.press("Tab")
        page.locator("#draw-begin").click()
        expect(page.locator("#draw-words").get_by_role("textbox")).to_have_value(
            "Drawn for a second look: 2. Known answers (approved, to check people by): 0. "
            "They wait in Annotate, in the list “second looks, blind”."
        )
        page.goto(f"{address}?tab=annotate&case=1")
        expect(page.locator("#annotate .be-defects")).to_contain_text("dent")
        page.locator("#annotate .be-queue").select_option("second")
        expect(page.locator("#annotate .be-says")).to_contain_text("A second look")
        expect(page.locator("#annotate .be-defects li")).to_have_count(0)
        expect(page.locator("#annotate .be-history")).to_have_text("Not shown.")
        page.keyboard.press("0")
        page.wait_for_timeout(1500)  # longer than the pause after which a draft is kept
        page.keyboard.press("Enter")
        expect(page.locator("#annotate .be-root[data-case='2']")).to_be_visible()
        expect(page.locator("#annotate .be-place")).to_contain_text("1 to do")
        assert (store.draft(1, "ann"), len(store.annotations(1))) == (None, 1)
        page.goto(f"{address}?tab=data")
        page.get_by_role("button", name="Agreement").click()
        expect(page.locator("#agreement-pairs")).to_contain_text("ann with bob")
        page.locator("#agreement-cases a").click()
        expect(page.locator("#annotate .be-root[data-case='1']")).to_be_visible()
        expect(page.locator("#annotate .be-history")).to_contain_text("second look by ann: normal")
        page.keyboard.press("l")
        page.get_by_role("button", name="ann's second look").click()
        expect(page.locator("#annotate .be-removed").first).to_contain_text("− dent")
    assert witness.foreign == []
    assert [error for error in witness.errors if "Failed to load resource" not in error] == []
