"""The drawn component array: a carrier of any make with components in regular rows; every picture is a new design."""

from __future__ import annotations

from math import pi

import numpy as np

from m3ad.demo import design_carrier as carrier
from m3ad.demo import design_places as order
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.design_looks import METALS, any_colour, any_look
from m3ad.demo.design_places import Lying, Place
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.demo.shapes import Point, box, disc, frame, repeated
from m3ad.records import Scenario

_PLACED = ("component missing", "component misalignment", "displacement", "broken", "color error")
_RULES = ("alike", "alike", "alike", "columns", "rows", "mirror")
_GRIDS = ((3, 2), (4, 2), (5, 2), (6, 2), (3, 3), (4, 3), (5, 3), (4, 4), (6, 1), (7, 1), (2, 4))


def _places(rng: np.random.Generator, area: Point, ground: list[Colour]) -> list[Place]:
    columns, rows = _GRIDS[rng.integers(len(_GRIDS))]
    pitch = (area[0] / columns, min(area[1] / rows, 2.2 * area[0] / columns))
    spots = order.grid(columns, rows, pitch, stagger=float(columns > 3 and rows > 2 and rng.random() < 0.15))
    standing = pitch[1] > pitch[0] * 1.15 if rng.random() < 0.7 else bool(rng.random() < 0.5)
    along, across = (pitch[1], pitch[0]) if standing else pitch
    first = order.fitting(rng, any_look(rng, 0.1, ground, legs=True), along, across)
    second = order.variant(rng, first, ground)
    angle = (pi / 2 if standing else 0.0) + float(rng.choice([0, pi]))
    empty = box(first.size, first.width if first.family == "long" else first.size)
    rules = _RULES if len(spots) > 7 and columns > 3 else ("alike",)
    places = []
    for (at, row, column), which in zip(spots, order.in_order(rng, spots, rules), strict=True):
        right = Lying((first, second)[which], at, angle)
        places.append(Place(at, row, column, min(pitch), right, empty))
    return places


def _seats(canvas: Canvas, rng: np.random.Generator, places: list[Place], ground: list[Colour]) -> None:
    """What is under each component: pads, a frame, a printed sign, or nothing."""
    style, look = rng.integers(5), places[0].right.look
    tin = Material(METALS[rng.integers(2)], 0.02, 0.7, 0.3, 20, 0.75, 0.1, "dome")
    ink, size, width = any_colour(rng, ground, 0.5), look.size, look.width
    for place in places:
        angle = place.right.angle
        if style == 0:
            canvas.solid(repeated(box(size * 0.34, width * 0.8, 0.005), 2, size * 0.9), place.at, tin, angle=angle)
        elif style == 1:
            canvas.fill(frame(box(size * 1.2, width * 1.2, 0.006), 0.005), place.at, ink, alpha=0.8, angle=angle)
        elif style == 2:
            canvas.fill(disc(width * 0.46), place.at, METALS[1], alpha=0.9)
        elif style == 3:
            canvas.fill(box(size * 1.12, width * 0.5), place.at, ink, alpha=0.35, angle=angle)


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One component array; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.14, scale=(0.9, 1.0))
    canvas.turn += float(scene.choice([0, 0, pi / 2, pi]))
    whole = scene.random() < 0.7
    width, height = (scene.uniform(0.84, 0.96), scene.uniform(0.6, 0.95)) if whole else (1.7, 1.7)
    colour = any_colour(scene)
    ground = [colour]
    board = carrier.outline(scene, width, height)
    canvas.solid(board, (0, 0), carrier.surface(scene, colour), height=0.04)
    seen = (min(width, 0.94), min(height, 0.94))
    band = 0.05
    area = (seen[0] - 0.1, seen[1] - 2 * band - 0.04)
    places = _places(scene, area, ground)
    line = any_colour(scene, ground, 0.2)
    if scene.random() < 0.7:
        soft = tuple(0.65 * c + 0.35 * other for c, other in zip(colour, line, strict=True))
        carrier.traces(canvas, scene, *seen, (soft[0], soft[1], soft[2]))
    carrier.corners(canvas, scene, *seen, 0.022)
    ink = any_colour(scene, ground, 0.45)
    for edge in (-1, 1):
        at = (float(scene.uniform(-0.15, 0.15)), edge * (seen[1] / 2 - band / 2 - 0.008))
        carrier.print_line(canvas, scene, at, seen[0] * 0.5, 0.034, ink)
    _seats(canvas, scene, places, ground)
    carrier.sheen(canvas, scene, *seen)
    return order.finish(canvas, scene, trouble, places, types, ground, box(*seen))


COMPONENT_ARRAY = Recipe(
    "component array",
    Scenario.ELECTRONIC,
    (*_PLACED, "scratch", "contamination"),
    False,
    paint,
)
