"""results.jsonl: one line for each finished (cell, seed), in a file that only grows.

cell, seed, budget    what was trained, with how much (see `benchmarks.ablations.cells`)
parts                 per part: case, scenario, doubt, and the counts of its two answers (`judging.counted`)
curves                per metric of RCRL's log: [[step, value], ...]; empty for the others
alarm                 the run's alarm, or ""
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from m3ad.errors import RunError


def read_results(file: Path) -> list[dict[str, Any]]:
    """The finished cells; a line cut off by a kill is removed, so that the next one begins on a line of its own."""
    if not file.exists():
        return []
    data = file.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        file.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def append_result(file: Path, row: dict[str, Any]) -> None:
    """Add a finished cell, in one write."""
    with file.open("ab", buffering=0) as stream:
        stream.write((json.dumps(row, allow_nan=False) + "\n").encode())


def check_budget(rows: Sequence[dict[str, Any]], budget: dict[str, int]) -> None:
    """Raises RunError when cells were made with another budget: they could not be compared. More seeds may be added."""
    for row in rows:
        if {**row["budget"], "seeds": 0} != {**budget, "seeds": 0}:
            raise RunError(
                f"{row['cell']} of seed {row['seed']} was made with {row['budget']}, not with {budget}. Cells are only "
                "comparable at equal budgets: give the old numbers, or another folder."
            )
