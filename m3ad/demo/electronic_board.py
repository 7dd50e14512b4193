"""The drawn circuit board: seats with pads and print, chips, an IC, a can; and what can go wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from m3ad.demo import electronic_parts as parts
from m3ad.demo.canvas import Canvas, start, streams
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, box, disc, repeated
from m3ad.records import Scenario

_SEATED = ("component missing", "component misalignment", "displacement", "broken")


@dataclass
class Seat:
    """A place for one two-terminal chip, and what happened to it."""

    at: Point
    angle: float
    length: float
    width: float
    kind: str
    value: str
    name: str
    flaw: str = ""
    shift: Point = (0.0, 0.0)
    turn: float = 0.0
    stump: float = 0.0

    def draw(self, canvas: Canvas) -> None:
        """Print, pads and, unless it is missing, the chip."""
        parts.silk_frame(canvas, self.at, self.angle, self.length, self.width, self.name)
        parts.pads(canvas, self.at, self.angle, self.length, self.width)
        if self.flaw != "component missing":
            parts.chip(canvas, *self._chip(), self.length, self.width, self.kind, self.value, self.stump)

    def mask(self, canvas: Canvas) -> Array:
        """Pads and chip together: what a person would box."""
        seat = canvas.mask(box(self.length * 1.42, self.width * 1.12), self.at, self.angle)
        return seat | canvas.mask(box(self.length, self.width), *self._chip())

    def spoil(self, rng: np.random.Generator, flaw: str) -> None:
        """Let `flaw` happen to this seat."""
        self.flaw = flaw
        if flaw == "component misalignment":
            self.turn = float(rng.choice([-1, 1]) * rng.uniform(0.35, 1.1))
            self.shift = tuple(rng.uniform(-0.01, 0.01, 2))
        elif flaw == "displacement":
            along = rng.choice([-1, 1]) * rng.uniform(0.0, 0.03)
            across = rng.choice([-1, 1]) * rng.uniform(0.45, 0.85) * self.width
            self.shift = parts.beside((0, 0), self.angle, along, across)
        elif flaw == "broken":
            self.stump = float(rng.uniform(0.45, 0.7))

    def _chip(self) -> tuple[Point, float]:
        return (self.at[0] + self.shift[0], self.at[1] + self.shift[1]), self.angle + self.turn


def _seats(rng: np.random.Generator, cells: list[Point]) -> list[Seat]:
    lying = rng.random() < 0.6
    names = rng.permutation(99)
    seats = []
    for cell, number in zip(cells, names, strict=False):
        kind = parts.CHIPS[rng.choice(6, p=[0.4, 0.22, 0.1, 0.12, 0.08, 0.08])]
        upright = (rng.random() < 0.85) != lying
        length = rng.uniform(0.125, 0.145)
        letter = {"resistor": "R", "led": "D", "inductor": "L"}.get(kind, "C")
        value = str(rng.choice(["103", "472", "101", "220", "R10", "4R7"] if letter == "R" else ["107", "226", "476"]))
        seats.append(
            Seat(
                cell,
                pi / 2 if upright else 0.0,
                length,
                length * rng.uniform(0.5, 0.58),
                kind,
                value,
                f"{letter}{number}",
            )
        )
    return seats


def _routes(rng: np.random.Generator, ends: list[Point]) -> list[list[Point]]:
    routes: list[list[Point]] = []
    for _ in range(16):
        a, b = rng.choice(len(ends), 2, replace=False)
        (x1, y1), (x2, y2) = ends[a], ends[b]
        run = min(abs(x2 - x1), abs(y2 - y1))
        bend = (x2 - np.sign(x2 - x1) * run, y1) if abs(x2 - x1) > abs(y2 - y1) else (x1, y2 - np.sign(y2 - y1) * run)
        routes.append([(x1, y1), (float(bend[0]), float(bend[1])), (x2, y2)])
    x, y = ends[int(rng.integers(len(ends)))]
    side = 0.45 if rng.random() < 0.5 else -0.45
    for lane in range(4):  # a bus to the edge
        dy = lane * 0.022
        routes.append([(x, y + dy), (x + side * 0.3, y + dy), (x + side * 0.5, y + dy + 0.07), (side, y + dy + 0.07)])
    return routes


def _ic(canvas: Canvas, rng: np.random.Generator, at: Point) -> None:
    width, height = rng.uniform(0.27, 0.32), rng.uniform(0.12, 0.14)
    count = int(rng.integers(5, 8))
    pitch = width * 0.9 / count
    for side in (-1, 1):
        edge = (at[0], at[1] + side * (height / 2 + 0.02))
        parts.legs(canvas, edge, side * pi / 2, count, pitch, (0.05, pitch * 0.5))
    number = f"{rng.choice(['ATX', 'LM', 'MC', 'STR', 'TPS'])}{rng.integers(100, 9999)}"
    parts.package(
        canvas,
        at,
        0,
        width,
        height,
        (number, f"{rng.integers(10, 26)}{rng.integers(10, 53)} {rng.choice(['KOR', 'PHI', 'MYS'])}"),
    )


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One circuit board; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, scale=(0.9, 1.0))
    width, height = scene.uniform(0.9, 0.97), scene.uniform(0.8, 0.92)
    xs, ys = [(c - 1.5) * width * 0.235 for c in range(4)], [(r - 1) * height * 0.31 for r in range(3)]
    row, column = int(scene.integers(3)), int(scene.integers(3))
    free = [(c, r) for r in range(3) for c in range(4) if not (r == row and c in (column, column + 1))]
    tall = free.pop(int(scene.integers(len(free))))
    bare = [free.pop(int(scene.integers(len(free)))) for _ in range(int(scene.integers(0, 3)))]
    jitter = [
        (float(xs[c] + scene.uniform(-0.012, 0.012)), float(ys[r] + scene.uniform(-0.012, 0.012))) for c, r in free
    ]
    seats = _seats(scene, jitter)
    seated = [kind for kind in types if kind in _SEATED]
    for kind, pick in zip(seated, trouble.choice(len(seats), len(seated), replace=False), strict=True):
        seats[pick].spoil(trouble, kind)
    mask = parts.MASKS[scene.integers(len(parts.MASKS))]
    ends = [parts.beside(seat.at, seat.angle, s * seat.length / 2) for seat in seats for s in (-1, 1)]
    outline = parts.board(canvas, width, height, mask, _routes(scene, ends))
    _furniture(canvas, scene, mask, width, height, [(xs[c], ys[r]) for c, r in bare])
    _ic(canvas, scene, ((xs[column] + xs[column + 1]) / 2, ys[row]))
    sleeve = ((0.10, 0.10, 0.12), (0.12, 0.2, 0.5), (0.35, 0.12, 0.3))[scene.integers(3)]
    parts.can(
        canvas,
        (xs[tall[0]], ys[tall[1]]),
        0.085,
        (str(scene.choice(["47", "100", "220"])), "16V"),
        sleeve,
        float(scene.choice([0, pi])),
    )
    for seat in seats:
        seat.draw(canvas)
    flaws: list[FlawMask] = [(seat.flaw, seat.mask(canvas)) for seat in seats if seat.flaw]
    rest = [kind for kind in types if kind not in _SEATED]
    flaws = mark(trouble, canvas, rest, lambda: canvas.mask(outline, (0, 0)), flaws, core=(0.80, 0.55, 0.35))
    return Drawn(canvas.finished(), flaws)


def _furniture(
    canvas: Canvas, rng: np.random.Generator, mask: parts.Mask, width: float, height: float, bare: list[Point]
) -> None:
    """Holes, vias, and print that mean nothing: lot number, marks, a test field."""
    for sx in (-1, 1):
        for sy in (-1, 1):
            at = (sx * (width / 2 - 0.04), sy * (height / 2 - 0.04))
            parts.via(canvas, at, 0.028, mask.metal)
    for _ in range(int(rng.integers(4, 9))):
        at = (
            float(rng.uniform(-0.42, 0.42) * width),
            float(rng.choice([-0.16, 0.16]) * height + rng.uniform(-0.01, 0.01)),
        )
        parts.via(canvas, at, 0.011, mask.metal)
    canvas.text(f"REV {rng.choice(list('ABCDE'))}{rng.integers(1, 9)}", (0, height / 2 - 0.03), 0.036, parts.SILK)
    canvas.text(f"LOT {rng.integers(1000, 9999)}", (-width * 0.27, height / 2 - 0.028), 0.034, parts.SILK)
    for at in bare:
        _test_field(canvas, rng, at, mask)


def _test_field(canvas: Canvas, rng: np.random.Generator, at: Point, mask: parts.Mask) -> None:
    """A cell without a seat: round test points or the maker's mark, never two pads in a frame."""
    if rng.random() < 0.5:
        canvas.solid(repeated(disc(0.018), 3, 0.055), at, mask.metal)
        for i in range(3):
            canvas.text(f"T{i + 1}", (at[0] + (i - 1) * 0.055, at[1] + 0.036), 0.028, parts.SILK)
    else:
        canvas.text(str(rng.choice(["NOVAK", "ELTEC", "KORVEX"])), at, 0.05, parts.SILK)
        canvas.text(f"{rng.integers(10000, 99999)}-{rng.integers(10, 99)}", (at[0], at[1] + 0.045), 0.032, parts.SILK)


CIRCUIT_BOARD = Recipe(
    "circuit board",
    Scenario.ELECTRONIC,
    ("component missing", "component misalignment", "displacement", "broken", "scratch", "contamination"),
    False,
    paint,
)
