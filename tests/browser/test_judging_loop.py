"""From a correction to a promoted model through the real app: train, judge, kill the app half-way, promote, take back.

Everything is the real one: `app.py` as a process, the bundled model, a trainer of its own. Only the steps are few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from m3ad.bench.records import EvaluationState, Part
from m3ad.geometry import Box
from m3ad.records import Defect, Mode, Stage, Verdict
from tests.browser.app_process import App
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.walk import SLOW, SLOWEST, SNAPSHOT, Walk
from training.judging import paired

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODEL = "demo/raws-1"
SCRATCH = Verdict(True, (Defect("scratch", Box(0.4, 0.4, 0.6, 0.6)),))


@pytest.fixture
def walk(page: Page, tmp_path: Path) -> Iterator[Walk]:
    """The app on an empty workspace, and a person with more patience than usual."""
    app = App(tmp_path / "workspace")
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    try:
        app.start()
        yield Walk(page, app)
    finally:
        expect.set_options(timeout=PATIENCE)
        app.close()
        print(app.log.read_text()[-4000:])  # pytest shows it when the test fails


def test_a_run_is_judged_over_a_kill_promoted_used_and_taken_back(walk: Walk, witness: Witness) -> None:
    page, app = walk.page, walk.app
    walk.open()
    walk.inspect()  # the shown part; its answer is what the correction disagrees with
    with app.store as store:
        shown = int(re.search(r"case=(\d+)", page.url)[1])  # type: ignore[index]
        said = store.latest_inspection(shown, "demo")
        truth = store.latest_annotation(shown)
        store.save_annotation(
            shown,
            SCRATCH,
            author="ann",
            based_on=truth.revision if truth else 0,
            inspection_id=said.id if said else None,
        )
    walk.go_to("Retrain")
    walk.take_snapshot()
    walk.start_run(Stage.RAWS, "demo", "raws-1", 2)
    walk.finished("raws-1")

    page.locator("#judge-run").click()
    expect(page.locator("#judge-model input")).to_have_value(MODEL)
    page.locator("#judge-start").click()
    expect(page.locator("#judge-state")).to_contain_text("part 1 of")
    page.goto("about:blank")
    app.stop(grace=0)  # killed while the parent answers
    with app.store as store:
        trial = store.trials.get(MODEL)
        assert trial is not None
        assert trial.state is EvaluationState.OPEN
    app.start()
    page.goto(f"{app.address}?tab=retrain")
    expect(page.locator("#judge-state")).to_contain_text("judged", timeout=3 * SLOWEST)
    with app.store as store:
        found = paired(store, trial)
        frozen = store.evaluations.frozen_set(store.snapshot(SNAPSHOT).id)
        assert found[Part.FROZEN].comparison.count == frozen.size
        for one in found[Part.FROZEN].cases:  # nothing was asked twice
            assert len([each for each in store.inspections(one, MODEL) if each.mode is Mode.AUTO]) == 1
    expect(page.locator("#judge-cases .m3-judged-group summary").first).to_contain_text("newly broken")

    page.get_by_text("Change the rules").click()
    for name in ("escape", "overkill", "readable", "loss", "cases"):
        page.locator(f"#rule-{name}").get_by_role("textbox").fill("")
    page.locator("#rules-save").click()
    page.locator("#judge-reason").get_by_role("textbox").fill("learnt the scratch")
    page.locator("#judge-promote").click()
    expect(page.locator("#judge-history")).to_contain_text("learnt the scratch")
    walk.open()
    expect(page.locator("#inspect-model input")).to_have_value(MODEL)
    walk.inspect()
    expect(page.locator(".m3-header")).to_contain_text(MODEL)
    walk.go_to("Retrain")
    page.locator("#judge-back").click()
    expect(page.locator("#judge-history")).to_contain_text("no promoted model")
    walk.open()
    expect(page.locator("#inspect-model input")).to_have_value("demo")
    assert witness.foreign == []
    assert witness.errors == []
