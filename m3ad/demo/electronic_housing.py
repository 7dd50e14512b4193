"""The drawn pin housing: a body of any shape with regular pins, leads or pads; every picture is a new design."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin

import numpy as np

from m3ad.demo import design_carrier as carrier
from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.design_looks import METALS, any_colour, cut_corners
from m3ad.demo.design_pins import Pin, Row, spoil
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Shape, box, disc, frame, hexagon, repeated, ring
from m3ad.records import Scenario

_PINNED = ("bent", "component missing", "broken", "oxidation corrosion", "displacement")
_FORMS = ("blade", "taper", "round", "gull", "eye", "fork", "paddle")
_HEADINGS = {1: ((pi / 2,),), 2: ((pi / 2, -pi / 2), (pi / 2, -pi / 2), (0.0, pi)), 3: ((pi / 2, 0.0, pi),),
             4: ((pi / 2, -pi / 2, 0.0, pi),)}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """The moulded part: its outline, its size and where its pins are: "sides", "field" or "around"."""

    shape: Shape
    width: float
    height: float
    pins: str


def _side_rows(rng: np.random.Generator, body: Body, number: int) -> list[Row]:
    """The same pins on `number` sides of the body."""
    options = _HEADINGS[number]
    form, length = str(rng.choice(_FORMS)), float(rng.uniform(0.11, 0.17) if number > 1 else rng.uniform(0.16, 0.34))
    pitch = float(rng.uniform(0.07, 0.13))
    slim, rows = float(rng.uniform(0.3, 0.55)), []
    for heading in options[rng.integers(len(options))]:
        level = abs(sin(heading)) > 0.5
        run, depth = (body.width, body.height) if level else (body.height, body.width)
        count = max(3, int(run * 0.92 / pitch))
        step = min(pitch * 1.5, run * 0.92 / count)
        root = (cos(heading) * depth / 2, sin(heading) * depth / 2)
        rows.append(Row(root, heading, step, form, length, min(step, pitch) * slim, [Pin() for _ in range(count)]))
    return rows


def _field_rows(rng: np.random.Generator, body: Body) -> list[Row]:
    """Pins or pads seen from their ends, in rows all over the body or along its edge."""
    columns, lines = int(rng.integers(3, 8)), int(rng.integers(2, 6))
    pitch = min(body.width * 0.84 / columns, body.height * 0.68 / lines, 0.17)
    form, hollow = (
        str(rng.choice(["ball", "square", "socket", "tip"])),
        rng.random() < 0.3 and lines > 3 and columns > 3,
    )
    rows = []
    for line in range(lines):
        y = (line - (lines - 1) / 2) * pitch
        pins = [Pin() for _ in range(columns)]
        if hollow and 0 < line < lines - 1:
            for pin in pins[1:-1]:
                pin.none = True
        rows.append(Row((0.0, y), pi / 2, pitch, form, pitch * 0.6, pitch * 0.56, pins))
    return rows


def _around_rows(rng: np.random.Generator, body: Body) -> list[Row]:
    """Pins that stick out of a round body in all directions."""
    count, radius = int(rng.integers(6, 15)), body.width / 2
    form, length = str(rng.choice(_FORMS)), float(rng.uniform(0.11, 0.17))
    step, first = 2 * pi * radius / count, float(rng.uniform(0, pi))
    width = min(0.05, step * float(rng.uniform(0.3, 0.45)))
    rows = []
    for k in range(count):
        turn = first + 2 * pi * k / count
        root = (cos(turn) * radius * 0.98, sin(turn) * radius * 0.98)
        rows.append(Row(root, turn, min(step, width * 3), form, length, width, [Pin()]))
    return rows


def _body(rng: np.random.Generator) -> tuple[Body, list[Row]]:
    pick = rng.random()
    if pick < 0.16:
        radius = float(rng.uniform(0.2, 0.27))
        body = Body(disc(radius) if rng.random() < 0.7 else hexagon(radius), radius * 2, radius * 2, "around")
        return body, _around_rows(rng, body)
    if pick < 0.42:
        width, height = float(rng.uniform(0.6, 0.92)), float(rng.uniform(0.45, 0.88))
        body = Body(carrier.outline(rng, width, height), width, height, "field")
        return body, _field_rows(rng, body)
    number = int(rng.choice([1, 2, 3, 4], p=[0.35, 0.35, 0.1, 0.2]))
    width = float(rng.uniform(0.5, 0.62) if number > 2 else rng.uniform(0.5, 0.82))
    height = float(rng.uniform(0.26, 0.48) if number < 3 else rng.uniform(0.42, 0.6))
    side, style = min(width, height), rng.random()
    shape = box(width, height, side * float(rng.uniform(0.01, 0.12)))
    if style < 0.3:
        shape = cut_corners(box(width, height), (width + height) / 2 - side * float(rng.uniform(0.03, 0.09)))
    body = Body(shape, width, height, "sides")
    return body, _side_rows(rng, body, number)


def _features(canvas: Canvas, rng: np.random.Generator, body: Body, colour: Colour, plastic: Material) -> None:
    """Steps, ribs, windows, screws, rings and print on top of the body; on a field of pins only along its edges."""
    w, h, ink = body.width, body.height, any_colour(rng, [colour], 0.45)
    second = plastic if rng.random() < 0.5 else replace(plastic, colour=any_colour(rng, [colour], 0.2))
    if body.pins == "field":
        for edge in (-1, 1):
            carrier.print_line(canvas, rng, (0.0, edge * h * 0.43), w * 0.5, h * 0.07, ink)
        carrier.corners(canvas, rng, w, h, 0.02)
        return
    lid = rng.integers(5)
    if lid in (0, 1) and body.pins == "around":
        canvas.solid(disc(w * 0.36) if lid else ring(w * 0.28, w * 0.4), (0, 0), second, height=0.015)
    elif lid == 0:
        canvas.solid(box(w * 0.84, h * 0.7, 0.015), (0, 0), second, height=0.02)
    elif lid == 1:
        canvas.recess(box(w * 0.8, h * 0.5, 0.015), (0, 0), second, 0.02)
    elif lid == 2:
        comb = repeated(box(w * 0.025, h * 0.6, 0.004), 9, w * 0.09)
        canvas.solid(comb, (0, 0), replace(plastic, bevel=0.008), height=0.012)
    elif lid == 3:
        canvas.fill(box(w * float(rng.uniform(0.2, 0.7)), h * 0.4, 0.008), (0, 0), ink, alpha=0.9)
        ink = any_colour(rng, [ink], 0.5)
    if body.pins == "sides" and rng.random() < 0.6:
        carrier.corners(canvas, rng, w, h, min(w, h) * 0.06)
    elif rng.random() < 0.3:
        canvas.fill(frame(box(w * 0.6, h * 0.34, 0.01), 0.006), (0, 0), ink, alpha=0.8)
    lines = int(rng.integers(1, 4))
    for line in range(lines):
        y = (line - (lines - 1) / 2) * h * 0.18
        carrier.print_line(canvas, rng, (0.0, y), w * 0.55, h * 0.12, ink)
    if rng.random() < 0.4:
        canvas.fill(disc(min(w, h) * 0.035), (-w * 0.38, h * 0.3) if body.pins == "sides" else (-w * 0.3, 0), ink)


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One pin housing; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.15, scale=(0.9, 1.0))
    canvas.turn += float(scene.choice([0, pi / 2, pi, -pi / 2]))
    body, rows = _body(scene)
    lengths = {row.heading: row.length for row in rows} if body.pins == "sides" else {}
    shift = [sum(n * f(heading) for heading, n in lengths.items()) / 2 for f in (cos, sin)]
    x, y = canvas.pixel((-shift[0], -shift[1]))
    canvas.centre = (x, y)  # the whole with its pins is in the middle of the picture
    colour = any_colour(scene)
    tone = METALS[scene.integers(len(METALS))]
    metal = Material(tone, 0.01, 1.0, 0.3, 18, 0.8)
    plastic = carrier.surface(scene, colour)
    spoil(trouble, rows, [kind for kind in types if kind in _PINNED])
    if body.pins != "field":
        for row in rows:
            row.draw(canvas, metal)
    canvas.solid(body.shape, (0, 0), plastic, height=0.045)
    _features(canvas, scene, body, colour, plastic)
    if body.pins == "field":
        for row in rows:
            row.draw(canvas, metal)
    carrier.sheen(canvas, scene, body.width, body.height)
    flaws: list[FlawMask] = []
    for row in rows:
        flaws += row.flaws(canvas, trouble)
    rest = [kind for kind in types if kind not in _PINNED]
    flaws = mark(trouble, canvas, rest, lambda: canvas.mask(body.shape, (0, 0)), flaws)
    return Drawn(canvas.finished(), flaws)


PIN_HOUSING = Recipe(
    "pin housing",
    Scenario.ELECTRONIC,
    (*_PINNED, "scratch", "contamination", "crack"),
    False,
    paint,
)
