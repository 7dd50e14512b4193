"""Which checkpoint a run goes on from: sealed, whole, newest by its step, and of the same origin. Files only."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from m3ad.errors import RunError
from m3ad.records import Stage
from tests.training.conftest import MakeRun
from training.checkpoints import Origin, damage, keep_newest, resume_point, seal, sweep
from training.run import RunFolder

CASES = ["1", "2", "3"]


@pytest.fixture
def run(make_run: MakeRun) -> RunFolder:
    return make_run(Stage.RAWS)


def checkpoint(run: RunFolder, step: int, *, sealed: bool = True) -> Path:
    folder = run.checkpoints / f"checkpoint-{step}"
    (folder / "ref").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(bytes([step]) * 1000)
    (folder / "ref" / "adapter.safetensors").write_bytes(b"reference")
    (folder / "trainer_state.json").write_text("{}")
    if sealed:
        seal(folder, Origin.of(run, CASES))
    return folder


def notes(run: RunFolder) -> list[str]:
    return [event["text"] for event in run.events()[0] if event["kind"] == "note"]


def test_a_run_goes_on_from_its_newest_checkpoint_and_a_new_one_from_none(run: RunFolder) -> None:
    origin = Origin.of(run, CASES)
    assert resume_point(run, origin) is None
    for step in (2, 10, 4):
        checkpoint(run, step)
    assert resume_point(run, origin) == run.checkpoints / "checkpoint-10"
    assert notes(run) == []


def spoil_bit(folder: Path) -> None:
    file = folder / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[500] ^= 1
    file.write_bytes(data)


def cut(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 400)


def lose(folder: Path) -> None:
    (folder / "ref" / "adapter.safetensors").unlink()


def unseal(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_seal(folder: Path) -> None:
    os.truncate(folder / "manifest.json", 40)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_bit, "has a damaged file, model.safetensors"),
        (cut, "has a damaged file, model.safetensors"),
        (lose, "lacks its file ref/adapter.safetensors"),
        (unseal, "was not written to its end"),
        (cut_seal, "was not written to its end"),
    ],
)
def test_a_corrupt_checkpoint_is_refused_told_and_the_one_before_is_taken(run: RunFolder, spoil, words: str) -> None:  # type: ignore[no-untyped-def]
    before, corrupt = checkpoint(run, 2), checkpoint(run, 4)
    spoil(corrupt)
    assert damage(corrupt) == words
    assert resume_point(run, Origin.of(run, CASES)) == before
    assert not corrupt.exists()
    assert notes(run) == [f"checkpoint-4 {words}: it was removed, checkpoint-2 is tried instead."]


def test_with_no_whole_checkpoint_left_the_run_begins_anew_and_says_so(run: RunFolder) -> None:
    spoil_bit(checkpoint(run, 2))
    assert resume_point(run, Origin.of(run, CASES)) is None
    assert notes(run)[0].endswith("it was removed, the run begins anew.")


def test_a_run_goes_on_with_the_same_settings_examples_and_processes_only(run: RunFolder) -> None:
    kept = checkpoint(run, 2)
    with pytest.raises(RunError, match="3 could be used when checkpoint-2 was saved, 2 can now"):
        resume_point(run, Origin.of(run, CASES[:2]))
    with pytest.raises(RunError, match="only go on with the examples it had"):
        resume_point(run, Origin.of(run, ["1", "3", "2"]))  # another order is another training
    with pytest.raises(RunError, match="trained by 1 processes"):
        resume_point(run, replace(Origin.of(run, CASES), processes=2))
    config = json.loads((run.path / "config.json").read_text())
    config["settings"]["learning_rate"] *= 2
    (run.path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match=r"config\.json of run run-1 was changed"):
        resume_point(run, Origin.of(run, CASES))
    assert kept.exists()


def test_a_clock_that_was_set_back_does_not_cost_the_newest_checkpoint(run: RunFolder) -> None:
    folders = [checkpoint(run, step) for step in (2, 4, 6)]
    for hours, folder in enumerate(folders):  # the newest is the oldest by its time
        os.utime(folder, (1e9 - 3600 * hours, 1e9 - 3600 * hours))
    keep_newest(run)
    assert sorted(folder.name for folder in run.checkpoints.iterdir()) == ["checkpoint-4", "checkpoint-6"]
    assert resume_point(run, Origin.of(run, CASES)) == folders[-1]


def test_what_was_not_written_to_its_end_is_swept_away(run: RunFolder) -> None:
    whole = checkpoint(run, 2)
    checkpoint(run, 4, sealed=False)
    sweep(run)
    assert list(run.checkpoints.iterdir()) == [whole]
