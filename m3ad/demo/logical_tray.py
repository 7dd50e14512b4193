"""The drawn screw tray: compartments in rows; all compartments of a row hold the same kit, in the same order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import pi

import numpy as np

from m3ad.demo import logical_items as items
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, box
from m3ad.records import Scenario

_KINDS = (*items.LONG, *items.ROUND)
_PLASTICS: tuple[Colour, ...] = (
    (0.20, 0.31, 0.52), (0.42, 0.44, 0.46), (0.13, 0.14, 0.15),
    (0.72, 0.70, 0.64), (0.70, 0.52, 0.16), (0.17, 0.36, 0.30),
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One fastener as it lies."""

    kind: str
    at: Point
    angle: float
    size: float
    finish: Material

    def mask(self, canvas: Canvas) -> Array:
        """Its rectangle."""
        return canvas.mask(items.footprint(self.kind, self.size), self.at, self.angle)


@dataclass
class Compartment:
    """A pocket and what lies in it; `changed`: the items at fault, as they lie and as they should."""

    at: Point
    size: Point
    row: int
    holds: list[Item]
    flaw: str = ""
    changed: list[Item] = field(default_factory=list)

    def mask(self, canvas: Canvas) -> Array:
        """The wrong items with their places, or the whole pocket where the pocket as a whole is wrong."""
        if not self.changed:
            return canvas.mask(box(*self.size), self.at)
        mask = np.zeros((canvas.size, canvas.size), bool)
        for item in self.changed:
            mask |= item.mask(canvas)
        return mask


@dataclass(frozen=True)
class Kit:
    """What belongs into every compartment of a row."""

    kind: str
    count: int
    finish: Material
    size: float
    angle: float


def _slots(kit: Kit, count: int, size: Point) -> list[Point]:
    """Places of `count` items of the kit, relative to the middle of a compartment."""
    if kit.kind in items.LONG:
        pitch = min(size[0] * 0.88 / count, 0.105)
        return [((i - (count - 1) / 2) * pitch, 0.0) for i in range(count)]
    reach_x, reach_y = size[0] * 0.23, size[1] * 0.23
    patterns: dict[int, list[Point]] = {
        1: [(0, 0)],
        2: [(0, -1), (0, 1)],
        3: [(0, -1), (-1, 0.9), (1, 0.9)],
        4: [(-1, -1), (1, -1), (-1, 1), (1, 1)],
    }
    return [(x * reach_x, y * reach_y) for x, y in patterns[count]]


def _fill(rng: np.random.Generator, kit: Kit, at: Point, size: Point, count: int) -> list[Item]:
    laid = []
    for x, y in _slots(kit, count, size):
        dx, dy, turn = rng.uniform(-0.006, 0.006), rng.uniform(-0.008, 0.008), rng.uniform(-0.07, 0.07)
        turn += 0.0 if kit.kind in items.LONG else float(rng.uniform(0, pi))
        laid.append(Item(kit.kind, (at[0] + x + dx, at[1] + y + dy), kit.angle + turn, kit.size, kit.finish))
    return laid


def _kits(rng: np.random.Generator, columns: int, rows: int, size: Point) -> list[Kit]:
    kinds = rng.permutation(len(_KINDS))
    if rng.random() < 0.3:
        kinds = np.full(rows, kinds[0])
    count = 2 if columns > 3 else int(rng.integers(2, 4))
    finish = items.FINISHES[rng.choice(4, p=[0.5, 0.2, 0.15, 0.15])]
    angle = float(rng.choice([pi / 2, -pi / 2]))
    kits = []
    for row in range(rows):
        kind = _KINDS[kinds[row]]
        long = kind in items.LONG
        if len(set(kinds[:rows])) > 1 and rng.random() < 0.4:
            finish = items.FINISHES[rng.choice(4, p=[0.5, 0.2, 0.15, 0.15])]
        if long:  # no wider than its slot
            length = min(size[1] * 0.82, min(size[0] * 0.88 / count, 0.105) * 0.9 / items.SLIM[kind])
        else:
            length = min(size) * (0.85 if count == 2 else 0.78)
        kits.append(Kit(kind, count, finish, length, angle if long else 0.0))
    return kits


def _spoil(rng: np.random.Generator, cell: Compartment, kit: Kit, flaw: str) -> None:
    """Let `flaw` happen to a compartment."""
    cell.flaw = flaw
    pick = int(rng.integers(len(cell.holds)))
    old = cell.holds[pick]
    if flaw == "component missing":
        cell.holds = []
    elif flaw == "quantity errors":
        cell.holds = _fill(rng, kit, cell.at, cell.size, kit.count + int(rng.choice([-1, 1])))
    elif flaw == "layout error":
        cell.holds = _disordered(rng, cell)
    else:
        new = _changed(rng, old, flaw, kit, min(cell.size))
        cell.holds[pick] = new
        cell.changed = [old, new]


def _disordered(rng: np.random.Generator, cell: Compartment) -> list[Item]:
    """The same items out of order: long ones across each other, round ones crammed into a row at one wall."""
    count, wall, heap = len(cell.holds), float(rng.choice([-1, 1])), []
    for i, item in enumerate(cell.holds):
        if item.kind in items.LONG:
            at = (cell.at[0] + rng.uniform(-0.02, 0.02), cell.at[1] + rng.uniform(-0.05, 0.05))
            turn = float(rng.uniform(0.5, 1.1) * (-1) ** i)
            heap.append(replace(item, at=at, angle=item.angle + turn))
        else:
            x = (i - (count - 1) / 2) * item.size * rng.uniform(0.36, 0.46)
            y = wall * cell.size[1] * rng.uniform(0.18, 0.26)
            heap.append(replace(item, at=(cell.at[0] + x, cell.at[1] + y)))
    return heap


def _changed(rng: np.random.Generator, old: Item, flaw: str, kit: Kit, room: float) -> Item:
    if flaw == "color error":
        others = [finish for finish in items.FINISHES if finish is not kit.finish]
        return replace(old, finish=others[rng.integers(len(others))])
    if flaw == "size errors":
        return replace(old, size=old.size * float(rng.uniform(0.5, 0.66)))
    family = items.ROUND if kit.kind in items.LONG else items.LONG
    kind = family[rng.integers(len(family))]
    return replace(old, kind=kind, size=room * 0.72, angle=float(rng.uniform(-0.5, 0.5)) + pi / 2)


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One screw tray; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.1)
    columns, rows = (3, 3) if scene.random() < 0.65 else (4, 3)
    width, height = scene.uniform(0.90, 0.95), scene.uniform(0.86, 0.95)
    pitch = ((width - 0.04) / columns, (height - 0.04) / rows)
    pocket = (pitch[0] - 0.028, pitch[1] - 0.028)
    kits = _kits(scene, columns, rows, pocket)
    cells = []
    for row in range(rows):
        for column in range(columns):
            at = ((column - (columns - 1) / 2) * pitch[0], (row - (rows - 1) / 2) * pitch[1])
            cells.append(Compartment(at, pocket, row, _fill(scene, kits[row], at, pocket, kits[row].count)))
    # One flaw a row at most: the others of the row show what is right.
    for row, flaw in zip(trouble.permutation(rows), types, strict=False):
        cell = cells[int(row) * columns + int(trouble.integers(columns))]
        _spoil(trouble, cell, kits[row], flaw)
    _tray(canvas, scene, width, height, cells)
    for cell in cells:
        for thing in cell.holds:
            items.item(canvas, thing.kind, thing.at, thing.angle, thing.size, thing.finish)
    flaws: list[FlawMask] = [(cell.flaw, cell.mask(canvas)) for cell in cells if cell.flaw]
    return Drawn(canvas.finished(), flaws)


def _tray(canvas: Canvas, rng: np.random.Generator, width: float, height: float, cells: list[Compartment]) -> None:
    red, green, blue = (float(c) for c in np.asarray(_PLASTICS[rng.integers(len(_PLASTICS))]) * rng.uniform(0.85, 1.15))
    plastic = Material((red, green, blue), 0.02, 0.8, 0.15, 14, 0, 0.07)
    canvas.solid(box(width, height, 0.03), (0, 0), plastic, height=0.05)
    light = rng.random() < 0.35
    floor = (0.62, 0.62, 0.60) if light else (red * 0.72, green * 0.72, blue * 0.72)
    for cell in cells:
        canvas.recess(box(*cell.size, 0.018), cell.at, Material(floor, 0.014, 0.9, 0.06, 10, 0, 0.09), 0.06)


SCREW_TRAY = Recipe(
    "screw tray",
    Scenario.LOGICAL,
    ("component missing", "quantity errors", "wrong combination", "layout error", "size errors", "color error"),
    False,
    paint,
)
