"""The drawn fuse block (held out of training): rows of blade fuses, one rating a row, and a row of relays."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from m3ad.demo.canvas import Canvas, Colour, Material, start, streams
from m3ad.demo.marks import mark
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.shapes import Array, Point, box, disc, repeated
from m3ad.records import Scenario

_SEATED = ("component missing", "color error", "component misalignment", "displacement", "size errors")
# The colours of blade fuses by their rating in amperes.
_RATINGS: tuple[tuple[str, Colour], ...] = (
    ("5", (0.70, 0.50, 0.30)), ("10", (0.78, 0.12, 0.10)), ("15", (0.12, 0.36, 0.72)),
    ("20", (0.90, 0.76, 0.12)), ("25", (0.84, 0.84, 0.80)), ("30", (0.12, 0.55, 0.26)), ("40", (0.90, 0.45, 0.10)),
)  # fmt: skip
_CONTACT = Material((0.55, 0.55, 0.54), 0.008, 0.9, 0.3, 14, 0.85, 0.05)


@dataclass
class Fuse:
    """One seat of a row and the fuse in it."""

    at: Point
    size: Point
    rating: int
    relay: bool = False
    flaw: str = ""
    shift: Point = (0.0, 0.0)
    turn: float = 0.0
    grow: float = 1.0

    def spoil(self, rng: np.random.Generator, flaw: str) -> None:
        """Let `flaw` happen to this seat."""
        self.flaw = flaw
        if flaw == "color error":
            self.rating = int((self.rating + rng.integers(1, len(_RATINGS))) % len(_RATINGS))
        elif flaw == "component misalignment":
            self.turn = float(rng.choice([-1, 1]) * rng.uniform(0.22, 0.5))
        elif flaw == "displacement":
            self.shift = (0.0, float(rng.choice([-1, 1]) * rng.uniform(0.22, 0.36)) * self.size[1])
        elif flaw == "size errors":
            self.grow = float(rng.uniform(0.52, 0.68))

    def seat(self, canvas: Canvas) -> None:
        """The pocket with its two contacts."""
        w, h = self.size
        canvas.recess(
            box(w * 1.14, h * 1.1, 0.01), self.at, Material((0.07, 0.07, 0.075), 0.01, 0.8, 0.1, 10, 0, 0.1), 0.03
        )
        if self.flaw:  # a sound fuse hides its contacts
            canvas.solid(repeated(box(h * 0.16, w * 0.62, 0.006), 2, h * 0.56), self.at, _CONTACT, angle=pi / 2)
            canvas.fill(repeated(box(h * 0.045, w * 0.5), 2, h * 0.56), self.at, (0.02, 0.02, 0.02), angle=pi / 2)

    def draw(self, canvas: Canvas) -> None:
        """The fuse, unless it is missing."""
        if self.flaw == "component missing":
            return
        (w, h), at = self.size, (self.at[0] + self.shift[0], self.at[1] + self.shift[1])
        w, h = w * self.grow, h * self.grow
        rating, colour = _RATINGS[self.rating]
        ink = (0.96, 0.96, 0.94) if sum(colour) < 1.5 else (0.12, 0.11, 0.10)
        plastic = Material(colour, 0.016, 0.9, 0.35, 14, 0, 0.05)
        canvas.solid(box(w, h, 0.012), at, plastic, angle=self.turn, height=0.055)
        deep = (colour[0] * 0.55, colour[1] * 0.55, colour[2] * 0.55)
        canvas.recess(box(w * 0.66, h * 0.40, 0.008), at, Material(deep, 0.008, 0.8, 0.25, 14), 0.012, self.turn)
        canvas.text(rating, at, min(h * 0.27, w * 0.52), ink, angle=self.turn)
        # The test points at both ends.
        across = self.turn + pi / 2
        canvas.fill(repeated(box(h * 0.12, w * 0.6, 0.004), 2, h * 0.72), at, deep, angle=across, alpha=0.8)
        canvas.solid(repeated(box(h * 0.07, w * 0.46, 0.003), 2, h * 0.72), at, _CONTACT, angle=across)
        canvas.fill(
            box(w * 0.10, h * 0.86, 0.005),
            _off(at, self.turn, -w * 0.38, 0),
            (1, 1, 1),
            alpha=0.22,
            soft=0.008,
            angle=self.turn,
        )

    def mask(self, canvas: Canvas) -> Array:
        """Seat and fuse together."""
        w, h = self.size
        at = (self.at[0] + self.shift[0], self.at[1] + self.shift[1])
        return canvas.mask(box(w * 1.04, h * 1.04), self.at) | canvas.mask(box(w, h), at, self.turn)


@dataclass
class Relay:
    """A plug-in relay: a cube with a printed cap; empty seats show five contacts."""

    at: Point
    side: float
    colour: Colour
    words: tuple[str, str]
    flaw: str = ""
    turn: float = 0.0
    grow: float = 1.0
    shift: Point = (0.0, 0.0)
    paint: Colour | None = None

    def spoil(self, rng: np.random.Generator, flaw: str) -> None:
        """Let `flaw` happen to this seat."""
        self.flaw = flaw
        if flaw == "color error":
            self.paint = ((0.70, 0.16, 0.12), (0.13, 0.36, 0.62), (0.80, 0.62, 0.14))[rng.integers(3)]
        elif flaw == "component misalignment":
            self.turn = float(rng.choice([-1, 1]) * rng.uniform(0.25, 0.6))
        elif flaw == "displacement":
            self.shift = (float(rng.choice([-1, 1]) * rng.uniform(0.2, 0.3)) * self.side, 0.0)
        elif flaw == "size errors":
            self.grow = float(rng.uniform(0.58, 0.72))

    def seat(self, canvas: Canvas) -> None:
        """The pocket with its contacts."""
        s = self.side
        canvas.recess(
            box(s * 1.08, s * 1.08, 0.012), self.at, Material((0.07, 0.07, 0.075), 0.01, 0.8, 0.1, 10, 0, 0.1), 0.035
        )
        if not self.flaw:
            return  # a sound relay hides its contacts
        for x, y in ((-0.28, 0), (0.28, 0), (0, -0.28), (0, 0.28), (0, 0)):
            wide = box(s * 0.07, s * 0.24, 0.004) if x else box(s * 0.24, s * 0.07, 0.004)
            canvas.solid(wide, (self.at[0] + x * s, self.at[1] + y * s), _CONTACT)

    def draw(self, canvas: Canvas) -> None:
        """The relay, unless it is missing."""
        if self.flaw == "component missing":
            return
        s, at, angle = self.side * self.grow, (self.at[0] + self.shift[0], self.at[1]), self.turn
        body = Material(self.paint or self.colour, 0.022, 0.9, 0.2, 14, 0, 0.06)
        canvas.solid(box(s, s, 0.018), at, body, angle=angle, height=0.09)
        ink = (0.88, 0.88, 0.86) if sum(self.paint or self.colour) < 1.5 else (0.15, 0.15, 0.15)
        for row, words in enumerate(self.words):
            canvas.text(words, _off(at, angle, 0, (row - 0.9) * s * 0.24), s * 0.17, ink, angle=angle, alpha=0.85)
        canvas.fill(box(s * 0.5, 0.005), _off(at, angle, 0, s * 0.3), ink, angle=angle, alpha=0.7)
        canvas.fill(disc(s * 0.04), _off(at, angle, s * 0.18, s * 0.3), ink, alpha=0.8)

    def mask(self, canvas: Canvas) -> Array:
        """Seat and relay together."""
        at = (self.at[0] + self.shift[0], self.at[1])
        return canvas.mask(box(self.side, self.side), self.at) | canvas.mask(box(self.side, self.side), at, self.turn)


def _off(at: Point, angle: float, u: float, v: float) -> Point:
    c, s = cos(angle), sin(angle)
    return at[0] + u * c - v * s, at[1] + u * s + v * c


def _block(rng: np.random.Generator, width: float, height: float) -> tuple[list[Fuse], list[Relay]]:
    """Two rows of fuses and one of relays, the relays above or below."""
    relays_first = rng.random() < 0.5
    count, relay_count = int(rng.integers(4, 7)), int(rng.integers(3, 5))
    side = min(height * 0.27, width * 0.88 / relay_count * 0.8)
    size = (min(0.125, width * 0.86 / count * 0.68), height * 0.222)
    ys = [-0.31, 0.0, 0.30] if relays_first else [-0.30, 0.0, 0.31]
    relay_y, fuse_ys = (ys[0], ys[1:]) if relays_first else (ys[2], ys[:2])
    colour = ((0.12, 0.12, 0.13), (0.42, 0.44, 0.46), (0.74, 0.73, 0.70))[rng.integers(3)]
    words = (f"{rng.choice([12, 24])}V", f"{rng.choice([30, 40, 70])}A")
    ratings = rng.permutation(len(_RATINGS))
    fuses = [
        Fuse(((i - (count - 1) / 2) * width * 0.86 / count, y * height), size, int(ratings[row]))
        for row, y in enumerate(fuse_ys)
        for i in range(count)
    ]
    relays = [
        Relay(((i - (relay_count - 1) / 2) * width * 0.88 / relay_count, relay_y * height), side, colour, words)
        for i in range(relay_count)
    ]
    return fuses, relays


def paint(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    """One fuse block; see `Recipe.paint`."""
    scene, trouble = streams(rng)
    canvas = start(scene, size, turn=0.14)
    if scene.random() < 0.3:
        canvas.turn += pi / 2
    width, height = scene.uniform(0.84, 0.92), scene.uniform(0.84, 0.92)
    fuses, relays = _block(scene, width, height)
    seated = [kind for kind in types if kind in _SEATED]
    _spoil(trouble, fuses, relays, seated)
    tone = float(scene.choice([0.11, 0.17, 0.30, 0.5]))
    outline = box(width, height, 0.03)
    canvas.solid(outline, (0, 0), Material((tone, tone, tone * 1.04), 0.025, 0.9, 0.15, 12, 0, 0.08), height=0.05)
    _print(canvas, scene, fuses, width, height, (0.85, 0.85, 0.83) if tone < 0.4 else (0.12, 0.12, 0.12))
    seats: list[Fuse | Relay] = [*fuses, *relays]
    for seat in seats:
        seat.seat(canvas)
    for seat in sorted(seats, key=lambda s: bool(s.flaw)):
        seat.draw(canvas)
    flaws: list[FlawMask] = [(seat.flaw, seat.mask(canvas)) for seat in seats if seat.flaw]
    rest = [kind for kind in types if kind not in _SEATED]
    flaws = mark(trouble, canvas, rest, lambda: canvas.mask(outline, (0, 0)), flaws)
    return Drawn(canvas.finished(), flaws)


def _spoil(rng: np.random.Generator, fuses: list[Fuse], relays: list[Relay], kinds: list[str]) -> None:
    """Spread the flaws over the rows, one a row, so that each row still shows its rule."""
    half = len(fuses) // 2
    rows: list[list[Fuse] | list[Relay]] = [fuses[:half], fuses[half:], relays]
    for row, kind in zip(rng.permutation(3), kinds, strict=False):
        chosen = rows[int(row)]
        chosen[int(rng.integers(len(chosen)))].spoil(rng, kind)


def _print(
    canvas: Canvas, rng: np.random.Generator, fuses: list[Fuse], width: float, height: float, ink: Colour
) -> None:
    for number, fuse in enumerate(fuses, start=1):
        canvas.text(f"F{number}", (fuse.at[0], fuse.at[1] + fuse.size[1] * 0.5 + 0.032), 0.032, ink, alpha=0.8)
    for sx in (-1, 1):
        canvas.solid(
            disc(0.018),
            (sx * (width / 2 - 0.028), -height / 2 + 0.03),
            Material((0.5, 0.5, 0.5), 0.01, 0.9, 0.2, 12, 0.8),
        )
    canvas.text(
        f"{rng.choice(['BOX', 'PDU', 'JB'])} {rng.integers(10, 99)}-{rng.integers(100, 999)}",
        (0, -height / 2 + 0.026),
        0.03,
        ink,
        alpha=0.7,
    )


FUSE_BLOCK = Recipe(
    "fuse block",
    Scenario.LOGICAL,
    ("component missing", "color error", "component misalignment", "displacement", "size errors", "contamination"),
    True,
    paint,
)
