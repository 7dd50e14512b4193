"""Small fasteners for drawn trays and assemblies: screws, bolts, nuts, washers, spacers, from above."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, sin

import numpy as np

from m3ad.demo.canvas import Canvas, Material
from m3ad.demo.shapes import Point, Shape, box, disc, hexagon, path, polygon, ring

STEEL = Material((0.58, 0.59, 0.61), bevel=0.012, slope=0.9, gloss=0.25, sharp=18, metal=0.85, grain=0.05)
BRASS = Material((0.80, 0.60, 0.24), bevel=0.012, slope=0.9, gloss=0.25, sharp=18, metal=0.85, grain=0.05)
BLACK = Material((0.14, 0.14, 0.15), bevel=0.012, slope=0.9, gloss=0.30, sharp=14, metal=0.5, grain=0.08)
BLUE = Material((0.30, 0.44, 0.66), bevel=0.012, slope=0.9, gloss=0.25, sharp=18, metal=0.75, grain=0.05)
FINISHES = (STEEL, BRASS, BLACK, BLUE)

SLIM = {"screw": 0.36, "bolt": 0.42, "spacer": 0.32}  # width over length of what lies on its side
LONG = tuple(SLIM)
ROUND = ("nut", "washer", "socket head", "pan head")


def along(at: Point, angle: float, u: float, v: float = 0.0) -> Point:
    """The point (u, v) of a thing at `at` that is turned by `angle`."""
    c, s = cos(angle), sin(angle)
    return at[0] + u * c - v * s, at[1] + u * s + v * c


def footprint(kind: str, size: float) -> Shape:
    """The rectangle an item takes, lying along its u axis."""
    if kind in LONG:
        return box(size, size * SLIM[kind])
    return box(size * 0.58, size * 0.58)


def item(canvas: Canvas, kind: str, at: Point, angle: float, size: float, finish: Material) -> None:
    """Draw one item; `size` is its length if long, or about 1.75 diameters if round."""
    draw = {"screw": _screw, "bolt": _bolt, "spacer": _spacer, "nut": _nut, "washer": _washer}.get(kind)
    if draw is not None:
        draw(canvas, at, angle, size, finish)
    else:
        head(canvas, at, angle, size * 0.28, finish, hexagonal=kind == "socket head")


def _thread(canvas: Canvas, shape: Shape, at: Point, angle: float, finish: Material, pitch: float) -> None:
    canvas.shadow(shape, at, 0.03, angle)
    patch = canvas.patch(shape, at, angle)
    if patch is None:
        return
    colour = canvas.lit(patch, replace(finish, profile="tube", slope=1.0), shape.half)
    wave = 1 + 0.34 * np.sin((patch.u + patch.v * 0.35) * np.float32(2 * pi / pitch))
    canvas.blend(patch, patch.coverage, colour * wave[..., None])


def _screw(canvas: Canvas, at: Point, angle: float, size: float, finish: Material) -> None:
    shank, wide = size * 0.78, size * 0.085
    point = [(-shank / 2, -wide), (shank * 0.33, -wide), (shank / 2, 0.0), (shank * 0.33, wide), (-shank / 2, wide)]
    middle = along(at, angle, size * 0.11)
    _thread(canvas, polygon(point), middle, angle, finish, size * 0.075)
    top = [(-0.08, -0.18), (-0.02, -0.18), (0.09, -0.07), (0.09, 0.07), (-0.02, 0.18), (-0.08, 0.18)]
    cone = polygon([(x * size, y * size) for x, y in top])
    place = along(at, angle, -size * 0.42)
    canvas.solid(cone, place, replace(finish, profile="tube", slope=0.9), angle=angle, height=0.035)
    canvas.fill(
        box(size * 0.035, size * 0.35), along(place, angle, -size * 0.06), (0.08, 0.08, 0.09), alpha=0.35, angle=angle
    )


def _bolt(canvas: Canvas, at: Point, angle: float, size: float, finish: Material) -> None:
    shank, wide = size * 0.74, size * 0.2
    _thread(canvas, box(shank, wide, 0.008), along(at, angle, size * 0.13), angle, finish, size * 0.06)
    place, high = along(at, angle, -size * 0.38), size * 0.42
    canvas.solid(box(size * 0.24, high, size * 0.03), place, finish, angle=angle, height=0.04)
    for v, level in ((-0.3, 0.80), (0.0, 1.12), (0.3, 0.66)):  # three faces of the hexagon
        tone = tuple(min(1.0, c * level) for c in finish.colour)
        face = box(size * 0.20, high * (0.46 if v == 0 else 0.2))
        canvas.fill(face, along(place, angle, 0, v * high * 1.17), (tone[0], tone[1], tone[2]), alpha=0.55, angle=angle)


def _spacer(canvas: Canvas, at: Point, angle: float, size: float, finish: Material) -> None:
    body = box(size * 0.96, size * 0.32, 0.006)
    canvas.solid(body, at, replace(finish, profile="tube", slope=0.95), angle=angle, height=0.035)
    patch = canvas.patch(box(size * 0.42, size * 0.32), at, angle)
    if patch is not None:  # knurl
        wave = np.sin((patch.u + patch.v) * np.float32(66 / size)) * np.sin((patch.u - patch.v) * np.float32(66 / size))
        canvas.rgb[patch.rows, patch.columns] *= (1 + 0.28 * wave * patch.coverage)[..., None]
    for side in (-1, 1):
        canvas.fill(
            box(size * 0.02, size * 0.31),
            along(at, angle, side * size * 0.24),
            (0.1, 0.09, 0.08),
            alpha=0.5,
            angle=angle,
        )


def _nut(canvas: Canvas, at: Point, angle: float, size: float, finish: Material) -> None:
    r = size * 0.25
    canvas.solid(hexagon(r), at, replace(finish, bevel=r * 0.35, slope=0.55), angle=angle, height=0.03)
    canvas.solid(ring(r * 0.55, r * 0.97), at, replace(finish, bevel=r * 0.06, slope=0.4))
    canvas.solid(disc(r * 0.62), at, replace(finish, bevel=r * 0.2, slope=-1.2))
    canvas.fill(disc(r * 0.5), at, (0.06, 0.06, 0.07), alpha=0.92, soft=0.004)


def _washer(canvas: Canvas, at: Point, angle: float, size: float, finish: Material) -> None:
    r = size * 0.28
    flat = ring(r * 0.48, r)
    canvas.solid(flat, at, replace(finish, bevel=r * 0.13, slope=0.7, grain=0.10), angle=angle, height=0.014)


def head(canvas: Canvas, at: Point, angle: float, radius: float, finish: Material, *, hexagonal: bool = False) -> None:
    """The head of a screw from above: socket cap (hexagonal) or pan head with a cross."""
    if hexagonal:
        canvas.solid(disc(radius), at, replace(finish, bevel=radius * 0.16, slope=1.1), height=0.04)
        canvas.recess(hexagon(radius * 0.5), at, replace(finish, bevel=0.006, colour=_dim(finish, 0.35)), 0.03, angle)
        return
    canvas.solid(disc(radius), at, replace(finish, bevel=radius * 0.8, slope=0.7, profile="dome"), height=0.035)
    for turn in (0.0, pi / 2):
        cross = path([(-radius * 0.5, 0), (radius * 0.5, 0)], radius * 0.24)
        canvas.fill(cross, at, _dim(finish, 0.18), alpha=0.95, soft=0.003, angle=angle + turn)


def _dim(finish: Material, level: float) -> tuple[float, float, float]:
    red, green, blue = finish.colour
    return red * level, green * level, blue * level
