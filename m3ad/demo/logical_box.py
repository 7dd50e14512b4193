"""The drawn sorted box: pockets in rows or in a ring with one thing in each, by an order that every picture invents."""

from __future__ import annotations

from math import atan2, pi

import numpy as np

from m3ad.demo import design_carrier as carrier
from m3ad.demo import design_places as order
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.design_looks import Look, any_colour, any_look
from m3ad.demo.design_places import Lying, Place
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.demo.shapes import Point, Shape, box, disc, hexagon
from m3ad.records import Scenario

_RULES = ("alike", "alike", "alike", "columns", "rows", "checker", "mirror")
_GRIDS = ((3, 2), (4, 2), (3, 3), (4, 3), (3, 4), (4, 4), (5, 3), (5, 2), (6, 2), (6, 1), (2, 3))
Spots = list[tuple[Point, int, int]]


def _layout(rng: np.random.Generator, area: Point) -> tuple[Spots, Point, bool]:
    """(spots, pitch along x and y, whether they are on a ring)."""
    if rng.random() < 0.2:
        count = int(rng.integers(3, 6)) * 2
        radius = min(area) * 0.36
        spots = order.circle(count, radius, float(rng.uniform(0, pi)))
        step = min(2 * pi * radius / count, min(area) * 0.28)
        return spots, (step, step), True
    columns, rows = _GRIDS[rng.integers(len(_GRIDS))]
    across = min(area[0] / columns, 1.5 * area[1] / rows)
    pitch = (across, min(area[1] / rows, 1.6 * across))
    return order.grid(columns, rows, pitch, stagger=float(columns > 3 and rng.random() < 0.2)), pitch, False


def _pocket(rng: np.random.Generator, pitch: Point, look: Look, around: bool) -> Shape:
    """The pocket of every place, in the frame of the box (along the component on a ring)."""
    n = min(pitch) * 0.9
    if look.family != "long" and rng.random() < 0.5:
        return disc(n / 2) if rng.random() < 0.75 else hexagon(n * 0.48)
    w, h = (n, n) if around else (pitch[0] * 0.9, pitch[1] * 0.9)
    return box(w, h, min(w, h) * float(rng.uniform(0.04, 0.4)))


def _places(rng: np.random.Generator, spots: Spots, pitch: Point, around: bool, ground: list[Colour]) -> list[Place]:
    standing = not around and pitch[1] > pitch[0] * 1.1
    along, across = (pitch[1], pitch[0]) if standing else pitch
    first = order.fitting(rng, any_look(rng, 0.1, ground), along * 0.9, across * 0.9)
    second = order.variant(rng, first, ground)
    angle = (pi / 2 if standing else 0.0) + float(rng.choice([0, pi]))
    if not standing and first.family != "long" and rng.random() < 0.3:
        angle += float(rng.choice([pi / 4, pi / 2]))
    empty = _pocket(rng, pitch, first, around)
    rules: tuple[str, ...] = ("alike",)
    if len(spots) > 7:
        rules = ("alike", "columns") if around else _RULES
    radial = around and rng.random() < 0.7
    places = []
    for (at, row, column), which in zip(spots, order.in_order(rng, spots, rules), strict=True):
        turn = atan2(at[1], at[0]) if radial else angle
        places.append(Place(at, row, column, min(pitch), Lying((first, second)[which], at, turn), empty))
    return places


def _body(canvas: Canvas, rng: np.random.Generator, size: Point, around: bool, colour: Colour) -> None:
    body = disc(min(size) / 2) if around and rng.random() < 0.6 else carrier.outline(rng, *size)
    material = carrier.surface(rng, colour)
    canvas.solid(body, (0, 0), material, height=0.05)
    if rng.random() < 0.4:
        canvas.solid(box(size[0] * 0.94, size[1] * 0.94, 0.02) if body.half[0] > min(size) / 2 or not around
                     else disc(min(size) * 0.47), (0, 0), material)  # fmt: skip
    carrier.sheen(canvas, rng, *size)


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One sorted box; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.14, scale=(0.9, 1.0))
    canvas.turn += float(scene.choice([0, 0, pi / 2]))
    width, height = float(scene.uniform(0.82, 0.96)), float(scene.uniform(0.7, 0.95))
    colour = any_colour(scene)
    dim = float(scene.uniform(0.6, 0.85))
    floor = (colour[0] * dim, colour[1] * dim, colour[2] * dim) if scene.random() < 0.6 else any_colour(scene)
    ground = [floor, colour]
    band = 0.05 if scene.random() < 0.6 else 0.0
    spots, pitch, around = _layout(scene, (width - 0.05, height - 0.05 - 2 * band))
    places = _places(scene, spots, pitch, around, ground)
    _body(canvas, scene, (width, height), around, colour)
    depth, ink = float(scene.uniform(0.02, 0.05)), any_colour(scene, [colour], 0.45)
    bottom = Material(floor, 0.012, 0.9, 0.06, 10, 0, 0.09)
    for place in places:
        canvas.recess(place.empty, place.at, bottom, depth, place.right.angle if around else 0.0)
    if band:
        for edge in (-1, 1):
            at = (float(scene.uniform(-0.12, 0.12)), edge * (height / 2 - band / 2 - 0.008))
            carrier.print_line(canvas, scene, at, width * 0.45, 0.034, ink)
    return order.finish(canvas, scene, trouble, places, types, ground, box(width, height))


SORTED_BOX = Recipe(
    "sorted box",
    Scenario.LOGICAL,
    (
        "component missing", "color error", "size errors", "wrong combination", "component misalignment",
        "displacement", "contamination", "quantity errors",
    ),
    False,
    paint,
)  # fmt: skip
