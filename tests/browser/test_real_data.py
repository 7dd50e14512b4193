"""Photographs of real parts: imported through the Data tab of the real app, one of each set inspected and annotated.

The bundled model knows drawn parts only, so what it says about a photograph is not looked at; that it says something,
that it is kept, and that the annotation is kept to the pixel, is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from db.filters import CaseFilter
from m3ad.records import Case
from tests.browser.annotate_desk import Desk
from tests.browser.app_process import ROOT, App
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.walk import SLOW, Walk
from ui.data_service import LAYOUTS

DATA = ROOT.parent / "shared" / "data"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not here: ../shared/data is absent"),
]


@dataclass(frozen=True)
class Source:
    """A folder to import: its layout, how many cases it has, and a category with an anomalous case."""

    folder: str
    layout: str
    cases: int
    dataset: str


HAZELNUTS = Source("hazelnut_toy", "", 51, "hazelnut_toy")
BOARDS = Source("deeppcb", "deeppcb", 150, "deeppcb")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on an empty workspace without drawn parts."""
    made = App(tmp_path_factory.mktemp("real") / "workspace", ("--no-demo",))
    try:
        made.start()
        yield made
    finally:
        made.close()
        print(made.log.read_text()[-4000:])


@pytest.fixture(autouse=True)
def patience(page: Page) -> Iterator[None]:
    """More than usual: the app loads its model while it is looked at."""
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    yield
    expect.set_options(timeout=PATIENCE)


def bring_in(page: Page, app: App, source: Source) -> Case:
    """Import a folder through the Data tab; returns its first anomalous case."""
    page.goto(f"{app.address}?tab=data")
    layout = page.get_by_label("Layout", exact=True)
    expect(layout).to_have_value(LAYOUTS["auto"])
    if source.layout:
        layout.click()
        page.get_by_role("option", name=LAYOUTS[source.layout], exact=True).click()
    page.locator("#import-folder").get_by_role("textbox").fill(str(DATA / source.folder))
    page.locator("#start-import").click()
    expect(page.locator("#import-words")).to_contain_text(f"{source.cases} added, 0 already there, 0 refused")
    with app.store as store:
        assert store.count_cases(CaseFilter(dataset=source.dataset)) == source.cases
        return store.cases(CaseFilter(dataset=source.dataset, verdict="anomalous"), limit=1)[0]


def annotate(page: Page, app: App, case: Case) -> None:
    """Draw one more box, with a type, over what the data set says; the boxes are kept to the pixel."""
    with app.store as store:
        desk = Desk(page, store, app.address).at(case.id)
        before = store.latest_annotation(case.id)
        assert before is not None
        width, height = case.primary.width, case.primary.height
        desk.press("n", *["Alt+ArrowRight"] * 4, "ArrowDown", "t")
        desk.write("scratch")
        desk.press("Enter", "Control+s")
        expect(desk.state()).to_contain_text("Saved as r2")
        after = store.latest_annotation(case.id)
        assert after is not None
        assert (after.revision, after.author) == (2, "ann")
        assert set(before.verdict.defects) < set(after.verdict.defects)
        (added,) = set(after.verdict.defects) - set(before.verdict.defects)
        assert added.type == "scratch"
        assert added.box is not None
        exact = added.box.to_pixels(width, height)
        assert exact == pytest.approx([round(value) for value in exact], abs=1e-6)


@pytest.mark.parametrize("source", [HAZELNUTS, BOARDS], ids=lambda source: source.folder)
def test_photographs_are_imported_inspected_and_annotated_through_the_page(
    page: Page, app: App, source: Source, witness: Witness
) -> None:
    case = bring_in(page, app, source)
    page.goto(f"{app.address}?tab=inspect&case={case.id}")
    walk = Walk(page, app)
    walk.shows(case)
    picture = page.locator("#inspect-viewer .m3-picture")
    expect(picture).to_have_js_property("naturalWidth", case.primary.width)  # in full, once it has arrived
    expect(walk.boxes("truth").first).to_be_visible()
    walk.inspect()
    with app.store as store:
        inspection = store.latest_inspection(case.id, "demo")
        assert inspection is not None
        assert inspection.trace.text
    walk.press("c")
    annotate(page, app, case)
    walk.go_to("Inspect")
    walk.shows(case)
    with app.store as store:
        latest = store.latest_annotation(case.id)
        assert latest is not None
        count = len(latest.verdict.defects)
    expect(walk.boxes("truth")).to_have_count(count)
    expect(page.locator(".m3-note")).to_have_text(re.compile("Demonstration model for drawn parts"))
    assert (witness.foreign, witness.errors) == ([], [])
