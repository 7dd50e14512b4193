"""The document of the annotation benchmark says what was measured, and keeps what people wrote into it."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.annotation import report
from benchmarks.annotation.ours import STANDS
from benchmarks.annotation.people import Annotator, annotate

OURS = [{"rate": 40.0, "twice": 0.0, "submitted": 0.1}, {"rate": 60.0, "twice": 0.0, "submitted": 0.3}]
PEERS = [{"rate": 5.0, "twice": 0.06, "submitted": 0.6}, {"rate": 5.0, "twice": 0.06, "submitted": 0.3}]
RUN = {"tasks": 10_000, "pictures": 50, "seconds": 20, "peer": "Label Studio 1.23.0", "ours": OURS, "peers": PEERS}


class Person:
    """Is given the case 7, then cases of its own; fails once."""

    def __init__(self, number: int) -> None:
        self.turn = 100 * number

    def begin(self) -> list[int]:
        return [7]

    def go_on(self) -> list[int]:
        time.sleep(0.01)
        self.turn += 1
        if self.turn % 100 == 2:
            raise RuntimeError("cut off")
        return [self.turn]


def row(text: str, words: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {words}"))


def test_ratios_are_of_the_rounds_and_goals_are_judged(tmp_path: Path) -> None:
    report.record("side by side", RUN, tmp_path)
    text = (tmp_path / "annotation-benchmark.md").read_text()
    assert "| 50 1/s (40 – 60) | 5 1/s (5 – 5) | 10.0 × | 10 × | reached |" in row(text, "8 annotators")
    assert "| 3.5 × | 4 × | **not reached** |" in row(text, "save in a browser")
    assert "Label Studio 1.23.0" in text


def test_without_label_studio_the_table_says_so(tmp_path: Path) -> None:
    report.record("side by side", {**RUN, "peer": "", "peers": []}, tmp_path)
    text = (tmp_path / "annotation-benchmark.md").read_text()
    assert "no Label Studio was given" in text
    assert "| – |" in row(text, "8 annotators")


def test_what_people_wrote_is_kept(tmp_path: Path) -> None:
    report.record("side by side", RUN, tmp_path)
    path = tmp_path / "annotation-benchmark.md"
    path.write_text(path.read_text().replace("Nothing has been written yet.", "Measured on a busy day."))
    report.record("side by side", RUN, tmp_path)
    assert "Measured on a busy day." in path.read_text()


def test_cases_that_two_people_were_given_and_errors_are_counted() -> None:
    people: list[Annotator] = [Person(1), Person(2)]
    done = annotate(people, 0.4)
    assert done.given[7] == {0, 1}
    assert 0 < done.twice < 1
    assert done.errors == ["RuntimeError: cut off"] * 2
    assert done.rate > 0


def test_an_acknowledgement_is_one_whether_first_or_repeated() -> None:
    assert [STANDS.match(words)[1] for words in ("Saved as r12.", "r3 stands.")] == ["12", "3"]  # type: ignore[index]
    assert STANDS.match("Second look saved.") is None
