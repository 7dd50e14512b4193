"""Which categories are for M3-AD-FT and which for M3-AD-Bench: whole categories, drawn by their names (SPEC).

The paper's own assignment is not published. Ours draws each category by a hash of SEED and its name, so that a category
which comes later changes no other, and a product that several sources have is on one side in all of them. SEED is the
first from 0 with which the Bench has BENCH_SHARE of the categories, give or take a sixth of it, in each of the four
scenarios, over the categories that the sources' tables name. `docs/datasets.md` lists the outcome.
"""

from __future__ import annotations

import hashlib

from m3ad.datasets.layouts import LAYOUTS
from m3ad.records import Scenario
from m3ad.taxonomy import normalise

BENCH_SHARE = 0.2  # of the categories
SEED = 33
_DOMAINS = "manta"  # its table names domains, not categories


def in_bench(category: str, seed: int = SEED) -> bool:
    """Whether the category is kept for M3-AD-Bench; otherwise it may be trained on."""
    digest = hashlib.sha256(f"{seed}:{normalise(category)}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8]) < BENCH_SHARE * 2**64


def known_categories() -> dict[Scenario, list[str]]:
    """The categories that the sources' tables name, by scenario, in the order of the alphabet."""
    found: dict[Scenario, set[str]] = {scenario: set() for scenario in Scenario}
    for layout in LAYOUTS.values():
        if layout.name != _DOMAINS:
            for folder, scenario in layout.table.scenarios.items():
                found[scenario].add(layout.table.categories.get(folder, folder))
    return {scenario: sorted(names) for scenario, names in found.items()}
