"""The annotation workbench in a real browser: every gesture and key, and nothing lost on the way to the store."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import default_taxonomy
from tests.browser.annotate_desk import SUGGESTED, Desk, add_case, make_context, picture, suggest
from tests.browser.conftest import Witness
from tests.browser.server import served

pytestmark = pytest.mark.browser

Site = tuple[str, Store, Path]  # address, store, folder for pictures
MakeCase = Callable[..., int]
W, H = 800, 600
BENT = Verdict(True, (Defect("bent", Box.from_pixels(120, 300, 200, 380, W, H)),))
REQUESTS = re.compile("gradio_api/(run|queue/join)")
HOSTILE = "<img src=x onerror=\"document.title='hit'\"> ${document.title='hit'} {{value}}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The real page with an empty store; each test adds the cases it works on."""
    folder = tmp_path_factory.mktemp("annotate")
    store = Store.open(folder / "workspace")
    with served(make_context(folder / "workspace", store)) as address:
        yield address, store, folder


@pytest.fixture
def make_case(site: Site, request: pytest.FixtureRequest) -> MakeCase:
    """A function that adds a case of this test's own category."""
    _, store, folder = site
    count = iter(range(100))

    def make(verdict: Verdict | None = None, width: int = W, height: int = H) -> int:
        name = f"{abs(hash(request.node.name)) % 10**9}-{next(count)}"
        return add_case(store, picture(folder, name, width, height), verdict)

    return make


@pytest.fixture
def desk(page: Page, witness: Witness, site: Site) -> Iterator[Desk]:
    """A page at the workbench; its scripts must not fail, whatever a test does, nor ask another machine."""
    yield Desk(page, site[1], site[0])
    assert witness.foreign == []
    assert [error for error in witness.errors if "Failed to load resource" not in error] == []


# -- boxes by pointer ------------------------------------------------------------------------------------------------


def test_draw_a_box_type_it_by_keyboard_and_save(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.drag((100, 50), (260, 190))
    assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]
    expect(desk.part("anomalous")).to_have_attribute("aria-pressed", "true")
    desk.press("t")
    desk.write("warp")
    desk.press("Enter")
    expect(desk.stage).to_be_focused()
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, W, H) == [("warping", [100, 50, 260, 190])]
    assert desk.store.draft(case_id, "ann") is None


def test_move_and_resize_by_pointer(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.drag((160, 340), (260, 310))
    expect(desk.said()).to_contain_text("Moved, 80 × 80 px at 220, 270")
    desk.drag((300, 350), (340, 400))
    expect(desk.said()).to_contain_text("Resized, 120 × 130 px")
    desk.drag((220, 335), (200, 335))
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [200, 270, 340, 400])]


def test_a_box_is_exact_to_the_pixel_on_a_large_picture_at_every_zoom(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(width=4000, height=3000)
    desk.open(case_id)
    x, y = desk.point(2000, 1500)
    desk.page.mouse.move(x, y)
    for _ in range(4):
        desk.page.mouse.wheel(0, -400)
    expect(desk.part("size-chip")).to_contain_text(re.compile(r"\d{3,4} %"))
    desk.drag((1987, 1491), (2003, 1502))
    desk.press("t", "h", "o", "l", "e", "Enter", "Escape")
    desk.drag((2010, 1500), (2011, 1501))  # one pixel
    desk.press("t", "h", "o", "l", "e", "Enter", "f", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, 4000, 3000) == [("hole", [1987, 1491, 2003, 1502]), ("hole", [2010, 1500, 2011, 1501])]


def test_a_box_cannot_leave_the_picture(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.drag((160, 340), (-60, 700))
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [0, 520, 80, 600])]


def test_shift_draws_inside_another_box_and_the_smaller_one_is_picked(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.keyboard.down("Shift")
    desk.drag((140, 320), (170, 350))
    desk.page.keyboard.up("Shift")
    assert len(desk.rows()) == 2
    desk.press("Escape")
    desk.page.mouse.click(*desk.point(155, 335))
    expect(desk.said()).to_contain_text("Box 2 of 2: no type yet, 30 × 30 px at 140, 320")


def test_escape_gives_a_drag_up(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.mouse.move(*desk.point(160, 340))
    desk.page.mouse.down()
    desk.page.mouse.move(*desk.point(300, 100))
    desk.press("Escape")
    desk.page.mouse.up()
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]
    expect(desk.state()).to_contain_text("no changes since r1")


def test_pan_with_space_and_with_the_middle_button_and_zoom_keys(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    start = desk.point(0, 0)
    desk.page.keyboard.down(" ")
    desk.drag((300, 300), (340, 320))
    desk.page.keyboard.up(" ")
    assert desk.rows() == []
    moved = desk.point(0, 0)
    assert moved[0] > start[0]
    desk.drag((300, 300), (260, 280), button="middle")
    assert desk.point(0, 0) == pytest.approx(start, abs=1.5)
    desk.press("o")
    expect(desk.part("size-chip")).to_contain_text("100 %")
    desk.press("+")
    expect(desk.part("size-chip")).to_contain_text("125 %")
    desk.press("-", "-")
    expect(desk.part("size-chip")).to_contain_text("80 %")
    desk.press("f")
    assert desk.point(0, 0) == pytest.approx(start, abs=0.5)


def test_a_finger_draws_and_two_fingers_zoom(browser: Browser, site: Site, make_case: MakeCase) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 720}, has_touch=True) as context:
        desk = Desk(context.new_page(), site[1], site[0]).open(make_case())
        touch = context.new_cdp_session(desk.page)

        def fingers(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        fingers("touchStart", desk.point(100, 100))
        for x in (150, 200, 250):
            fingers("touchMove", desk.point(x, x))
        fingers("touchEnd")
        assert desk.rows() == ["type? | press T to choose | 150 × 150 px | ×"]
        before = desk.point(400, 0)[0] - desk.point(300, 0)[0]
        a, b = desk.point(400, 400), desk.point(500, 400)
        fingers("touchStart", a)
        fingers("touchStart", a, b)
        fingers("touchMove", (a[0] - 50, a[1]), (b[0] + 50, b[1]))
        fingers("touchEnd")
        assert desk.point(400, 0)[0] - desk.point(300, 0)[0] > before * 1.5
        assert len(desk.rows()) == 1, "a pinch draws no box"


# -- boxes by keys ---------------------------------------------------------------------------------------------------


def test_a_box_made_placed_and_typed_without_a_pointer(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.press("n")
    expect(desk.said()).to_contain_text("134 × 100 px at 333, 250")  # a sixth of what is seen, in its middle
    desk.press("ArrowRight", "Shift+ArrowDown", "Alt+ArrowRight", "Alt+Shift+ArrowUp")
    expect(desk.said()).to_contain_text("Resized, 135 × 90 px at 334, 260")
    desk.press("t")
    desk.write("hole")
    desk.press("Enter", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r1")
    assert desk.pixels(case_id, W, H) == [("hole", [334, 260, 469, 350])]


def test_cycle_and_delete_by_keys_and_tab_leaves_at_the_end(desk: Desk, make_case: MakeCase) -> None:
    two = Verdict(True, (*BENT.defects, Defect("hole", Box.from_pixels(400, 100, 440, 130, W, H))))
    desk.open(make_case(two))
    desk.press("Tab")
    expect(desk.said()).to_contain_text("Box 1 of 2: bent")
    desk.press("Tab")
    expect(desk.said()).to_contain_text("Box 2 of 2: hole")
    desk.press("]")
    expect(desk.said()).to_contain_text("Box 1 of 2: bent")
    desk.press("[")
    expect(desk.said()).to_contain_text("Box 2 of 2: hole")
    desk.press("Tab")
    expect(desk.stage).not_to_be_focused()
    desk.stage.focus()
    desk.press("Delete")
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]


def test_undo_and_redo_go_through_every_step(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case())
    states = [desk.rows()]

    def step(*keys: str) -> None:
        desk.press(*keys)
        states.append(desk.rows())

    desk.drag((100, 100), (200, 200))
    states.append(desk.rows())
    desk.press("t")
    desk.write("bent")
    step("Enter")
    step("Alt+ArrowRight")
    step("n")
    step("Delete")
    step("0")
    assert len({tuple(state) for state in states}) > 3
    for expected in reversed(states[:-1]):
        desk.press("Control+z")
        assert desk.rows() == expected
    expect(desk.part("anomalous")).to_have_attribute("aria-pressed", "false")
    desk.press("Control+z")
    for expected in states[1:]:
        desk.press("Control+Shift+z")
        assert desk.rows() == expected


def test_digits_give_recent_types_and_keep_their_place(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("Tab", "t")
    desk.write("crack")
    desk.press("Enter", "t")
    desk.write("hole")
    desk.press("Enter")
    desk.press("2")
    assert desk.rows()[0].startswith("crack |")
    desk.press("3")
    assert desk.rows()[0].startswith("hole |")
    desk.press("9")
    assert desk.rows()[0].startswith("hole |"), "a digit without a type does nothing"


def test_normal_sets_boxes_aside_and_anomalous_brings_them_back(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("0")
    assert desk.rows() == []
    expect(desk.said()).to_contain_text("1 box set aside")
    desk.press("1")
    assert len(desk.rows()) == 1
    desk.press("0", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    latest = desk.store.latest_annotation(case_id)
    assert latest is not None
    assert latest.verdict == Verdict(False)


def test_holding_h_hides_the_boxes(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    box = desk.part("truth")
    desk.page.keyboard.down("h")
    expect(box).to_be_hidden()
    desk.page.keyboard.up("h")
    expect(box).to_be_visible()


def test_typing_in_a_field_is_never_a_command(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("m")
    desk.write("n01xad[]2.,ht?")
    desk.press("Delete", "ArrowLeft")
    desk.page.keyboard.type("\n")
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 80 px | ×"]
    expect(desk.part("root")).to_have_attribute("data-case", str(case_id))
    expect(desk.part("note")).to_have_value(re.compile(r"n01xad\[\]2\.,ht"))
    desk.press("Escape", "Tab", "t")
    desk.write("n0[x.")
    assert len(desk.rows()) == 1
    desk.press("Escape")
    expect(desk.stage).to_be_focused()


def test_the_picker_finds_what_the_taxonomy_finds(desk: Desk, make_case: MakeCase) -> None:
    desk.open(make_case(BENT))
    desk.press("Tab", "t")
    taxonomy = default_taxonomy()
    queries = [node.name[:length] for node in taxonomy.types[::4] for length in (2, 4, 20)]
    for query in [*queries, "foreign", "STRUCTURAL", "mis-", "no such thing"]:
        desk.part("picker input").fill(query)
        shown = desk.part("types li b").all_inner_texts()
        assert shown == [node.name for node in taxonomy.search(query)], query


# -- the model's suggestions -----------------------------------------------------------------------------------------


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


# -- saving, drafts, conflicts ---------------------------------------------------------------------------------------


def test_enter_saves_and_opens_the_next_case_whose_picture_is_already_there(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.open(first)
    ahead = str(desk.store.case(second).primary.id)
    desk.page.wait_for_function("document.readyState === 'complete'")
    assert any(re.search(rf"/picture/{ahead}(\?|$)", url) for url in asked), "fetched before it is wanted"
    desk.press("0", "Enter")
    desk.at(second)
    expect(desk.state()).to_contain_text("Saved as r1")
    assert f"case={second}" in desk.page.url
    latest = desk.store.latest_annotation(first)
    assert latest is not None
    assert (latest.author, latest.verdict) == ("ann", Verdict(False))
    desk.press(",")
    desk.at(first)
    desk.press("PageDown")
    desk.at(second)


def test_save_is_refused_until_it_is_decided_and_every_box_has_a_type(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case()
    desk.open(case_id)
    desk.press("Enter")
    expect(desk.state()).to_contain_text("Choose Anomalous (1) or Normal (0) first")
    desk.press("n", "Enter")
    expect(desk.state()).to_contain_text("no type yet")
    assert desk.store.annotations(case_id) == []


def test_a_draft_survives_a_reload_and_a_closed_browser(browser: Browser, site: Site, make_case: MakeCase) -> None:
    case_id = make_case()
    with browser.new_context() as context:
        desk = Desk(context.new_page(), site[1], site[0]).open(case_id)
        desk.drag((100, 50), (260, 190))
        desk.press("m")
        desk.write("left edge")
        desk.kept()
        desk.page.reload()
        desk.at(case_id)
        assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]
    with browser.new_context() as context:
        desk = Desk(context.new_page(), site[1], site[0]).open(case_id)
        assert desk.rows() == ["type? | press T to choose | 160 × 140 px | ×"]
        expect(desk.part("note")).to_have_value("left edge")


def test_going_on_at_once_keeps_the_draft(desk: Desk, make_case: MakeCase) -> None:
    first, second = make_case(), make_case()
    desk.open(first)
    desk.drag((100, 50), (260, 190))
    desk.press(".")
    desk.at(second)
    assert desk.rows() == []
    draft = desk.store.draft(first, "ann")
    assert draft is not None
    assert draft.verdict.defects[0].box == Box.from_pixels(100, 50, 260, 190, W, H)
    desk.press(",")
    desk.at(first)
    assert len(desk.rows()) == 1


def test_undoing_everything_leaves_no_draft(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.press("Tab", "ArrowRight")
    desk.kept()
    desk.press("Control+z")
    expect(desk.state()).to_contain_text("no changes since r1")
    assert desk.store.draft(case_id, "ann") is None


def test_edits_made_while_the_server_is_slow_are_all_kept(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)

    def slow(route: Route) -> None:
        desk.page.wait_for_timeout(700)
        route.continue_()

    desk.page.route(REQUESTS, slow)
    desk.press("Tab", "ArrowRight")
    desk.page.wait_for_timeout(600)
    for _ in range(4):
        desk.press("Alt+ArrowDown")
        desk.page.wait_for_timeout(150)
    assert desk.rows() == ["bent | Structural › Deformation | 80 × 84 px | ×"]
    desk.press("Control+s")
    expect(desk.state()).to_contain_text("Saved as r2")
    assert desk.pixels(case_id, W, H) == [("bent", [121, 300, 201, 384])]


@pytest.mark.parametrize("choice", ["Keep mine", "Take theirs"])
def test_two_pages_on_one_case_show_both_versions_and_leave_the_choice(
    browser: Browser, site: Site, make_case: MakeCase, choice: str
) -> None:
    case_id = make_case(BENT)
    with browser.new_context() as context:
        one, other = (Desk(context.new_page(), site[1], site[0]).open(case_id) for _ in range(2))
        one.press("0", "Control+s")
        expect(one.state()).to_contain_text("Saved as r2")
        other.page.bring_to_front()
        other.press("Tab", "ArrowRight", "Control+s")
        conflict = other.part("conflict")
        expect(conflict).to_contain_text("ann, r2")
        expect(conflict).to_contain_text("normal")
        expect(conflict).to_contain_text("bent, 80 × 80 px")
        assert len(site[1].annotations(case_id)) == 2
        other.press("Enter")
        expect(other.state()).to_contain_text("Choose one of the two versions")
        conflict.get_by_role("button", name=choice).click()
        expect(conflict).to_be_hidden()
        if choice == "Keep mine":
            expect(other.state()).to_contain_text("Saved as r3")
            assert other.pixels(case_id, W, H) == [("bent", [121, 300, 201, 380])]
        else:
            expect(other.part("normal")).to_have_attribute("aria-pressed", "true")
            expect(other.state()).to_contain_text("no changes since r2")
            assert len(site[1].annotations(case_id)) == 2
            assert site[1].draft(case_id, "ann") is None


def test_a_server_that_does_not_answer_is_said_and_the_work_is_sent_again(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.clock.install()
    held: list[Route] = []
    desk.page.route(REQUESTS, lambda route: held.append(route))
    desk.press("Tab", "ArrowRight")
    desk.page.clock.run_for(1_000)
    expect(desk.state()).to_contain_text("saving draft")
    desk.page.clock.run_for(12_000)
    expect(desk.state()).to_contain_text("does not answer")
    desk.page.unroute(REQUESTS)
    desk.page.clock.run_for(5_000)
    desk.kept()
    draft = desk.store.draft(case_id, "ann")
    assert draft is not None
    assert draft.verdict.defects[0].box == Box.from_pixels(121, 300, 201, 380, W, H)
    assert held


def test_work_done_while_the_connection_is_lost_survives_the_reload_that_gradio_makes(
    desk: Desk, make_case: MakeCase
) -> None:
    case_id = make_case(BENT)
    desk.open(case_id)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.route(REQUESTS, lambda route: route.abort())
    desk.press("Tab", "ArrowRight")
    desk.page.wait_for_timeout(700)
    assert desk.store.draft(case_id, "ann") is None
    desk.page.unroute(REQUESTS)
    desk.page.reload()
    desk.at(case_id)
    desk.kept()
    draft = desk.store.draft(case_id, "ann")
    assert draft is not None
    assert draft.verdict.defects[0].box == Box.from_pixels(121, 300, 201, 380, W, H)


# -- safety, reach, speed --------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_as_text(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(Verdict(True, (Defect(HOSTILE, Box(0.1, 0.1, 0.4, 0.4)),)))
    desk.store.save_annotation(
        case_id, Verdict(True, (Defect(HOSTILE, Box(0.1, 0.1, 0.4, 0.5)),)), author=HOSTILE, based_on=1, note=HOSTILE
    )
    desk.open(case_id)
    desk.press("m")
    desk.write(" seen")
    desk.press("Escape", "Control+s")
    expect(desk.state()).to_contain_text("Saved as r3")
    for place in ("defects", "history", "layer"):
        expect(desk.part(place)).to_contain_text("<img src=x")
    expect(desk.part("note")).to_have_value(f"{HOSTILE} seen")
    assert desk.page.locator("#annotate img[src='x']").count() == 0
    assert desk.page.title() != "hit"


def test_moving_one_box_of_two_hundred_touches_that_box_only(desk: Desk, make_case: MakeCase) -> None:
    boxes = [Box.from_pixels(x, y, x + 20, y + 14, W, H) for x in range(10, 790, 39) for y in range(10, 590, 58)]
    desk.open(make_case(Verdict(True, tuple(Defect("hole", box) for box in boxes[:200]))))
    assert len(desk.rows()) == 200
    desk.page.evaluate(
        """() => { window.touched = new Set();
                   const observer = new MutationObserver((all) => all.forEach((one) => window.touched.add(one.target)));
                   const what = {subtree: true, attributes: true, childList: true};
                   observer.observe(document.querySelector('#annotate .be-root'), what); }"""
    )
    desk.page.mouse.move(*desk.point(15, 15))
    desk.page.mouse.down()
    desk.page.evaluate("() => new Promise((done) => setTimeout(() => { window.touched.clear(); done(); }, 50))")
    desk.page.mouse.move(*desk.point(60, 60), steps=12)
    touched = desk.page.evaluate("() => new Promise((done) => setTimeout(() => done(window.touched.size), 50))")
    desk.page.mouse.up()
    assert 1 <= touched <= 14, "the box, its eight handles, the size in the list and in the corner, the cursor"


def test_every_control_has_a_name_for_screen_readers(desk: Desk, make_case: MakeCase) -> None:
    case_id = make_case(BENT)
    suggest(desk.store, case_id)
    desk.open(case_id)
    nameless = desk.page.evaluate(
        """() => [...document.querySelectorAll('#annotate :is(button, input, select, textarea)')]
                 .filter((n) => !(n.getAttribute('aria-label') || n.textContent.trim())).map((n) => n.className)"""
    )
    assert nameless == []
    expect(desk.stage).to_have_attribute("role", "application")
    expect(desk.said()).to_have_attribute("aria-live", "polite")
    expect(desk.said()).to_contain_text("bent, 80 × 80 px")
