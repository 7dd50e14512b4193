"""Lineage and readiness in a real browser: what is new, what became of corrections, and the way to their history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.splits import TRAIN
from db.store import Store
from m3ad.records import NORMAL, RunState, Stage
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import BENT, FIXED, add_case, add_inspection, make_context
from tests.ui.scripted import NORMAL as SAYS_NORMAL
from training.config import PRESETS
from training.loop import create_run
from training.promotion import register_finished
from training.run import RunFolder

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='hit'\">"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six cases; a run learnt from five of them, among which two were corrected: one is right now, one is broken."""
    with Store.open(tmp_path / "workspace") as opened:
        for key in range(5):
            add_case(opened, str(key), NORMAL)
        opened.save_annotation(1, BENT, author="ann", based_on=1)
        opened.save_annotation(2, BENT, author=HOSTILE, based_on=1)
        snapshot = opened.create_snapshot("corrections-1", frozen_share=0)
        settings = PRESETS["cpu demo"][Stage.RAWS]
        run = create_run(
            opened, tmp_path, stage=Stage.RAWS, start_model="demo", snapshot_id=snapshot.id, settings=settings
        )
        RunFolder(run.folder).model_path.mkdir()
        RunFolder(run.folder).set_status(RunState.FINISHED, "Finished.")
        register_finished(opened, run)
        for case_id, before, after in ((1, SAYS_NORMAL, FIXED), (2, FIXED, SAYS_NORMAL)):
            add_inspection(opened, case_id, before, model="demo")
            add_inspection(opened, case_id, after, model="demo/raws-1")
        add_case(opened, "5", BENT, category="plate")
        yield opened


def test_from_what_is_new_to_the_history_of_a_correction(store: Store, page: Page, witness: Witness) -> None:
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=retrain")
        expect(page.locator("#ready")).to_contain_text("1 annotation new since raws-1")
        expect(page.locator("#ready-warnings")).to_contain_text("No frozen set")

        page.locator("#run-lineage > button").click()
        expect(page.locator("#lineage-summary")).to_contain_text("2 corrected cases, 2 of them new to this run")
        rows = page.locator("#lineage-cases tbody tr")
        expect(rows.nth(0)).to_contain_text("newly broken (presence)")
        expect(rows.nth(0)).to_contain_text(HOSTILE)
        expect(rows.nth(1)).to_contain_text("now right (was wrong: presence)")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")

        page.locator("#new-snapshot > button").click()
        page.locator("#snapshot-older input").click()
        page.get_by_role("option", name="none", exact=True).click()
        page.locator("#take-snapshot").click()
        expect(page.locator("#run-snapshot input")).to_have_value(re.compile("^corrections-2 · "))
        taken = store.snapshot_rows(store.snapshot("corrections-2").id)
        assert [row.case.id for row in taken if row.split == TRAIN] == [6], "what an earlier run had stays out"

        rows.nth(1).locator("a").click()
        expect(page.locator("#annotate .be-history")).to_contain_text(
            "wrong before (demo: presence), right since demo/raws-1"
        )
        assert page.title() != "hit"
        assert (witness.foreign, witness.errors) == ([], [])


def test_inspect_and_reflect_say_of_a_case_what_the_model_chosen_has_learnt(
    store: Store, page: Page, witness: Witness
) -> None:
    with served(make_context(store)) as address:
        page.goto(f"{address}?tab=inspect&case=2")
        line = page.locator("#inspect-trace .m3-history")
        since = "right before (demo), wrong since demo/raws-1 (presence)"
        expect(line).to_contain_text(f"{since}; in RAWS run raws-1 → demo/raws-1 (r2 by {HOSTILE} on 20")
        expect(line).not_to_contain_text("Learnt from")
        page.locator("#inspect-model input").click()
        page.get_by_role("option", name="demo/raws-1").click()
        expect(line).to_contain_text("Learnt from")

        page.get_by_role("tab", name="Reflect").click()
        lens = page.locator("#reflect-lens")
        expect(lens.get_by_text("learnt from")).to_be_hidden()
        page.locator("#reflect-model input").click()
        page.get_by_role("option", name="demo/raws-1", exact=True).click()
        expect(lens.get_by_text("learnt from")).to_have_attribute("title", re.compile("^demo/raws-1 has learnt"))
        page.get_by_role("tab", name="Inspect").click()
        line.click()
        expect(page.locator("#annotate .be-history")).to_contain_text(since)
    assert (witness.foreign, witness.errors) == ([], [])
