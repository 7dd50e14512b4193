"""The type picker shows what a type looks like, from approved annotations, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from db.schema import Decision
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.browser.annotate_desk import BENT, Desk, MakeCase

pytestmark = pytest.mark.browser


def test_the_highlighted_type_shows_an_approved_box_of_another_case(desk: Desk, make_case: MakeCase) -> None:
    known = make_case(
        Verdict(True, (Defect("crack", Box(0.4, 0.4, 0.5, 0.6)), Defect("bent", Box(0.1, 0.1, 0.2, 0.2))))
    )
    case_id = make_case(BENT)
    for each in (known, case_id):
        desk.store.reviews.add(each, 1, Decision.APPROVE, reviewer="bob")
    desk.open(case_id)
    crop = desk.part("crop")
    expect(crop).to_have_attribute("alt", "An approved bent")
    expect(desk.part("types .be-active")).to_contain_text("Structural › Deformation")
    desk.press("t")
    desk.write("crack")
    expect(desk.part("types .be-active img")).to_have_attribute("alt", "An approved crack")
    assert desk.page.evaluate("document.querySelector('#annotate .be-crop').naturalWidth") > 60
    inside = desk.page.evaluate(
        """() => { const [c, l] = ['.be-crop', '.be-types'].map((one) => document.querySelector('#annotate ' + one)
                     .getBoundingClientRect());
                   return c.top >= l.top - 1 && c.bottom <= l.bottom + 1 && c.right <= l.right; }"""
    )
    assert inside, "the picture is in sight"
    desk.part("picker input").fill("scuff")
    expect(desk.part("types .be-active")).to_contain_text("scuff")
    expect(crop).to_have_count(0)  # nobody approved one
    desk.part("picker input").fill("bent")
    expect(crop).to_have_attribute("src", f"crop?type=bent&besides={case_id}")
    desk.press("Escape", "Tab", "Delete")
    expect(crop).to_have_count(0)  # there is no box to give a type to
