"""Places in regular order, each with a component, and what can go wrong with one of them.

The order (all alike, in turns, mirrored) can be read off the picture, so that the odd one shows without knowing the
product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import cos, hypot, pi, sin

import numpy as np

from m3ad.demo.canvas import Canvas, Colour
from m3ad.demo.design_looks import Look, other_colour, other_kind, other_size
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask
from m3ad.demo.shapes import Array, Point, Shape

_ON_THE_SURFACE = ("scratch", "contamination")  # these happen to the carrier, all others to a place


@dataclass(frozen=True)
class Lying:
    """One component as it lies; `left`: the share that is left of a broken one."""

    look: Look
    at: Point
    angle: float
    left: float = 1.0

    def draw(self, canvas: Canvas) -> None:
        """Draw it."""
        self.look.draw(canvas, self.at, self.angle, self.left)

    def mask(self, canvas: Canvas) -> Array:
        """Its pixels, a broken one's lost piece with them."""
        return self.look.mask(canvas, self.at, self.angle)


@dataclass
class Place:
    """A place of the order: what belongs there, what lies there, what happened. `pitch`: to its nearest neighbour.

    `row` and `column` name the place in the order; `empty` is what a person boxes when nothing lies there.
    """

    at: Point
    row: int
    column: int
    pitch: float
    right: Lying
    empty: Shape
    lie: list[Lying] = field(default_factory=list)
    flaw: str = ""
    partner: Place | None = None

    def mask(self, canvas: Canvas) -> Array:
        """Where something should lie and does not, or lies and should not: the pixels a person would box."""
        if not self.lie:
            return canvas.mask(self.empty, self.at, self.right.angle)
        mask = self.right.mask(canvas)
        for thing in [*self.lie, *(self.partner.lie if self.partner else [])]:
            mask = mask | thing.mask(canvas)
        return mask


def grid(columns: int, rows: int, pitch: Point, *, stagger: float = 0.0) -> list[tuple[Point, int, int]]:
    """(point, row, column) of each place; every second row is moved by `stagger` pitches and one shorter."""
    found = []
    for row in range(rows):
        odd = bool(stagger) and row % 2
        count = columns - 1 if odd else columns
        found += [(((c - (count - 1) / 2) * pitch[0], (row - (rows - 1) / 2) * pitch[1]), row, c) for c in range(count)]
    return found


def circle(count: int, radius: float, first: float) -> list[tuple[Point, int, int]]:
    """(point, row, column) of places on a ring; all are of one row."""
    turns = [first + 2 * pi * k / count for k in range(count)]
    return [((radius * cos(t), radius * sin(t)), 0, k) for k, t in enumerate(turns)]


def choose(rng: np.random.Generator, places: Sequence[Place], count: int) -> list[Place]:
    """`count` different places, not neighbours as far as that goes."""
    order = [places[int(i)] for i in rng.permutation(len(places))]
    chosen: list[Place] = []
    for reach in (2.1, 1.2, 0.0):
        for place in order:
            clear = all(_gap(place.at, other.at) > reach * place.pitch for other in chosen)
            if len(chosen) < count and clear and not any(place is other for other in chosen):
                chosen.append(place)
    return chosen


def spoil(rng: np.random.Generator, places: list[Place], kinds: list[str], ground: Sequence[Colour]) -> None:
    """Let each of `kinds` happen to a place of its own. `ground`: the colours the components lie on."""
    if "layout error" in kinds:
        _swap(rng, places, kinds.count("layout error"))
    rest = [kind for kind in kinds if kind != "layout error"]
    busy = [p for place in places if place.partner for p in (place, place.partner)]
    free = [p for p in places if not any(p is other for other in busy)]
    clear = [p for p in free if all(_gap(p.at, other.at) > 1.2 * p.pitch for other in busy)]
    looks = list({place.right.look: None for place in places})
    for place, kind in zip(choose(rng, clear if len(clear) > 2 else free, len(rest)), rest, strict=True):
        place.flaw = kind
        place.lie = _wrong(rng, place, kind, places, looks, ground)


def _wrong(
    rng: np.random.Generator, place: Place, kind: str, places: list[Place], looks: list[Look], ground: Sequence[Colour]
) -> list[Lying]:
    right, look = place.lie[0], place.right.look
    if kind == "component missing":
        return []
    if kind == "component misalignment":
        four = look.outline in ("block", "frame", "cross") and not look.trims
        turn = rng.uniform(0.45, 0.8) if four else rng.uniform(0.5, 1.3)
        if look.outline == "triangle":
            turn = rng.uniform(0.6, 1.05)
        return [replace(right, angle=right.angle + float(rng.choice([-1, 1]) * turn))]
    if kind == "displacement":
        return [replace(right, at=_beside(rng, place, places))]
    if kind == "broken":
        return [replace(right, left=float(rng.uniform(0.42, 0.66)))]
    if kind == "quantity errors":
        return _two(rng, place)
    if kind == "color error":
        return [replace(right, look=other_colour(rng, looks, look, ground))]
    if kind == "size errors":
        return [replace(right, look=other_size(rng, look, place.pitch * 0.95))]
    return [replace(right, look=other_kind(rng, looks, look, ground))]


def _beside(rng: np.random.Generator, place: Place, places: list[Place]) -> Point:
    """A point far enough off the place to be seen at once, where there is most room for it."""
    reach, first = place.pitch * rng.uniform(0.38, 0.5), rng.uniform(0, 2 * pi)
    reach = max(reach, 0.4 * place.right.look.size)
    best, found = -1.0, place.at
    for k in range(8):
        turn = first + 2 * pi * k / 8
        at = (place.at[0] + float(reach * cos(turn)), place.at[1] + float(reach * sin(turn)))
        room = min(_gap(at, other.at) for other in places if other is not place)
        if max(abs(at[0]), abs(at[1])) < 0.44 and room > best:
            best, found = room, at
    return found


def _two(rng: np.random.Generator, place: Place) -> list[Lying]:
    """The component twice, side by side across its length."""
    one, look = place.lie[0], place.right.look
    across = one.angle + pi / 2 if look.family == "long" else float(rng.uniform(0, 2 * pi))
    step = look.width * (0.55 if look.family == "long" else 0.36)
    return [
        replace(one, at=(one.at[0] + s * step * cos(across), one.at[1] + s * step * sin(across)),
                angle=one.angle + float(rng.uniform(-0.25, 0.25)))
        for s in (-1, 1)
    ]  # fmt: skip


def _swap(rng: np.random.Generator, places: Sequence[Place], count: int) -> None:
    """`count` times, two neighbours that differ change places."""
    pairs = [(a, b) for a in places for b in places if _differ(a, b)]
    chosen: list[tuple[Place, Place]] = []
    for _ in range(60):  # pairs taken early can leave no room for others
        for k in rng.permutation(len(pairs)):
            if len(chosen) < count and not any(p is q for p in pairs[k] for pair in chosen for q in pair):
                chosen.append(pairs[k])
        if len(chosen) == count:
            break
        chosen = []
    for one, other in chosen:
        first, second = one.lie[0], other.lie[0]
        one.lie, other.lie = [replace(second, at=first.at)], [replace(first, at=second.at)]
        one.flaw, one.partner = "layout error", other


def _differ(one: Place, other: Place) -> bool:
    """Whether `other` is the next place in row or column, with another component."""
    step = (other.row - one.row, other.column - one.column)
    return step in ((0, 1), (1, 0)) and one.right.look != other.right.look


def _gap(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def in_order(rng: np.random.Generator, spots: Sequence[tuple[Point, int, int]], rules: Sequence[str]) -> list[int]:
    """Which of two looks (0 or 1) belongs on each spot, by one of `rules`: alike, columns, rows, checker, mirror."""
    rule = str(rng.choice(rules))
    last = max(column for _, _, column in spots)
    if rule == "columns" or (rule == "mirror" and last < 3):
        return [column % 2 for _, _, column in spots]
    if rule == "rows":
        return [row % 2 for _, row, _ in spots]
    if rule == "checker":
        return [(row + column) % 2 for _, row, column in spots]
    if rule == "mirror":
        return [int(min(column, last - column) % 2) for _, _, column in spots]
    return [0] * len(spots)


def fitting(rng: np.random.Generator, look: Look, along: float, across: float) -> Look:
    """`look` as large as looks well in a cell of `along` by `across` part units."""
    share = float(rng.uniform(0.62, 0.8))
    return replace(look, size=share * min(along, across / look.ratio if look.family == "long" else across))


def variant(rng: np.random.Generator, look: Look, ground: Sequence[Colour]) -> Look:
    """The second look of an order: another colour, another kind, or both."""
    pick = rng.integers(3)
    fresh = other_kind(rng, [look], look, ground) if pick else look
    if pick == 1:
        return replace(fresh, colour=look.colour, metal=look.metal, accent=look.accent)
    return other_colour(rng, [look], fresh, ground)


def lay(rng: np.random.Generator, places: Sequence[Place]) -> None:
    """Put on every place what belongs there, with the small tolerance of good work."""
    for place in places:
        dx, dy, turn = rng.uniform(-0.025, 0.025, 3)
        at = (place.at[0] + float(dx) * place.pitch, place.at[1] + float(dy) * place.pitch)
        place.lie = [replace(place.right, at=at, angle=place.right.angle + float(turn) * 2)]


def draw(canvas: Canvas, places: Sequence[Place]) -> list[FlawMask]:
    """Draw all that lies, what is at fault last because it may lie over its neighbours; the masks of the faults."""
    for place in sorted(places, key=lambda place: bool(place.flaw)):
        for thing in place.lie:
            thing.draw(canvas)
    return [(place.flaw, place.mask(canvas)) for place in places if place.flaw]


def finish(
    canvas: Canvas, scene: np.random.Generator, trouble: np.random.Generator, places: list[Place],
    types: Sequence[str], ground: Sequence[Colour], carrier: Shape,
) -> Drawn:  # fmt: skip
    """The part once its `carrier` is drawn: components are laid, `types` happen, everything is drawn."""
    lay(scene, places)
    spoil(trouble, places, [kind for kind in types if kind not in _ON_THE_SURFACE], ground)
    flaws = draw(canvas, places)
    rest = [kind for kind in types if kind in _ON_THE_SURFACE]
    flaws = mark(trouble, canvas, rest, lambda: canvas.mask(carrier, (0, 0)), flaws)
    return Drawn(canvas.finished(), flaws)
