"""Drawn pictures as cells, one for each image token: batches of them, and what each cell shall say.

A cell is 32 x 32 pixels, two by two patches of the vision encoder. Knows torch and the drawn parts, no model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from m3ad.records import Scenario
from training.modes import LabelledCase

SIDE, PATCH, MERGE = 224, 16, 2
CELLS = SIDE // (PATCH * MERGE)  # 7 x 7 image tokens
WINDOW = 4  # cells on a side: a third of the work of a whole picture, and most windows hold a defect
NEAR = 0.8  # share of anomalous pictures whose window is put on a defect
SURFACES = (Scenario.TEXTURE, Scenario.WORKPIECE)  # a defect of theirs is one however the picture is turned
ASSEMBLY = Scenario.LOGICAL  # a window does not show what is missing or in the wrong place


@dataclass(frozen=True)
class Pictures:
    """What is trained on: `images` uint8 (n, 3, SIDE, SIDE), `boxes` per picture (defects, 5), `scenarios` (n,)."""

    images: Tensor
    boxes: list[np.ndarray]
    scenarios: np.ndarray


@dataclass(frozen=True)
class Targets:
    """What the cells of a batch shall say: `types` (n, 49, types) 0/1; `boxes` (n, 49, 4) in cells, relative to the
    cell's centre, NaN without a defect; `digits` (n, 49, 4, 2) the first two decimals of x1, y1, x2, y2 in fractions.
    """

    types: Tensor
    boxes: Tensor
    digits: Tensor

    def at(self, cells: Tensor) -> Targets:
        """Only the chosen cells (n, k)."""
        rows = torch.arange(len(cells))[:, None]
        return Targets(self.types[rows, cells], self.boxes[rows, cells], self.digits[rows, cells])


def load(cases: Sequence[LabelledCase], names: Sequence[str]) -> Pictures:
    """All pictures in memory; a box is x1, y1, x2, y2 (fractions) and the number of its type in `names`."""
    images = torch.empty((len(cases), 3, SIDE, SIDE), dtype=torch.uint8)
    boxes = []
    for row, case in enumerate(cases):
        with Image.open(case.image) as image:
            images[row] = torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)
        found = [(*d.box.as_tuple(), names.index(d.type)) for d in case.truth.defects if d.box]
        boxes.append(np.array(found, dtype=np.float32).reshape(-1, 5))
    return Pictures(images, boxes, np.array([case.scenario.value for case in cases]))


def draw_batch(
    pictures: Pictures, kept: int, batch: int, step: int, seed: int
) -> tuple[Tensor, list[np.ndarray], Tensor]:  # fmt: skip
    """Images, boxes and cells of one step, by turns whole pictures and windows; the same step gives the same batch."""
    chance = np.random.default_rng([seed, step])
    whole = step % 2 == 0
    rows = chance.integers(kept, size=batch if whole else 4 * batch)
    if not whole:
        rows = rows[pictures.scenarios[rows] != ASSEMBLY.value][: 3 * batch]
    images, boxes = pictures.images[torch.from_numpy(rows)], [pictures.boxes[row] for row in rows]
    surface = np.flatnonzero(np.isin(pictures.scenarios[rows], [one.value for one in SURFACES]))
    found, given = turned(images[surface], [boxes[row] for row in surface], int(chance.integers(8)))
    images[surface] = found
    for row, moved in zip(surface, given, strict=True):
        boxes[row] = moved
    return images, boxes, windows(boxes, CELLS if whole else WINDOW, chance)


def turned(images: Tensor, boxes: Sequence[np.ndarray], way: int) -> tuple[Tensor, list[np.ndarray]]:
    """The batch mirrored and turned in one of eight ways, boxes with it: a defect is one from every side."""
    found = [box.copy() for box in boxes]
    if way & 1:
        images = images.flip(3)
        found = [np.column_stack([1 - b[:, 2], b[:, 1], 1 - b[:, 0], b[:, 3], b[:, 4]]) for b in found]
    if way & 2:
        images = images.flip(2)
        found = [np.column_stack([b[:, 0], 1 - b[:, 3], b[:, 2], 1 - b[:, 1], b[:, 4]]) for b in found]
    if way & 4:
        images = images.transpose(2, 3)
        found = [b[:, [1, 0, 3, 2, 4]] for b in found]
    return images, found


def windows(boxes: Sequence[np.ndarray], side: int, chance: np.random.Generator) -> Tensor:
    """For each picture the cells (n, side * side) of a window, mostly one with a defect in it."""
    corners = chance.integers(CELLS - side + 1, size=(len(boxes), 2))
    for row, found in enumerate(boxes):
        if len(found) and chance.random() < NEAR:
            box = found[chance.integers(len(found))]
            middle = ((box[[1, 0]] + box[[3, 2]]) / 2 * CELLS).astype(int)
            corners[row] = np.clip(middle - chance.integers(side, size=2), 0, CELLS - side)
    steps = np.arange(side)
    rows = corners[:, 0, None, None] + steps[None, :, None]
    columns = corners[:, 1, None, None] + steps[None, None, :]
    return torch.from_numpy((rows * CELLS + columns).reshape(len(boxes), -1))


def patches(images: Tensor, cells: Tensor) -> Tensor:
    """The pixels of the chosen `cells` (n, k) as the processor gives them: (n, 4 k, 3 * 2 * 16 * 16)."""
    count, chosen = cells.shape
    cut = images.view(count, 3, CELLS, MERGE * PATCH, CELLS, MERGE * PATCH).permute(0, 2, 4, 1, 3, 5)
    taken = cut.flatten(1, 2)[torch.arange(count)[:, None], cells].float() / 127.5 - 1
    parts = taken.view(count, chosen, 3, MERGE, PATCH, MERGE, PATCH).permute(0, 1, 3, 5, 2, 4, 6).unsqueeze(5)
    doubled = parts.expand(-1, -1, -1, -1, -1, 2, -1, -1)  # a still image is two equal frames
    return doubled.reshape(count, chosen * MERGE**2, -1)


def targets(boxes: Sequence[np.ndarray], types: int) -> Targets:
    """A cell holds a defect when its centre lies in the box grown by 0.35 cells; of several, the smallest box wins."""
    middles = (np.arange(CELLS) + 0.5) / CELLS
    x, y = np.tile(middles, CELLS), np.repeat(middles, CELLS)
    kinds = torch.zeros(len(boxes), CELLS * CELLS, types + 1)  # the last one: any defect at all
    places = torch.full((len(boxes), CELLS * CELLS, 4), math.nan)
    digits = torch.zeros(len(boxes), CELLS * CELLS, 4, 2, dtype=torch.long)
    grown = 0.35 / CELLS
    for row, found in enumerate(boxes):
        for box in sorted(found, key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
            inside = (x > box[0] - grown) & (x < box[2] + grown) & (y > box[1] - grown) & (y < box[3] + grown)
            cells = torch.from_numpy(np.flatnonzero(inside))
            kinds[row, cells, int(box[4])] = 1
            kinds[row, cells, -1] = 1
            relative = np.stack([box[0] - x, box[1] - y, box[2] - x, box[3] - y], axis=1)[inside]
            places[row, cells] = torch.from_numpy(relative.astype(np.float32)) * CELLS
            hundredths = np.clip(np.rint(100 * box[:4]), 0, 99).astype(int)
            digits[row, cells] = torch.from_numpy(np.stack([hundredths // 10, hundredths % 10], axis=1))
    return Targets(kinds, places, digits)
