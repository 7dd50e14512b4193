"""The workbench in a real browser: the model's suggestions are adopted, and never overwrite a person's work."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.annotate_desk import BENT, SUGGESTED, Desk, H, MakeCase, W, suggest

pytestmark = pytest.mark.browser


def test_adopt_one_suggestion_then_the_rest_and_the_revision_names_the_model(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    number = suggest(desk.store, case_id)
    desk.open(case_id)
    assert desk.rows() == ["crack | model's suggestion | adopt", "bent | model's suggestion | adopt"]
    desk.page.mouse.click(*desk.point(0.56 * W, 0.4 * H))
    expect(desk.said()).to_contain_text("suggestion bent")
    desk.press("x")
    assert desk.rows()[0] == "bent | Structural › Deformation | 60 × 90 px | ×"
    desk.press("Escape", "x")
    assert [row.split(" | ")[0] for row in desk.rows()] == ["bent", "crack"]
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    expect(desk.part("history")).to_contain_text("on demo's suggestion")
    latest = desk.store.latest_annotation(case_id)
    assert latest is not None
    assert latest.inspection_id == number
    assert dict(desk.pixels(case_id, W, H)) == {"bent": [420, 180, 480, 270], "crack": [240, 312, 352, 372]}


def test_a_right_prediction_is_accepted_with_one_key(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    suggest(desk.store, first)
    desk.open(first)
    desk.press("a")
    desk.at(second)
    latest = desk.store.latest_annotation(first)
    assert latest is not None
    assert [defect.type for defect in latest.verdict.defects] == [defect.type for defect in SUGGESTED.defects]


def test_one_key_does_not_overwrite_what_a_person_saved(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    suggest(desk.store, case_id)
    desk.open(case_id)
    desk.press("a")
    expect(desk.state()).to_contain_text("annotated already")
    assert len(desk.store.annotations(case_id)) == 1
