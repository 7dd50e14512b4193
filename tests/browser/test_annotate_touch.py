"""The workbench with fingers and a pen: draw, move, resize, zoom, choose a type; no keyboard is needed for a box."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from tests.browser.annotate_desk import BENT, Desk, H, MakeCase, W, Workbench

pytestmark = pytest.mark.browser
Place = tuple[float, float]
BENT_ROW = "bent | Structural › Deformation | 80 × 80 px | ×"


class Hand:
    """Fingers and a pen on a page; places are on the screen."""

    def __init__(self, session: CDPSession) -> None:
        self._send = session.send

    def fingers(self, kind: str, *places: Place) -> None:
        """`touchStart` and `touchMove` say where all fingers are, `touchEnd` which are left."""
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self._send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def stroke(self, *places: Place) -> None:
        """One finger down, along the places, and up."""
        self.fingers("touchStart", places[0])
        for place in places[1:]:
            self.fingers("touchMove", place)
        self.fingers("touchEnd")

    def pen(self, *places: Place) -> None:
        """A pen down, along the places, and up."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(places) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, [*places, places[-1]], strict=True):
            event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
            self._send("Input.dispatchMouseEvent", {**event, "pointerType": "pen"})


@pytest.fixture
def tablet(browser: Browser, workbench: Workbench) -> Iterator[tuple[Desk, Hand]]:
    """A page on a screen that is touched, and what touches it."""
    with browser.new_context(viewport={"width": 1280, "height": 720}, has_touch=True) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield workbench.desk(page), Hand(context.new_cdp_session(page))
        assert errors == []


def test_a_finger_draws_and_two_fingers_zoom(tablet: tuple[Desk, Hand], make_case: MakeCase) -> None:
    desk, hand = tablet
    desk.open(make_case())
    hand.stroke(*(desk.point(x, x) for x in (100, 150, 200, 250)))
    assert desk.rows() == ["type? | press T to choose | 150 × 150 px | ×"]
    before = desk.point(400, 0)[0] - desk.point(300, 0)[0]
    a, b = desk.point(400, 400), desk.point(500, 400)
    hand.fingers("touchStart", a)
    hand.fingers("touchStart", a, b)
    hand.fingers("touchMove", (a[0] - 50, a[1]), (b[0] + 50, b[1]))
    assert desk.point(400, 0)[0] - desk.point(300, 0)[0] > before * 1.5
    at = desk.point(400, 400)
    hand.fingers("touchEnd", (a[0] - 50, a[1]))  # one is lifted, the other moves on: it draws nothing
    hand.fingers("touchMove", (a[0] - 150, a[1] - 90))
    hand.fingers("touchEnd")
    assert desk.point(400, 400) == pytest.approx(at, abs=0.5)
    assert len(desk.rows()) == 1, "a pinch draws no box"


def test_two_fingers_move_the_picture_and_give_a_begun_box_up(tablet: tuple[Desk, Hand], make_case: MakeCase) -> None:
    desk, hand = tablet
    desk.open(make_case(BENT))
    start, width = desk.point(0, 0), desk.point(W, 0)[0] - desk.point(0, 0)[0]
    first, second = desk.point(500, 60), desk.point(500, 560)
    begun = (first[0] - 60, first[1])
    hand.fingers("touchStart", first)
    hand.fingers("touchMove", begun)
    hand.fingers("touchStart", begun, second)
    for step in range(1, 11):
        moved = [(x + 4 * step, y + 2 * step) for x, y in (begun, second)]
        hand.fingers("touchMove", *moved)
    hand.fingers("touchEnd")
    assert desk.point(0, 0) == pytest.approx((start[0] + 40, start[1] + 20), abs=2)
    assert desk.point(W, 0)[0] - desk.point(0, 0)[0] == pytest.approx(width, rel=0.01)
    assert desk.rows() == [BENT_ROW]


def test_a_finger_moves_and_resizes_a_box(tablet: tuple[Desk, Hand], make_case: MakeCase) -> None:
    desk, hand = tablet
    case_id = make_case(BENT)  # 120, 300 to 200, 380
    desk.open(case_id)
    hand.stroke(desk.point(160, 340), desk.point(180, 350), desk.point(210, 360))
    expect(desk.said()).to_contain_text("Moved, 80 × 80 px at 170, 320")
    beside = desk.point(250, 400)  # a finger need not hit the handle's few pixels
    there = desk.point(290, 430)
    hand.stroke((beside[0] + 10, beside[1] + 10), (beside[0] + 20, beside[1] + 20), (there[0] + 10, there[1] + 10))
    expect(desk.said()).to_contain_text("Resized, 120 × 110 px at 170, 320")
    desk.page.wait_for_timeout(700)  # Chromium takes a tap right behind a quick stroke for the end of a fling
    desk.page.get_by_role("button", name="Undo").tap()
    expect(desk.said()).to_have_text("Undone.")
    assert desk.rows() == [BENT_ROW]
    desk.page.get_by_role("button", name="Save", exact=True).tap()
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [170, 320, 250, 400])]


def test_a_new_box_and_its_type_without_any_key(tablet: tuple[Desk, Hand], make_case: MakeCase) -> None:
    desk, hand = tablet
    desk.open(make_case(BENT))
    desk.page.get_by_role("button", name="New box").tap()
    assert desk.rows()[1] == "type? | press T to choose | 134 × 100 px | ×"
    types = desk.part("types")
    box = types.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 120
    hand.stroke(*((x, y - step) for step in (0, 15, 30, 60, 90, 110)))  # scrolls, and chooses nothing
    desk.page.wait_for_function("document.querySelector('#annotate .be-types').scrollTop > 40")
    assert desk.rows()[1].startswith("type? |")
    types.locator("li").filter(has_text="crack").first.tap()
    assert desk.rows()[1].startswith("crack |")
    desk.page.get_by_role("button", name="Delete crack").tap()
    assert desk.rows() == [BENT_ROW]


def test_a_pen_draws_and_resizes_as_exactly_as_a_mouse(tablet: tuple[Desk, Hand], make_case: MakeCase) -> None:
    desk, hand = tablet
    desk.open(make_case())
    hand.pen(desk.point(50, 60), desk.point(100, 100), desk.point(150, 170))
    expect(desk.said()).to_contain_text("100 × 110 px at 50, 60")
    hand.pen(desk.point(150, 170), desk.point(160, 170), desk.point(171, 183))
    expect(desk.said()).to_contain_text("Resized, 121 × 123 px at 50, 60")
    hand.pen(desk.point(100, 100), desk.point(110, 100), desk.point(130, 95))
    expect(desk.said()).to_contain_text("Moved, 121 × 123 px at 80, 55")
