"""Takes the pictures of README and docs: starts the real app on an empty workspace and photographs its tabs.

    uv run --group dev python -m docs.make_screenshots

Writes docs/{inspect,annotate,reflect,trust,bench,examples,retrain,random,data}-{light,dark}.png, 1280 x 720. Needs
Chromium. All parts are drawn ones, the model is the bundled one, and the curves are those of a run that is really
trained here (some minutes on two cores).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.demo.parts import draw
from m3ad.records import Case, Stage
from m3ad.rewards import accuracy
from tests.browser.annotate_desk import Desk
from tests.browser.app_process import ROOT, App
from tests.browser.conftest import FLAGS, find_chromium
from tests.browser.walk import SNAPSHOT, Walk, inspect_until_a_box
from training.config import PRESETS

DOCS = Path(__file__).resolve().parent
SCHEMES = ("light", "dark")
MODEL = "demo"
CATEGORY = "machined bracket"
expect.set_options(timeout=120_000)
# The list's pictures are loaded when they come into sight: those out of sight are not waited for.
SEEN_PICTURES = """[...document.images].filter((image) => {
    const { width, top, bottom } = image.getBoundingClientRect();
    return width && bottom > 0 && top < innerHeight;
}).every((image) => image.complete)"""


def main() -> None:
    """Take all the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder) / "workspace")
        try:
            app.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS, headless=True)
                photograph(browser, app, write_data_set(Path(folder) / "brackets" / CATEGORY))
                browser.close()
        finally:
            app.close()


def photograph(browser: Browser, app: App, data_set: Path) -> None:
    """Work on the page until every tab has something to show, then photograph it in light and dark."""
    train(app, Stage.RAWS, MODEL)
    train(app, Stage.RCRL, f"{MODEL}/raws-1")
    with app.store as store:
        inspected = inspect_all(browser, app, store)
        shown = best(store, inspected)
    corrected = prepare_correction(browser, app)
    command(app, "answer", "--snapshot", SNAPSHOT)
    command(app, "caption", SNAPSHOT)
    command(app, "bench", "run", SNAPSHOT)
    import_data_set(browser, app, data_set)
    for scheme in SCHEMES:
        with browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme) as context:  # type: ignore[arg-type]
            page = context.new_page()
            inspect_tab(page, app, shown, DOCS / f"inspect-{scheme}.png")
            annotate_tab(page, app, corrected, DOCS / f"annotate-{scheme}.png")
            reflect_tab(page, app, DOCS / f"reflect-{scheme}.png")
            trust_view(page, DOCS / f"trust-{scheme}.png")
            bench_tab(page, app, DOCS / f"bench-{scheme}.png")
            examples_view(page, app, DOCS / f"examples-{scheme}.png")
            retrain_tab(page, app, DOCS / f"retrain-{scheme}.png")
            random_sheet(page, DOCS / f"random-{scheme}.png")
            data_tab(page, app, DOCS / f"data-{scheme}.png")


# -- something to show -----------------------------------------------------------------------------------------------


def command(app: App, *words: str) -> None:
    """Run a command of the app on the same workspace."""
    subprocess.run([sys.executable, "app.py", *words, "--workspace", str(app.workspace)], cwd=ROOT, check=True)


def train(app: App, stage: Stage, model: str) -> None:
    """A real run with the "cpu demo" preset, on a snapshot of all annotated cases."""
    if stage is Stage.RAWS:
        command(app, "snapshot", SNAPSHOT)
    command(app, "train", stage.value, "--model", model, "--preset", "cpu demo", "--wait")


def inspect_all(browser: Browser, app: App, store: Store) -> list[Case]:
    """Inspect the annotated anomalous parts of known categories on the page; returns them."""
    cases = store.cases(CaseFilter(status=Status.ANNOTATED, verdict="anomalous"))
    cases = [case for case in cases if not case.split]
    with browser.new_context() as context:
        walk = Walk(context.new_page(), app)
        walk.open()
        for case in cases:
            if store.latest_inspection(case.id, MODEL) is None:
                walk.choose(case)
                walk.inspect()
    return cases


def best(store: Store, cases: list[Case]) -> Case:
    """The part that the model judged best; where several are as good, one on which it reflected."""

    def merit(case: Case) -> tuple[float, bool]:
        truth, inspection = store.latest_annotation(case.id), store.latest_inspection(case.id, MODEL)
        if truth is None or inspection is None:
            return 0.0, False
        return round(accuracy(truth.verdict, inspection.trace), 1), inspection.trace.reflected

    return max(cases, key=merit)


def prepare_correction(browser: Browser, app: App) -> Case:
    """Inspect parts that nobody has annotated until the model draws a box."""
    with browser.new_context() as context:
        walk = Walk(context.new_page(), app)
        walk.open()
        return inspect_until_a_box(walk)


def write_data_set(folder: Path) -> Path:
    """Drawn parts in MVTec AD's layout; one defective part has no mask, so that the account has something to refuse."""
    for number in range(5):
        save(draw(CATEGORY, 900 + number, anomalous=False).image, folder / "test" / "good" / f"{number:03}.png")
    for number in range(4):
        part = draw(CATEGORY, 950 + number, anomalous=True)
        save(part.image, folder / "test" / "scratch" / f"{number:03}.png")
        mask = Image.new("L", part.image.size)
        for defect in part.verdict.defects:
            assert defect.box is not None
            x1, y1, x2, y2 = (round(value) for value in defect.box.to_pixels(*part.image.size))
            mask.paste(255, (x1, y1, x2, y2))
        if number:
            save(mask, folder / "ground_truth" / "scratch" / f"{number:03}_mask.png")
    return folder


def save(image: Image.Image, path: Path) -> None:
    """Write a picture, with the folders on its way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def import_data_set(browser: Browser, app: App, folder: Path) -> None:
    """Import a folder through the Data tab, whose account stays to be seen."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{app.address}?tab=data")
        page.locator("#import-folder").get_by_role("textbox").fill(str(folder))
        page.locator("#start-import").click()
        expect(page.locator("#import-words")).to_contain_text(re.compile(r"\d+ added"))


# -- the tabs --------------------------------------------------------------------------------------------------------


def inspect_tab(page: Page, app: App, case: Case, target: Path) -> None:
    """A part with the model's reasoning and its boxes."""
    page.goto(f"{app.address}?tab=inspect&case={case.id}")
    walk = Walk(page, app)
    walk.shows(case)
    expect(page.locator(".m3-big")).to_have_text("Anomalous")
    expect(walk.boxes("predicted").first).to_be_visible()
    expect(page.locator(f".m3-row[data-id='{case.id}'] img")).to_be_visible()
    shoot(page, target)


def annotate_tab(page: Page, app: App, case: Case, target: Path) -> None:
    """The model's box adopted and in hand."""
    page.goto(f"{app.address}?tab=annotate&case={case.id}")
    with app.store as store:
        desk = Desk(page, store, app.address).at(case.id)
        if desk.part("ghost").count():
            desk.press("x")
            desk.kept()
        desk.press("Escape", "Tab")
    shoot(page, target)


def reflect_tab(page: Page, app: App, target: Path) -> None:
    """What reflection did over the inspected parts, and one of them."""
    page.goto(f"{app.address}?tab=reflect")
    expect(page.locator("#reflect-effect .m3-effect-said")).to_contain_text("Balanced accuracy")
    page.keyboard.press("j")
    expect(page.locator("#reflect-effect tr[aria-selected=true]")).to_be_visible()
    lens = page.locator("#reflect-lens")
    expect(lens.locator(".m3-sentence").first).to_be_visible()
    if (measure := lens.locator(".m3-lens-measure")).is_visible():  # a loaded model's curve is measured by itself
        measure.click()
    expect(lens.locator(".m3-curve-line")).to_be_visible()
    shoot(page, target)


def trust_view(page: Page, target: Path) -> None:
    """How far the model can be believed, and the thresholds; Reflect is in front."""
    page.get_by_role("tab", name="Trust", exact=True).click()
    expect(page.locator("#trust-use")).to_be_visible()
    shoot(page, target)
    page.get_by_role("tab", name="Reflection", exact=True).click()


def bench_tab(page: Page, app: App, target: Path) -> None:
    """One model on the frozen cases."""
    page.goto(f"{app.address}?tab=bench")
    expect(page.locator("#bench-plot .js-plotly-plot")).to_be_visible()
    shoot(page, target)


def examples_view(page: Page, app: App, target: Path) -> None:
    """The check of a snapshot's texts, at one that reflects."""
    page.goto(f"{app.address}?tab=annotate")
    page.get_by_role("tab", name="Examples", exact=True).click()
    desk = page.locator("#examples")
    expect(desk.locator(".m3-think-text")).to_be_visible()
    for _ in range(20):
        if desk.locator(".m3-reflection-text").is_visible():
            break
        page.keyboard.press(".")
        page.wait_for_timeout(500)
    shoot(page, target)


def retrain_tab(page: Page, app: App, target: Path) -> None:
    """The curves of the run that has just finished."""
    page.goto(f"{app.address}?tab=retrain")
    expect(page.locator("#run-state")).to_contain_text("finished")
    points = PRESETS["cpu demo"][Stage.RCRL].max_steps
    expect(page.locator("#run-curves .scatterlayer .trace").first.locator(".point")).to_have_count(points)
    expect(page.locator("#run-snapshot input")).to_have_value(re.compile(SNAPSHOT))
    shoot(page, target)


def random_sheet(page: Page, target: Path) -> None:
    """Random examples as the bundled model will see them; the Retrain tab is open."""
    page.locator("#run-stage").get_by_text("RAWS", exact=False).click()
    page.locator("#look-at-examples").click()
    expect(page.locator("#random-examples img").first).to_be_visible()
    shoot(page, target)


def data_tab(page: Page, app: App, target: Path) -> None:
    """The account of an import, the workspace, the types."""
    page.goto(f"{app.address}?tab=data")
    expect(page.locator("#import-words")).to_contain_text("added")
    expect(page.locator("#workspace-facts")).to_contain_text("cases")
    shoot(page, target)


def shoot(page: Page, target: Path) -> None:
    """Write what is on the screen once pictures and fonts are there."""
    page.wait_for_function(SEEN_PICTURES)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=target, animations="disabled")
    print(target.name, flush=True)


if __name__ == "__main__":
    main()
