"""The drawn sensor module (held out of training): a small board with a sensor, a crystal, chips and a pin header."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from m3ad.demo import electronic_parts as parts
from m3ad.demo.canvas import Canvas, Material, start, streams
from m3ad.demo.electronic_board import Seat
from m3ad.demo.electronic_connector import Pin
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Point, Shape, box, disc, frame, hexagon, repeated
from m3ad.records import Scenario

_SEATED = ("component missing", "component misalignment", "displacement")
_MASKS = (
    parts.Mask((0.05, 0.16, 0.42), (0.09, 0.24, 0.56), parts.GOLD),
    parts.Mask((0.24, 0.10, 0.36), (0.34, 0.17, 0.48), parts.GOLD),
    parts.Mask((0.05, 0.30, 0.24), (0.10, 0.42, 0.34), parts.TIN),
    parts.Mask((0.08, 0.08, 0.09), (0.15, 0.15, 0.16), parts.GOLD),
)


def _can(canvas: Canvas, at: Point, radius: float) -> None:
    """A gas sensor: steel rim, mesh of sintered wire."""
    canvas.shadow(disc(radius), at, 0.07)
    canvas.solid(disc(radius), at, Material((0.62, 0.63, 0.65), 0.045, 1.3, 0.35, 14, 0.9, 0.05))
    canvas.solid(disc(radius * 0.74), at, Material((0.30, 0.30, 0.31), 0.02, -1.0, 0.15, 10, 0.3, 0.2))
    wire = Material((0.58, 0.58, 0.57), 0.006, 1.0, 0.2, 12, 0.7)
    wires = repeated(box(radius * 0.055, radius * 1.4), 9, radius * 0.15)
    mesh = Shape((radius * 0.7,) * 2, lambda u, v: np.maximum(wires.distance(u, v), np.hypot(u, v) - radius * 0.72))
    for turn in (0.0, pi / 2):
        canvas.solid(mesh, at, wire, angle=turn)


def _dome(canvas: Canvas, at: Point, radius: float) -> None:
    """A motion sensor: white lens of hexagonal facets on a square foot."""
    foot = Material((0.78, 0.78, 0.76), 0.02, 0.8, 0.15, 12)
    canvas.solid(box(radius * 2.1, radius * 2.1, 0.03), at, foot, height=0.025)
    canvas.solid(
        disc(radius), at, Material((0.80, 0.81, 0.80), radius * 0.95, 0.8, 0.25, 20, 0, 0.02, "dome"), height=0.06
    )
    step = radius * 0.46
    for row in range(-2, 3):
        for column in range(-2, 3):
            u, v = (column + (row % 2) / 2) * step, row * step * 0.866
            if u * u + v * v < (radius * 0.78) ** 2:
                canvas.fill(
                    frame(hexagon(step / 2), 0.004),
                    (at[0] + u, at[1] + v),
                    (0.45, 0.46, 0.47),
                    alpha=0.35,
                    angle=pi / 6,
                )


def _sounder(canvas: Canvas, at: Point, radius: float) -> None:
    """An ultrasonic transducer: aluminium cup with a dark grille."""
    canvas.shadow(disc(radius), at, 0.07)
    canvas.solid(disc(radius), at, Material((0.68, 0.69, 0.70), 0.03, 1.2, 0.35, 14, 0.9, 0.05))
    canvas.solid(disc(radius * 0.78), at, Material((0.10, 0.10, 0.11), 0.03, -1.1, 0.1, 10, 0, 0.15))
    for turn in (0, pi / 3, 2 * pi / 3):
        canvas.solid(
            box(radius * 1.5, radius * 0.07), at, Material((0.55, 0.56, 0.57), 0.006, 1, 0.2, 12, 0.6), angle=turn
        )
    canvas.solid(disc(radius * 0.2), at, Material((0.60, 0.61, 0.62), 0.02, 1.0, 0.4, 14, 0.8))


def _header(canvas: Canvas, rng: np.random.Generator, width: float, edge: float) -> list[Pin]:
    """A row of gold pins over the lower edge, in their black strip; the pins themselves are drawn by the caller."""
    count = int(rng.integers(3, 7))
    pitch = min(0.12, width * 0.7 / count)
    pins = []
    for i in range(count):
        x = (i - (count - 1) / 2) * pitch
        parts.via(canvas, (x, edge - 0.085), 0.022, parts.GOLD)
        canvas.text(("VCC", "GND", "OUT", "SCL", "SDA", "INT")[i], (x, edge - 0.13), 0.032, parts.SILK)
        pins.append(Pin((x, edge + 0.012), 0.16, [(x, edge - 0.06), (x, edge + 0.172)], 0.034))
    return pins


def _feature(canvas: Canvas, rng: np.random.Generator, width: float, top: float, height: float) -> float:
    """The sensor itself in the upper part; returns how deep it reaches."""
    kind, radius = int(rng.integers(3)), min(width * 0.23, height * 0.26)
    middle = top + radius + 0.05
    if kind == 0:
        _can(canvas, (-width * 0.2, middle), radius)
    elif kind == 1:
        _dome(canvas, (-width * 0.22, middle), radius * 0.95)
    else:
        _sounder(canvas, (-width * 0.22, middle), radius * 0.95)
    return middle + radius


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One sensor module; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, scale=(0.88, 0.98))
    width, height = scene.uniform(0.80, 0.92), scene.uniform(0.68, 0.73)
    canvas.centre = (canvas.centre[0], canvas.centre[1] - 0.085 * canvas.scale)
    top, bottom = -height / 2, height / 2
    mask = _MASKS[scene.integers(len(_MASKS))]
    seats = _seats(scene, width, top, bottom)
    seated = [kind for kind in types if kind in _SEATED]
    for kind, pick in zip(seated, trouble.choice(len(seats), len(seated), replace=False), strict=True):
        seats[pick].spoil(trouble, kind)
    routes = [[s.at, (s.at[0], bottom - 0.15), (float(scene.uniform(-0.3, 0.3)), bottom - 0.09)] for s in seats]
    outline = parts.board(canvas, width, height, mask, routes)
    for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        parts.via(canvas, (x * (width / 2 - 0.042), y * (height / 2 - 0.042)), 0.028, mask.metal)
    pins = _header(canvas, scene, width, bottom)
    bent = [kind for kind in types if kind == "bent"]
    for kind, pick in zip(bent, trouble.choice(len(pins), len(bent), replace=False), strict=True):
        pins[pick].spoil(trouble, kind)
        pins[pick].course[0] = (pins[pick].root[0], bottom - 0.06)
    metal = replace(parts.GOLD, bevel=0.016, slope=1.1)
    for pin in pins:
        pin.draw(canvas, metal)
    strip = box(pins[-1].root[0] - pins[0].root[0] + 0.1, 0.055, 0.008)
    canvas.solid(strip, (0, bottom - 0.01), Material((0.09, 0.09, 0.1), 0.012, 0.9, 0.15, 12), height=0.03)
    deep = _feature(canvas, scene, width, top, height)
    _chips(canvas, scene, width, bottom, deep)
    for seat in seats:
        seat.draw(canvas)
    flaws: list[FlawMask] = [(seat.flaw, seat.mask(canvas)) for seat in seats if seat.flaw]
    flaws += [(pin.flaw, pin.mask(canvas)) for pin in pins if pin.flaw]
    rest = [kind for kind in types if kind in ("scratch", "contamination")]
    flaws = mark(trouble, canvas, rest, lambda: canvas.mask(outline, (0, 0)), flaws, core=(0.80, 0.55, 0.35))
    return Drawn(canvas.finished(), flaws)


def _seats(rng: np.random.Generator, width: float, top: float, bottom: float) -> list[Seat]:
    seats = []
    for i in range(3):
        kind = parts.CHIPS[rng.choice(6, p=[0.4, 0.25, 0.1, 0.1, 0.1, 0.05])]
        at = (width * 0.29 + float(rng.uniform(-0.01, 0.01)), top + 0.13 + i * 0.165)
        letter = {"resistor": "R", "led": "D", "inductor": "L"}.get(kind, "C")
        value = str(rng.choice(["103", "472", "101"] if letter == "R" else ["107", "226", "476"]))
        seats.append(Seat(at, 0.0, 0.125, 0.066, kind, value, f"{letter}{i + 1}"))
    return seats


def _chips(canvas: Canvas, rng: np.random.Generator, width: float, bottom: float, deep: float) -> None:
    """An IC or a crystal below the sensor, and print."""
    room = bottom - 0.16 - deep
    y = deep + 0.5 * room + 0.01
    if rng.random() < 0.5:
        parts.crystal(canvas, (-width * 0.24, y), 0, 0.22, 0.085, f"{rng.choice(['16.000', '8.000', '12.000'])}")
    else:
        for side in (-1, 1):
            parts.legs(canvas, (-width * 0.24, y + side * 0.062), side * pi / 2, 4, 0.05, (0.04, 0.024))
        parts.package(canvas, (-width * 0.24, y), 0, 0.22, 0.095, (f"LM{rng.integers(100, 999)}",))
    canvas.text(f"{rng.choice(['MQ', 'HC', 'GY', 'SR'])}-{rng.integers(10, 599)}", (0.04, y - 0.02), 0.05, parts.SILK)
    canvas.text(f"V{rng.integers(1, 4)}.{rng.integers(0, 9)}", (0.04, y + 0.03), 0.034, parts.SILK)


SENSOR_MODULE = Recipe(
    "sensor module",
    Scenario.ELECTRONIC,
    ("bent", "component missing", "component misalignment", "displacement", "scratch", "contamination"),
    True,
    paint,
)
