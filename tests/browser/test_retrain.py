"""The Retrain tab in a real browser: snapshot, start, a run under watch, its model in Inspect. Nothing is trained."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from m3ad.records import NORMAL, RunState, Stage
from tests.browser.conftest import Witness
from tests.browser.server import served
from tests.ui.scripted import BENT, add_case, make_context
from training.config import PRESETS
from training.loop import create_run
from training.run import RunFolder
from training.snapshots import unanswered_cases
from ui.retrain_service import EVERY, Retraining

pytestmark = pytest.mark.browser

HIT = "document.title='hit'"
HOSTILE = f'<img src=x onerror="{HIT}"> ${{{HIT}}} {{{{value}}}} **bold** <script>{HIT}</script>'


@dataclass
class Site:
    """The served page and its store."""

    address: str
    store: Store

    def run(self, stage: Stage) -> RunFolder:
        """A run of a snapshot of everything, created and not started."""
        made = self.store.snapshots() or [Retraining(self.store, self.store.workspace).take_snapshot("a", *[EVERY] * 3)]
        settings = PRESETS["cpu demo"][stage]
        run = create_run(
            self.store,
            self.store.workspace,
            stage=stage,
            start_model="demo",
            snapshot_id=made[0].id,
            settings=settings,
        )
        return RunFolder(run.folder)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Store.open(tmp_path / "workspace") as store:
        for number in range(6):
            add_case(store, f"{number:03}", BENT if number % 2 else NORMAL)
        with served(make_context(store)) as address:
            yield Site(address, store)


@pytest.fixture
def someone() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a training under way."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def log(run: RunFolder, step: int) -> None:
    metrics = {"reward": step / 10, "kl": 0.01, "reflection/rate": 0.5}
    run.append_event("log", **metrics, step=step, total=12, elapsed=2.0 * step, first_step=0)


def test_a_snapshot_is_taken_and_then_a_run_can_be_started(site: Site, page: Page, witness: Witness) -> None:
    page.goto(f"{site.address}?tab=retrain")
    start, command = page.locator("#start-run"), page.locator("#run-command textarea")
    expect(page.locator("#take-snapshot")).to_be_visible()  # open, because there is no snapshot yet
    expect(page.locator("#snapshot-name").get_by_role("textbox")).to_have_value("corrections-1")
    expect(page.locator("#snapshot-count").get_by_role("textbox")).to_have_value("6 annotated cases match.")
    expect(start).to_be_disabled()
    expect(start).to_be_in_viewport()
    page.locator("#take-snapshot").click()
    expect(page.locator("#run-snapshot input")).to_have_value("corrections-1 · 6 cases (3 anomalous, 3 normal)")
    expect(start).to_be_enabled()

    expect(command).to_have_value(f"{sys.executable} -m training.raws {site.store.workspace / 'runs' / 'raws-1'}")
    page.get_by_label("RCRL").check()
    expect(command).to_have_value(f"{sys.executable} -m training.rcrl {site.store.workspace / 'runs' / 'rcrl-1'}")
    expect(page.locator("#start-hint").get_by_role("textbox")).to_have_value(
        "RCRL goes on from a RAWS model, as this one is."
    )
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert (witness.foreign, witness.errors) == ([], [])


def test_the_start_model_answers_first_so_that_there_is_something_to_reflect_on(
    site: Site, page: Page, witness: Witness
) -> None:
    taken = Retraining(site.store, site.store.workspace).take_snapshot("a", *[EVERY] * 3)
    missing = len(unanswered_cases(site.store, taken.id, "demo"))
    page.goto(f"{site.address}?tab=retrain")
    words = page.locator("#example-mix").get_by_role("textbox")
    expect(words).to_have_value(
        f"{missing} examples: 0 easy (0 reflective), 0 hard (0 reflective), "
        f"{missing} that demo has not answered: these only think."
    )
    page.get_by_role("button", name=f"Let demo answer {missing} cases first").click()
    expect(words).to_have_value(
        re.compile(rf"^{missing} examples: \d easy \(\d reflective\), \d hard \(\d reflective\)\.$")
    )
    expect(page.locator("#let-answer")).to_be_hidden()
    expect(page.locator("#stop-answering")).to_be_hidden()
    assert unanswered_cases(site.store, taken.id, "demo") == []
    page.get_by_label("RCRL").check()
    expect(words).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert (witness.foreign, witness.errors) == ([], [])


def test_a_run_is_watched_while_it_writes(
    site: Site, page: Page, witness: Witness, someone: subprocess.Popen[bytes]
) -> None:
    run = site.run(Stage.RCRL)
    run.set_process(someone.pid)
    for step in (1, 2, 3):
        log(run, step)
    run.append_event("sample", step=3, case="5", completion=HOSTILE, consistency=1.0, accuracy=0.5, reflection=0.2)
    page.goto(f"{site.address}?tab=retrain")
    state, curves = page.locator("#run-state"), page.locator("#run-curves")
    expect(state).to_contain_text("running · step 3 of 12 · about 18 s left")
    expect(page.locator("#run-notes .m3-sample")).to_contain_text(HOSTILE)
    expect(curves.locator(".scatterlayer .point")).to_have_count(9)  # three points of three curves
    before = curves.bounding_box()
    log(run, 4)
    run.append_event("note", text=f"Errs first. {HOSTILE}", alarm=True)
    (run.path / "log.txt").write_text(f"{HOSTILE}\n")
    expect(state).to_contain_text("step 4 of 12")
    expect(state).to_contain_text(f"Errs first. {HOSTILE}")
    expect(curves.locator(".scatterlayer .point")).to_have_count(12)
    expect(page.locator("#run-notes")).to_contain_text(HOSTILE)
    assert curves.bounding_box() == before

    page.reload()
    expect(page.locator("#run input")).to_have_value("rcrl-1 · running")
    run.set_status("failed", HOSTILE)
    expect(state).to_contain_text(HOSTILE)
    assert page.title() != "hit"
    assert (witness.foreign, witness.errors) == ([], [])

    page.locator("#discard-run").click()
    page.locator("#discard-not").click()
    expect(page.locator("#discard-run")).to_be_visible()
    assert run.path.exists()
    page.locator("#discard-run").click()
    page.get_by_role("button", name="Discard rcrl-1 and its files").click()
    expect(state).to_contain_text("No run yet")
    assert not run.path.exists()


def test_a_case_is_followed_through_a_run_and_a_failed_run_goes_on(site: Site, page: Page, witness: Witness) -> None:
    run = site.run(Stage.RCRL)
    for step in (1, 2):
        log(run, step)
    paid = {"consistency": 1.0, "accuracy": 0.5, "reflection": 0.0}
    for step, text in ((0, f"before {HOSTILE}"), (2, "after")):
        run.append_event(
            "sample", step=step, followed=True, case="5", truth=BENT.to_json(), completion=text, **paid
        )  # fmt: skip
    run.append_event("sample", step=2, case="6", completion="drawn", **paid)
    run.set_status("failed", "The machine was switched off.")
    page.goto(f"{site.address}?tab=retrain")
    state, answers = page.locator("#run-state"), page.locator("#run-notes .m3-sample")
    chooser = page.get_by_label("Which answers")
    expect(state).to_contain_text("failed")
    expect(answers).to_have_count(1)
    expect(answers).to_contain_text("drawn")
    chooser.select_option("case 5 · bent")
    expect(answers).to_have_count(2)
    expect(answers.first).to_contain_text(
        f"step 0 · case 5 · consistency +1.00  accuracy +0.50  reflection +0.00before {HOSTILE}"
    )
    expect(answers.last).to_contain_text("after")
    page.get_by_label("How it runs").check()
    expect(page.locator("#run-curves")).to_contain_text("tokens per second")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")

    data = run.path / "data.jsonl"
    data.chmod(0o644)
    data.write_text(data.read_text() + "\n")
    expect(page.locator("#stop-run")).to_be_disabled()
    page.locator("#queue-run").click()  # a real process, which finds that its data are not those it began with
    expect(state).to_contain_text("data.jsonl of run rcrl-1 was changed after the run was created", timeout=120_000)
    expect(page.locator("#queue-run")).to_be_visible()
    expect(chooser).to_have_value("case 5 · bent")
    expect(page.locator("#run-curves")).to_contain_text("tokens per second")
    assert page.title() != "hit"
    assert (witness.foreign, witness.errors) == ([], [])


def test_the_model_of_a_finished_run_is_taken_to_inspect(site: Site, page: Page) -> None:
    run = site.run(Stage.RAWS)
    page.goto(f"{site.address}?tab=retrain")
    expect(page.locator("#run-state")).to_contain_text("not started")
    expect(page.locator("#use-model")).to_be_disabled()
    run.model_path.mkdir()
    run.set_status(RunState.FINISHED, "The model is in model/.")
    page.locator("#use-model").click()  # waits until it can
    expect(page.locator("#inspect-model input")).to_have_value("demo/raws-1 (not promoted)")
    expect(page.locator(".m3-header")).to_contain_text("demo/raws-1")


def test_the_order_of_the_queue_is_changed_by_hand(
    site: Site, page: Page, witness: Witness, someone: subprocess.Popen[bytes]
) -> None:
    queue = site.store.run_queue
    runs = [site.run(Stage.RAWS) for _ in range(3)]
    for run in runs:
        queue.add(run.name, ("cpu",), twin=run.name, actor=HOSTILE)
    queue.hold("raws-1")
    runs[0].set_process(someone.pid)
    page.goto(f"{site.address}?tab=retrain")
    lines, names = page.locator(".m3-queue-line"), page.locator(".m3-queue-name")
    expect(names).to_have_text(["raws-1", "raws-2", "raws-3"])
    expect(lines.nth(0)).to_contain_text("running")
    expect(lines.nth(1)).to_contain_text(f"queued by {HOSTILE}")
    expect(lines.nth(0).get_by_role("button")).to_have_count(1)  # what trains is not moved
    page.get_by_label("Before the one above: raws-3").click()
    expect(names).to_have_text(["raws-1", "raws-3", "raws-2"])
    page.get_by_label("Take it out of the queue; the run stays: raws-3").click()
    expect(names).to_have_text(["raws-1", "raws-2"])
    assert [one.run for one in queue.waiting()] == ["raws-2"]
    lines.nth(1).get_by_role("button", name="raws-2", exact=True).click()
    expect(page.locator("#run-state")).to_contain_text("queued")
    page.get_by_role("button", name="settings", exact=True).click()
    expect(page.locator("#run-notes")).to_contain_text("max steps: 40")
    expect(page.locator("#run-memory textarea")).to_have_value(re.compile(r"^About .* GiB on cpu: weights"))
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.title() != "hit"
    assert (witness.foreign, witness.errors) == ([], [])
