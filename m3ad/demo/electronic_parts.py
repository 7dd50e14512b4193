"""Electronic components for drawn boards: chips, integrated circuits, cans, crystals, pins, seats with pads and print.

Each function draws one component at a place of the part. They know nothing of defects but the shape they are told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from m3ad.demo.canvas import Canvas, Colour, Material
from m3ad.demo.shapes import Array, Point, Shape, box, disc, frame, path, polygon, repeated, ring, without

TIN = Material((0.60, 0.61, 0.62), bevel=0.012, slope=0.9, gloss=0.28, sharp=18, metal=0.85)
GOLD = Material((0.78, 0.60, 0.25), bevel=0.01, slope=0.9, gloss=0.3, sharp=18, metal=0.8)
STEEL = Material((0.66, 0.67, 0.69), bevel=0.02, slope=1.0, gloss=0.4, sharp=16, metal=0.9, grain=0.04)
EPOXY = Material((0.115, 0.118, 0.125), bevel=0.012, slope=0.9, gloss=0.10, sharp=10, grain=0.28)
SILK: Colour = (0.90, 0.91, 0.88)


def beside(at: Point, angle: float, along: float, across: float = 0.0) -> Point:
    """The point `along` and `across` the direction `angle` from `at`."""
    c, s = cos(angle), sin(angle)
    return at[0] + along * c - across * s, at[1] + along * s + across * c


def pads(canvas: Canvas, at: Point, angle: float, length: float, width: float) -> None:
    """Two tinned solder pads for a two-terminal component of `length`."""
    pair = repeated(box(length * 0.42, width * 1.12, 0.012), 2, length)
    canvas.solid(pair, at, Material((0.58, 0.59, 0.60), 0.03, 0.7, 0.32, 22, 0.75, 0.12, "dome"), angle=angle)


def silk_frame(canvas: Canvas, at: Point, angle: float, length: float, width: float, name: str) -> None:
    """The printed outline of a seat with its designator above it."""
    canvas.fill(frame(box(length * 1.55, width * 1.55, 0.008), 0.006), at, SILK, alpha=0.8, angle=angle)
    upright = angle if abs(angle) < 1 else angle - pi / 2
    offset = width if abs(angle) < 1 else length
    canvas.text(name, (at[0], at[1] - offset * 0.78 - 0.02), 0.034, SILK, angle=upright if abs(upright) < 0.5 else 0)


_BODIES: dict[str, tuple[Colour, float]] = {
    "resistor": ((0.07, 0.07, 0.08), 0.05),
    "capacitor": ((0.62, 0.48, 0.33), 0.10),
    "grey capacitor": ((0.45, 0.43, 0.42), 0.10),
    "tantalum": ((0.86, 0.62, 0.16), 0.12),
    "led": ((0.92, 0.92, 0.88), 0.15),
    "inductor": ((0.17, 0.19, 0.22), 0.12),
}
CHIPS = tuple(_BODIES)


def chip(
    canvas: Canvas, at: Point, angle: float, length: float, width: float, kind: str, value: str, stump: float = 0.0
) -> None:
    """A two-terminal chip. `stump` > 0: only this share of its length is left, with a jagged end."""
    colour, gloss = _BODIES[kind]
    outline = box(length, width, 0.006)
    if stump:
        outline = without(outline, _jagged(length, width, stump))
    canvas.solid(outline, at, TIN, angle=angle, height=0.022)
    inner = box(length * 0.64, width * 0.985, 0.003)
    if stump:
        inner = without(inner, _jagged(length, width, stump - 0.06))
        canvas.fill(
            without(box(length * 0.64, width * 0.97), _jagged(length, width, stump)),
            at,
            (0.80, 0.76, 0.70),
            angle=angle,
        )
    canvas.solid(inner, at, Material(colour, 0.012, 0.9, gloss, 12, 0.0, 0.10), angle=angle)
    if kind == "resistor" and not stump:
        canvas.text(value, at, width * 0.62, (0.86, 0.87, 0.84), angle=angle)
    elif kind == "tantalum":
        canvas.fill(
            box(length * 0.09, width * 0.96), beside(at, angle, -length * 0.25), (0.45, 0.26, 0.06), angle=angle
        )
        if not stump:
            canvas.text(value, beside(at, angle, length * 0.05), width * 0.5, (0.30, 0.17, 0.05), angle=angle)
    elif kind == "led" and not stump:
        canvas.solid(
            disc(width * 0.36), at, Material((0.93, 0.80, 0.30), 0.04, 0.8, 0.5, 20, 0, 0, "dome"), angle=angle
        )
        canvas.fill(disc(width * 0.08), beside(at, angle, -width * 0.1, -width * 0.1), (1, 0.98, 0.9), soft=0.01)
    elif kind == "inductor" and not stump:
        canvas.solid(disc(width * 0.36), at, Material((0.27, 0.29, 0.32), 0.015, -0.8, 0.2, 12), angle=angle)


def _jagged(length: float, width: float, keep: float) -> Shape:
    edge = length * (keep - 0.5)
    steps = ((-0.6, 0.05), (-0.32, -0.09), (-0.1, 0.06), (0.12, -0.05), (0.34, 0.08), (0.6, -0.02))
    return polygon([(length, -width * 0.6), *((edge + s * length, t * width) for t, s in steps), (length, width * 0.6)])


def legs(
    canvas: Canvas, at: Point, heading: float, count: int, pitch: float, size: Point, skip: Collection[int] = ()
) -> None:
    """A row of flat tinned legs, each `size` (out, across), around `at`; `heading` points out of the body."""
    across = heading + pi / 2
    canvas.solid(repeated(box(size[1], size[0], 0.003), count, pitch, skip), at, TIN, angle=across, height=0.010)
    # The knee of the gull wing: a darker slope near the body.
    knee = repeated(box(size[1] * 0.9, size[0] * 0.2), count, pitch, skip)
    place = beside(at, heading, -size[0] * 0.22)
    canvas.fill(knee, place, (0.33, 0.34, 0.36), alpha=0.55, soft=0.006, angle=across)


def package(
    canvas: Canvas, at: Point, angle: float, width: float, height: float, lines: tuple[str, ...], body: Material = EPOXY
) -> None:
    """The moulded body of an IC with pin-1 dot and printed lines."""
    canvas.solid(box(width, height, 0.008), at, body, angle=angle, height=0.03)
    inset = min(width, height)
    canvas.fill(box(width - inset * 0.16, height - inset * 0.16, 0.01), at, (1, 1, 1), alpha=0.035, angle=angle)
    dot = beside(at, angle, -width / 2 + inset * 0.16, height / 2 - inset * 0.16)
    canvas.solid(disc(inset * 0.055), dot, Material((0.09, 0.09, 0.1), 0.012, -1.0, 0.1, 10), angle=angle)
    step = height * 0.62 / max(len(lines), 2)
    for row, words in enumerate(lines):
        middle = beside(at, angle, inset * 0.02, (row - (len(lines) - 1) / 2) * step)
        canvas.text(
            words, middle, min(step * 0.72, width * 1.35 / len(words)), (0.78, 0.79, 0.80), angle=angle, alpha=0.8
        )


def can(canvas: Canvas, at: Point, radius: float, words: tuple[str, str], sleeve: Colour, angle: float = 0.0) -> None:
    """An electrolytic capacitor from above: black socket, aluminium top, coloured stripe."""
    base = box(radius * 2.12, radius * 2.12, radius * 0.25)
    canvas.solid(base, at, Material((0.10, 0.10, 0.11), 0.012, 0.8, 0.1, 12), angle=angle, height=0.02)
    canvas.shadow(disc(radius * 0.97), at, 0.05)
    canvas.solid(disc(radius * 0.97), at, Material((0.74, 0.75, 0.77), 0.03, 1.1, 0.35, 14, 0.8, 0.04), angle=angle)
    segment = without(disc(radius * 0.80), box(radius * 4, radius * 2), (radius * 1.45, 0))
    segment = without(disc(radius * 0.80), box(radius * 2, radius * 4), (radius * 0.62, 0))
    canvas.fill(segment, at, sleeve, alpha=0.92, angle=angle)
    canvas.fill(frame(disc(radius * 0.86), 0.006), at, (0.35, 0.36, 0.38), alpha=0.5)
    for row, text in enumerate(words):
        canvas.text(
            text,
            beside(at, angle, radius * 0.2, radius * (row * 0.5 - 0.22)),
            radius * 0.42,
            (0.12, 0.12, 0.14),
            angle=angle,
        )


def crystal(canvas: Canvas, at: Point, angle: float, length: float, width: float, words: str) -> None:
    """A quartz crystal in its drawn steel can (HC-49), seen from above."""
    canvas.solid(box(length, width, width * 0.5), at, STEEL, angle=angle, height=0.02)
    top = Material((0.78, 0.79, 0.80), 0.018, 1.2, 0.5, 14, 0.9, 0.05)
    canvas.solid(box(length * 0.86, width * 0.74, width * 0.37), at, top, angle=angle, height=0.006)
    canvas.text(words, at, width * 0.34, (0.22, 0.23, 0.25), angle=angle, alpha=0.75)


def via(canvas: Canvas, at: Point, radius: float, metal: Material = TIN) -> None:
    """A plated hole."""
    canvas.solid(ring(radius * 0.5, radius), at, metal)
    canvas.fill(disc(radius * 0.55), at, (0.05, 0.05, 0.05))


@dataclass(frozen=True, slots=True)
class Mask:
    """Colours of a board: solder mask, its copper traces, its metal."""

    colour: Colour
    trace: Colour
    metal: Material


MASKS = (
    Mask((0.035, 0.25, 0.13), (0.07, 0.36, 0.19), TIN),
    Mask((0.05, 0.33, 0.20), (0.10, 0.45, 0.28), GOLD),
    Mask((0.04, 0.13, 0.36), (0.08, 0.21, 0.50), GOLD),
    Mask((0.07, 0.07, 0.08), (0.13, 0.13, 0.14), GOLD),
    Mask((0.40, 0.06, 0.07), (0.54, 0.11, 0.11), TIN),
)


def board(
    canvas: Canvas, width: float, height: float, mask: Mask, routes: list[list[Point]], trace: float = 0.011
) -> Shape:
    """A board with its copper `routes` under the solder mask; returns its outline (at the origin)."""
    outline = box(width, height, 0.02)
    patch = canvas.cast(outline, (0, 0), 0.025)
    assert patch is not None
    copper = _copper(canvas, routes, trace)[patch.rows, patch.columns]
    edge = np.zeros_like(copper)
    edge[1:, 1:] = copper[1:, 1:] - copper[:-1, :-1]
    direction = 1 if canvas.light[0] + canvas.light[1] < 0 else -1
    sheen = canvas.light[0] * patch.u + canvas.light[1] * patch.v  # the lamp's broad reflection in the lacquer
    level = 1 + 0.25 * sheen + 0.10 * canvas.grain[patch.rows, patch.columns] + 0.22 * direction * edge
    shine = 0.05 * np.maximum(sheen, 0)
    colour = np.empty((3, *level.shape), np.float32)
    copper *= level
    rim = np.flatnonzero(patch.distance > -0.006 * canvas.scale - 0.5)  # the bare laminate shows along the edge
    lacquer = np.clip(0.5 - 0.006 * canvas.scale - patch.distance.ravel()[rim], 0, 1)
    for channel, (plain, trace_, bare) in enumerate(zip(mask.colour, mask.trace, (0.62, 0.58, 0.42), strict=True)):
        lit = colour[channel].ravel()
        np.multiply(level, plain, out=colour[channel])
        colour[channel] += copper * (trace_ - plain)
        colour[channel] += shine
        lit[rim] = bare + lacquer * (lit[rim] - bare)
    canvas.blend(patch, patch.coverage, np.moveaxis(colour, 0, 2))
    return outline


def _copper(canvas: Canvas, routes: list[list[Point]], trace: float) -> Array:
    picture = Image.new("L", (canvas.size * 2, canvas.size * 2), 0)
    draw = ImageDraw.Draw(picture)
    width = max(2, round(trace * canvas.scale * 2))
    for route in routes:
        points = [(2 * x, 2 * y) for x, y in map(canvas.pixel, route)]
        draw.line(points, 255, width, "curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - width, y - width, x + width, y + width), 255)
    return np.asarray(picture.reduce(2), np.float32) / 255


def pin(
    canvas: Canvas, points: list[Point], width: float, metal: Material, *, taper: float = 0.55, height: float = 0.03
) -> Shape:
    """A square pin along `points` (in part units); returns its outline, whose origin is the part's."""
    shape = path(points, width, taper)
    canvas.shadow(shape, (0, 0), height)
    canvas.solid(shape, (0, 0), metal)
    return shape


def fracture(rng: np.random.Generator, start: Point, heading: float, length: float, pieces: int = 5) -> list[Point]:
    """The zig-zag line of a crack."""
    points = [start]
    for _ in range(pieces):
        turn = heading + rng.uniform(-0.6, 0.6)
        x, y = points[-1]
        points.append((x + cos(turn) * length / pieces, y + sin(turn) * length / pieces))
    return points
