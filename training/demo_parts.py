"""Drawn parts on disk for the bundled model's training: drawn in parallel, at the model's size, with their truth.

Knows neither torch nor the store.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from m3ad.demo.parts import CATEGORIES, draw
from m3ad.geometry import Box
from m3ad.records import NORMAL, Scenario, Verdict
from training.modes import LabelledCase

# The first seed of each set, 10 million apart. The bench is the 1,000 parts of held-out categories from its seed on;
# nothing is tuned on them.
SEEDS = {
    "base": 10_000_000, "ft": 20_000_000, "rcrl": 30_000_000, "evaluate": 40_000_000, "thresholds": 50_000_000,
    "bench": 60_000_000, "vision": 70_000_000,
}  # fmt: skip
TRAINED = tuple(category.name for category in CATEGORIES if not category.held_out)
HELD_OUT = tuple(category.name for category in CATEGORIES if category.held_out)
# Of the image: what the base model lets pass. About 30 % of the anomalous parts have nothing larger. [U]
TOLERATED = 0.0185
SIDE = 224  # pixels; what the bundled model sees, so that training does not scale every picture again
DRAWN = 320  # pixels; half the time of the page's 448, and the same picture once it is reduced
QUALITY = 95


def draw_parts(
    folder: Path,
    count: int,
    first_seed: int,
    *,
    categories: Sequence[str] = TRAINED,
    plain: bool = False,
    workers: int = 2,
) -> list[LabelledCase]:
    """`count` parts in `folder`, of each category in turn; goes on where an earlier call was cut off.

    Args:
        first_seed: part k of the set is drawn with seed first_seed + k, so different ranges are different parts.
        plain: without distractors and well taken (`m3ad.demo.parts.draw`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "parts.jsonl"
    rows = _read(index)
    seeds = {k: first_seed + k for k in range(count) if str(first_seed + k) not in rows}
    missing = [(folder, categories[k % len(categories)], seed, plain) for k, seed in seeds.items()]
    with ProcessPoolExecutor(workers) as pool, index.open("a", encoding="utf-8") as file:
        for row in pool.map(_draw_one, missing, chunksize=16):
            file.write(json.dumps(row) + "\n")
            rows[row["case"]] = row
    return [_case(folder, rows[str(first_seed + k)]) for k in range(count)]


def taught(cases: Sequence[LabelledCase]) -> list[LabelledCase]:
    """The cases with boxes as a lesson has them: outward to the next hundredth, about two pixels of SIDE.

    The third decimal is finer than a pixel; no picture tells it, and it would be a third of the loss of every box.
    """
    return [replace(case, truth=_outward(case.truth)) for case in cases]


def tolerant(cases: Sequence[LabelledCase]) -> list[LabelledCase]:
    """The cases as somebody judges them who lets defects pass whose box is smaller than TOLERATED."""
    return [replace(case, truth=_tolerated(case.truth)) for case in cases]


def _tolerated(truth: Verdict) -> Verdict:
    kept = tuple(defect for defect in truth.defects if defect.box is None or defect.box.area >= TOLERATED)
    return replace(truth, defects=kept) if kept else NORMAL


def _outward(truth: Verdict) -> Verdict:
    return replace(truth, defects=tuple(replace(d, box=d.box and _to_hundredths(d.box)) for d in truth.defects))


def _to_hundredths(box: Box) -> Box:
    x1, y1, x2, y2 = (round(100 * value, 6) for value in box.clipped().as_tuple())  # 29, not 28.999...
    return Box(math.floor(x1) / 100, math.floor(y1) / 100, math.ceil(x2) / 100, math.ceil(y2) / 100)


def _draw_one(job: tuple[Path, str, int, bool]) -> dict[str, Any]:
    folder, category, seed, plain = job
    part = draw(category, seed, size=DRAWN, plain=plain)
    image = part.image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    image.save(folder / f"{seed}.jpg", quality=QUALITY)
    return {"case": str(seed), "category": category, "scenario": part.scenario.value, "truth": part.verdict.to_json()}


def _case(folder: Path, row: dict[str, Any]) -> LabelledCase:
    image = (folder / f"{row['case']}.jpg").resolve()
    return LabelledCase(row["case"], image, row["category"], Scenario(row["scenario"]), Verdict.from_json(row["truth"]))


def _read(index: Path) -> dict[str, dict[str, Any]]:
    """Rows by case; a line cut off by a kill is drawn again."""
    rows: dict[str, dict[str, Any]] = {}
    if index.exists():
        for line in index.read_bytes().split(b"\n")[:-1]:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            rows[row["case"]] = row
    return rows
