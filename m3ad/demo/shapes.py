"""Plane figures as signed distances: boxes, circles, hexagons, gears, strokes, polygons, and what is cut from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Array = np.ndarray
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A plane figure in coordinates (u, v) of its own: its signed distance (inside < 0) and its bounding box.

    The box has half extents `half` around `middle`.
    """

    half: Point
    distance: Callable[[Array, Array], Array]
    middle: Point = (0.0, 0.0)


def box(width: float, height: float, radius: float = 0.0) -> Shape:
    """A rectangle with rounded corners."""

    def distance(u: Array, v: Array) -> Array:
        qu, qv = np.abs(u) - (width / 2 - radius), np.abs(v) - (height / 2 - radius)
        inside = np.maximum(qu, qv)
        if radius == 0:
            return inside
        np.maximum(qu, 0, out=qu)
        np.maximum(qv, 0, out=qv)
        qu *= qu
        qv *= qv
        qu += qv
        return np.sqrt(qu, out=qu) + np.minimum(inside, 0) - radius

    return Shape((width / 2, height / 2), distance)


def disc(radius: float) -> Shape:
    """A filled circle."""
    return Shape((radius, radius), lambda u, v: np.sqrt(u * u + v * v) - radius)


def ring(inner: float, outer: float) -> Shape:
    """A circle with a concentric hole."""
    middle, half = (inner + outer) / 2, (outer - inner) / 2
    return Shape((outer, outer), lambda u, v: np.abs(np.sqrt(u * u + v * v) - middle) - half)


def hexagon(inradius: float) -> Shape:
    """A regular hexagon by the radius of its inscribed circle (half the spanner size)."""

    def distance(u: Array, v: Array) -> Array:
        a, b = u * 0.5, v * 0.8660254
        return np.maximum(np.maximum(np.abs(u), np.abs(a + b)), np.abs(a - b)) - inradius

    return Shape((inradius * 1.16, inradius * 1.16), distance)


def gear(radius: float, teeth: int, depth: float) -> Shape:
    """A spur gear: `radius` to the middle of its teeth, which are `depth` high."""

    def distance(u: Array, v: Array) -> Array:
        wave = np.clip(np.cos(np.arctan2(v, u) * teeth) * 1.9, -1, 1)
        return np.sqrt(u * u + v * v) - radius - wave * (depth / 2)

    return Shape((radius + depth / 2, radius + depth / 2), distance)


def path(points: Sequence[Point], width: float, taper: float = 0.0) -> Shape:
    """A stroke of `width` along `points`; `taper` is the share of the width that is lost at its last point."""
    half = width / 2
    count = len(points) - 1

    def distance(u: Array, v: Array) -> Array:
        best: Array | None = None
        for i, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
            dx, dy = x2 - x1, y2 - y1
            t = np.clip(((u - x1) * dx + (v - y1) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
            a, b = u - x1 - t * dx, v - y1 - t * dy
            d = np.sqrt(a * a + b * b) - half
            if taper and i == count - 1:
                d = d + half * taper * np.clip(t * 4 - 3, 0, 1)
            best = d if best is None else np.minimum(best, d)
        assert best is not None
        return best

    return _bounded(points, half, distance)


def polygon(points: Sequence[Point]) -> Shape:
    """Any closed polygon, its corners in order."""

    def distance(u: Array, v: Array) -> Array:
        square = np.full(np.broadcast_shapes(u.shape, v.shape), 1e9, np.float32)
        inside = np.zeros(square.shape, bool)
        for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
            dx, dy = x2 - x1, y2 - y1
            t = np.clip(((u - x1) * dx + (v - y1) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
            square = np.minimum(square, (u - x1 - t * dx) ** 2 + (v - y1 - t * dy) ** 2)
            if dy:
                inside ^= ((v < y1) != (v < y2)) & (u < x1 + (v - y1) * (dx / dy))
        return np.where(inside, -1, 1) * np.sqrt(square)

    return _bounded(points, 0.0, distance)


def _bounded(points: Sequence[Point], margin: float, distance: Callable[[Array, Array], Array]) -> Shape:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    half = ((max(xs) - min(xs)) / 2 + margin, (max(ys) - min(ys)) / 2 + margin)
    return Shape(half, distance, ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2))


def without(shape: Shape, cut: Shape, at: Point = (0.0, 0.0)) -> Shape:
    """`shape` with `cut`, whose origin lies at `at`, taken away."""

    def distance(u: Array, v: Array) -> Array:
        return np.maximum(shape.distance(u, v), -cut.distance(u - at[0], v - at[1]))

    return Shape(shape.half, distance, shape.middle)


def frame(shape: Shape, width: float) -> Shape:
    """The outline of `shape` as a line of `width` centred on its edge."""
    half = (shape.half[0] + width / 2, shape.half[1] + width / 2)
    return Shape(half, lambda u, v: np.abs(shape.distance(u, v)) - width / 2, shape.middle)


def repeated(shape: Shape, count: int, pitch: float, skip: Collection[int] = ()) -> Shape:
    """`count` copies of `shape` side by side along u, centred on the origin, without the places in `skip`.

    `pitch` must be at least the width of `shape`. One row is far cheaper to draw than its copies one by one.
    """
    first = (1 - count) / 2

    def distance(u: Array, v: Array) -> Array:
        place = np.clip(np.rint(u * np.float32(1 / pitch) - np.float32(first)), 0, count - 1)
        found = shape.distance(u - (place + np.float32(first)) * np.float32(pitch), v)
        for gap in skip:
            found = np.where(place == gap, np.float32(pitch), found)
        return found

    return Shape((shape.half[0] - first * pitch, shape.half[1]), distance, shape.middle)
