"""A person who walks through the whole product on the page of the real app; waits for what is seen, not for time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from db.filters import CaseFilter, Status
from m3ad.records import Case, Stage
from tests.browser.app_process import App
from training.config import PRESETS
from training.run import RunFolder

SNAPSHOT = "corrections-1"
MOST_PARTS = 8  # so many parts are inspected at most until one of them gets a box
SLOW = 120_000  # milliseconds: the page while the model is loaded, on a machine that is slow and busy
SLOWEST = 300_000  # milliseconds: a short run there
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
    const everything = { attributes: true, childList: true, subtree: true, characterData: true };
    new MutationObserver(look).observe(trace, everything);
}"""


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

    def open(self) -> None:
        """Open the page and wait until its first case is chosen."""
        self.page.goto(self.app.address)
        expect(self.page).to_have_url(re.compile(r"case=\d+"))
        expect(self.page.locator(".m3-row[aria-selected=true]")).to_be_visible()

    def choose(self, case: Case) -> None:
        """Click the part in the list and wait until its picture is on the screen."""
        self.page.locator("#inspect-cases .m3-search").fill(case.category)
        self.page.locator(f".m3-row[data-id='{case.id}']").click()
        self.shows(case)

    def shows(self, case: Case) -> None:
        """Wait until the Inspect tab shows the part."""
        self.in_front("Inspect")
        expect(self.page).to_have_url(re.compile(rf"case={case.id}\b"))
        expect(self.page.locator(f".m3-row[data-id='{case.id}']")).to_have_attribute("aria-selected", "true")
        expect(self.page.locator("#inspect-viewer .m3-picture")).to_have_attribute("src", f"picture/{case.primary.id}")

    def inspect(self) -> None:
        """Press space and wait for the model's next answer."""
        expect(self.page.locator("#inspect-run")).to_be_enabled()
        self.page.evaluate(WATCH)
        self.press(" ")
        self.page.wait_for_function("window.seen.answers > 0", timeout=SLOW)
        expect(self.page.locator(".m3-big")).to_have_text(re.compile("^(Anomalous|Normal|Unreadable)$"))
        expect(self.page.locator(".m3-footer:visible")).to_contain_text("Inspected in")

    def lane(self, name: str) -> str:
        """What a lane of the trace shows."""
        return self.page.locator(f"#inspect-trace .m3-lane-{name} .m3-prose").inner_text()

    def boxes(self, kind: str) -> Locator:
        """The boxes on the picture: "predicted", "initial" or "truth"."""
        return self.page.locator(f"#inspect-viewer .m3-box-{kind}")

    # -- the Retrain tab

    def setting(self, label: str) -> Locator:
        """A setting of the stage in front."""
        return self.page.get_by_label(label, exact=True).locator("visible=true")

    def take_snapshot(self) -> None:
        """Freeze every annotated case; the form is open while there is no snapshot."""
        name = self.page.locator("#snapshot-name").get_by_role("textbox")
        expect(name).not_to_have_value("")  # a name is proposed once the tab has been filled
        name.fill(SNAPSHOT)
        self.page.locator("#take-snapshot").click()
        expect(self.page.locator("#run-snapshot input")).to_have_value(re.compile(SNAPSHOT))

    def start_run(self, stage: Stage, model: str, name: str, steps: int) -> None:
        """Start a short run with the "cpu demo" preset from a model."""
        self.page.get_by_role("radio", name=re.compile(stage.value, re.IGNORECASE)).check()
        expect(self.page.get_by_label("Preset", exact=True)).to_have_value("cpu demo")
        field = self.setting("max steps")
        expect(field).to_have_value(str(PRESETS["cpu demo"][stage].max_steps))  # the stage's form is in front
        start_model = self.page.locator("#start-model input")
        if start_model.input_value() != model:
            start_model.click()
            self.page.get_by_role("option", name=model, exact=True).click()
        expect(start_model).to_have_value(model)
        field.fill(str(steps))
        self.press("Tab")
        self.page.locator("#start-run").click()
        expect(self.page.locator("#run-state")).to_contain_text(name)

    def finished(self, name: str) -> RunFolder:
        """Wait until the run on the screen has finished; returns it. A failed one shows its log."""
        state = self.page.locator("#run-state")
        expect(state).to_contain_text(name)
        expect(state).to_contain_text(re.compile("finished|failed"), timeout=SLOWEST)
        with self.app.store as store:
            folder = RunFolder(store.run(name).folder)
        assert "finished" in state.inner_text(), folder.log_tail()
        expect(self.page.locator("#use-model")).to_be_enabled()
        return folder


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
