"""The drawn gear assembly: a train of gears of one kind, in mesh, on a plate that shows the place of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, hypot, pi, sin

import numpy as np

from m3ad.demo import logical_items as items
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, Shape, box, disc, frame, gear, ring, without
from m3ad.records import Scenario

_SEATED = ("component missing", "color error", "size errors", "wrong combination", "broken")
_GEARS, _TRIES = 5, 60
_STYLES = ("holes", "solid", "spokes")
_WHEELS = (
    items.BRASS,
    items.STEEL,
    Material((0.80, 0.80, 0.77), 0.012, 0.8, 0.15, 14, 0, 0.04),  # nylon
    Material((0.15, 0.15, 0.16), 0.012, 0.9, 0.25, 12, 0.1, 0.08),  # black acetal
    Material((0.62, 0.13, 0.10), 0.012, 0.8, 0.22, 14, 0, 0.05),
    Material((0.13, 0.28, 0.58), 0.012, 0.8, 0.22, 14, 0, 0.05),
)
_PLATES: tuple[Material, ...] = (
    Material((0.52, 0.54, 0.56), 0.02, 0.9, 0.1, 12, 0.5, 0.06),
    Material((0.20, 0.26, 0.32), 0.02, 0.9, 0.15, 12, 0, 0.07),
    Material((0.26, 0.34, 0.28), 0.02, 0.9, 0.15, 12, 0, 0.07),
    Material((0.66, 0.65, 0.60), 0.02, 0.9, 0.12, 12, 0, 0.06),
)


@dataclass
class Wheel:
    """One gear on its shaft. `phase` turns its teeth into mesh; `lost`: (angle, width) of what is broken off."""

    at: Point
    radius: float
    teeth: int
    phase: float
    style: str
    finish: Material
    flaw: str = ""
    shrink: float = 1.0
    lost: tuple[float, float] | None = None

    @property
    def depth(self) -> float:
        """Height of a tooth."""
        return 2.0 * self.radius / self.teeth * 1.9

    def outline(self) -> Shape:
        """The toothed outline, with what is broken off taken away."""
        if self.flaw == "wrong combination":
            return disc(self.radius * 0.96)
        shape = gear(self.radius * self.shrink, self.teeth, self.depth * self.shrink)
        return without(shape, self._sector()) if self.lost else shape

    def _sector(self) -> Shape:
        assert self.lost is not None
        (middle, width), inner = self.lost, self.radius - self.depth * 1.05
        middle -= self.phase

        def distance(u: Array, v: Array) -> Array:
            angle = np.arctan2(v, u) - middle
            off = np.abs((angle + pi) % (2 * pi) - pi) - width / 2
            ragged = 0.25 * self.depth * np.sin(angle * 23)
            return np.maximum(off * self.radius, inner + ragged - np.hypot(u, v))

        return Shape((self.radius * 1.3, self.radius * 1.3), distance)

    def draw(self, canvas: Canvas) -> None:
        """Seat, shaft and, unless it is missing, the gear."""
        canvas.fill(frame(disc(self.radius + self.depth), 0.005), self.at, (0.95, 0.95, 0.9), alpha=0.4)
        canvas.recess(
            disc(self.radius * 0.42), self.at, Material((0.22, 0.22, 0.23), 0.01, 0.9, 0.1, 10, 0.2, 0.1), 0.02
        )
        if self.flaw != "component missing":
            self._gear(canvas)
        hub = self.radius * 0.24
        canvas.solid(disc(hub), self.at, replace(items.STEEL, bevel=hub * 0.3, slope=1.1), height=0.03)
        canvas.solid(disc(hub * 0.35), self.at, Material((0.25, 0.25, 0.26), 0.008, -1.0, 0.1, 10, 0.4))

    def _gear(self, canvas: Canvas) -> None:
        finish, r = self.finish, self.radius * self.shrink
        shape = self.outline()
        for cut, place in self._cuts():
            shape = without(shape, cut, place)
        canvas.solid(shape, self.at, replace(finish, bevel=0.010), angle=self.phase, height=0.045)
        if self.flaw == "wrong combination":  # a belt pulley: rim and groove, no teeth
            canvas.solid(ring(r * 0.74, r * 0.88), self.at, replace(finish, bevel=0.02, slope=-1.3))
            canvas.fill(ring(r * 0.78, r * 0.84), self.at, (0.04, 0.04, 0.04), alpha=0.5, soft=0.01)
            return
        land = r - self.depth * self.shrink * 0.95
        canvas.fill(frame(disc(land), 0.006), self.at, (0, 0, 0), alpha=0.22)
        canvas.solid(ring(r * 0.26, r * 0.46), self.at, replace(finish, bevel=0.014, slope=0.9), height=0.012)

    def _cuts(self) -> list[tuple[Shape, Point]]:
        r = self.radius * self.shrink
        if self.style == "solid" or self.flaw == "wrong combination":
            return []
        count, hole = (5, disc(r * 0.12)) if self.style == "holes" else (4, disc(r * 0.17))
        turns = [2 * pi * k / count for k in range(count)]
        return [(hole, (cos(t) * r * 0.62, sin(t) * r * 0.62)) for t in turns]

    def mask(self, canvas: Canvas) -> Array:
        """The whole place of the gear, or the lost teeth."""
        if self.lost:
            whole = canvas.mask(gear(self.radius, self.teeth, self.depth), self.at, self.phase)
            return whole & canvas.mask(self._sector(), self.at, self.phase)
        return canvas.mask(disc(self.radius + self.depth / 2), self.at)


def _train(rng: np.random.Generator, plate: Point) -> list[Wheel]:
    """Gears in mesh that fill the plate: five, or the four of the best of many tries."""
    finish, style = _WHEELS[rng.integers(len(_WHEELS))], _STYLES[rng.integers(3)]
    module = float(rng.uniform(0.0165, 0.0195))
    best: list[Wheel] = []
    for _ in range(_TRIES):
        teeth = int(rng.integers(12, 20))
        at = (float(rng.uniform(-0.25, 0.25)), float(rng.uniform(-0.25, 0.25)))
        wheels = [Wheel(at, module * teeth / 2, teeth, float(rng.uniform(0, 6)), style, finish)]
        while len(wheels) < _GEARS:
            teeth = int(rng.integers(12, 20))
            found = _meshed(rng, wheels, module * teeth / 2, teeth, plate)
            if found is None:
                break
            wheels.append(found)
        if len(wheels) > len(best):
            best = wheels
        if len(best) == _GEARS:
            break
    return best


def _meshed(rng: np.random.Generator, wheels: list[Wheel], radius: float, teeth: int, plate: Point) -> Wheel | None:
    """A gear in mesh with the last one, inside the plate and clear of all others; None when there is no room."""
    last = wheels[-1]
    reach = last.radius + radius + 0.004
    for turn in (rng.permutation(24) + rng.random()) * (2 * pi / 24):
        x, y = last.at[0] + cos(turn) * reach, last.at[1] + sin(turn) * reach
        edge = radius + 0.055
        if abs(x) > plate[0] / 2 - edge or abs(y) > plate[1] / 2 - edge:
            continue
        if any(hypot(x - w.at[0], y - w.at[1]) < w.radius + radius + 0.06 for w in wheels[:-1]):
            continue
        if any(hypot(x - sx, y - sy) < radius + 0.085 for sx, sy in _corners(plate)):
            continue
        here = last.teeth * (turn - last.phase)
        phase = turn + pi + (here + pi) / teeth
        return Wheel((float(x), float(y)), radius, teeth, float(phase), last.style, last.finish)
    return None


def _corners(plate: Point) -> list[Point]:
    x, y = plate[0] / 2 - 0.06, plate[1] / 2 - 0.06
    return [(-x, -y), (x, -y), (-x, y), (x, y)]


def _spoil(rng: np.random.Generator, wheel: Wheel, flaw: str, spare: list[Material]) -> None:
    wheel.flaw = flaw
    if flaw == "color error":
        wheel.finish = spare.pop()
    elif flaw == "size errors":
        wheel.shrink = float(rng.uniform(0.55, 0.74))
    elif flaw == "broken":
        wheel.lost = (float(rng.uniform(0, 2 * pi)), float(2 * pi / wheel.teeth * rng.uniform(2.0, 4.2)))


def _unlike(one: Colour, other: Colour) -> bool:
    """Whether two colours can be told apart at a glance (steel and white nylon cannot)."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.2


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One gear assembly; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.25, scale=(0.9, 1.0))
    width, height = scene.uniform(0.88, 0.94), scene.uniform(0.82, 0.92)
    wheels = _train(scene, (width, height))
    plate = _PLATES[scene.integers(len(_PLATES))]
    seated = [kind for kind in types if kind in _SEATED]
    others = [finish for finish in _WHEELS if _unlike(finish.colour, wheels[0].finish.colour)]
    spare = [others[i] for i in trouble.permutation(len(others))]
    for kind, pick in zip(seated, trouble.choice(len(wheels), len(seated), replace=False), strict=True):
        _spoil(trouble, wheels[pick], kind, spare)
    outline = box(width, height, 0.035)
    canvas.solid(outline, (0, 0), plate, height=0.035)
    _plate_print(canvas, scene, width, height)
    for wheel in wheels:
        wheel.draw(canvas)
    flaws: list[FlawMask] = [(wheel.flaw, wheel.mask(canvas)) for wheel in wheels if wheel.flaw]
    rest = [kind for kind in types if kind not in _SEATED]
    flaws = mark(trouble, canvas, rest, lambda: canvas.mask(outline, (0, 0)), flaws)
    return Drawn(canvas.finished(), flaws)


def _plate_print(canvas: Canvas, rng: np.random.Generator, width: float, height: float) -> None:
    for at in _corners((width, height)):
        canvas.solid(disc(0.045), at, Material((0.35, 0.36, 0.37), 0.01, -0.8, 0.1, 10, 0.4))
        items.head(canvas, at, float(rng.uniform(0, 3)), 0.036, items.STEEL, hexagonal=True)
    ink: Colour = (0.92, 0.92, 0.88)
    words = f"GT-{rng.integers(10, 99)}  SN {rng.integers(1000, 9999)}"
    canvas.text(words, (float(rng.uniform(-0.1, 0.1)), height / 2 - 0.03), 0.036, ink, alpha=0.6)


GEAR_ASSEMBLY = Recipe(
    "gear assembly",
    Scenario.LOGICAL,
    ("component missing", "color error", "size errors", "wrong combination", "broken", "rusty"),
    False,
    paint,
)
