"""Reports of the bench: the paper's numbers as printed, ours beside them, and names that are anybody's as text."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from m3ad.bench.examples import EACH, KINDS, Example, kind_of, some_of_each
from m3ad.bench.judgement import METRIC_VERSION, Answered, judge
from m3ad.bench.own_tables import confusion, cost, own_tables, reflection
from m3ad.bench.page import page
from m3ad.bench.paper_tables import detection, paper_tables, sweep
from m3ad.bench.published import TABLE_1, TABLE_2, TABLE_3, TABLE_4
from m3ad.bench.records import CaseSet, Evaluation, EvaluationState
from m3ad.bench.subject import Subject, remarks
from m3ad.bench.tables import Table
from m3ad.bench.words import summary
from m3ad.bench.written import comma_separated, escape_latex, escape_markdown, latex, markdown
from m3ad.geometry import Box
from m3ad.metrics.detection import Pair
from m3ad.records import NORMAL, Defect, Mode, Scenario, Trace, Verdict
from m3ad.trace import read, render

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = "</td><script>alert(1)</script> | \\input{x} & 100% `x`\n=cmd"
SCRATCH = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.4, 0.4)),))
EVALUATION = Evaluation(
    1, CaseSet(1, "bench", "f" * 64, 4), "demo", Mode.AUTO, "abc", METRIC_VERSION, EvaluationState.FINISHED, "",
    "ann", NOW, NOW,
)  # fmt: skip


def answered(number: int, scenario: Scenario, truth: Verdict, said: Verdict) -> Answered:
    words = "I see no defects." if not said.anomalous else "There is a scratch."
    return Answered(number, scenario, f"c{number % 2}", truth, read(render(said, words)), 0.5, 40)


@pytest.fixture(scope="module")
def subject() -> Subject:
    """Textures: 1 of 2 right; logical: 2 of 2 right."""
    judgement = judge(
        [
            answered(1, Scenario.TEXTURE, SCRATCH, NORMAL),
            answered(2, Scenario.TEXTURE, NORMAL, NORMAL),
            answered(3, Scenario.LOGICAL, SCRATCH, SCRATCH),
            answered(4, Scenario.LOGICAL, NORMAL, NORMAL),
        ]
    )
    return Subject(EVALUATION, judgement)


def cells(table: Table, name: str) -> dict[str, str]:
    """The row whose second cell is `name`, by column."""
    (row,) = [row for row in table.rows if row[1].text == name]
    return {column.whole: cell.shown() for column, cell in zip(table.columns, row, strict=True)}


def test_averages_are_the_means_of_the_scenarios_as_in_the_paper(subject: Subject) -> None:
    for table in (TABLE_1, TABLE_4):
        for row in table:
            for first in (0, 1):
                mean = sum(row.numbers[first:6:2]) / 3
                assert row.numbers[6 + first] == pytest.approx(mean, abs=0.11 if mean > 1 else 0.0011), row
    assert len(TABLE_1) == 21
    assert len(TABLE_4) == 19
    ours = cells(detection([subject]), "demo")
    assert ours["Texture Acc"].startswith("50.0 [")
    assert ours["Logical Acc"] == "100.0 [100.0, 100.0]"
    assert ours["Average Acc"].startswith("75.0 [")
    assert ours["Workpiece Acc"] == "–"


def test_what_the_paper_says_twice_is_the_same_here() -> None:
    ours = {row.size: row.numbers for row in TABLE_1 if row.kind == "RA-Monitor"}
    types = {row.size: row.numbers for row in TABLE_4 if row.kind == "RA-Monitor"}
    assert (*ours["4B"][-2:], *types["4B"][-2:]) == TABLE_3[True, True, True]
    assert TABLE_2["Qwen-3-VL-Instruct-4B"]["Reflective Mode"] == TABLE_3[False, False, False]


def test_every_row_is_as_wide_as_its_head_and_only_the_papers_are_grey(subject: Subject) -> None:
    tables = [*paper_tables([subject, subject]), reflection([subject]), cost([subject]), *own_tables(subject)]
    for table in tables:
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.title
    for table in paper_tables([subject]):
        if "Table 5" not in table.title:
            assert all(len({cell.published for cell in row}) == 1 for row in table.rows), table.title
            assert not table.rows[-1][0].published
    by_iou = sweep([subject])
    assert [cell.published for cell in by_iou.rows[0]][:4] == [False, True, True, False]


def test_confusion_shows_what_was_missed(subject: Subject) -> None:
    table = confusion(subject, 0)
    assert [column.name for column in table.columns] == ["True \\ said", "Surface Anomaly", "missed"]
    assert [cell.text for cell in table.rows[0]] == ["Surface Anomaly", "1", "1"]


def test_csv_has_every_number_with_its_interval_and_source(subject: Subject) -> None:
    rows = list(csv.DictReader(io.StringIO(comma_separated([detection([subject])]))))
    assert len(rows) == 21 * 8 + 6
    (ours,) = [row for row in rows if row["source"] == "measured" and row["column"] == "Texture Acc"]
    assert (float(ours["value"]), float(ours["low"]), float(ours["high"])) == (50.0, 50.0, 50.0)


def test_remarks_say_how_evaluations_differ_and_what_is_missing(subject: Subject) -> None:
    assert remarks([subject, subject]) == []
    other = replace(EVALUATION, prompt="def", set=replace(EVALUATION.set, hash="e" * 64, size=5))
    found = " ".join(remarks([subject, Subject(other, subject.judgement, (("c 1", "no file"),), trained_on=2)]))
    for part in ("no fair comparison", "sets differ", "prompts differ", "c 1: no file", "learnt from 2"):
        assert part in found
    unfinished = Subject(replace(EVALUATION, set=replace(EVALUATION.set, size=9)), subject.judgement)
    assert "5 of 9 cases are not answered yet" in summary(unfinished)


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def example(tmp_path: Path) -> Example:
    path = tmp_path / "a.png"
    Image.new("RGB", (900, 300), "grey").save(path)
    trace = Trace(HOSTILE, HOSTILE, HOSTILE, NORMAL, Verdict(True, (Defect(HOSTILE, Box(0, 0, 0.5, 0.5)),)))
    return Example(HOSTILE, HOSTILE, "missed", (SCRATCH, trace), path)


def test_hostile_names_and_answers_are_text_on_the_page(subject: Subject, example: Example) -> None:
    named = Subject(replace(EVALUATION, model=HOSTILE), subject.judgement, ((HOSTILE, HOSTILE),))
    html = page(HOSTILE, remarks([named]), [detection([named]), *own_tables(named)], [example])
    seen = Tags(html)
    assert "script" not in seen.tags
    assert "alert(1)" in seen.text
    assert seen.tags.count("img") == 1
    assert "http" not in html.replace("http-equiv", "")  # nothing is fetched
    assert html.count("data:image/jpeg;base64,") == 1


def test_a_picture_that_is_gone_is_said(subject: Subject, example: Example) -> None:
    example.picture.unlink()
    seen = Tags(page("t", [], [], [example]))
    assert "img" not in seen.tags
    assert "a.png" in seen.text


def test_markdown_latex_and_csv_escape_names(subject: Subject) -> None:
    named = Subject(replace(EVALUATION, model=HOSTILE), subject.judgement)
    text = markdown("t", [HOSTILE], [detection([named])])
    assert "<script" not in text.replace("\\<script", "")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert "\\input{" not in latex([detection([named])])
    assert escape_latex("a_b & 50%") == r"a\_b \& 50\%"
    assert escape_markdown("a\nb | c") == r"a b \| c"
    formula = Subject(replace(EVALUATION, model="=cmd()"), subject.judgement)
    rows = list(csv.DictReader(io.StringIO(comma_separated([cost([formula])]))))
    assert {row["row"][:1] for row in rows} == {"'"}


def test_examples_are_a_few_of_each_kind(example: Example) -> None:
    ends: list[Pair] = [
        (SCRATCH, Trace("", "", "r", NORMAL, SCRATCH)),
        (SCRATCH, Trace("", "", "r", SCRATCH, NORMAL)),
        (SCRATCH, Trace("", "", None, None, None)),
        (SCRATCH, Trace("", "", None, NORMAL, NORMAL)),
        (NORMAL, Trace("", "", None, SCRATCH, SCRATCH)),
        (SCRATCH, Trace("", "", None, SCRATCH, SCRATCH)),
        (NORMAL, Trace("", "", None, NORMAL, NORMAL)),
    ]
    assert [kind_of(pair) for pair in ends] == list(KINDS)
    many = [replace(example, kind=kind_of(pair), pair=pair) for pair in ends * 3]
    assert [one.kind for one in some_of_each(many)] == [kind for kind in KINDS for _ in range(EACH)]
