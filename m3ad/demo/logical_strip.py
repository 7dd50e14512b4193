"""The drawn terminal strip: rows of coloured bodies on a rail, in an order that every picture invents."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from m3ad.demo import design_carrier as carrier
from m3ad.demo import design_places as order
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.design_looks import METALS, Look, any_colour, any_look
from m3ad.demo.design_places import Lying, Place
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.demo.shapes import Point, box, repeated
from m3ad.records import Scenario

_PATTERNS = ("AB", "AB", "ABC", "ABCB", "AABB", "AAB")  # which body comes next, over and over
_MIRRORED = 4  # so many of them read the same from both ends and still change often enough


def _bodies(rng: np.random.Generator, pitch: float, reach: float, ground: list[Colour]) -> list[Look]:
    """Three bodies of one make: they differ in colour, at times in kind too."""
    first = any_look(rng, 0.1, ground, families=("long",) if rng.random() < 0.75 else ("long", "square", "round"))
    share = float(rng.uniform(0.66, 0.86))
    if first.family == "long":
        length = min(reach * float(rng.uniform(0.7, 0.95)), pitch * share / 0.3)
        first = replace(first, size=length, ratio=float(np.clip(pitch * share / length, 0.3, 0.75)))
    else:
        first = replace(first, size=min(reach * 0.9, pitch * share))
    bodies = [first]
    while len(bodies) < 3:
        away = [*ground, *(body.colour for body in bodies)]
        bodies.append(replace(first, colour=any_colour(rng, away), metal=0.0))
    if rng.random() < 0.4:
        bodies = [replace(body, accent=any_colour(rng, [body.colour])) for body in bodies]
    return bodies


def _places(rng: np.random.Generator, spots: list[tuple[Point, int, int]], pitch: Point, bodies: list[Look],
            ) -> list[Place]:  # fmt: skip
    last = max(column for _, _, column in spots)
    many = len({row for _, row, _ in spots}) > 1
    by_row, mirrored, slide = many and rng.random() < 0.3, rng.random() < 0.25 and last > 4, rng.random() < 0.3
    usable = _MIRRORED if mirrored else len(_PATTERNS) if many and last > 6 else len(_PATTERNS) - 1
    pattern = _PATTERNS[rng.integers(usable)]
    slide = slide and pattern in ("AB", "ABC")  # rows of the others, moved against each other, show no order
    upright = bodies[0].family == "long"
    angle = (pi / 2 if upright else 0.0) + float(rng.choice([0, pi]))
    first = bodies[0]
    empty = box(first.size, first.width if upright else first.size)
    places = []
    for at, row, column in spots:
        step = min(column, last - column) if mirrored else column
        letter = "ABC"[row] if by_row else pattern[(step + (row if slide else 0)) % len(pattern)]
        right = Lying(bodies["ABC".index(letter)], at, angle)
        places.append(Place(at, row, column, pitch[0], right, empty))
    return places


def _rails(canvas: Canvas, rng: np.random.Generator, rows: list[float], width: float, reach: float) -> Colour:
    """Under every row the same: a broad rail, two thin ones, or a bar with teeth; its colour."""
    style, wide = rng.integers(4), float(rng.uniform(0.3, 0.55)) * reach
    metal = rng.random() < 0.6
    colour = METALS[rng.integers(len(METALS))] if metal else any_colour(rng)
    rail = Material(colour, 0.012, 0.8, 0.25, 16, 0.7 if metal else 0.0, 0.06)
    for y in rows:
        if style in (0, 1):
            canvas.solid(box(width, wide, 0.006), (0, y), rail, height=0.02)
        if style == 1:
            canvas.solid(repeated(box(0.02, wide * 0.4, 0.008), 16, width / 16), (0, y), replace(rail, slope=-0.8))
        if style == 2:
            for side in (-0.3, 0.3):
                canvas.solid(box(width, 0.02, 0.008), (0, y + side * reach), replace(rail, profile="tube"), height=0.02)
        if style == 3:
            canvas.recess(box(width, reach * 1.06, 0.012), (0, y), rail, 0.02)
    return colour


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One terminal strip; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.14, scale=(0.9, 1.0))
    canvas.turn += float(scene.choice([0, 0, pi / 2, pi]))
    width = float(scene.uniform(0.84, 0.96))
    rows = int(scene.integers(1, 4))
    columns = int(scene.integers(7, 11) if rows == 1 else scene.integers(5, 9))
    height = float(scene.uniform(0.3, 0.5) if rows == 1 else scene.uniform(0.6, 0.92))
    colour = any_colour(scene)
    band, field = 0.06, width - 0.1
    pitch = (field / columns, (height - 2 * band) / rows)
    spots = order.grid(columns, rows, pitch)
    reach = min(pitch[1] * 0.9, pitch[0] * 3.2)
    ys = sorted({at[1] for at, _, _ in spots})
    if scene.random() < 0.75:  # else the rails lie on the bench
        canvas.solid(carrier.outline(scene, width, height), (0, 0), carrier.surface(scene, colour), height=0.04)
        carrier.corners(canvas, scene, width, height, 0.02)
    ground = [_rails(canvas, scene, ys, width * 0.97, reach), colour]
    places = _places(scene, spots, pitch, _bodies(scene, pitch[0], reach, ground))
    ink = any_colour(scene, [colour], 0.45)
    for edge in (-1, 1):
        at = (float(scene.uniform(-0.15, 0.15)), edge * (height / 2 - band / 2))
        carrier.print_line(canvas, scene, at, width * 0.5, 0.036, ink)
    return order.finish(canvas, scene, trouble, places, types, ground, box(width, height))


TERMINAL_STRIP = Recipe(
    "terminal strip",
    Scenario.LOGICAL,
    (
        "component missing", "color error", "size errors", "component misalignment", "displacement", "contamination",
        "wrong combination", "layout error",
    ),
    False,
    paint,
)  # fmt: skip
