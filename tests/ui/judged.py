"""A run's model to be judged beside its parent, made without training: scripted models, a real store, a run folder."""

from __future__ import annotations

from pathlib import Path

from db.store import Store
from m3ad.monitor.base import Monitor
from m3ad.records import NORMAL as GOOD
from m3ad.records import Model, RunState, Stage
from tests.ui.scripted import BENT, FIXED, NORMAL, Gate, ScriptedMonitor, add_case, add_inspection
from training.config import PRESETS
from training.loop import create_run
from training.promotion import register_finished
from training.run import RunFolder
from ui.context import Opener

FROZEN_GOOD, FROZEN_BENT, CORRECTED = 6, 4, 3
PARENT, MODEL = "demo", "demo/raws-1"
LAX = {"escape": 1.0, "overkill": 1.0, "readable": 0.9, "loss": 1.0, "cases": 5}


def fill(store: Store, *, frozen: bool = True) -> None:
    """Ten frozen cases of one category, three of another that the parent got wrong and a person corrected."""
    for number in range(FROZEN_GOOD):
        add_case(store, f"good-{number}", GOOD, size=(64, 40 + number))
    for number in range(FROZEN_BENT):
        add_case(store, f"bent-{number}", BENT, size=(80, 40 + number))
    for number in range(CORRECTED):
        case_id = add_case(store, f"plate-{number}", category="plate", size=(90, 40 + number))
        said = add_inspection(store, case_id, NORMAL, model=PARENT)
        store.save_annotation(case_id, BENT, author="ann", based_on=0, inspection_id=said.id)
    add_case(store, "plate-right", GOOD, category="plate", size=(100, 50))
    store.create_snapshot("corrections-1", frozen_share=0, frozen_categories=["sensor board"] if frozen else [])


def add_run(store: Store, start: str = PARENT) -> Model:
    """A RAWS run that has finished, and its model."""
    run = create_run(
        store,
        store.workspace,
        stage=Stage.RAWS,
        start_model=start,
        snapshot_id=store.snapshot("corrections-1").id,
        settings=PRESETS["cpu demo"][Stage.RAWS],
    )
    folder = RunFolder(run.folder)
    folder.model_path.mkdir()
    folder.set_status(RunState.FINISHED.value, "The model is in model/.")
    return register_finished(store, run)


def opener(gate: Gate | None = None) -> Opener:
    """The parent calls every part normal, what came of a run finds bent pins everywhere."""

    def open_scripted(source: str) -> Monitor:
        return ScriptedMonitor(FIXED if Path(source).is_dir() else NORMAL, gate=gate)

    return open_scripted
