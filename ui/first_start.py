"""The first start on an empty store: drawn parts, most with their truth, some inspected, so that no screen is empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from db.store import Store
from m3ad.demo.parts import CATEGORIES, draw
from m3ad.records import HELD_OUT, Mode, NewCase
from ui.context import Context

DATASET = "drawn parts"
PARTS_PER_CATEGORY = 4
# Seeds of the shown parts: away from those of training (`training.demo_model`) and of the published bench.
FIRST_SEED = 500
WITHOUT_TRUTH = 3  # the last part of each category comes without truth: something to annotate
INSPECTED = 12


def fill(store: Store, folder: Path, progress: Callable[[int, int], None] | None = None) -> list[int]:
    """Draw parts into `folder` and add them as cases; returns their ids. Does nothing when the store has cases."""
    if store.facets().total:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    ids = []
    seeds = range(FIRST_SEED, FIRST_SEED + PARTS_PER_CATEGORY)
    wanted = [(category, seed) for seed in seeds for category in CATEGORIES]
    for done, (category, seed) in enumerate(wanted, start=1):
        # Every other part is anomalous, whatever the category, so that a small set is balanced.
        part = draw(category.name, seed, anomalous=(done + seed) % 2 == 0)
        path = folder / f"{category.name.replace(' ', '-')}-{seed}.png"
        part.image.save(path, compress_level=1)
        new = NewCase(
            dataset=DATASET,
            key=f"{category.name}/{seed}",
            scenario=part.scenario,
            category=part.category,
            images=(path,),
            split=HELD_OUT if category.held_out else "",
            verdict=None if seed - FIRST_SEED == WITHOUT_TRUTH else part.verdict,
        )
        ids.append(store.add_case(new)[0])
        if progress:
            progress(done, len(wanted))
    return ids


def inspect_some(context: Context, case_ids: list[int]) -> None:
    """Inspect the first few cases in the background with the chosen model."""
    for case_id in case_ids[:INSPECTED]:
        context.inspections.start(case_id, context.monitors.default, Mode.AUTO, 0, background=True)
