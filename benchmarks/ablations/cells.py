"""What the ablations train: one cell for each way of training, however many tables show it.

Table 2    base; RAWS on thinking examples only; RAWS with reflective ones
Table 3    the eight combinations of the three rewards; without any RCRL learns nothing, so that is RAWS' model
Figure 4   the reflection rewards a to d; d with all three rewards is Table 3's last row
Figure 5   before and after reflection, of models that are there already
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from m3ad.records import Stage
from m3ad.rewards import REFLECTION_TABLES, RewardConfig
from training.config import RawsSettings, RcrlSettings, Settings
from training.demo_model import REINFORCE, WARM

REWARDS = ("consistency", "accuracy", "reflection")
BASE, THINKING, REFLECTIVE = "base", "thinking", "reflective"


@dataclass(frozen=True, slots=True)
class Cell:
    """One way of training. `start` is the cell whose model of the same seed it goes on from; None: not trained."""

    name: str
    start: str | None = None
    settings: Settings | None = None

    @property
    def stage(self) -> Stage | None:
        """The stage it trains; None for the base model, which is judged as it is."""
        if self.settings is None:
            return None
        return Stage.RAWS if isinstance(self.settings, RawsSettings) else Stage.RCRL


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is spent: the same for every cell of a stage, so that cells can be compared.

    Attributes:
        seeds: how often each cell is trained; its seed decides on order, texts, sampling and RCRL's parts.
        raws_steps: steps of 24 examples.
        rcrl_steps: steps of 8 parts with 4 answers each.
        parts: fresh parts on which every model is judged.
    """

    seeds: int = 3
    raws_steps: int = 200
    rcrl_steps: int = 40
    parts: int = 96


def reward_cell(chosen: tuple[bool, ...]) -> str:
    """The name of the cell with these of REWARDS."""
    names = [name for name, on in zip(REWARDS, chosen, strict=True) if on]
    return f"rcrl-{'-'.join(names)}" if names else REFLECTIVE


def _rewarded(chosen: tuple[bool, ...]) -> Settings:
    weights = {f"{name}_weight": float(on) for name, on in zip(REWARDS, chosen, strict=True)}
    return replace(REINFORCE, reward=RewardConfig(**weights, reflection_table="d"))


def _tabled(table: str) -> Settings:
    return replace(REINFORCE, reward=RewardConfig(reflection_table=table))


COMBINATIONS = tuple(product((False, True), repeat=len(REWARDS)))  # in the order of the paper's rows
FULL = reward_cell((True, True, True))
TABLE_2 = (BASE, THINKING, REFLECTIVE)
TABLE_3 = {chosen: reward_cell(chosen) for chosen in COMBINATIONS}
FIGURE_4 = {table: FULL if table == "d" else f"rcrl-table-{table}" for table in REFLECTION_TABLES}

CELLS = (
    Cell(BASE),
    Cell(THINKING, BASE, replace(WARM, easy_reflective=0.0, hard_reflective=0.0)),
    Cell(REFLECTIVE, BASE, WARM),
    *(Cell(name, REFLECTIVE, _rewarded(chosen)) for chosen, name in TABLE_3.items() if any(chosen)),
    *(Cell(name, REFLECTIVE, _tabled(table)) for table, name in FIGURE_4.items() if name != FULL),
)


def settings_of(cell: Cell, seed: int, budget: Budget) -> Settings:
    """The settings with which a cell is trained."""
    assert cell.settings is not None
    if isinstance(cell.settings, RcrlSettings):
        return replace(cell.settings, seed=seed, max_steps=budget.rcrl_steps)
    return replace(cell.settings, seed=seed, max_steps=budget.raws_steps)


def jobs(cells: tuple[Cell, ...], seeds: int) -> list[tuple[Cell, int]]:
    """(cell, seed), one seed after the other; each after the one it starts from. The base model has one seed."""
    return [(cell, seed) for seed in range(seeds) for cell in cells if cell.settings is not None or seed == 0]
