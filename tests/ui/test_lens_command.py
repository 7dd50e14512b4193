"""`app.py lens`: every question, on a case of a store, by a small real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import main
from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Scenario, Verdict
from m3ad.sentences import sentences
from tests.conftest import THINK_DEFECT

TRUTH = Verdict(True, (Defect("scratch", Box(0.25, 0.25, 0.75, 0.75)),))


@pytest.fixture
def ask(tmp_path: Path, tiny_model: Path, plates: tuple, capsys: pytest.CaptureFixture[str]):
    """Asks about a case: 1 is annotated, 2 is not. Gives what --json prints."""
    store = Store.open(tmp_path / "w")
    for key, verdict in (("a", TRUTH), ("b", None)):
        path = tmp_path / f"{key}.png"
        plates[verdict is not None].save(path)
        store.add_case(NewCase("made", key, Scenario.TEXTURE, "plate", (path,), verdict=verdict))

    def asked(question: str, case: int = 1, *options: str, status: int = 0) -> list[dict[str, Any]]:
        where = ["--workspace", str(tmp_path / "w"), "--model", str(tiny_model), "--device", "cpu"]
        assert main(["lens", question, str(case), *where, *options, "--json"]) == status
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return asked


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file with thinking that finds a scratch."""
    path = tmp_path / "think.txt"
    path.write_text(THINK_DEFECT)
    return path


def test_a_curve_has_one_point_for_each_sentence_of_the_text(ask, text: Path) -> None:
    points = ask("probe", 1, "--text", str(text))
    assert [(one["start"], one["end"]) for one in points] == [one[:2] for one in sentences(THINK_DEFECT)]
    assert points[-1]["probability"] > 0.5
    assert {one["section"] for one in points} == {"think"}
    assert ask("probe", 2)[-1]["probability"] < 0.5  # of its own answer


def test_tokens_are_told_with_their_alternatives(ask, text: Path) -> None:
    tokens = ask("tokens", 1, "--text", str(text), "--alternatives", "2")
    assert "".join(one["text"] for one in tokens) == THINK_DEFECT
    assert {len(one["alternatives"]) for one in tokens} == {2}


def test_it_goes_on_from_an_edited_file(ask, text: Path) -> None:
    (answer,) = ask("go-on", 1, "--text", str(text), "--mode", "reflective")
    assert answer["text"].startswith(THINK_DEFECT + "<reflection>")
    assert answer["reflected"]


def test_samples_are_counted_and_paid_by_each_table(ask) -> None:
    told = ask("sample", 1, "--count", "3", "--seed", "2", "--temperature", "0.3")
    samples = [one for one in told if "text" in one]
    first, final = (one for one in told if "verdicts" in one)
    payments = [one for one in told if "table" in one]
    assert len(samples) == final["anomalous"] + final["normal"] + final["unreadable"] == 3
    assert first["verdicts"] == "initial"
    assert [(one["table"], one["sample"]) for one in payments] == [(t, n) for t in "abcd" for n in (1, 2, 3)]
    assert all(one["total"] == one["consistency"] + one["accuracy"] + one["reflection"] for one in payments)
    assert ask("sample", 2, "--count", "1")[-1]["rewards"] is None


def test_the_map_has_the_rows_and_columns_that_were_asked_for(ask, text: Path) -> None:
    (found,) = ask("occlusion", 1, "--text", str(text), "--rows", "2", "--columns", "3")
    assert found["done"] == 6
    assert [len(row) for row in found["change"]] == [3, 3]


def test_what_cannot_be_asked_is_refused_in_words(ask, tmp_path: Path) -> None:
    ask("probe", 9, status=1)
    ask("go-on", 1, "--text", str(tmp_path / "none.txt"), status=1)
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    ask("go-on", 1, "--text", str(tmp_path / "bytes.txt"), status=1)
