"""Lineage as Annotate, Retrain and the command line tell it, from one store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import main
from db.corrected import corrected
from db.filters import EVERYTHING
from db.store import Store
from m3ad.records import NORMAL, Model, RunState, Stage
from tests.ui.scripted import BENT, FIXED, add_case, add_inspection, make_context
from tests.ui.scripted import NORMAL as SAYS_NORMAL
from training.config import PRESETS
from training.loop import create_run
from training.promotion import register_finished
from training.run import RunFolder
from ui.annotate_presenter import open_case
from ui.inspect_desk import Desk
from ui.lens_desk import LensDesk
from ui.lens_presenter import page_value
from ui.lineage_words import LISTED, aspect_rows, corrected_rows, corrected_summary, corrected_words
from ui.retrain_lineage import shown as shown_lineage
from ui.retrain_ready import shown as shown_ready

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Four cases; one and two were corrected by people, and a run learnt from all; case four has no annotation."""
    with Store.open(tmp_path / "workspace") as opened:
        for key in ("1", "2", "3"):
            add_case(opened, key, NORMAL)
        add_case(opened, "4")
        opened.save_annotation(1, BENT, author="ann", based_on=1)
        opened.save_annotation(2, BENT, author=HOSTILE, based_on=1)
        opened.add_model(Model("demo", "demo"))
        snapshot = opened.create_snapshot("corrections-1", frozen_share=0)
        run = create_run(
            opened,
            opened.workspace,
            stage=Stage.RAWS,
            start_model="demo",
            snapshot_id=snapshot.id,
            settings=PRESETS["cpu demo"][Stage.RAWS],
        )
        folder = RunFolder(run.folder)
        folder.model_path.mkdir()
        facts = {"code": "git 12ab", "device": "cpu", "python": "3.11.9", "packages": {"torch": "2"}}
        (folder.path / "environment.json").write_text(json.dumps(facts))
        folder.set_status(RunState.FINISHED, "Finished.")
        register_finished(opened, run)
        yield opened


def told(store: Store, capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["lineage", *words, "--workspace", str(store.workspace)]) == status
    return capsys.readouterr().out


def test_the_history_of_a_case_tells_its_run_and_since_when_it_is_right(store: Store) -> None:
    def history() -> list[dict[str, Any]]:
        return open_case(store, 1, "ann", None, "all")["sheet"]["history"]

    run = "in RAWS run raws-1 → demo/raws-1"
    assert [row["lineage"] for row in history()] == [[run], []]
    add_inspection(store, 1, SAYS_NORMAL, model="demo")
    assert history()[0]["lineage"] == [run, "still wrong with demo (presence)"]
    add_inspection(store, 1, FIXED, model="demo/raws-1")
    assert history()[0]["lineage"] == [run, "wrong before (demo: presence), right since demo/raws-1"]
    store.save_annotation(1, NORMAL, author="bob", based_on=2)
    assert history()[0]["lineage"] == ["right before (demo), wrong since demo/raws-1 (presence)"]
    assert history()[1]["lineage"] == [run]


def test_inspect_and_reflect_tell_of_a_case_whether_the_model_has_learnt_from_it(store: Store) -> None:
    add_inspection(store, 1, SAYS_NORMAL, model="demo")
    add_inspection(store, 1, FIXED, model="demo/raws-1")
    newest, first = f"{store.annotations(1)[1].created:%Y-%m-%d}", "in RAWS run raws-1 → demo/raws-1"
    words = [f"wrong before (demo: presence), right since demo/raws-1; {first} (r2 by ann on {newest})"]
    context = make_context(store)
    desk = Desk(context)
    try:
        assert desk.look("page", 1, "demo").trace["history"] == {"learnt": "", "words": words}
        told = {"learnt": "demo/raws-1 has learnt from this case.", "words": words}
        assert desk.look("page", 1, "demo/raws-1").trace["history"] == told
        assert page_value(context, LensDesk(context), 1, "demo/raws-1")["history"] == told
        assert desk.look("page", 4, "demo/raws-1").trace["history"] == {"learnt": "", "words": []}
        store.add_model(Model("grandchild", "elsewhere", parent="demo/raws-1"))
        assert desk.look("page", 1, "grandchild").trace["history"]["learnt"] == "grandchild has learnt from this case."
    finally:
        context.inspections.close()


def test_a_case_outside_all_snapshots_has_nothing_to_tell(store: Store) -> None:
    store.save_annotation(4, BENT, author="ann", based_on=0)
    assert [row["lineage"] for row in open_case(store, 4, "ann", None, "all")["sheet"]["history"]] == [[]]


def test_a_second_look_is_told_nothing_of_it(store: Store) -> None:
    store.second_looks.draw("all", EVERYTHING, share=1.0)
    sheet = open_case(store, 1, "bob", None, "second")["sheet"]
    assert sheet["blind"]
    assert "raws-1" not in json.dumps(sheet)


def test_the_command_tells_where_a_case_went(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_inspection(store, 1, SAYS_NORMAL, model="demo")
    add_inspection(store, 1, FIXED, model="demo/raws-1")
    out = told(store, capsys, "--case", "1")
    assert "r1 by data set" in out
    assert "r2 by ann on 20" in out
    assert "  in RAWS run raws-1 → demo/raws-1\n  wrong before (demo: presence), right since demo/raws-1" in out
    (first, second) = (json.loads(line) for line in told(store, capsys, "--case", "1", "--json").splitlines())
    assert (first["runs"], second["runs"]) == ([], [{"run": "raws-1", "stage": "raws", "model": "demo/raws-1"}])
    assert "Nobody has annotated case 4 yet." in told(store, capsys, "--case", "4")
    told(store, capsys, "--case", "99", status=1)


def test_the_command_tells_what_a_model_is_made_of(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(store, capsys, "--model", "demo/raws-1")
    assert "demo/raws-1, by RAWS run raws-1 from demo" in out
    assert "snapshot corrections-1 (" in out
    assert "3 examples" in out
    for fact in (
        "code git 12ab",
        "environment cpu, Python 3.11.9, torch 2",
        "learning_rate 0.0002",
        "not trained here",
    ):
        assert fact in out, fact
    own, base = (json.loads(line) for line in told(store, capsys, "--model", "demo/raws-1", "--json").splitlines())
    assert own["settings"] == PRESETS["cpu demo"][Stage.RAWS].to_json()
    assert (own["environment"]["code"], own["parent"], base["model"]) == ("git 12ab", "demo", "demo")
    told(store, capsys, "--model", "nobody", status=1)


def test_the_command_tells_what_became_of_a_runs_corrections(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_inspection(store, 1, SAYS_NORMAL, model="demo")
    add_inspection(store, 1, FIXED, model="demo/raws-1")
    out = told(store, capsys, "--run", "raws-1")
    assert out.startswith("2 corrected cases, 2 of them new to this run: 1 now right, 1 not inspected yet.")
    assert "case 1      sensor board 1: now right (was wrong: presence)" in out
    assert "not inspected yet by the start model and the new model" in out
    told(store, capsys, "--run", "nobody", status=1)


def test_retrain_lists_the_corrected_cases_what_is_wrong_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for case_id, before, after in ((1, SAYS_NORMAL, FIXED), (2, FIXED, SAYS_NORMAL)):
        add_inspection(store, case_id, before, model="demo")
        add_inspection(store, case_id, after, model="demo/raws-1")
    found = corrected(store, "raws-1")
    assert corrected_summary(found).endswith("1 newly broken, 1 now right.")
    assert corrected_rows(found)[0] == [
        ["sensor board 2", f"r2 by {HOSTILE}", "?tab=annotate&case=2"],
        "newly broken (presence)",
    ]
    assert aspect_rows(found)[0] == ["presence", "1", "0", "1", "0", "0"]
    summary, aspects, rows, facts = shown_lineage(store, "raws-1")
    assert (len(summary), len(aspects), len(rows)) == (1, 3, 2)
    assert any("code git 12ab" in line for (line,) in facts)
    monkeypatch.setattr("ui.lineage_words.LISTED", 1)
    monkeypatch.setattr("ui.retrain_lineage.LISTED", 1)
    assert shown_lineage(store, "raws-1")[2][-1] == ["… and 1 more: app.py lineage --run raws-1", ""]
    assert LISTED > 1
    assert shown_lineage(store, None) == shown_lineage(store, "discarded") == [[["No run is chosen."]], [], [], []]


def test_a_case_right_before_and_after_needs_no_reason(store: Store) -> None:
    for model in ("demo", "demo/raws-1"):
        add_inspection(store, 1, FIXED, model=model)
    (words,) = (corrected_words(one) for one in corrected(store, "raws-1") if one.case_id == 1)
    assert words == "right as before"


def test_what_is_broken_is_named_though_more_was_wrong_before(store: Store) -> None:
    elsewhere = FIXED.replace("(0.520,0.198) (0.632,0.370)", "(0.020,0.098) (0.132,0.170)").replace(
        "<type>bent", "<type>dent"
    )
    add_inspection(store, 1, FIXED.replace("<type>bent", "<type>dent"), model="demo")
    add_inspection(store, 1, elsewhere, model="demo/raws-1")
    add_inspection(store, 2, FIXED, model="demo")
    add_inspection(store, 2, "who knows", model="demo/raws-1")
    words = {one.case_id: corrected_words(one) for one in corrected(store, "raws-1")}
    assert words == {1: "newly broken (location)", 2: "newly broken (unreadable)"}


def test_retrain_says_whether_there_is_enough(store: Store) -> None:
    state, against, counts = shown_ready(store)
    assert (state["title"], state["tone"]) == ("0 annotations new since raws-1", "quiet")
    assert [row[0][:28] for row in against] == ["Nothing is new since raws-1:", "No frozen set: nothing is ke"]
    assert counts == [["electronic", "0", "3"], ["bent", "0", "2"]]
    store.save_annotation(4, BENT, author="ann", based_on=0)
    state, against, counts = shown_ready(store)
    assert (state["title"], state["tone"]) == ("1 annotation new since raws-1", "odd")
    assert state["message"].startswith("1 anomalous, 0 normal · 1 not reviewed · 3 older ones (2 anomalous)")
    assert counts == [["electronic", "1", "3"], ["bent", "1", "2"]]
