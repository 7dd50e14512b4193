"""Invented components: an outline, trims and a material drawn by chance, so that no two pictures show the same product.

A look can be drawn at any place and be broken; it knows which other look a person would call another kind, another
colour or another size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from m3ad.demo.canvas import Canvas, Colour, Material
from m3ad.demo.shapes import Array, Point, Shape, box, disc, frame, gear, hexagon, polygon, repeated, ring, without

METALS: tuple[Colour, ...] = ((0.60, 0.61, 0.63), (0.80, 0.62, 0.26), (0.78, 0.47, 0.30), (0.40, 0.41, 0.44))
FAMILIES: dict[str, tuple[str, ...]] = {
    "long": ("bar", "capsule", "arrow", "tee"),
    "round": ("disc", "hexagon", "gear"),
    "square": ("block", "frame"),
    "hollow": ("ring",),
    "pointed": ("triangle", "cross", "star"),
}
_SAME_ALL_ROUND = ("disc", "hexagon", "gear", "ring")  # a turn of these shows by their trim only
_TURNING = ("stripe", "stripes", "ends", "half")  # trims that show a turn from afar
_TRIMS = (*_TURNING, "slot", "spot", "letter", "lens", "rim")
_APART = 0.34  # colours this far apart, in one channel or by their sum, are different ones for everybody


def any_colour(rng: np.random.Generator, away: Sequence[Colour] = (), apart: float = _APART) -> Colour:
    """A colour of any hue, pale, dark, vivid or grey, that differs plainly from those in `away`."""
    best, found = -1.0, (0.5, 0.5, 0.5)
    for _ in range(24):
        pick = rng.random(4).tolist()
        value = 0.07 + 0.86 * pick[1]
        vivid = 0.45 + 0.5 * pick[2] if pick[3] < 0.6 else 0.25 * pick[2]
        waves = (min(max(abs((6 * pick[0] - k) % 6 - 3) - 1, 0.0), 1.0) for k in (0, 2, 4))
        red, green, blue = (value * (1 - vivid * (1 - wave)) for wave in waves)
        gap = min((distance((red, green, blue), other) for other in away), default=1.0)
        if gap > best:
            best, found = gap, (red, green, blue)
        if gap > apart:
            break
    return found


def distance(one: Colour, other: Colour) -> float:
    """How differently two colours look, 0 to about 1: by hue or by brightness."""
    gaps = [abs(a - b) for a, b in zip(one, other, strict=True)]
    return max(0.8 * max(gaps), sum(gaps) / 3)


@dataclass(frozen=True)
class Look:
    """How a component looks. `size`: its longest side or its diameter, part units; `ratio`: width over length."""

    outline: str
    colour: Colour
    accent: Colour
    trims: tuple[str, ...]
    size: float
    ratio: float
    metal: float
    gloss: float
    profile: str
    letter: str
    height: float

    @property
    def family(self) -> str:
        """The family of outlines it belongs to."""
        return next(name for name, members in FAMILIES.items() if self.outline in members)

    @property
    def width(self) -> float:
        """Its shorter side, part units."""
        return self.size * self.ratio if self.family == "long" else self.size

    def shape(self) -> Shape:
        """Its outline, long side along u."""
        return _outline(self.outline, self.size, self.width)

    def mask(self, canvas: Canvas, at: Point, angle: float) -> Array:
        """The pixels it covers."""
        return canvas.mask(self.shape(), at, angle)

    def draw(self, canvas: Canvas, at: Point, angle: float, left: float = 1.0) -> None:
        """Draw it; `left` below 1 is the share of its length that is left of a broken one."""
        shape = self.shape()
        cut = _gone(self.size, left)
        if left < 1:
            canvas.solid(without(shape, _gone(self.size, left + 0.1)), at, _RAW, angle=angle, height=self.height)
            shape = without(shape, cut)
        material = Material(self.colour, min(0.012, self.width * 0.12), 0.9, self.gloss, 16, self.metal, 0.06,
                            self.profile)  # fmt: skip
        if "legs" in self.trims:
            comb = repeated(box(self.size * 0.1, self.width * 1.3), 4, self.size * 0.24)
            canvas.solid(comb if left >= 1 else without(comb, cut), at, _TIN, angle=angle, height=0.01)
        canvas.solid(shape, at, material, angle=angle, height=self.height)
        for trim in self.trims:
            self._trim(canvas, trim, shape, at, angle)

    def _trim(self, canvas: Canvas, trim: str, shape: Shape, at: Point, angle: float) -> None:
        n, w = self.size, self.width
        if trim == "letter":
            canvas.text(self.letter, at, w * 0.52, self.accent, angle=angle)
        elif trim == "lens":
            lens = Material(self.accent, w * 0.2, 0.7, 0.4, 16, 0, 0.02, "dome")
            canvas.solid(both(disc(w * 0.27), shape), at, lens, angle=angle)
        elif trim != "legs":
            for mark in _marks(trim, n, w):
                canvas.fill(both(mark, shape), at, self.accent, alpha=0.95, angle=angle)


_TIN = Material(METALS[0], 0.008, 0.9, 0.28, 18, 0.8)
_RAW = Material((0.72, 0.68, 0.60), 0.01, -0.6, 0.05, 8, 0, 0.5)


def both(mark: Shape, shape: Shape) -> Shape:
    """The part of `mark` that lies in `shape`."""
    return Shape(mark.half, lambda u, v: np.maximum(mark.distance(u, v), shape.distance(u, v)), mark.middle)


def moved(shape: Shape, by: Point) -> Shape:
    """`shape` with its origin moved to `by`."""
    middle = (shape.middle[0] + by[0], shape.middle[1] + by[1])
    return Shape(shape.half, lambda u, v: shape.distance(u - by[0], v - by[1]), middle)


def joined(one: Shape, other: Shape) -> Shape:
    """Both shapes as one."""
    low = [min(a.middle[k] - a.half[k] for a in (one, other)) for k in (0, 1)]
    high = [max(a.middle[k] + a.half[k] for a in (one, other)) for k in (0, 1)]
    half, middle = ((high[0] - low[0]) / 2, (high[1] - low[1]) / 2), ((high[0] + low[0]) / 2, (high[1] + low[1]) / 2)
    return Shape(half, lambda u, v: np.minimum(one.distance(u, v), other.distance(u, v)), middle)


def cut_corners(shape: Shape, reach: float, *, right_only: bool = False) -> Shape:
    """`shape` with its corners cut off where |u| + |v| is above `reach`; or those on the right only."""

    def inside(u: Array, v: Array) -> Array:
        over = (u if right_only else np.abs(u)) + np.abs(v) - np.float32(reach)
        return np.maximum(shape.distance(u, v), over * np.float32(0.7071))

    return Shape(shape.half, inside, shape.middle)


def _triangle(inradius: float, way: int) -> Shape:
    """A triangle with three equal sides; its tip points along u (`way` 1) or against it (-1)."""

    def distance(u: Array, v: Array) -> Array:
        return np.maximum(-u * way, u * (0.5 * way) + np.abs(v) * 0.8660254) - inradius

    return Shape((inradius * 2, inradius * 1.74), distance)


def _outline(name: str, n: float, w: float) -> Shape:
    if name in ("bar", "capsule", "block"):
        return box(n, w, {"bar": n * 0.04, "capsule": w * 0.499, "block": n * 0.1}[name])
    if name == "arrow":
        return cut_corners(box(n, w), (n + w) / 2 - w * 0.5, right_only=True)
    if name == "tee":
        return joined(box(n, w * 0.55), moved(box(n * 0.26, w), (-n * 0.37, 0)))
    if name == "frame":
        return without(box(n * 0.94, n * 0.94, n * 0.08), box(n * 0.42, n * 0.42))
    if name == "cross":
        return joined(box(n, n * 0.32), box(n * 0.32, n))
    if name == "star":
        return joined(_triangle(n * 0.3, 1), _triangle(n * 0.3, -1))
    if name == "triangle":
        return _triangle(n * 0.3, 1)
    return {"disc": disc(n / 2), "hexagon": hexagon(n * 0.46), "gear": gear(n * 0.45, 12, n * 0.09),
            "ring": ring(n * 0.22, n / 2)}[name]  # fmt: skip


def _marks(trim: str, n: float, w: float) -> list[Shape]:
    if trim == "stripe":
        return [moved(box(n * 0.17, w * 1.2), (n * 0.2, 0))]
    if trim == "stripes":
        return [moved(box(n * 0.1, w * 1.2), (x * n, 0)) for x in (-0.22, 0.0, 0.22)]
    if trim == "ends":
        return [moved(box(n * 0.25, w * 1.2), (x * n, 0)) for x in (-0.42, 0.42)]
    if trim == "half":
        return [moved(box(n * 0.6, w * 1.2), (-n * 0.3, 0))]
    if trim == "slot":
        return [box(n * 0.6, w * 0.16, w * 0.05)]
    if trim == "spot":
        return [moved(disc(w * 0.14), (n * 0.28, 0))]
    return [frame(box(n * 0.7, w * 0.7, w * 0.1), w * 0.06)]  # rim


def _gone(n: float, left: float) -> Shape:
    """The jagged piece that breaks off, to the right of a share `left` of the length."""
    x = n * (left - 0.5)
    rough = (0.06, -0.07, 0.03, -0.05, 0.08, -0.03, 0.05)
    edge = [(x + n * r, n * (k / 3 - 1) * 0.7) for k, r in enumerate(rough)]
    return polygon([*edge, (n, n * 0.7), (n, -n * 0.7)])


def any_look(
    rng: np.random.Generator, size: float, ground: Sequence[Colour], *, families: Sequence[str] = tuple(FAMILIES),
    legs: bool = False,
) -> Look:  # fmt: skip
    """A look nobody has seen before, plainly visible on colours `ground`, whose turn can be seen."""
    names = [name for family in families for name in FAMILIES[family]]
    outline = str(rng.choice(names))
    metal = rng.random() < 0.3
    tone = METALS[rng.integers(len(METALS))]
    colour = tone if metal and min(distance(tone, g) for g in ground) > 0.2 else any_colour(rng, ground)
    accent = any_colour(rng, [colour])
    trims = [str(rng.choice(_TRIMS))] if rng.random() < 0.75 else []
    if legs and outline in ("bar", "block") and rng.random() < 0.5:
        trims.append("legs")
    if outline in _SAME_ALL_ROUND and not set(trims) & set(_TURNING):
        trims = [str(rng.choice(_TURNING))]
    if outline == "ring":
        trims = [trim for trim in trims if trim in _TURNING]
    long = outline in FAMILIES["long"]
    profile = "tube" if outline in ("bar", "capsule") and rng.random() < 0.35 else "bevel"
    return Look(
        outline, colour, accent, tuple(trims), size, float(rng.uniform(0.34, 0.6)) if long else 1.0,
        0.8 if metal and colour == tone else 0.0, float(rng.uniform(0.05, 0.4)), profile,
        str(rng.choice(list("ABEFKRTX2457"))), float(rng.uniform(0.012, 0.035)),
    )  # fmt: skip


def other_kind(rng: np.random.Generator, looks: Sequence[Look], old: Look, ground: Sequence[Colour]) -> Look:
    """A component of another family than all of `looks`, about as large as `old`."""
    used = {look.family for look in looks}
    families = [name for name in FAMILIES if name not in used and not ("hollow" in used and name == "round")]
    fresh = any_look(rng, old.size, ground, families=families)
    size = min(old.size * (1.05 if fresh.family == "long" else 0.9), old.width * 1.5)
    return replace(fresh, size=size, height=old.height)


def other_colour(rng: np.random.Generator, looks: Sequence[Look], old: Look, ground: Sequence[Colour]) -> Look:
    """`old` in a colour that nothing else in the picture has."""
    colour = any_colour(rng, [*(look.colour for look in looks), *ground[:1], old.accent], 0.36)
    return replace(old, colour=colour, metal=0.0)


def other_size(rng: np.random.Generator, old: Look, room: float) -> Look:
    """`old` much smaller, or much larger where there is `room` for that (part units)."""
    larger = old.size * 1.45 < room and rng.random() < 0.6
    return replace(old, size=old.size * float(rng.uniform(1.35, 1.45) if larger else rng.uniform(0.48, 0.64)))
