"""The workbench with any picture (narrow, tiny, turned, 8,000 pixels wide) and for anybody: focus, more than colour."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from tests.browser.annotate_desk import BENT, SUGGESTED, Desk, MakeCase, Workbench, add_case, suggest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("size", "box"), [((60, 3000), (7, 2900, 41, 2999)), ((3, 2), (1, 0, 3, 1))])
def test_narrow_and_tiny_pictures_take_exact_boxes(
    desk: Desk, make_case: MakeCase, size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    case_id = make_case(width=size[0], height=size[1])
    desk.open(case_id)
    desk.drag(box[:2], box[2:])
    desk.press("Shift+H", "o", "Enter", "z", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, *size) == [("hole", list(box))]


def test_a_picture_turned_by_exif_is_annotated_as_it_is_seen(desk: Desk, workbench: Workbench) -> None:
    image = Image.new("RGB", (600, 200), "black")
    image.paste("red", (0, 150, 50, 200))  # lower left of the file; upright it is the upper left
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    path = workbench.folder / "turned.jpg"
    image.save(path, exif=exif, quality=95)
    case_id = add_case(workbench.store, path)
    desk.open(case_id)
    expect(desk.part("size-chip")).to_contain_text("200 × 600 px")
    assert pixel(desk, 25, 25)[0] > 200
    desk.drag((0, 0), (50, 50))
    desk.press("Shift+H", "o", "Enter", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, 200, 600) == [("hole", [0, 0, 50, 50])]


def pixel(desk: Desk, x: float, y: float) -> tuple[int, int, int]:
    """The colour on the screen at the middle of a pixel of the picture."""
    at = desk.point(x + 0.5, y + 0.5)
    shot = desk.page.screenshot(clip={"x": round(at[0]), "y": round(at[1]), "width": 1, "height": 1})
    return Image.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0))  # type: ignore[return-value]


def test_a_picture_of_8000_pixels_with_200_boxes_is_sharp_and_only_what_changes_is_touched(
    desk: Desk, workbench: Workbench
) -> None:
    side = 8000
    image = Image.new("RGB", (side, side), (40, 44, 50))
    image.putpixel((6003, 5001), (255, 0, 0))
    path = workbench.folder / "large.png"
    image.save(path, compress_level=1)
    places = [(x, y) for x in range(100, 7900, 390) for y in range(100, 7900, 780)][:200]
    boxes = [Box.from_pixels(x, y, x + 200, y + 140, side, side) for x, y in places]
    case_id = add_case(workbench.store, path, Verdict(True, tuple(Defect("hole", box) for box in boxes)))
    desk.open(case_id)
    assert len(desk.rows()) == 200
    touched = record(desk)
    desk.page.mouse.move(*desk.point(4000, 4000))
    desk.page.mouse.down(button="middle")
    desk.page.mouse.move(*desk.point(4600, 4500), steps=10)
    desk.page.mouse.up(button="middle")
    assert touched() <= 6, "moving the picture moves the layers, not the boxes"
    desk.press("f")
    desk.page.mouse.move(*desk.point(6003, 5001))
    for _ in range(6):
        desk.page.mouse.wheel(0, -400)
    desk.page.wait_for_function(
        "(() => { const n = document.querySelectorAll('#annotate .be-picture')[1]; return !n.hidden && n.complete; })()"
    )
    desk.page.wait_for_timeout(500)
    assert pixel(desk, 6003, 5001)[0] > 200, "single pixels of the file are seen"
    assert pixel(desk, 6002, 5001)[0] < 80
    desk.page.keyboard.down("Shift")
    desk.drag((6003, 5001), (6005, 5002))
    desk.page.keyboard.up("Shift")
    desk.press("Shift+H", "o", "Enter", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, side, side)[-1] == ("hole", [6003, 5001, 6005, 5002])


def record(desk: Desk) -> Callable[[], int]:
    """Counts the elements that change from now on."""
    desk.page.evaluate(
        """() => { window.touched = new Set();
                   const observer = new MutationObserver((all) => all.forEach((one) => window.touched.add(one.target)));
                   const what = {subtree: true, attributes: true, childList: true};
                   observer.observe(document.querySelector('#annotate .be-root'), what); }"""
    )
    count = "() => new Promise((done) => setTimeout(() => done(window.touched.size), 50))"
    return lambda: int(desk.page.evaluate(count))


# -- everybody ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen_on_every_control(
    browser: Browser, workbench: Workbench, make_case: MakeCase, scheme: str
) -> None:
    case_id = make_case(BENT)
    suggest(workbench.store, case_id)
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        desk = workbench.desk(context.new_page()).open(case_id)
        seen = set()
        for _ in range(40):
            desk.press("Tab")
            name, outline = desk.page.evaluate(
                """() => { const n = document.activeElement;
                           const [s, a] = [getComputedStyle(n), getComputedStyle(n, '::after')];
                           const inside = n.closest('#annotate') !== null;
                           const wide = (css) => css.outlineStyle !== 'none' && parseFloat(css.outlineWidth) >= 1;
                           return [inside ? n.className + '|' + n.textContent.slice(0, 12) : '',
                                   wide(s) || (a.borderTopStyle === 'solid' && a.content !== 'none')]; }"""
            )
            if name:
                seen.add(name)
                assert outline, name
        assert len(seen) >= 10


def test_model_truth_and_colleague_differ_by_more_than_colour(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    suggest(desk.store, case_id, Verdict(True, SUGGESTED.defects[:1]))
    desk.open(case_id)
    desk.store.save_annotation(
        case_id, Verdict(True, (Defect("hole", Box(0.6, 0.6, 0.7, 0.7)),)), author="bob", based_on=1
    )
    desk.press("Tab", "ArrowRight", "Control+s")
    expect(desk.part("conflict")).to_be_visible()
    styles = [
        desk.part(kind).first.evaluate("(n) => getComputedStyle(n).outlineStyle")
        for kind in ("truth", "ghost", "theirs")
    ]
    assert styles == ["solid", "dashed", "dotted"]
    expect(desk.part("ghost").first).to_have_text("model: crack")
