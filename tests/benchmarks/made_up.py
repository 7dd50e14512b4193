"""Results of ablations that never ran, with known differences between the cells."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

from benchmarks.ablations.cells import BASE, CELLS, Budget, jobs
from benchmarks.ablations.runner import CURVES
from m3ad.records import Scenario

PARTS = 48
BUDGET = Budget(seeds=3, raws_steps=2, rcrl_steps=20, parts=PARTS)


def made_up_results() -> list[dict[str, Any]]:
    """All cells: the base model is right on half of the parts, the others on nine in ten.

    A forced reflection of the full model fixes all that is wrong; one of table a's breaks a quarter of what is right.
    """
    return [result(cell.name, seed, rcrl=bool(cell.start)) for cell, seed in jobs(CELLS, BUDGET.seeds)]


def result(cell: str, seed: int, *, rcrl: bool) -> dict[str, Any]:
    """One line of results.jsonl."""
    rng = random.Random(f"{cell}/{seed}")
    trained = cell.startswith("rcrl") and rcrl
    points = [[step, round(rng.random(), 2)] for step in range(1, BUDGET.rcrl_steps + 1)]
    return {
        "cell": cell,
        "seed": seed,
        "budget": asdict(BUDGET),
        "parts": [part(number, cell, rng) for number in range(PARTS)],
        "curves": dict.fromkeys(CURVES, points) if trained else {},
        "alarm": "It errs first." if cell == "rcrl-table-a" and seed == 1 else "",
    }


def part(number: int, cell: str, rng: random.Random) -> dict[str, Any]:
    """One part as `judging.counted` gives it."""
    kind = "anomalous" if number % 2 else "normal"
    right = int(rng.random() < (0.5 if cell == BASE else 0.9))
    own = {kind: 1, f"right_{kind}": right, f"first_right_{kind}": right}
    if number % 2:
        own |= {"type_tp": right, "type_fn": 1 - right, "location_fn": 1}
    broke = int(cell == "rcrl-table-a" and right and rng.random() < 0.25)
    fixed = int(cell == "rcrl-consistency-accuracy-reflection" and not right)
    forced = own | {"reflected": 1, "broke": broke, "fixed": fixed, f"right_{kind}": right - broke + fixed}
    doubt = 0.9 if cell == "rcrl-table-a" else 0.1
    scenario = list(Scenario)[number // 2 % 4].value
    return {"case": str(number), "scenario": scenario, "doubt": doubt, "own": own, "forced": forced}
