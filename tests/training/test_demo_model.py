"""The bundled model from nothing to its figures, at toy size: every stage once, and nothing done twice."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from m3ad.records import RunState
from training import demo_figures
from training.demo_model import main
from training.demo_parts import SEEDS
from training.run import RunFolder


def test_the_sets_of_parts_never_meet() -> None:
    firsts = sorted(SEEDS.values())
    assert all(second - first >= 10_000_000 for first, second in pairwise(firsts))


def test_a_number_of_parts_without_a_stage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--parts", "10"])


@pytest.mark.slow
def test_every_stage_leads_to_the_next(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(demo_figures, "BENCH", 8)
    few = ("--set", "max_steps=2", "--set", "logging_steps=1", "--set", "batch=2")
    main([str(tmp_path), "--stage", "vision", "--parts", "970", "--steps", "2"])
    main([str(tmp_path), "--stage", "base", "--parts", "24", *few])
    main([str(tmp_path), "--stage", "ft", "--parts", "24", *few])
    kept = (tmp_path / "ft_answers.jsonl").read_bytes()
    main([str(tmp_path), "--stage", "ft", "--parts", "24", *few])
    assert (tmp_path / "ft_answers.jsonl").read_bytes() == kept
    main([str(tmp_path), "--stage", "raws"])
    raws = RunFolder(tmp_path / "runs" / "raws")
    assert raws.state() is RunState.FINISHED
    assert {example.difficulty for example in raws.examples()} <= {"easy", "hard"}  # all were answered
    main([str(tmp_path), "--stage", "bench", "--model", str(raws.model_path), "--threshold", "0.3"])
    figures = json.loads((tmp_path / "bench_raws.json").read_text())
    assert set(figures) == {"model", "greedy", "temperature 1", "reflecting from 0.3"}
    assert all(figures[way]["count"] == 8 for way in figures if way != "model")
