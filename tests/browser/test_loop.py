"""The whole loop through the real app: inspect a part, correct it, RAWS, RCRL, inspect it with the new model.

Everything on the path is the real one: `app.py` as a process, the bundled model, the trainers as processes of their
own. Only the number of training steps is small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from db.filters import CaseFilter, Status
from m3ad.records import Annotation, Case, Stage
from tests.browser.annotate_desk import Desk
from tests.browser.app_process import App
from tests.browser.conftest import PATIENCE, Witness
from training.config import PRESETS
from training.run import RunFolder

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

MODEL, AFTER_RAWS, AFTER_RCRL = "demo", "demo/raws-1", "demo/rcrl-1"
STEPS = {Stage.RAWS: 3, Stage.RCRL: 2}
MOST_PARTS = 8  # so many parts are inspected at most until one of them gets a box
LONGEST = 300_000  # milliseconds for a short run on a machine that is slow and busy
SNAPSHOT = "corrections-1"
# Keeps every text that a lane shows while the model is writing, and counts the answers.
WATCH = """() => {
    const trace = document.querySelector('#inspect-trace .m3-trace'), seen = { think: [], answer: [], answers: 0 };
    let before = trace.dataset.state;
    const look = () => {
        const state = trace.dataset.state;
        if (state === 'done' && before !== 'done') seen.answers++;
        before = state;
        if (state !== 'writing') return;
        for (const name of ['think', 'answer']) {
            const text = trace.querySelector(`.m3-lane-${name} .m3-prose`).textContent;
            if (text && text !== seen[name].at(-1)) seen[name].push(text);
        }
    };
    window.seen = seen;
    new MutationObserver(look).observe(trace, { attributes: true, childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The app on an empty workspace."""
    made = App(tmp_path / "workspace", ("--model", MODEL))
    try:
        made.start()
        yield made
    finally:
        made.close()
        print(made.log.read_text()[-4000:])  # pytest shows it when the test fails


@dataclass
class Walk:
    """A person on the page."""

    page: Page
    app: App

    def tab(self, name: str) -> Locator:
        """A tab of the page."""
        return self.page.get_by_role("tab", name=name, exact=True)

    def go_to(self, name: str) -> None:
        """Bring a tab to the front."""
        self.tab(name).click()
        self.in_front(name)

    def in_front(self, name: str) -> None:
        """Wait until a tab is in front."""
        expect(self.tab(name)).to_have_attribute("aria-selected", "true")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def choose(self, case: Case) -> None:
        """Click the part in the list and wait until its picture is on the screen."""
        search = self.page.locator("#inspect-cases .m3-search")
        search.fill(case.category)
        row = self.page.locator(f".m3-row[data-id='{case.id}']")
        row.click()
        self.shows(case)

    def shows(self, case: Case) -> None:
        """Wait until the Inspect tab shows the part."""
        self.in_front("Inspect")
        expect(self.page).to_have_url(re.compile(rf"case={case.id}\b"))
        expect(self.page.locator("#inspect-viewer .m3-picture")).to_have_attribute("src", f"picture/{case.primary.id}")

    def inspect(self) -> None:
        """Press space and wait for the model's next answer."""
        expect(self.page.locator("#inspect-run")).to_be_enabled()
        self.page.evaluate(WATCH)
        self.press(" ")
        self.page.wait_for_function("window.seen.answers > 0")
        expect(self.page.locator(".m3-big")).to_have_text(re.compile("^(Anomalous|Normal|Unreadable)$"))
        expect(self.page.locator(".m3-footer:visible")).to_contain_text("Inspected in")

    def lane(self, name: str) -> str:
        """What a lane of the trace shows."""
        return self.page.locator(f"#inspect-trace .m3-lane-{name} .m3-prose").inner_text()

    def boxes(self, kind: str) -> Locator:
        """The boxes on the picture: "predicted", "initial" or "truth"."""
        return self.page.locator(f"#inspect-viewer .m3-box-{kind}")

    # -- the Retrain tab

    def field(self, label: str) -> Locator:
        """A field of the form in front."""
        return self.page.get_by_label(label, exact=True).locator("visible=true").first

    def pick(self, label: str, words: str) -> None:
        """Choose from a dropdown."""
        self.field(label).click()
        self.page.get_by_role("option", name=words, exact=True).click()
        expect(self.field(label)).to_have_value(words)

    def take_snapshot(self) -> None:
        """Freeze every annotated case."""
        self.page.get_by_role("button", name="Take a new snapshot").click()
        self.field("Name").fill(SNAPSHOT)
        self.page.get_by_role("button", name="Take snapshot", exact=True).click()
        expect(self.field("Snapshot")).to_have_value(re.compile(SNAPSHOT))

    def start_run(self, stage: Stage, model: str, name: str) -> None:
        """Start a short run with the "cpu demo" preset."""
        self.page.get_by_role("radio", name=re.compile(stage.value, re.IGNORECASE)).check()
        expect(self.field("Preset")).to_have_value("cpu demo")
        # The stage's own values are there: a number typed earlier would be overwritten.
        expect(self.field("max steps")).to_have_value(str(PRESETS["cpu demo"][stage].max_steps))
        if self.field("Start model").input_value() != model:
            self.pick("Start model", model)
        self.field("max steps").fill(str(STEPS[stage]))
        self.press("Tab")
        self.page.locator("#start-run").click()
        expect(self.page.locator("#run-state")).to_contain_text(name)

    def finished(self, name: str) -> None:
        """Wait until the run on the screen has finished; a failed one shows its log."""
        state = self.page.locator("#run-state")
        expect(state).to_contain_text(name)
        expect(state).to_contain_text(re.compile(r"\b(finished|failed)\b"), timeout=LONGEST)
        with self.app.store as store:
            folder = RunFolder(store.run(name).folder)
        assert "finished" in state.inner_text(), folder.log_tail()
        assert folder.progress().step == STEPS[folder.config().stage]
        expect(self.page.locator("#use-model")).to_be_enabled()


@pytest.fixture
def walk(page: Page, app: App) -> Walk:
    return Walk(page, app)


def inspect_until_a_box(walk: Walk) -> Case:
    """Inspect parts that nobody has annotated until the model draws a box; returns that part."""
    with walk.app.store as store:
        found = store.cases(CaseFilter(status=Status.UNANNOTATED))
    for case in [case for case in found if not case.split][:MOST_PARTS]:
        walk.choose(case)
        expect(walk.page.locator(".m3-big")).to_have_text("Not inspected yet")
        walk.inspect()
        if walk.boxes("predicted").count():
            return case
    raise AssertionError(f"the model found no defect on {MOST_PARTS} parts, half of which have one")


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
    expect(walk.field("Snapshot")).to_have_value(re.compile(SNAPSHOT))


def inspect_with_new_model(walk: Walk, case: Case) -> None:
    """Follow "Inspect with this model" to the part, inspect it, and find the answer under the new model's name."""
    walk.page.locator("#use-model").click()
    walk.shows(case)
    expect(walk.page.get_by_label("Model", exact=True)).to_have_value(AFTER_RCRL)
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
    page.goto(app.address)
    case = inspect_until_a_box(walk)
    sees_text_grow(walk)
    assert walk.lane("answer").endswith("yes")
    correction = correct(walk, case)

    walk.go_to("Retrain")
    walk.take_snapshot()
    assert correction in frozen_annotations(app)
    walk.start_run(Stage.RAWS, MODEL, "raws-1")
    page.reload()
    nothing_is_lost(walk, "raws-1")
    walk.finished("raws-1")

    walk.start_run(Stage.RCRL, AFTER_RAWS, "rcrl-1")
    restart(walk, case)
    nothing_is_lost(walk, "rcrl-1")
    with browser.new_context() as context:
        second = Walk(context.new_page(), app)
        second.page.goto(f"{app.address}?tab=retrain")
        nothing_is_lost(second, "rcrl-1")
    walk.finished("rcrl-1")

    inspect_with_new_model(walk, case)
    with app.store as store:
        assert store.latest_annotation(case.id) == correction
    assert witness.foreign == []
    assert witness.errors == []
