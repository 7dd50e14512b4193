"""The whole loop through the real app: inspect a part, correct it, RAWS, RCRL, inspect it with the new model.

Everything on the path is the real one: `app.py` as a process, the bundled model, the trainers as processes of their
own. Only the number of training steps is small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from m3ad.records import Annotation, Case, Stage
from tests.browser.annotate_desk import Desk
from tests.browser.app_process import App
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.walk import MOST_PARTS, SLOW, SNAPSHOT, Walk, inspect_until_a_box

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODEL, AFTER_RAWS, AFTER_RCRL = "demo", "demo/raws-1", "demo/rcrl-1"
RAWS_STEPS, RCRL_STEPS = 3, 2


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The app on an empty workspace."""
    made = App(tmp_path / "workspace")
    try:
        made.start()
        yield made
    finally:
        made.close()
        print(made.log.read_text()[-4000:])  # pytest shows it when the test fails


@pytest.fixture
def walk(page: Page, app: App) -> Iterator[Walk]:
    """A person with more patience than usual: the app shares the machine with what it trains."""
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    yield Walk(page, app)
    expect.set_options(timeout=PATIENCE)


def sees_text_grow(walk: Walk) -> None:
    """The model's text was on the screen before it was whole. A quick model may write between two looks: look again."""
    for _ in range(MOST_PARTS):
        whole = walk.lane("think")
        growing = [text for text in walk.page.evaluate("window.seen.think") if len(text) < len(whole)]
        if growing:
            assert whole.startswith(growing[0])
            return
        walk.inspect()
    raise AssertionError("the text never streamed: it only appeared whole")


def correct(walk: Walk, case: Case) -> Annotation:
    """Press C, adopt the model's boxes, give the first another type and another size, save."""
    with walk.app.store as store:
        inspection = store.latest_inspection(case.id, MODEL)
    assert inspection is not None
    assert inspection.trace.verdict is not None
    predicted = inspection.trace.verdict.defects
    walk.press("c")
    with walk.app.store as store:
        desk = Desk(walk.page, store, walk.app.address).at(case.id)
        desk.press("x", "Escape", "Tab", "t")
        desk.write(right_type := "crack" if predicted[0].type != "crack" else "scratch")
        desk.press("Enter", *["Alt+ArrowUp"] * 3, *["Alt+ArrowLeft"] * 3)
        desk.press("Control+s")
        expect(desk.state()).to_contain_text("Saved as r1")
        saved = store.latest_annotation(case.id)
    assert saved is not None
    assert (saved.revision, saved.author, saved.inspection_id) == (1, "ann", inspection.id)
    assert len(saved.verdict.defects) == len(predicted)
    changed = [one for one in saved.verdict.defects if one not in predicted]
    assert right_type in [one.type for one in changed]
    assert changed[0].box not in [one.box for one in predicted]
    return saved


def frozen_annotations(app: App) -> list[Annotation]:
    """What the snapshot holds."""
    with app.store as store:
        return [row.annotation for row in store.snapshot_rows(store.snapshot(SNAPSHOT).id)]


def restart(walk: Walk, case: Case) -> None:
    """End the app while the run goes on, start it again, come back by the link."""
    walk.page.goto("about:blank")  # a page that is open would try to reach the app that is gone
    walk.app.stop()
    walk.app.start()
    walk.page.goto(f"{walk.app.address}?tab=retrain&case={case.id}")


def nothing_is_lost(walk: Walk, run: str) -> None:
    """A page just opened shows the snapshot and the run."""
    walk.in_front("Retrain")
    expect(walk.page.locator("#run-state")).to_contain_text(run)
    expect(walk.page.locator("#run-snapshot input")).to_have_value(re.compile(SNAPSHOT))


def inspect_with_new_model(walk: Walk, case: Case) -> None:
    """Follow "Inspect with this model" to the part, inspect it, and find the answer under the new model's name."""
    walk.page.locator("#use-model").click()
    walk.shows(case)
    expect(walk.page.locator("#inspect-model input")).to_have_value(f"{AFTER_RCRL} (not promoted)")
    expect(walk.page.locator(".m3-big")).to_have_text("Not inspected yet")
    expect(walk.boxes("truth").first).to_be_visible()
    walk.inspect()
    expect(walk.page.locator(".m3-header")).to_contain_text(AFTER_RCRL)
    with walk.app.store as store:
        answer, earlier = store.latest_inspection(case.id, AFTER_RCRL), store.latest_inspection(case.id, MODEL)
        parents = {model.name: (model.parent, model.run) for model in store.models()}
    assert answer is not None
    assert earlier is not None
    assert answer.trace.text
    assert answer.id > earlier.id
    assert parents[AFTER_RAWS] == (MODEL, "raws-1")
    assert parents[AFTER_RCRL] == (AFTER_RAWS, "rcrl-1")


def test_the_whole_loop_from_a_part_to_the_new_model_and_back(walk: Walk, browser: Browser, witness: Witness) -> None:
    page, app = walk.page, walk.app
    walk.open()
    case = inspect_until_a_box(walk)
    sees_text_grow(walk)
    assert walk.lane("answer").endswith("yes")
    correction = correct(walk, case)

    walk.go_to("Retrain")
    walk.take_snapshot()
    assert correction in frozen_annotations(app)
    walk.start_run(Stage.RAWS, MODEL, "raws-1", RAWS_STEPS)
    page.reload()
    nothing_is_lost(walk, "raws-1")
    assert walk.finished("raws-1").progress().step == RAWS_STEPS

    walk.start_run(Stage.RCRL, AFTER_RAWS, "rcrl-1", RCRL_STEPS)
    restart(walk, case)
    nothing_is_lost(walk, "rcrl-1")
    with browser.new_context() as context:
        second = Walk(context.new_page(), app)
        second.page.goto(f"{app.address}?tab=retrain")
        nothing_is_lost(second, "rcrl-1")
    assert walk.finished("rcrl-1").progress().step == RCRL_STEPS

    inspect_with_new_model(walk, case)
    with app.store as store:
        assert store.latest_annotation(case.id) == correction
    assert witness.foreign == []
    assert witness.errors == []
