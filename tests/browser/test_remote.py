"""A factory's bucket in a real browser: imported in Data, then seen and inspected like pictures of the machine."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.folder_import import Wanted, import_folder
from db.places import Remote
from db.store import Store
from m3ad.records import NORMAL
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.server import served
from tests.bucket import Bucket
from tests.m3ad.datasets.made import picture
from tests.ui.scripted import make_context

pytestmark = pytest.mark.browser


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> Iterator[Store]:
    for number in range(3):
        bucket.put(f"line7/cups/images/{number}.png", picture(tmp_path / "p.png", (200 + number, 150)).read_bytes())
    lines = [json.dumps({"picture": f"{number}.png"}) for number in range(3)]
    bucket.put("line7/cups/annotations.jsonl", "\n".join(lines).encode())
    with Store.open(tmp_path / "workspace", None, Remote((bucket.url("line7"),))) as opened:
        yield opened


def sized(page: Page, width: int) -> None:
    page.wait_for_function(f"() => document.querySelector('#annotate .be-picture')?.naturalWidth == {width}")


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_pictures_of_a_bucket_are_imported_annotated_and_inspected(
    store: Store, bucket: Bucket, page: Page, witness: Witness
) -> None:
    with served(make_context(store, remote=bucket.url("line7"))) as address:
        page.goto(f"{address}?tab=data")
        folder = page.locator("#import-folder")
        expect(folder).to_contain_text(f"or below {bucket.url('line7')}.")
        folder.get_by_role("textbox").fill(bucket.url("line8/cups"))
        page.locator("#start-import").click()
        expect(page.get_by_text("is not in a place that this app may read").first).to_be_visible()
        folder.get_by_role("textbox").fill(bucket.url("line7/cups"))
        page.locator("#start-import").click()
        expect(page.locator("#import-words")).to_contain_text("Done: 3 added, 0 already there, 0 refused.")

        page.goto(f"{address}?tab=annotate&case=1")
        sized(page, 200)
        page.keyboard.press("0")
        page.keyboard.press("Enter")
        sized(page, 201)

        page.goto(f"{address}?tab=inspect&case=3")
        expect(page.get_by_text("Not inspected yet")).to_be_visible()
        page.locator("#inspect-run").click()
        expect(page.locator(".m3-lane-reflection .m3-prose")).to_contain_text("two pins in the upper centre")
        assert (witness.foreign, witness.errors) == ([], [])
    assert store.latest_inspections("demo").keys() == {3}
    assert store.latest_annotation(1).verdict == NORMAL


def test_the_next_picture_is_fetched_ahead_and_one_that_is_gone_says_so(
    store: Store, bucket: Bucket, page: Page
) -> None:
    import_folder(store, Wanted(store.places.given(bucket.url("line7/cups"))), "ann")
    shutil.rmtree(store.workspace / "cache")
    with served(make_context(store)) as address:
        bucket.remove("line7/cups/images/2.png")
        page.goto(f"{address}?tab=annotate&case=1")
        sized(page, 200)
        second = store.case(2).primary.sha256
        wait_for(lambda: (store.workspace / f"cache/remote/{second[:2]}/{second}.png").exists())
        page.goto(f"{address}?tab=annotate&case=3")
        expect(page.locator("#annotate .be-alarm")).to_contain_text("2.png is not there any more. Put it back")
