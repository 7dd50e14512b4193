"""Invented carriers for components: plates, boards and boxes of any outline and colour, with print, holes and screws.

All of it is harmless: it makes pictures differ and says nothing about what is normal.
"""

from __future__ import annotations

from math import pi

import numpy as np

from m3ad.demo.canvas import Canvas, Colour, Material
from m3ad.demo.design_looks import METALS, any_colour, cut_corners
from m3ad.demo.shapes import Point, Shape, box, disc, frame, hexagon, repeated, without

_SYLLABLES = ("NO", "VA", "KEL", "TRO", "MIX", "ZEN", "OR", "BI", "SYN", "LUX", "PAR", "DU", "FEN", "IQ", "RA", "TEC")


def word(rng: np.random.Generator) -> str:
    """A maker's name or a number, as it is printed on things."""
    if rng.random() < 0.5:
        return "".join(str(s) for s in rng.choice(_SYLLABLES, int(rng.integers(2, 4))))
    return (
        f"{rng.choice(list('ABDKLMPRSTX'))}{rng.integers(1, 99)}{rng.choice(['-', '.', ' '])}{rng.integers(10, 9999)}"
    )


def outline(rng: np.random.Generator, width: float, height: float) -> Shape:
    """A plate with square, round, cut or notched corners."""
    side, pick = min(width, height), rng.integers(4)
    if pick == 0:
        return box(width, height, side * float(rng.uniform(0.01, 0.04)))
    if pick == 1:
        return box(width, height, side * float(rng.uniform(0.06, 0.16)))
    if pick == 2:
        return cut_corners(box(width, height), (width + height) / 2 - side * float(rng.uniform(0.05, 0.12)))
    notch = disc(side * float(rng.uniform(0.04, 0.08)))
    plate = box(width, height, side * 0.02)
    return without(without(plate, notch, (-width / 2, 0)), notch, (width / 2, 0))


def surface(rng: np.random.Generator, colour: Colour) -> Material:
    """Plastic, ceramic or metal of this colour."""
    metal = 0.5 if rng.random() < 0.15 else 0.0
    return Material(colour, float(rng.uniform(0.008, 0.03)), float(rng.uniform(0.5, 1.0)),
                    float(rng.uniform(0.03, 0.3)), 14, metal, float(rng.uniform(0.03, 0.2)))  # fmt: skip


def traces(canvas: Canvas, rng: np.random.Generator, width: float, height: float, colour: Colour) -> None:
    """Conductors in bundles, along or across, each ending in a row of vias."""
    for _ in range(int(rng.integers(2, 6))):
        across = rng.random() < 0.5
        count, run = int(rng.integers(1, 5)), float(rng.uniform(0.15, 0.4)) * (height if across else width)
        line, step = float(rng.uniform(0.004, 0.010)), float(rng.uniform(0.018, 0.03))
        at = (float(rng.uniform(-0.28, 0.28)) * width, float(rng.uniform(-0.28, 0.28)) * height)
        angle = 0.0 if across else pi / 2
        canvas.fill(repeated(box(line, run), count, step), at, colour, alpha=0.7, angle=angle)
        end = (at[0], at[1] + run / 2) if across else (at[0] + run / 2, at[1])
        canvas.fill(repeated(disc(step * 0.32), count, step), end, colour, alpha=0.9, angle=angle)


def corners(canvas: Canvas, rng: np.random.Generator, width: float, height: float, radius: float) -> None:
    """Screws, holes or rivets, the same in all four corners, or none."""
    pick = rng.integers(5)
    tone = METALS[rng.integers(len(METALS))]
    metal = Material(tone, radius * 0.5, 0.7, 0.3, 16, 0.8, 0.05, "dome")
    turns = rng.uniform(0, pi, 4)
    for k, turn in enumerate(turns):
        at = ((-1) ** k * (width / 2 - radius * 1.5), (-1) ** (k // 2) * (height / 2 - radius * 1.5))
        if pick in (0, 1):
            canvas.solid(disc(radius), at, metal, height=0.01)
        if pick == 0:
            canvas.fill(box(radius * 1.4, radius * 0.3), at, (0.1, 0.1, 0.1), alpha=0.9, angle=float(turn))
        if pick == 2:
            canvas.fill(disc(radius), at, (0.05, 0.05, 0.06), alpha=0.92)
            canvas.fill(frame(disc(radius), radius * 0.3), at, tone, alpha=0.9)
        if pick == 3:
            canvas.solid(hexagon(radius), at, metal, angle=float(turn), height=0.01)


def print_line(canvas: Canvas, rng: np.random.Generator, at: Point, length: float, height: float, ink: Colour) -> None:
    """Up to three words or signs in a line around `at`, no longer than `length`, no higher than `height`."""
    words = "  ".join(word(rng) for _ in range(int(rng.integers(1, 3))))
    tall = min(height, length * 1.5 / len(words))
    style = rng.random()
    if style < 0.25:
        canvas.fill(box(min(length, len(words) * tall * 0.66), tall * 1.4, tall * 0.1), at, ink, alpha=0.92)
        ink = any_colour(rng, [ink], 0.5)
    if style < 0.9 and tall > 0.014:
        canvas.text(words, at, tall, ink, alpha=float(rng.uniform(0.6, 0.95)))


def sheen(canvas: Canvas, rng: np.random.Generator, width: float, height: float) -> None:
    """The soft reflection of a lamp on every second plate."""
    if rng.random() < 0.5:
        return
    at = (float(rng.uniform(-0.2, 0.2)) * width, float(rng.uniform(-0.2, 0.2)) * height)
    soft = box(width * float(rng.uniform(0.2, 0.5)), height * 0.15)
    canvas.fill(
        soft, at, (1, 1, 1), alpha=float(rng.uniform(0.03, 0.12)), soft=0.1, angle=float(rng.uniform(-0.7, 0.7))
    )
