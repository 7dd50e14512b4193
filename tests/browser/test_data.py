"""The Data tab in a real browser: an import with its account, the workspace's facts, the defect types."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from db.schema import Role
from db.store import Store
from m3ad.records import NORMAL
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.m3ad.datasets.made import mask, picture
from tests.ui.scripted import add_case, make_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=document.title='hit'>.png"
FITS = "() => [...document.querySelectorAll('#taxonomy .m3-table, #import-refused .m3-table')]"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


def bottle(root: Path) -> Path:
    """Two pictures in the MVTec layout, and a file that is none and has a hostile name."""
    good = root / "bottle" / "train" / "good"
    good.mkdir(parents=True)
    for number in range(2):
        Image.new("RGB", (40, 30), (number, 80, 80)).save(good / f"{number:03}.png")
    (good / HOSTILE).write_bytes(b"no picture")
    return root


def test_an_import_is_followed_to_its_account(store: Store, tmp_path: Path, page: Page, witness: Witness) -> None:
    source = bottle(tmp_path / "source")
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=data")
        facts = page.locator("#workspace-facts tr")
        expect(facts.filter(has_text="cases").first).to_contain_text("0")
        page.locator("#import-folder").get_by_role("textbox").fill(str(source))
        page.locator("#start-import").click()
        expect(page.locator("#import-words")).to_contain_text("Done: 2 added, 0 already there, 1 refused.")
        expect(page.locator("#import-refused td")).to_contain_text(HOSTILE)
        expect(facts.filter(has_text="cases").first).to_contain_text("2")

        expect(page.locator("#taxonomy tbody tr")).to_have_count(41)
        page.locator("#taxonomy-query").get_by_role("textbox").fill("scratch")
        expect(page.locator("#taxonomy tbody tr").first).to_contain_text("scratch")
        assert page.evaluate(f"{FITS}.every(table => table.scrollWidth <= table.clientWidth)")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert page.title() != "hit"
        assert (witness.foreign, witness.errors) == ([], [])  # before the server ends, which the page would notice


def test_a_name_of_the_source_is_mapped_and_taken_by_the_next_import(
    store: Store, tmp_path: Path, page: Page, witness: Witness
) -> None:
    part = tmp_path / "source" / "bottle"
    picture(part / "test" / "good" / "0.png")
    picture(part / "test" / HOSTILE / "1.png")
    mask(part / "ground_truth" / HOSTILE / "1.png", (10, 20, 30, 60))
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=data")
        page.locator("#import-folder").get_by_role("textbox").fill(str(part))
        page.locator("#start-import").click()
        expect(page.locator("#import-words")).to_contain_text("Done: 1 added, 0 already there, 1 refused.")
        page.get_by_role("button", name="Names of defects in the source").click()
        expect(page.locator("#names-met tbody tr")).to_contain_text([HOSTILE])
        expect(page.locator("#names-met tbody tr")).to_contain_text(["refused"])
        page.locator("#names-name input").click()
        page.get_by_role("option", name=f"{HOSTILE} (bottle)").click()
        page.locator("#names-type input").fill("distor")
        page.get_by_role("option", name="distortion").click()
        page.locator("#names-map").click()
        expect(page.locator("#names-words textarea")).to_have_value(re.compile("means distortion in bottle"))
        expect(page.locator("#names-met tbody tr")).to_contain_text(["distortion"])
        page.locator("#start-import").click()
        expect(page.locator("#import-words")).to_contain_text("Done: 1 added, 1 already there, 0 refused.")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert page.title() != "hit"
        assert (witness.foreign, witness.errors) == ([], [])
    assert store.meanings.of("mvtec") == {("bottle", HOSTILE): "distortion"}


def test_annotations_go_out_as_an_archive_and_come_back_as_a_revision(
    store: Store, tmp_path: Path, page: Page, witness: Witness
) -> None:
    case_id = add_case(store, "part", NORMAL)
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=data")
        page.locator("#export-format input").fill("Pascal")
        page.get_by_role("option", name="Pascal VOC").click()
        page.locator("#start-export").click()
        expect(page.locator("#export-words")).to_contain_text("1 pictures as Pascal VOC: 1 decided")
        with page.expect_download() as fetched:
            page.locator("#download-export").click()
        changed = draw_a_box(Path(fetched.value.path()), tmp_path / "back.zip")

        page.locator("#import-layout input").fill("Pascal")
        page.get_by_role("option", name="Pascal VOC").last.click()
        page.locator("#import-archive input[type=file]").set_input_files(changed)
        expect(page.locator("#import-archive")).to_contain_text("back")
        page.locator("#start-import").click()
        expect(page.locator("#import-words")).to_contain_text("1 got a new revision")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert page.request.get(f"{address}export/other.zip").status == 404
        assert page.title() != "hit"
        assert (witness.foreign, witness.errors) == ([], [])
    latest = store.latest_annotation(case_id)
    assert latest is not None
    assert latest.author.startswith("imported from voc by ")
    assert latest.verdict.defects[0].type == HOSTILE


def draw_a_box(archive: Path, target: Path) -> Path:
    """What another program would do: the same archive with a box in its one picture, of a type with a hostile name."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as changed:
        for info in source.infolist():
            data = source.read(info)
            if info.filename.startswith("Annotations/"):
                edges = "<xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax>"
                box = f"<object><name>{html.escape(HOSTILE)}</name><bndbox>{edges}</bndbox></object>"
                data = data.replace(b"</annotation>", f"{box}</annotation>".encode())
            changed.writestr(info.filename, data)
    return target


def test_only_an_admin_may_import_a_folder_of_the_machine(store: Store, tmp_path: Path, page: Page) -> None:
    store.add_user("ann", "a good password", Role.REVIEWER)
    with served(make_context(store, login=True)) as address:
        page.request.post(f"{address}login", form={"username": "ann", "password": "a good password"})
        page.goto(f"{address}?tab=data")
        page.locator("#import-folder").get_by_role("textbox").fill(str(bottle(tmp_path / "source")))
        page.locator("#start-import").click()
        expect(page.get_by_text("ann may not import folders")).to_be_visible()
        expect(page.locator("#import-words")).to_contain_text("Nothing imported")
    assert store.facets().total == 0
