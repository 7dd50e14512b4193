"""`app.py model ...`: a run's model judged, promoted and taken back from the command line, with a small real model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import main
from db.store import Store
from m3ad.monitor import open_monitor
from m3ad.records import Model, RunState, Stage
from tests.ui.judged import CORRECTED, FROZEN_BENT, FROZEN_GOOD, MODEL, fill
from training.config import PRESETS
from training.loop import create_run
from training.promotion import register_finished
from training.run import RunFolder

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def model(tmp_path: Path, tiny_model: Path) -> Model:
    """What came of a run that started from the tiny model, and learnt nothing."""
    with Store.open(tmp_path / "w") as store:
        fill(store)
        store.add_model(Model("demo", str(tiny_model)))
        run = create_run(
            store,
            store.workspace,
            stage=Stage.RAWS,
            start_model="demo",
            snapshot_id=store.snapshot("corrections-1").id,
            settings=PRESETS["cpu demo"][Stage.RAWS],
        )
        folder = RunFolder(run.folder)
        shutil.copytree(tiny_model, folder.model_path)
        folder.set_status(RunState.FINISHED.value, "The model is in model/.")
        return register_finished(store, run)


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command; gives what --json prints, or the refusal on stderr."""

    def asked(*words: str, status: int = 0) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert main(["model", *words, "--workspace", str(tmp_path / "w"), "--device", "cpu", "--json"]) == status
        said = capsys.readouterr()
        return [{"refused": said.err}] if status else [json.loads(line) for line in said.out.splitlines()]

    return asked


@pytest.mark.slow
def test_a_model_is_judged_promoted_and_taken_back(ask: Ask, model: Model) -> None:
    assert model.name == MODEL
    assert [(one["name"], one["judged"], one["in_use"]) for one in ask("list")] == [
        ("demo", None, False), (MODEL, None, False)
    ]  # fmt: skip
    assert "not judged" in ask("promote", MODEL, "--reason", "x", status=1)[0]["refused"]
    *_, judged = ask("judge", MODEL)
    frozen = judged["sets"]["frozen"]
    assert frozen["count"] == FROZEN_GOOD + FROZEN_BENT
    assert judged["sets"]["corrected"]["count"] == CORRECTED
    change = frozen["figures"]["balanced_accuracy"]["difference"]
    assert (change["value"], change["interval"]) == (0.0, [0.0, 0.0])  # the same weights say the same
    assert judged["cases"]["frozen"]["newly broken"] == judged["cases"]["frozen"]["fixed"] == []
    again = ask("judge", MODEL)
    assert again[-1]["sets"]["frozen"]["evaluations"] == frozen["evaluations"]  # nothing was asked twice

    assert "Frozen cases, at least 20: 10" in ask("promote", MODEL, "--reason", "x", status=1)[0]["refused"]
    off = ("--escape", "", "--overkill", "", "--readable", "", "--cases", "10")
    (rules,) = ask("rules", *off, "--user", "bob")
    assert (rules["escape"], rules["cases"], rules["loss"], rules["author"]) == (None, 10, 0.02, "bob")
    assert ask("rules") == [rules]
    assert "no share" in ask("rules", "--loss", "300", status=1)[0]["refused"]
    assert "Say why" in ask("promote", MODEL, "--reason", " ", status=1)[0]["refused"]
    (step,) = ask("promote", MODEL, "--reason", "as good", "--user", "ann")
    assert step == {"model": MODEL, "step": "promoted", "author": "ann", "reason": "as good"}
    assert [one["name"] for one in ask("list") if one["in_use"]] == [MODEL]
    assert ask("take-back", "--reason", "no better") == [{"model": MODEL, "in_use": None, "unloaded": ""}]
    assert "nothing to take back" in ask("take-back", status=1)[0]["refused"]
    with pytest.raises(SystemExit):
        ask("promote", MODEL)


def test_inspect_takes_the_model_in_use_unless_one_is_named(
    ask: Ask, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def opening(source: str, **options: Any) -> Any:
        opened.append(source)
        return open_monitor(source, **options)

    monkeypatch.setattr("ui.commands.inspect.open_monitor", opening)
    with Store.open(tmp_path / "w") as store:
        store.promotions.promote(MODEL, "better", {}, store.promotions.rules(), actor="ann")
        part, parent = str(store.cases()[0].primary.path), store.model("demo").source
    where = ["--workspace", str(tmp_path / "w"), "--device", "cpu", "--json"]
    assert main(["inspect", part, *where]) == 0
    assert main(["inspect", part, "--model", "demo", *where]) == 0
    assert opened == [model.source, parent]
