"""The workbench in a real browser: history as pictures and words, restore, review, questions."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from db.schema import Decision
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W

pytestmark = pytest.mark.browser

BOX = Box.from_pixels(120, 300, 200, 380, W, H)
OTHER = Box.from_pixels(400, 300, 480, 380, W, H)
CRACK = Verdict(True, (Defect("crack", BOX), Defect("hole", OTHER)))


def outlines(desk: Desk) -> list[str]:
    """The boxes that are seen over the picture: what they are and what they say."""
    return desk.page.evaluate(
        """() => [...document.querySelectorAll('#annotate .be-layer .be-box')]
            .filter((n) => getComputedStyle(n).display !== 'none')
            .map((n) => `${n.className.replace('be-box be-', '')}: ${n.textContent}`)"""
    )


def test_a_revision_is_looked_at_as_picture_and_in_words_and_restored_as_a_new_one(
    desk: Desk, make_case: MakeCase
) -> None:
    case_id = make_case(BENT)
    desk.store.save_annotation(case_id, CRACK, author="bob", based_on=1)
    desk.open(case_id)
    assert outlines(desk) == ["truth: crack", "truth: hole"]
    desk.press("l")
    card = desk.part("compare")
    expect(card).to_contain_text("What r2 changed")
    expect(card).to_contain_text("bent → crack")
    assert sorted(outlines(desk)) == ["past be-added: + hole", "past be-retyped: bent → crack"]
    expect(desk.said()).to_contain_text("hole added")
    desk.press("l")
    expect(card).to_contain_text("What r1 changed")
    assert outlines(desk) == ["past be-added: + bent"]
    card.get_by_role("button", name="Since then").click()
    expect(card).to_contain_text("From r1 to r2")
    assert sorted(outlines(desk)) == ["past be-added: + hole", "past be-retyped: bent → crack"]
    desk.stage.focus()
    desk.press("Escape")
    expect(card).to_be_hidden()
    assert outlines(desk) == ["truth: crack", "truth: hole"]
    desk.part("look").nth(1).click()
    card.get_by_role("button", name="Restore r1").click()
    expect(desk.state()).to_contain_text("Saved as r3")
    latest = desk.store.latest_annotation(case_id)
    assert latest is not None
    assert (latest.verdict, latest.note, latest.author) == (BENT, "Restores r1.", "ann")
    expect(desk.part("history")).to_contain_text("Restores r1.")
    desk.stage.focus()
    desk.press("Control+z")
    assert len(desk.rows()) == 2, "undo goes on behind it"


def test_work_on_the_boxes_ends_the_look_back(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("l")
    expect(desk.part("compare")).to_be_visible()
    desk.press("]")
    expect(desk.part("compare")).to_be_hidden()
    assert outlines(desk) == ["truth be-selected: bent"]


def test_one_key_approves_and_goes_on(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(BENT), make_case(BENT)
    desk.open(first)
    expect(desk.part("review-state")).to_contain_text("r1 is not reviewed")
    desk.press("y")
    desk.at(second)
    assert [one.decision for one in desk.store.reviews.of_case(first)] == [Decision.APPROVE]
    desk.press(",")
    desk.at(first)
    expect(desk.part("review-state")).to_contain_text("r1 approved by ann")


def test_only_what_is_saved_can_be_reviewed(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("]", "ArrowRight", "y")
    expect(desk.state()).to_contain_text("Save your changes first")
    new = make_case()
    desk.open(new)
    desk.press("u")
    expect(desk.state()).to_contain_text("no revision to review")
    assert desk.store.reviews.of_case(case_id) == desk.store.reviews.of_case(new) == []


def test_sent_back_with_a_reason_and_a_pin_that_the_annotator_sees(desk: Desk, make_case: MakeCase) -> None:
    case_id, after = make_case(BENT), make_case()
    desk.open(case_id)
    desk.press("u")
    desk.page.mouse.click(*desk.point(400, 450))
    expect(desk.part("pin-words")).to_contain_text("400, 450")
    assert len(desk.rows()) == 1, "the click pins and draws nothing"
    desk.write("one more here, 1 and 0 are typed")
    desk.press("Enter")
    desk.at(after)
    [review] = desk.store.reviews.of_case(case_id)
    assert (review.decision, review.reason) == (Decision.SEND_BACK, "one more here, 1 and 0 are typed")
    assert review.pin == pytest.approx((0.5, 0.75), abs=0.004)
    desk.open(case_id)
    expect(desk.part("review-state")).to_contain_text("one more here")
    pin, place = desk.part("pin").bounding_box(), desk.point(400, 450)
    assert pin is not None
    assert (pin["x"], pin["y"]) == pytest.approx(place, abs=3)
    desk.part("queue").select_option("sent-back")
    expect(desk.part("place")).to_contain_text("of 1")


def test_a_selected_box_gives_the_pin_and_escape_takes_all_back(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("]", "u")
    expect(desk.part("pin-words")).to_contain_text("160, 340")
    desk.press("Escape")
    expect(desk.part("why")).to_be_hidden()
    expect(desk.stage).to_be_focused()
    expect(desk.part("pin")).to_have_count(0)
    assert desk.store.reviews.of_case(case_id) == []


def test_unknown_ask_puts_the_case_before_the_reviewer(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("]", "q", "Escape", "Control+s")
    expect(desk.state()).to_contain_text("write in the note")
    desk.press("m")
    desk.write("burr or scratch?")
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    expect(desk.part("review-state")).to_contain_text("asked by ann")
    assert desk.rows()[0].startswith("unknown | asks the reviewer")
    desk.stage.focus()
    desk.press("y")
    expect(desk.state()).to_contain_text("still")
    desk.part("queue").select_option("review")
    expect(desk.part("place")).to_contain_text("1 to do")
    [question] = desk.store.reviews.of_case(case_id)
    assert (question.decision, question.reason) == (Decision.ASK, "burr or scratch?")
