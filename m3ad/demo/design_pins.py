"""Rows of equal pins, leads or pads of an invented form, and what can happen to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, hypot, pi, sin

import numpy as np

from m3ad.demo.canvas import Canvas, Material
from m3ad.demo.design_looks import both, joined, moved
from m3ad.demo.recipe import FlawMask
from m3ad.demo.shapes import Array, Point, Shape, box, disc, path, polygon, repeated, ring, without

FLAT = ("ball", "square", "socket", "tip")  # seen from their ends
_CRUST = ((0.25, 0.52, 0.45), (0.42, 0.62, 0.55), (0.36, 0.22, 0.10), (0.15, 0.12, 0.10))


@dataclass
class Pin:
    """What happened to one pin. `none`: the design has no pin here; `bend` in radians; `shift` along the row."""

    flaw: str = ""
    bend: float = 0.0
    knee: float = 0.3
    shift: float = 0.0
    none: bool = False


@dataclass
class Row:
    """Equal pins side by side. `root`: middle of the row; `heading`: the way they point; lengths in part units."""

    root: Point
    heading: float
    pitch: float
    form: str
    length: float
    width: float
    pins: list[Pin] = field(default_factory=list)

    def at(self, index: int, out: float = 0.0) -> Point:
        """The root of a pin, or the point `out` outwards of it."""
        along = (index - (len(self.pins) - 1) / 2) * self.pitch + self.pins[index].shift
        c, s = cos(self.heading), sin(self.heading)
        return self.root[0] + s * along + c * out, self.root[1] - c * along + s * out

    def draw(self, canvas: Canvas, metal: Material) -> None:
        """The sound pins as one, then the others."""
        odd = [i for i, pin in enumerate(self.pins) if pin.none or pin.flaw not in ("", "oxidation corrosion")]
        shape, angle = self._form(), self.heading - pi / 2
        strip = repeated(shape, len(self.pins), max(self.pitch, 2 * shape.half[0]), odd)
        if self.form == "socket":
            gone = [i for i, pin in enumerate(self.pins) if pin.none]
            holes = repeated(disc(self.width * 0.55), len(self.pins), self.pitch, gone)
            canvas.fill(holes, self.root, (0.05, 0.05, 0.06), alpha=0.92, angle=angle)
        if len(odd) < len(self.pins):
            self._part(canvas, strip, self.root, metal, angle)
        for i in odd:
            self._spoiled(canvas, metal, i)

    def _part(self, canvas: Canvas, shape: Shape, at: Point, metal: Material, angle: float) -> None:
        canvas.solid(shape, at, metal, angle=angle, height=0.012 if self.form in FLAT else 0.02)

    def _spoiled(self, canvas: Canvas, metal: Material, index: int) -> None:
        pin, at, angle, shape = self.pins[index], self.at(index), self.heading - pi / 2, self._form()
        if pin.flaw == "displacement":
            self._part(canvas, shape, at, metal, angle)
        elif pin.flaw == "bent" and self.form in FLAT:
            canvas.solid(path(self._fallen(), self.width * 0.62), at, metal, angle=pin.bend, height=0.03)
        elif pin.flaw == "bent":
            for part, where, turn in self._halves(index):
                canvas.solid(part, where, metal, angle=turn, height=0.02)
        elif pin.flaw == "broken" and self.form in FLAT:
            canvas.fill(disc(self.width * 0.5), at, (0.10, 0.09, 0.09), alpha=0.9)
            canvas.solid(both(_rough(self.width * 0.8), shape), at, metal, angle=angle + pin.bend)
        elif pin.flaw == "broken":
            stump = self.length * pin.knee
            canvas.solid(both(shape, box(1, 2 * stump)), at, metal, angle=angle, height=0.02)
            end = box(self.width * 1.1, self.width * 0.3)
            canvas.fill(end, self.at(index, stump), (0.14, 0.13, 0.13), angle=angle + 0.4)

    def _fallen(self) -> list[Point]:
        return [(0.0, 0.0), (self.pitch * 0.85, 0.0)]

    def _halves(self, index: int) -> list[tuple[Shape, Point, float]]:
        """Root and turned tip of a bent pin: shape, place, angle."""
        pin, angle, shape = self.pins[index], self.heading - pi / 2, self._form()
        knee = self.length * pin.knee
        tip = both(moved(shape, (0, -knee)), moved(box(1, 2 * self.length), (0, self.length - self.width * 0.4)))
        root = both(shape, box(1, 2 * knee))
        tip = Shape((shape.half[0], self.length / 2), tip.distance, (0, (self.length - knee) / 2))
        return [(root, self.at(index), angle), (tip, self.at(index, knee), angle + pin.bend)]

    def _form(self) -> Shape:
        """One pin with its root at the origin, pointing along v."""
        n, w = self.length, self.width
        if self.form in FLAT:
            return {"ball": disc(w / 2), "square": box(w, w, w * 0.08), "socket": disc(w * 0.34),
                    "tip": ring(w * 0.2, w / 2)}[self.form]  # fmt: skip
        stem = moved(box(w, n + 0.02, w * 0.05), (0, n / 2 - 0.01))
        if self.form == "taper":
            return joined(both(stem, box(w, 1.6 * n)), moved(box(w * 0.5, n * 0.3, w * 0.1), (0, n * 0.85)))
        if self.form == "round":
            return moved(box(w * 0.8, n + 0.02, w * 0.39), (0, n / 2 - 0.01))
        if self.form == "eye":
            thin = moved(box(w * 0.45, n - w, 0), (0, (n - w) / 2))
            return joined(thin, moved(ring(w * 0.3, w * 0.75), (0, n - w * 0.75)))
        if self.form == "fork":
            return without(stem, box(w * 0.36, n * 0.5), (0, n * 0.8))
        if self.form == "paddle":
            return joined(moved(box(w * 0.5, n), (0, n / 2)), moved(box(w * 1.2, n * 0.45, w * 0.2), (0, n * 0.77)))
        if self.form == "gull":
            return joined(moved(box(w * 1.25, n * 0.4), (0, n * 0.14)), moved(box(w * 0.8, n), (0, n / 2)))
        return stem

    def flaws(self, canvas: Canvas, rng: np.random.Generator) -> list[FlawMask]:
        """The masks of the pins at fault; corrosion is painted here, because it lies on top."""
        found: list[FlawMask] = []
        for i, pin in enumerate(self.pins):
            if pin.flaw == "oxidation corrosion":
                found.append((pin.flaw, self._corrode(canvas, rng, i)))
            elif pin.flaw:
                found.append((pin.flaw, self._mask(canvas, i)))
        return found

    def _mask(self, canvas: Canvas, index: int) -> Array:
        """The pin as it is, with its proper place where it is not there."""
        pin, angle, n, wide = self.pins[index], self.heading - pi / 2, self.length, self.width * 1.5
        flat = self.form in FLAT
        place = box(wide, wide) if flat else box(wide, n)
        if pin.flaw == "bent" and flat:
            return canvas.mask(path(self._fallen(), self.width * 0.62), self.at(index), pin.bend)
        if pin.flaw == "bent":
            mask = np.zeros((canvas.size, canvas.size), bool)
            for part, where, turn in self._halves(index):
                mask |= canvas.mask(part, where, turn)
            return mask
        if pin.flaw == "broken" and not flat:
            stump = n * pin.knee - self.width * 0.5
            return canvas.mask(box(wide, n - stump), self.at(index, (stump + n) / 2), angle)
        mask = canvas.mask(place, self.at(index, 0 if flat else n / 2), angle)
        if pin.flaw == "displacement":
            shift, pin.shift = pin.shift, 0.0
            mask |= canvas.mask(place, self.at(index, 0 if flat else n / 2), angle)
            pin.shift = shift
        return mask

    def _corrode(self, canvas: Canvas, rng: np.random.Generator, index: int) -> Array:
        """Eat at a stretch of the pin: dull green and brown crust."""
        flat, w, n = self.form in FLAT, self.width, self.length
        low, run = (-w * 0.4, w * 0.8) if flat else (n * float(rng.uniform(0.15, 0.4)), n * 0.55)
        line = [self.at(index, low + w * 0.2), self.at(index, low + run - w * 0.2)]
        canvas.fill(path(line, w * 1.05), (0, 0), (0.20, 0.17, 0.12), alpha=0.85, soft=0.004)
        for _ in range(9):
            x, y = self.at(index, low + run * float(rng.uniform(0.1, 0.9)))
            at = (x + float(rng.uniform(-0.3, 0.3)) * w, y + float(rng.uniform(-0.3, 0.3)) * w)
            colour = _CRUST[rng.integers(4)]
            canvas.fill(disc(float(rng.uniform(0.2, 0.4)) * w), at, colour, alpha=0.8, soft=0.005)
        return canvas.mask(path(line, w * 1.3), (0, 0))


def _rough(width: float) -> Shape:
    reach = (0.5, 0.25, 0.42, 0.18, 0.45, 0.3, 0.5, 0.2)
    turns = [2 * pi * k / len(reach) for k in range(len(reach))]
    return polygon([(width * r * cos(t), width * r * sin(t)) for t, r in zip(turns, reach, strict=True)])


def spoil(rng: np.random.Generator, rows: Sequence[Row], kinds: Sequence[str]) -> None:
    """Let each of `kinds` happen to a pin of its own, not to neighbours as far as that goes."""
    spots = [(row, i) for row in rows for i, pin in enumerate(row.pins) if not pin.none]
    order = [spots[int(k)] for k in rng.permutation(len(spots))]
    chosen: list[tuple[Row, int]] = []
    for reach in (2.1, 1.2, 0.0):
        for row, i in order:
            clear = all(_apart(row.at(i), other.at(k)) > reach * row.pitch for other, k in chosen)
            if len(chosen) < len(kinds) and clear and not any(row is other and i == k for other, k in chosen):
                chosen.append((row, i))
    for (row, i), kind in zip(chosen, kinds, strict=True):
        pin = row.pins[i]
        pin.flaw, side = kind, float(rng.choice([-1, 1]))
        pin.knee = float(rng.uniform(0.2, 0.5))
        pin.bend = side * float(rng.uniform(0.45, 1.0))
        if row.form in FLAT:
            pin.bend = float(rng.uniform(0, 2 * pi))
        if kind == "displacement":
            spread = 1.3 if len(row.pins) == 1 else 1.0  # pins around a body are further apart at their tips
            pin.shift = side * row.pitch * spread * float(rng.uniform(0.38, 0.5))


def _apart(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])
