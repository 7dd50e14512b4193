"""From twenty corrections to a promoted model through the real app: train, judge, promote, take back, all on the page.

Everything is the real one: `app.py` as a process, killed while it judges, the bundled model, a trainer of its own. Only
the steps are few.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.filters import CaseFilter, Status
from m3ad.bench.records import EvaluationState, Part
from m3ad.records import Mode, Stage
from tests.browser.annotate_desk import Desk
from tests.browser.app_process import App
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.walk import SLOW, SLOWEST, SNAPSHOT, Walk
from training.judging import paired

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODEL = "demo/raws-1"
CORRECTED = 20


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


def correct(walk: Walk, count: int) -> list[int]:
    """Inspect so many parts, and to each add a scratch that the model has not seen; returns their ids."""
    with walk.app.store as store:
        chosen = [case for case in store.cases(CaseFilter(status=Status.UNANNOTATED)) if not case.split][:count]
    for case in chosen:
        walk.choose(case)
        walk.inspect()
        walk.press("c")
        with walk.app.store as store:
            desk = Desk(walk.page, store, walk.app.address).at(case.id)
            width, height = case.primary.width, case.primary.height
            desk.drag((0.35 * width, 0.4 * height), (0.65 * width, 0.6 * height))
            desk.press("t")
            desk.write("scratch")
            desk.press("Enter", "Control+s")
            expect(desk.state()).to_contain_text("Saved as r1")
        walk.go_to("Inspect")
    return [case.id for case in chosen]


def test_a_run_is_judged_over_a_kill_promoted_used_and_taken_back(walk: Walk, witness: Witness) -> None:
    page, app = walk.page, walk.app
    walk.open()
    corrected = correct(walk, CORRECTED)
    assert len(corrected) == CORRECTED
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
        learnt = set(found[Part.CORRECTED].cases)
        kept_back = set(corrected) - learnt
        assert learnt <= set(corrected)
        assert kept_back <= set(found[Part.FROZEN].cases)
        for one in [*learnt, *found[Part.FROZEN].cases]:  # nothing was asked twice
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
    page.goto(f"{app.address}?tab=annotate&case={min(learnt)}&queue=all")
    expect(page.locator("#annotate .be-history")).to_contain_text(f"in RAWS run raws-1 → {MODEL}")
    assert witness.foreign == []
    assert witness.errors == []
