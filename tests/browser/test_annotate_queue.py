"""The queue picker, its links, and why a case is given, on the real page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from db.filters import CaseFilter
from m3ad.records import NORMAL
from tests.browser.annotate_desk import BENT, SUGGESTED, Desk, MakeCase, suggest

pytestmark = pytest.mark.browser


def test_links_and_the_picker_lead_through_queues_that_say_why(desk: Desk, make_case: MakeCase) -> None:
    new, agreed, disagreed = make_case(), make_case(BENT), make_case(NORMAL)
    suggest(desk.store, disagreed, SUGGESTED)
    desk.page.goto(f"{desk.address}?tab=annotate&queue=disagree")
    desk.at(disagreed)
    expect(desk.part("given")).to_contain_text("Model and person disagree")
    expect(desk.part("place")).to_contain_text("1 to do")
    expect(desk.page).to_have_url(re.compile("queue=disagree"))

    picker = desk.part("queue")
    expect(picker.locator("option[value=disagree]")).to_have_text("model and person disagree (1)")
    picker.select_option("priority")
    expect(desk.page).to_have_url(re.compile("queue=priority"))
    first_new = desk.store.queue.next("ann", after=None)
    assert first_new == disagreed, "the disagreement comes before what nobody has seen"
    desk.press("0", "Enter")
    desk.at(new)
    latest = desk.store.latest_annotation(disagreed)
    assert latest is not None
    assert (latest.author, latest.verdict) == ("ann", NORMAL)
    assert desk.store.queue.standing(disagreed).reason is None

    desk.store.filters.add("bent ones", CaseFilter(ids=(agreed,), type="bent"), actor="bob")
    desk.page.goto(f"{desk.address}?tab=annotate&filter=bent%20ones")
    desk.at(agreed)
    expect(desk.part("place")).to_contain_text("1 of 1")
    expect(picker.locator("option:checked")).to_have_text("bent ones (1)")

    desk.store.queue.release(new, "ann")
    assert desk.store.queue.claim(new, "bob")
    desk.page.goto(f"{desk.address}?tab=annotate&case={new}")
    desk.shows(new)
    expect(desk.part("given")).to_contain_text("bob is working on this case")


def test_who_looks_at_a_case_elsewhere_keeps_nobody_from_it(desk: Desk, make_case: MakeCase) -> None:
    seen = make_case()
    desk.page.goto(f"{desk.address}?tab=inspect&case={seen}")
    expect(desk.page.locator("#inspect-viewer .m3-picture")).to_be_visible()
    desk.page.wait_for_timeout(1000)  # whatever the other tabs do when a page opens
    assert desk.store.queue.claim(seen, "bob")
