"""The drawn pin connector: a moulded housing with a row of pins, from the side; pins can be bent, broken or missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, sin

import numpy as np

from m3ad.demo import electronic_parts as parts
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, box, disc, frame, path
from m3ad.records import Scenario

_PINNED = ("bent", "component missing", "broken", "oxidation corrosion")
_HOUSINGS: tuple[Colour, ...] = (
    (0.10, 0.10, 0.11), (0.82, 0.80, 0.72), (0.16, 0.27, 0.50),
    (0.50, 0.12, 0.11), (0.80, 0.66, 0.40), (0.20, 0.34, 0.24),
)  # fmt: skip


@dataclass
class Pin:
    """One pin: where it leaves the housing, how far it should reach, its course, and what happened to it."""

    root: Point
    length: float
    course: list[Point]
    width: float
    flaw: str = ""

    def spoil(self, rng: np.random.Generator, flaw: str) -> None:
        """Let `flaw` happen to this pin."""
        self.flaw = flaw
        (x, y), length = self.root, self.length
        if flaw == "bent":
            knee = rng.uniform(0.15, 0.5) * length
            turn = rng.choice([-1, 1]) * rng.uniform(0.35, 0.95)
            rest = length - knee
            soft = (x + sin(turn * 0.45) * rest * 0.25, y + knee + cos(turn * 0.45) * rest * 0.25)
            tip = (soft[0] + sin(turn) * rest * 0.75, soft[1] + cos(turn) * rest * 0.75)
            self.course = [(x, y), (x, y + knee), soft, tip]
        elif flaw == "broken":
            self.course = [(x, y), (x, y + length * rng.uniform(0.25, 0.6))]

    def draw(self, canvas: Canvas, metal: Material) -> None:
        """The pin, unless it is missing."""
        if self.flaw == "component missing":
            return
        shape = path(self.course, self.width, 0.0 if self.flaw == "broken" else 0.6)
        canvas.shadow(shape, (0, 0), 0.035)
        canvas.solid(shape, (0, 0), metal)
        light = path([(x - self.width * 0.16, y) for x, y in self.course], self.width * 0.16)
        canvas.fill(light, (0, 0), (1, 0.98, 0.92), alpha=0.35, soft=0.004)
        if self.flaw == "broken":
            (x, y), w = self.course[-1], self.width
            canvas.fill(box(w * 1.1, w * 0.35, 0.002), (x, y + w * 0.32), (0.16, 0.15, 0.15), angle=0.35)
            canvas.fill(box(w * 0.8, w * 0.14), (x, y + w * 0.2), (0.85, 0.84, 0.8), angle=0.35)

    def mask(self, canvas: Canvas) -> Array:
        """A bent pin, the gap of a missing one, the lost end of a broken one together with the end of its stump."""
        (x, y), length = self.root, self.length
        if self.flaw == "broken":
            top = self.course[-1][1] - 0.03
            return canvas.mask(box(self.width * 1.5, y + length - top), (x, (top + y + length) / 2))
        if self.flaw == "component missing":
            return canvas.mask(box(self.width * 1.8, length + 0.03), (x, y + length / 2 - 0.015))
        return canvas.mask(path(self.course, self.width), (0, 0))


def _pins(rng: np.random.Generator, width: float, bottom: float) -> list[Pin]:
    count = int(rng.integers(5, 9))
    pitch = width * 0.86 / count
    length, thick = rng.uniform(0.34, 0.40), min(0.046, pitch * rng.uniform(0.36, 0.46))
    pins = []
    for i in range(count):
        x = (i - (count - 1) / 2) * pitch
        pins.append(Pin((x, bottom), length, [(x, bottom - 0.01), (x, bottom + length)], thick))
    return pins


def _housing(
    canvas: Canvas, rng: np.random.Generator, pins: list[Pin], width: float, top: float, bottom: float, tail: float
) -> None:
    colour = np.asarray(_HOUSINGS[rng.integers(len(_HOUSINGS))]) * rng.uniform(0.9, 1.1)
    red, green, blue = (float(c) for c in colour)
    plastic = Material((red, green, blue), 0.022, 0.9, 0.22, 16, 0, 0.08)
    height, middle = bottom - top, (top + bottom) / 2
    for pin in pins:  # solder tails
        canvas.solid(box(pin.width * 0.9, tail), (pin.root[0], top - tail / 2 + 0.01), parts.TIN, height=0.02)
    canvas.solid(box(width, height, 0.018), (0, middle), plastic, height=0.05)
    canvas.solid(
        box(width * 0.96, height * 0.30, 0.01), (0, bottom - height * 0.2), replace(plastic, slope=-0.7), height=0.0
    )
    for pin in pins:  # the cavities the pins come out of
        canvas.fill(
            box(pin.width * 1.9, 0.05, 0.008),
            (pin.root[0], bottom - 0.022),
            (red * 0.25, green * 0.25, blue * 0.25),
            alpha=0.92,
        )
    pitch = pins[1].root[0] - pins[0].root[0]
    if rng.random() < 0.6:
        for left in pins[:-1]:
            rib = (left.root[0] + pitch / 2, top + height * 0.25)
            canvas.solid(box(pitch * 0.18, height * 0.4, 0.006), rib, replace(plastic, bevel=0.01), height=0.012)
    else:
        canvas.solid(box(width * 0.34, height * 0.26, 0.012), (0, top + height * 0.17), plastic, height=0.02)
    ink = (0.92, 0.92, 0.9) if sum(colour) < 1.2 else (0.15, 0.14, 0.13)
    words = f"{rng.choice(['KF', 'XH', 'VH', 'MX'])}-{len(pins)}P {rng.choice(['2.54', '3.96', '5.08'])}"
    canvas.text(words, (float(rng.uniform(-0.1, 0.1)) * width, middle - height * 0.02), height * 0.2, ink, alpha=0.75)
    mark_at = (pins[0].root[0], top + height * 0.16)
    canvas.fill(disc(0.014), mark_at, ink, alpha=0.8)
    if rng.random() < 0.4:
        canvas.fill(frame(disc(0.028), 0.005), (pins[-1].root[0], mark_at[1] + 0.01), ink, alpha=0.6)


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One pin connector; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.16)
    if scene.random() < 0.35:
        canvas.turn += 3.14159
    width, height, tail = scene.uniform(0.74, 0.86), scene.uniform(0.22, 0.30), scene.uniform(0.06, 0.11)
    top = -0.37 + tail
    pins = _pins(scene, width, top + height)
    pinned = [kind for kind in types if kind in _PINNED]
    for kind, pick in zip(pinned, trouble.choice(len(pins), len(pinned), replace=False), strict=True):
        pins[pick].spoil(trouble, kind)
    _housing(canvas, scene, pins, width, top, top + height, tail)
    metal = parts.GOLD if scene.random() < 0.6 else parts.TIN
    metal = replace(metal, bevel=pins[0].width * 0.5, slope=1.1)
    for pin in pins:
        pin.draw(canvas, metal)
    flaws: list[FlawMask] = []
    for pin in pins:
        if pin.flaw == "oxidation corrosion":
            flaws.append((pin.flaw, _oxidise(canvas, trouble, pin)))
        elif pin.flaw:
            flaws.append((pin.flaw, pin.mask(canvas)))

    def body() -> Array:
        return canvas.mask(box(width, height, 0.018), (0, top + height / 2))

    rest = [kind for kind in types if kind not in _PINNED]
    flaws = mark(trouble, canvas, rest, body, flaws)
    return Drawn(canvas.finished(), flaws)


def _oxidise(canvas: Canvas, rng: np.random.Generator, pin: Pin) -> Array:
    """Eat at a stretch of the pin: dull green and brown crust."""
    start_, stretch = rng.uniform(0.05, 0.4) * pin.length, rng.uniform(0.4, 0.55) * pin.length
    (x, y), width = pin.root, pin.width * 1.12
    line = [(x, y + start_), (x, y + start_ + stretch)]
    canvas.fill(path(line, width), (0, 0), (0.20, 0.17, 0.12), alpha=0.85, soft=0.004)
    for _ in range(14):
        at = (x + float(rng.uniform(-0.4, 0.4)) * width, y + start_ + float(rng.uniform(0, 1)) * stretch)
        colour = ((0.25, 0.52, 0.45), (0.42, 0.62, 0.55), (0.36, 0.22, 0.10), (0.15, 0.12, 0.10))[rng.integers(4)]
        canvas.fill(disc(float(rng.uniform(0.2, 0.42)) * width), at, colour, alpha=0.75, soft=0.006)
    return canvas.mask(path(line, width * 1.2), (0, 0))


PIN_CONNECTOR = Recipe(
    "pin connector",
    Scenario.ELECTRONIC,
    ("bent", "component missing", "broken", "oxidation corrosion", "crack", "contamination"),
    False,
    paint,
)
