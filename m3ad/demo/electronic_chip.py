"""The drawn chip package: a moulded body with a printed label, and legs on two or four sides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import cos, hypot, pi, sin

import numpy as np

from m3ad.demo import electronic_parts as parts
from m3ad.demo.canvas import Canvas, Material, start, streams
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, Shape, box, disc, frame, polygon, repeated, ring, without
from m3ad.records import Scenario

_LEGGED = ("bent", "component missing")
_MAKERS = ("NOVAK", "ELTEC", "KORVEX", "SILVA", "ORBIT")


@dataclass
class Leg:
    """One leg: where it leaves the body, the direction outwards, its size, and what happened to it."""

    root: Point
    heading: float
    length: float
    width: float
    flaw: str = ""
    bend: float = 0.0

    def draw(self, canvas: Canvas) -> None:
        """A bent leg: its shoulder stays, its foot has turned."""
        if self.flaw == "bent":
            _shoulders(canvas, self, 1, 0.0, ())
            _feet(canvas, self, 1, 0.0, (), self.bend)

    def mask(self, canvas: Canvas) -> Array:
        """A bent leg as it is, or the place of a missing one."""
        n = self.length
        if self.flaw == "component missing":
            return canvas.mask(
                box(n * 1.06, self.width * 1.7), parts.beside(self.root, self.heading, n / 2), self.heading
            )
        root = canvas.mask(box(self.width, self.width), parts.beside(self.root, self.heading, n * 0.2), self.heading)
        return root | canvas.mask(box(n * 0.7 + self.width * 0.3, self.width), *self.foot())

    def foot(self) -> tuple[Point, float]:
        """Middle and heading of the part that can bend."""
        knee, heading = parts.beside(self.root, self.heading, self.length * 0.3), self.heading + self.bend
        return parts.beside(knee, heading, self.length * 0.35), heading


@dataclass
class Side:
    """The legs of one side of the body."""

    legs: list[Leg]
    pitch: float

    def draw(self, canvas: Canvas) -> None:
        """The sound legs as one row, then the bent ones."""
        first, last = self.legs[0], self.legs[-1]
        middle = ((first.root[0] + last.root[0]) / 2, (first.root[1] + last.root[1]) / 2)
        skip = [i for i, leg in enumerate(self.legs) if leg.flaw]
        stand_in = replace(first, root=middle, flaw="", bend=0.0)
        _feet(canvas, stand_in, len(self.legs), self.pitch, skip, 0.0)
        _shoulders(canvas, stand_in, len(self.legs), self.pitch, skip)
        for leg in self.legs:
            leg.draw(canvas)


def _shoulders(canvas: Canvas, leg: Leg, count: int, pitch: float, skip: Collection[int]) -> None:
    """The flat parts of `count` legs around `leg`, next to the body."""
    part = repeated(box(leg.width, leg.length * 0.42, 0.004), count, max(pitch, leg.width), skip)
    at = parts.beside(leg.root, leg.heading, leg.length * 0.12)
    canvas.solid(part, at, parts.TIN, angle=leg.heading - pi / 2, height=0.02)


def _feet(canvas: Canvas, leg: Leg, count: int, pitch: float, skip: Collection[int], bend: float) -> None:
    """The feet of `count` legs around `leg`: they slope down, dark, and end flat and bright."""
    heading, run, pitch = leg.heading + bend, leg.length * 0.7, max(pitch, leg.width)
    knee, across = parts.beside(leg.root, leg.heading, leg.length * 0.3), heading - pi / 2
    strip = repeated(box(leg.width, run + leg.width * 0.3, 0.004), count, pitch, skip)
    canvas.solid(strip, parts.beside(knee, heading, run / 2), parts.TIN, angle=across, height=0.02)
    slope = repeated(box(leg.width * 0.94, run * 0.34), count, pitch, skip)
    canvas.fill(slope, parts.beside(knee, heading, run * 0.28), (0.2, 0.21, 0.22), alpha=0.6, soft=0.01, angle=across)
    tip = repeated(box(leg.width * 0.9, run * 0.12), count, pitch, skip)
    canvas.fill(tip, parts.beside(knee, heading, run * 0.9), (1, 1, 1), alpha=0.35, soft=0.006, angle=across)


def _sides(rng: np.random.Generator, width: float, height: float, number: int) -> list[Side]:
    length, count = float(rng.uniform(0.11, 0.14)), int(rng.integers(4, 7))
    sides = []
    for k in range(number):
        heading = (pi / 2, -pi / 2, 0.0, pi)[k]
        run, depth = (width, height) if k < 2 else (height, width)
        pitch = run * 0.9 / count
        places = [(i - (count - 1) / 2) * pitch for i in range(count)]
        roots = [parts.beside((0, 0), heading, depth / 2, -across) for across in places]
        sides.append(Side([Leg(root, heading, length, pitch * 0.46) for root in roots], pitch))
    return sides


@dataclass(frozen=True)
class Bite:
    """A corner that has broken off."""

    at: Point
    radius: float
    phase: float

    def outline(self, grow: float = 1.0) -> Shape:
        """The jagged patch that is gone."""
        rough = (1, 0.82, 1.05, 0.9, 1.1, 0.78, 1, 0.92, 0.8, 1.08)
        turns = [self.phase + 2 * pi * k / len(rough) for k in range(len(rough))]
        reach = self.radius * grow
        return polygon([(reach * r * cos(t), reach * r * sin(t)) for t, r in zip(turns, rough, strict=True)])

    def near(self, place: Point) -> bool:
        """Whether a mark at `place` is gone with it."""
        return hypot(place[0] - self.at[0], place[1] - self.at[1]) < self.radius * 1.35


def _body(canvas: Canvas, rng: np.random.Generator, width: float, height: float, bites: list[Bite]) -> None:
    grey = 0.115 * rng.uniform(0.85, 1.3)
    epoxy = Material((grey, grey * 1.01, grey * 1.06), 0.02, 0.9, 0.12, 9, 0, 0.30)
    shape, top = box(width, height, 0.012), box(width - 0.05, height - 0.05, 0.012)
    for bite in bites:
        shape, top = without(shape, bite.outline(), bite.at), without(top, bite.outline(1.22), bite.at)
    canvas.solid(shape, (0, 0), epoxy, height=0.045)
    for bite in bites:
        _scar(canvas, shape, bite)
    canvas.solid(top, (0, 0), replace(epoxy, slope=0.35, bevel=0.012))
    sheen = (canvas.light[0] * 0.12, canvas.light[1] * 0.12)
    canvas.fill(box(width * 0.6, height * 0.35, 0.05), sheen, (1, 1, 1), alpha=0.05, soft=0.16, angle=-0.5)
    _print(canvas, rng, width, height, bites)


def _scar(canvas: Canvas, body: Shape, bite: Bite) -> None:
    """The raw, pale break around a corner that is gone."""
    shape = without(bite.outline(1.22), bite.outline())
    patch = canvas.patch(shape, bite.at)
    if patch is not None:
        raw = Material((0.42, 0.41, 0.40), 0.02, -0.5, 0.05, 8, 0, 0.8)
        inside = canvas.mask(body, (0, 0))[patch.rows, patch.columns]
        canvas.blend(patch, patch.coverage * inside, canvas.lit(patch, raw, shape.half))


def _print(canvas: Canvas, rng: np.random.Generator, width: float, height: float, bites: list[Bite]) -> None:
    ink = (0.74, 0.75, 0.76) if rng.random() < 0.7 else (0.80, 0.74, 0.52)
    alpha, moulded, branded = float(rng.uniform(0.55, 0.9)), rng.random() < 0.5, rng.random() < 0.6
    x, y = width / 2 - 0.08, height / 2 - 0.08
    if not any(bite.near((-x, y)) for bite in bites):
        canvas.solid(disc(0.024), (-x, y), Material((0.08, 0.08, 0.09), 0.014, -1.0, 0.15, 10))
    if moulded and not any(bite.near((x, y)) for bite in bites):  # the mark of an ejector pin, no flaw
        canvas.solid(ring(0.024, 0.032), (x, y), Material((0.13, 0.13, 0.14), 0.008, 0.8, 0.1, 10))
    if branded and height > 0.35 and not any(bite.near((-x, -y)) for bite in bites):
        canvas.fill(frame(disc(0.026), 0.008), (-x, -y), ink, alpha=alpha)
        canvas.fill(box(0.05, 0.008), (-x, -y), ink, alpha=alpha, angle=0.8)
    number = f"{rng.choice(['NV', 'EL', 'K', 'SX'])}{rng.integers(100, 9999)}{rng.choice(['A', 'CT', 'P', 'N'])}"
    lot = f"{rng.integers(18, 27)}{rng.integers(10, 53)} {rng.choice(list('ABCDEF'))}{rng.integers(100, 999)}"
    step = min(height * 0.21, 0.11)
    for line, words in enumerate((str(rng.choice(_MAKERS)), number, lot)):
        size = min(step * (0.8 if line == 1 else 0.62), width * 1.3 / len(words))
        canvas.text(words, (0.02, (line - 1.15) * step), size, ink, alpha=alpha)


def _corners(rng: np.random.Generator, count: int, width: float, height: float) -> list[Bite]:
    corners = [(x * width / 2, y * height / 2) for x in (-1, 1) for y in (-1, 1)]
    picks = rng.permutation(4)[:count]
    return [Bite(corners[k], float(rng.uniform(0.10, 0.15)), float(rng.uniform(0, 2 * pi))) for k in picks]


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One chip package; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.3)
    number = 4 if scene.random() < 0.5 else 2
    width = scene.uniform(0.5, 0.6)
    height = width * scene.uniform(0.95, 1.05) if number == 4 else scene.uniform(0.36, 0.46)
    width = width if number == 4 else width * 1.2
    sides = _sides(scene, width, height, number)
    legs = [leg for side in sides for leg in side.legs]
    legged = [kind for kind in types if kind in _LEGGED]
    for kind, pick in zip(legged, _apart(trouble, len(legs), len(legged)), strict=True):
        legs[pick].flaw = kind
        legs[pick].bend = float(trouble.choice([-1, 1]) * trouble.uniform(0.55, 1.05)) if kind == "bent" else 0.0
    bites = _corners(trouble, types.count("broken"), width, height)
    for side in sides:
        side.draw(canvas)
    _body(canvas, scene, width, height, bites)

    def whole() -> Array:
        return canvas.mask(box(width, height, 0.012), (0, 0))

    flaws: list[FlawMask] = [(leg.flaw, leg.mask(canvas)) for leg in legs if leg.flaw]
    flaws += [("broken", canvas.mask(bite.outline(1.22), bite.at) & whole()) for bite in bites]
    rest = [kind for kind in types if kind not in (*_LEGGED, "broken")]
    flaws = mark(trouble, canvas, rest, whole, flaws)
    return Drawn(canvas.finished(), flaws)


def _apart(rng: np.random.Generator, count: int, wanted: int) -> list[int]:
    """Different legs that are not neighbours, so that two bent ones stay two."""
    order = [int(i) for i in rng.permutation(count)]
    chosen: list[int] = []
    for i in order:
        if len(chosen) < wanted and all(abs(i - j) > 1 for j in chosen):
            chosen.append(i)
    return chosen


CHIP_PACKAGE = Recipe(
    "chip package",
    Scenario.ELECTRONIC,
    ("bent", "component missing", "broken", "scratch", "crack", "contamination"),
    False,
    paint,
)
