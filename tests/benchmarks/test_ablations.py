"""The ablations without any training: what the cells are, how results are kept, counted, resampled and told."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ablations import __main__ as command_line
from benchmarks.ablations import paper
from benchmarks.ablations.cells import BASE, CELLS, FIGURE_4, FULL, TABLE_2, TABLE_3, Budget, jobs, settings_of
from benchmarks.ablations.claims import Claim
from benchmarks.ablations.figure import draw, photograph
from benchmarks.ablations.judging import counts
from benchmarks.ablations.report import HAND_BEGIN, HAND_END, document
from benchmarks.ablations.results import append_result, check_budget, read_results
from benchmarks.ablations.runner import FRESH, SEED_STRIDE, estimate, waves
from benchmarks.ablations.statistics import Estimate, Resampling, accuracy, balanced, location_f1, share_of, type_f1
from benchmarks.ablations.tables import Tables
from m3ad.errors import RunError
from m3ad.geometry import Box
from m3ad.metrics import report
from m3ad.records import NORMAL, Defect, Stage, Verdict
from m3ad.trace import read, render
from tests.benchmarks.made_up import BUDGET, PARTS, made_up_results
from training.config import RawsSettings, RcrlSettings
from training.demo_parts import SEEDS


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    return made_up_results()


@pytest.fixture(scope="module")
def tables(results: list[dict[str, Any]]) -> Tables:
    return Tables.of(results)


# --- cells


def test_every_row_of_the_paper_has_its_cell_and_every_cell_is_shown() -> None:
    names = {cell.name for cell in CELLS}
    assert set(TABLE_2) | set(TABLE_3.values()) | set(FIGURE_4.values()) == names
    assert len(names) == len(CELLS) == 13
    assert set(TABLE_3) == set(paper.TABLE_3)
    assert (FIGURE_4["d"], TABLE_3[True, True, True], TABLE_3[False, False, False]) == (FULL, FULL, "reflective")


def test_cells_of_a_stage_differ_in_nothing_but_what_is_studied() -> None:
    settings = [settings_of(cell, 1, BUDGET) for cell in CELLS if cell.stage]
    raws = [one for one in settings if isinstance(one, RawsSettings)]
    rcrl = [one for one in settings if isinstance(one, RcrlSettings)]
    assert len({json.dumps(replace(one, easy_reflective=0.0, hard_reflective=0.0).to_json()) for one in raws}) == 1
    assert len({json.dumps(asdict(replace(one, reward=rcrl[0].reward))) for one in rcrl}) == 1
    assert len({json.dumps(asdict(one.reward)) for one in rcrl}) == 10
    assert {(one.seed, one.max_steps) for one in raws} == {(1, 2)}
    assert {(one.seed, one.max_steps) for one in rcrl} == {(1, 20)}
    assert not any(problem for one in settings for problem in one.check())


def test_a_cell_comes_after_the_one_it_starts_from() -> None:
    order = [(cell.name, seed) for cell, seed in jobs(CELLS, 3)]
    assert Counter(name for name, _ in order)["base"] == 1
    for cell, seed in jobs(CELLS, 3):
        if cell.start and cell.stage is Stage.RCRL:
            assert order.index((cell.start, seed)) < order.index((cell.name, seed))


def test_no_cell_waits_for_one_of_its_own_wave() -> None:
    missing = jobs(CELLS, 2)
    first, second = waves(missing)
    assert sorted(first + second, key=missing.index) == missing
    assert {cell.start for cell, _ in first} == {None, BASE}
    assert {(cell.start, seed) for cell, seed in second} <= {(cell.name, seed) for cell, seed in first}


def test_the_parts_for_judging_are_seen_nowhere_else() -> None:
    ranges = [range(first, first + 10_000_000) for first in SEEDS.values()]
    assert not any(FRESH in one or FRESH + 1_000_000 in one for one in ranges)
    assert 10 * SEED_STRIDE <= 10_000_000


def test_the_usual_budget_takes_about_three_hours() -> None:
    usual = Budget()
    assert estimate(jobs(CELLS, usual.seeds), usual) < 3 * 3600


# --- results


def test_a_line_cut_off_by_a_kill_is_done_again_and_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    assert read_results(file) == []
    append_result(file, {"cell": "base"})
    with file.open("ab") as stream:
        stream.write(b'{"cell": "thin')
    assert read_results(file) == [{"cell": "base"}]
    append_result(file, {"cell": "thinking"})
    assert read_results(file) == [{"cell": "base"}, {"cell": "thinking"}]


def test_seeds_may_be_added_but_no_cell_of_another_budget(results: list[dict[str, Any]]) -> None:
    check_budget(results, asdict(BUDGET) | {"seeds": 5})
    with pytest.raises(RunError, match="another folder"):
        check_budget(results, asdict(BUDGET) | {"rcrl_steps": 21})


def test_a_folder_without_the_stages_is_refused_with_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command_line.main([str(tmp_path), str(tmp_path / "out")])
    assert "has no runs/base/model" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command_line.main([str(tmp_path), str(tmp_path / "out"), "--seeds", "0"])


# --- counts and intervals

SCRATCH = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),))
OTHER = Verdict(True, (Defect("scratch", Box(0.6, 0.6, 0.9, 0.9)), Defect("hole", Box(0.1, 0.1, 0.2, 0.2))))
YES, NO = "It is abnormal with scratch.", "There is no defect."
ANSWERS = [
    (SCRATCH, render(SCRATCH, YES)), (SCRATCH, render(SCRATCH, NO, 'I revise from "no defect" to "scratch".')),
    (SCRATCH, render(OTHER, YES)), (SCRATCH, render(NORMAL, NO)), (NORMAL, render(NORMAL, NO)),
    (NORMAL, render(SCRATCH, NO, "I revise.")), (NORMAL, "garbage"), (OTHER, ""),
]  # fmt: skip


def test_counts_add_up_to_the_bench_metrics() -> None:
    whole = report((truth, read(text)) for truth, text in ANSWERS)
    total: Counter[str] = Counter()
    for truth, text in ANSWERS:
        total.update(counts(truth, text))
    parts = [{"scenario": "texture", "doubt": None, "own": counts(truth, text)} for truth, text in ANSWERS]
    resampling = Resampling(1, len(parts), 10)

    def figure(metric: Any) -> float:
        return resampling.estimate([{"parts": parts}], "own", metric).value

    assert figure(accuracy) == pytest.approx(whole.final.accuracy)
    assert figure(balanced) == pytest.approx(whole.final.balanced_accuracy)
    assert figure(type_f1) == pytest.approx(whole.type_hard.value)
    assert figure(location_f1) == pytest.approx(whole.location.value)
    assert (total["fixed"], total["broke"], total["reflected"]) == (
        whole.outcomes["fixed"], whole.outcomes["broke"], whole.reflected
    )  # fmt: skip
    assert total["unreadable"] == whole.final.unreadable


def test_an_interval_holds_the_figure_and_shrinks_with_more_parts(tables: Tables) -> None:
    all_parts = tables.estimate(FULL, accuracy)
    few = tables.estimate(FULL, accuracy, scenario="texture")
    for one in (all_parts, few):
        assert one.interval[0] <= one.value <= one.interval[1]
    assert few.interval[1] - few.interval[0] > all_parts.interval[1] - all_parts.interval[0]
    assert (all_parts - all_parts).interval == (0.0, 0.0)


def test_the_base_model_counts_once_and_is_compared_over_the_same_parts(tables: Tables) -> None:
    assert len(tables.rows["base"]) == 1
    assert 0.3 < tables.estimate("base", accuracy).value < 0.7
    gain = tables.estimate("thinking", accuracy) - tables.estimate("base", accuracy)
    assert gain.interval[0] > 0


def test_nothing_to_measure_is_a_dash_and_no_zero(tables: Tables) -> None:
    one = tables.resampling.estimate([{"parts": [{"scenario": "x", "own": {}, "doubt": None}] * PARTS}], "own", type_f1)
    assert one.value != one.value
    assert "Not to be told" in Claim("a", one, "rises").sentence


def test_a_claim_is_told_by_its_sign_and_its_interval() -> None:
    import numpy as np

    clear, unsure = Estimate(np.array([0.2, 0.1, 0.3])), Estimate(np.array([0.2, -0.1, 0.3]))
    assert Claim("x", clear, 0.01).sentence == "**Agrees**: x. The paper: +0.010; ours: +0.200 [+0.105, +0.295]."
    assert Claim("x", clear, -0.01).sentence.startswith("**The opposite**")
    assert Claim("x", clear, "falls").sentence.startswith("**The opposite**: x. The paper: falls;")
    assert Claim("x", unsure, "rises").sentence.startswith("**Not to be told**")


# --- the document


def test_the_document_shows_ours_beside_the_papers_and_keeps_what_people_wrote(tables: Tables) -> None:
    first = document(tables, "")
    written = first.replace("Nothing has been written here yet.", "We think **this**.")
    again = document(tables, written)
    assert again == written
    assert again.index(HAND_BEGIN) < again.index("We think **this**.") < again.index(HAND_END)
    figure = r"0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]"
    assert re.search(rf"^\| reflective \| {figure} .*\| 75\.7 % \| 77\.1 % \| 0\.462 \| 0\.611 \|", again, re.M)
    assert re.search(r"^\| ✓ \| ✓ \| ✓ \| 0\.9.*\| 80\.3 % \| 80\.4 % \| 0\.527 \| 0\.653 \|$", again, re.M)
    assert "**Agrees**: balanced accuracy, thinking only against none (base). The paper: +0.035; ours: +0." in again
    assert "location F1, with the accuracy reward against without. The paper: +0.027; ours: " in again
    assert "**Agrees**: P(`<reflection>`), table d against table a. The paper: falls; ours: -0.800" in again
    assert "**Not to be told**: P(`<reflection>`), table d against table b. The paper: falls; ours: +0.000" in again
    assert "3 seeds, RAWS 2 steps" in again
    assert re.search(r"^\| rcrl-table-a \|.*\| 1 of 3 \|$", again, re.M)
    rows = [line for line in again.splitlines() if line.startswith("|")]
    assert len(rows) == 2 * 5 + 3 + 8 + 4 + 10 + 4 * (1 + (tables.best() != FULL))


def test_a_missing_cell_is_named(results: list[dict[str, Any]]) -> None:
    with pytest.raises(RunError, match=r"Missing: rcrl-table-b of seed 2\."):
        Tables.of([row for row in results if (row["cell"], row["seed"]) != ("rcrl-table-b", 2)])
    with pytest.raises(RunError, match="no results yet"):
        Tables.of([])


def test_a_table_whose_reflections_break_shows_it(tables: Tables) -> None:
    broke = tables.estimate("rcrl-table-a", share_of("broke"), "forced")
    assert 0.1 < broke.value < 0.35
    assert tables.estimate(FULL, share_of("fixed"), "forced").value > 0
    assert len(draw(tables).data) == 4 * 4 + 4


@pytest.mark.browser
@pytest.mark.slow
def test_the_figure_is_photographed(tables: Tables, tmp_path: Path) -> None:
    from PIL import Image

    from tests.browser.conftest import find_chromium

    find_chromium()
    photograph(draw(tables), tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.size == (1100, 620)
        assert len(picture.convert("RGB").getcolors(1_000_000)) > 100
