"""How a flaw of each surface type looks: a stamp, a square patch with an opacity and what it does to the surface.

It knows nothing of the image it will lie on but its light and its materials; `m3ad.demo.flaws` chooses the place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter

from m3ad.demo.paint import Colour, pigment, resized, smoothstep

Light = tuple[float, float]


@dataclass(frozen=True)
class Site:
    """What a flaw has to know about its surface.

    `behind`: what one sees through a hole; `core`: the bare material; `gloss`: 0 matt to 1 mirror.
    """

    light: Light = (-0.5, -0.85)
    behind: Colour = (0.06, 0.06, 0.07)
    core: Colour = (0.75, 0.74, 0.72)
    gloss: float = 0.8


@dataclass
class Stamp:
    """A patch (n, n): under opacity `alpha` the surface s becomes s * times + plus."""

    alpha: np.ndarray
    times: np.ndarray | float
    plus: np.ndarray | float = 0.0


@dataclass(frozen=True)
class Patch:
    """The patch a stamp is made for.

    `n` and `size`: sides of patch and image in pixels; (a, b): coordinates from -1 to 1, turned by `angle`; `ground`:
    mean brightness of the surface there, 0..1, because a dark line does not show on a dark part.
    """

    rng: np.random.Generator
    n: int
    size: int
    a: np.ndarray
    b: np.ndarray
    angle: float
    site: Site
    ground: float = 0.5

    @property
    def fissure(self) -> np.ndarray:
        """The colour of a crack: dark, or the pale of fresh edges on a part that is nearly black itself."""
        if self.ground < 0.17:
            return pigment(self.site.core) * np.float32(0.75)
        return pigment(self.site.behind) * np.float32(0.35)

    def noise(self, cell: float) -> np.ndarray:
        """Smooth noise of deviation about 1; `cell` in fractions of the image."""
        cells = int(np.clip(round(self.n / (cell * self.size)) + 1, 2, self.n + 1))
        return resized(self.rng.standard_normal((cells, cells), dtype=np.float32), (self.n, self.n)) * np.float32(1.25)

    def thin(self, width: float) -> float:
        """A width given as a fraction of the image, in patch units, at least 1.3 pixels."""
        return max(width * self.size, 1.3) * 2 / self.n

    def blob(self, ragged: float = 0.35, aspect: float = 1.0) -> np.ndarray:
        """An irregular patch: a field that is 1 deep inside and falls through 0 at a wavy border."""
        bumps = self.noise(0.3 * self.n / self.size) * 0.7 + self.noise(0.12 * self.n / self.size) * 0.3
        r = np.hypot(self.a, self.b * aspect)
        return 0.72 - r + bumps * ragged * 0.35 * smoothstep(1 - np.maximum(np.abs(self.a), np.abs(self.b)), 0.0, 0.3)

    def lit(self, height: np.ndarray, gain: float) -> np.ndarray:
        """How a height field (in patch units) takes the light."""
        rows, columns = np.gradient(height)
        light = self.site.light
        return -(columns * light[0] + rows * light[1]) * (self.n / 2 * gain)

    def path(self, wander: float, points: int = 7, length: float = 0.93) -> np.ndarray:
        """A random walk from left to right through the patch: (points, 2) in (a, b)."""
        a = np.linspace(-length, length, points)
        b = np.cumsum(self.rng.normal(0, wander, points))
        b -= np.linspace(b[0], b[-1], points) * 0.9 + b.mean() * 0.1
        return np.stack([a, np.clip(b, -0.9, 0.9)], axis=1)


def _distance_to(a: np.ndarray, b: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Distance of every pixel to a polyline (k, 2)."""
    best = np.full(a.shape, np.inf, np.float32)
    for (x1, y1), (x2, y2) in pairwise(line):
        dx, dy = x2 - x1, y2 - y1
        t = np.clip(((a - x1) * dx + (b - y1) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        np.minimum(best, (a - x1 - t * dx) ** 2 + (b - y1 - t * dy) ** 2, out=best, casting="unsafe")
    return np.sqrt(best)


def _tint(low: Colour, high: Colour, mix: np.ndarray) -> np.ndarray:
    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    return low + np.clip(mix, 0, 1)[..., None] * (high - low)


# ---- lines


def _scratch(p: Patch) -> Stamp:
    bend = p.rng.uniform(-0.25, 0.25)
    line = np.array([(t, bend * (0.6 - t * t)) for t in np.linspace(-0.93, 0.93, 6)])
    width = p.thin(p.rng.uniform(0.007, 0.011))
    d = _distance_to(p.a, p.b - p.noise(0.01) * 0.006, line)
    if p.rng.random() < 0.4:  # a second, shorter stroke beside it
        start = int(p.rng.integers(0, 3))
        beside = line[start : start + 4] + np.array((0, p.rng.choice([-1, 1]) * p.rng.uniform(3.0, 5.0) * width))
        d = np.minimum(d, _distance_to(p.a, p.b, np.clip(beside, -0.93, 0.93)) * 1.3)
    d = d / np.clip(1.5 - np.abs(p.a), 0.45, 1)
    groove = np.clip(1.6 - d / (width * 0.5), 0, 1)
    rim = np.clip(1.3 - np.abs(d - width * 0.8) / (width * 0.4), 0, 1) * 0.5
    bright = p.ground < 0.3 or (p.ground < 0.7 and p.rng.random() < 0.5)
    inner, outer = (pigment(p.site.core) * 0.9, 0.05) if bright else (np.zeros(3, np.float32), 0.62)
    value = np.where((groove > rim)[..., None], inner, np.float32(outer))
    return Stamp(np.maximum(groove, rim), 0.25, value)


def _crack(p: Patch, branches: int | None = None) -> Stamp:
    line = p.path(0.11, 15)
    d = _distance_to(p.a, p.b, line)
    width = p.thin(p.rng.uniform(0.009, 0.015))
    alpha = np.clip(1.5 - d / (width * 0.5) * (0.75 + np.abs(p.a) * 0.8), 0, 1)
    for _ in range(int(p.rng.integers(0, 2)) if branches is None else branches):
        start = line[p.rng.integers(2, len(line) - 2)]
        turn, length = p.rng.choice([-1, 1]) * p.rng.uniform(0.5, 1.1), p.rng.uniform(0.3, 0.6)
        steps = np.linspace(0, length, 5)[:, None] * [np.cos(turn), np.sin(turn)]
        jitter = p.rng.normal(0, 0.035, (5, 2)) * [[0], [1], [1], [1], [1]]  # it starts on the crack
        twig = np.clip(start + steps + jitter, -0.93, 0.93)
        alpha = np.maximum(alpha, np.clip(1.3 - _distance_to(p.a, p.b, twig) / (width * 0.42), 0, 1))
    return Stamp(alpha, 0.12, p.fissure)


def _fracture(p: Patch) -> Stamp:
    return _crack(p, branches=int(p.rng.integers(3, 5)))


def _tear(p: Patch) -> Stamp:
    line = p.path(0.07, 9)
    opening = p.rng.uniform(0.12, 0.22) * np.sqrt(np.clip(1 - (p.a / 0.93) ** 2, 0, 1))
    d = _distance_to(p.a, p.b, line) + p.noise(0.008) * 0.02
    gap = np.clip((opening - d) / p.thin(0.004) + 0.5, 0, 1)
    fray = np.clip(1.2 - (d - opening) / 0.08, 0, 1) * (p.noise(0.006) > 0.1) * (np.abs(p.a) < 0.93)
    alpha = np.maximum(gap, fray * 0.75)
    inside = pigment(p.site.behind) * 0.8
    value = inside + (1 - gap)[..., None] * (pigment(p.site.core) - inside)
    return Stamp(alpha, 0.1, value * 0.9)


def _foreign_object(p: Patch) -> Stamp:
    t = np.linspace(-0.9, 0.9, 14)
    curl = p.rng.uniform(0.2, 0.6) * np.sin(t * p.rng.uniform(1.5, 4) + p.rng.uniform(0, 6))
    line = np.stack([t, np.clip(curl, -0.85, 0.85)], axis=1)
    chip = p.rng.random() < 0.4
    width = p.thin(0.012 if chip else 0.0065)
    d = _distance_to(p.a, p.b, line)
    body = np.clip(1.3 - d / (width * 0.5), 0, 1)
    drop = p.thin(0.006)
    c, s = np.cos(p.angle), np.sin(p.angle)
    la, lb = -p.site.light[0] * drop, -p.site.light[1] * drop
    under = np.clip(1.2 - _distance_to(p.a - (c * la + s * lb), p.b - (c * lb - s * la), line) / width, 0, 1) * 0.5
    shine = np.clip(1 - d / (width * 0.25), 0, 1) * (0.5 + 0.5 * np.sin(p.a * 14))
    colour = (0.62, 0.63, 0.66) if chip else ((0.05, 0.04, 0.035) if p.rng.random() < 0.6 else (0.8, 0.15, 0.1))
    value = body[..., None] * (np.asarray(colour, np.float32) + (0.3 * shine * chip)[..., None])
    return Stamp(np.maximum(body, under), (1 - body) * 0.25, value)


# ---- fields


_STAINS = [(0.30, 0.19, 0.08), (0.08, 0.07, 0.06), (0.20, 0.26, 0.10), (0.42, 0.34, 0.14), (0.10, 0.16, 0.28)]
_STAINS_ON_DARK = [(0.58, 0.50, 0.30), (0.62, 0.63, 0.60), (0.38, 0.50, 0.34), (0.55, 0.36, 0.18), (0.34, 0.46, 0.56)]


def _contamination(p: Patch) -> Stamp:
    field = p.blob(0.55, p.rng.uniform(1, 1.5))
    alpha = smoothstep(field, 0.0, 0.1)
    rim = np.exp(-(((field - 0.08) / 0.07) ** 2))
    palette = _STAINS_ON_DARK if p.ground < 0.3 else _STAINS
    colour = pigment(palette[p.rng.integers(len(palette))])
    body = alpha * np.clip(0.82 + 0.2 * rim + 0.08 * p.noise(0.03), 0, 0.97)
    gloss = np.clip(p.lit(gaussian_filter(alpha, p.n * 0.03), 0.10), 0, 0.5) * alpha
    return Stamp(body, 0.25, colour * 0.85 + gloss[..., None])


def _moisture(p: Patch) -> Stamp:
    height = np.zeros((p.n, p.n), np.float32)
    for _ in range(int(p.rng.integers(5, 11))):
        x, y, r = *p.rng.uniform(-0.65, 0.65, 2), p.rng.uniform(0.1, 0.3)
        height = np.maximum(height, r * np.sqrt(np.clip(1 - ((p.a - x) ** 2 + (p.b - y) ** 2) / r**2, 0, 1)))
    inside = smoothstep(height, 0.0, 0.06)
    lit = np.clip(p.lit(height, 0.35), -0.5, 0.6)
    spark = (lit > 0.42) * 0.6
    return Stamp(inside, 0.80, (-lit * 0.28 + spark).astype(np.float32)[..., None] + pigment([0.0, 0.012, 0.02]))


def _rusty(p: Patch) -> Stamp:
    field = p.blob(0.75, p.rng.uniform(1, 1.6)) + 0.07 * p.noise(0.012)
    alpha = smoothstep(field, 0.0, 0.12) * np.clip(0.85 + 0.2 * p.noise(0.02), 0.3, 1)
    colour = _tint((0.26, 0.10, 0.04), (0.72, 0.36, 0.12), 0.5 + 0.3 * p.noise(0.012) + 0.2 * p.noise(0.05))
    return Stamp(alpha, 0.12, colour * 0.88)


def _corrosion(p: Patch) -> Stamp:
    field = p.blob(0.7) + 0.05 * p.noise(0.015)
    alpha = smoothstep(field, 0.0, 0.15)
    pits = smoothstep(p.noise(0.012), 0.9, 1.4)
    colour = _tint((0.72, 0.76, 0.72), (0.28, 0.52, 0.46), 0.5 + 0.45 * p.noise(0.03))
    return Stamp(alpha * 0.9, 0.15, colour * (0.85 - 0.65 * pits)[..., None])


def _oxidation(p: Patch) -> Stamp:
    field = p.blob(0.5, p.rng.uniform(1, 1.4))
    alpha = smoothstep(field, 0.0, 0.25)
    colour = _tint((0.16, 0.14, 0.2), (0.34, 0.25, 0.15), 0.5 + 1.2 * (field - 0.3))
    return Stamp(alpha * 0.82, 0.25, colour * (1 + 0.1 * p.noise(0.02))[..., None])


def _abrasion(p: Patch) -> Stamp:
    field = p.blob(0.5, p.rng.uniform(1.2, 1.8))
    along = np.sin(p.b * p.rng.uniform(50, 80) + p.noise(0.03) * 1.5)
    wear = smoothstep(field, 0.0, 0.3) * np.clip(0.72 + 0.28 * along + 0.18 * p.noise(0.01), 0, 1)
    return Stamp(wear * 0.85, 0.35, pigment(p.site.core) * 0.72)


def _scrape(p: Patch) -> Stamp:
    half = p.rng.uniform(0.14, 0.24)
    edge = (half + 0.03 * p.noise(0.02)) - np.abs(p.b + p.rng.uniform(-0.15, 0.15) * p.a**2)
    inside = smoothstep(edge, 0.0, 0.05) * smoothstep(0.93 - np.abs(p.a), 0.0, 0.12)
    grooves = np.sin(p.b * 70 + p.noise(0.05)) * 0.5 + np.sin(p.b * 133) * 0.35
    return Stamp(inside * np.clip(0.8 + 0.3 * grooves, 0.2, 1), 0.3, pigment(p.site.core) * 0.68)


def _scuff(p: Patch) -> Stamp:
    field = p.blob(0.4, p.rng.uniform(1.5, 2.4))
    smear = smoothstep(field, 0.0, 0.4) * np.clip(0.75 + 0.3 * p.noise(0.02), 0, 1)
    dark = p.rng.random() < 0.5
    return Stamp(smear * 0.65, 0.45, np.float32(0.03 if dark else 0.48) * np.ones(3, np.float32))


def _roughness(p: Patch) -> Stamp:
    inside = smoothstep(p.blob(0.5), 0.0, 0.12)
    lit = p.lit(p.noise(0.010) + 0.6 * p.noise(0.005), 0.030)
    return Stamp(inside, np.clip(0.92 + np.clip(lit, -0.65, 0.65), 0.2, 1.7)[..., None])


def _irregularity(p: Patch) -> Stamp:
    inside = smoothstep(p.blob(0.5), 0.0, 0.2)
    lit = p.lit(p.noise(0.035) * inside, 0.09)
    return Stamp(inside, (1 + np.clip(lit, -0.55, 0.6))[..., None])


# ---- relief and voids


def _dent(p: Patch, sign: float = -1.0) -> Stamp:
    r = np.hypot(p.a, p.b * p.rng.uniform(1, 1.5)) + 0.05 * p.noise(0.08)
    inside = 1 - smoothstep(r, 0.3, 0.9)
    lit = p.lit(sign * inside, 0.20 + 0.14 * p.site.gloss)
    plus = np.clip(lit - 0.35, 0, 0.3) * p.site.gloss
    return Stamp(np.clip(inside * 4, 0, 1), (0.94 + np.clip(lit, -0.6, 0.65))[..., None], plus[..., None])


def _protrusion(p: Patch) -> Stamp:
    return _dent(p, sign=1.0)


def _indentation(p: Patch) -> Stamp:
    box = np.maximum(np.abs(p.a) / 0.8, np.abs(p.b) / p.rng.uniform(0.4, 0.7))
    d = box if p.rng.random() < 0.5 else np.hypot(p.a, p.b) / 0.8
    inside = 1 - smoothstep(d, 0.84, 0.97)
    lit = p.lit(-gaussian_filter(inside, max(0.6, p.n * 0.018)), 0.10)
    return Stamp(np.clip(inside * 3, 0, 1), (0.86 + np.clip(lit, -0.6, 0.7))[..., None])


def _pitting(p: Patch) -> Stamp:
    alpha = np.zeros((p.n, p.n), np.float32)
    height = np.zeros_like(alpha)
    for _ in range(int(p.rng.integers(12, 28))):
        x, y = np.clip(p.rng.normal(0, 0.38, 2), -0.85, 0.85)
        r = p.thin(p.rng.uniform(0.006, 0.014)) * 0.8
        d = np.hypot(p.a - x, p.b - y) / r
        np.maximum(alpha, np.clip(1.6 - d, 0, 1), out=alpha)
        np.minimum(height, np.clip(d - 1.2, -1, 0) * r, out=height)
    lit = np.clip(p.lit(height, 0.4), -0.3, 0.4)
    return Stamp(alpha, (0.3 + lit)[..., None], p.fissure if p.ground < 0.17 else 0.0)


def _hole(p: Patch) -> Stamp:
    r = np.hypot(p.a, p.b * p.rng.uniform(1, 1.3)) + 0.045 * p.noise(0.03)
    alpha = np.clip((0.86 - r) / p.thin(0.006) + 0.5, 0, 1)
    void = np.clip((0.72 - r) / p.thin(0.006) + 0.5, 0, 1)
    wall = np.clip(0.45 + p.lit(-smoothstep(-r, -0.9, -0.5), 0.25), 0.1, 1.2)
    depth = 0.5 + 0.4 * smoothstep(p.lit(np.hypot(p.a, p.b), -0.5), -0.5, 0.5)
    inside = pigment(p.site.behind) * depth[..., None]
    plus = void[..., None] * inside
    return Stamp(alpha, ((1 - void) * wall)[..., None], plus)


def _debris(p: Patch) -> Stamp:
    alpha = np.zeros((p.n, p.n), np.float32)
    body = np.zeros((p.n, p.n, 3), np.float32)
    solid = np.zeros_like(alpha)
    palette = pigment([(0.82, 0.76, 0.6), (0.12, 0.11, 0.1), (0.68, 0.68, 0.7), (0.45, 0.3, 0.16)])
    colour = palette[p.rng.integers(len(palette))]
    c, s = np.cos(p.angle), np.sin(p.angle)
    la, lb = -p.site.light[0] * p.thin(0.006), -p.site.light[1] * p.thin(0.006)
    for _ in range(int(p.rng.integers(4, 10))):
        turn, long = p.rng.uniform(0, np.pi), p.thin(p.rng.uniform(0.012, 0.035)) / 2
        wide = p.thin(p.rng.uniform(0.008, 0.014)) / 2
        reach = np.array([np.cos(turn), np.sin(turn)]) * long
        middle = p.rng.uniform(-0.72, 0.72, 2)
        ends = np.clip([middle - reach, middle + reach], -0.9, 0.9)
        d = _distance_to(p.a, p.b, ends)
        under = _distance_to(p.a - (c * la + s * lb), p.b - (c * lb - s * la), ends)
        grain = np.clip((wide - d) / p.thin(0.003) + 0.5, 0, 1)
        alpha = np.maximum(alpha, np.maximum(grain, 0.5 * np.clip(1.5 - under / wide, 0, 1)))
        body += grain[..., None] * (colour * p.rng.uniform(0.75, 1.25) * (1.1 - 0.35 * d / wide)[..., None] - body)
        solid = np.maximum(solid, grain)
    return Stamp(alpha, ((1 - solid) * 0.3)[..., None], body)


def _peeling(p: Patch) -> Stamp:
    field = p.blob(0.7, p.rng.uniform(1, 1.4))
    bare = np.clip(field / p.thin(0.005) + 0.5, 0, 1)
    side = p.a * np.cos(1.0) + p.b * np.sin(1.0)
    lip = np.exp(-(((field + 0.05) / 0.06) ** 2)) * (side > 0)
    dark = np.exp(-(((field - 0.07) / 0.06) ** 2)) * (side > 0)
    core = pigment(p.site.core) * (1 + 0.06 * p.noise(0.015) - 0.55 * dark)[..., None]
    alpha = np.maximum(bare, smoothstep(lip, 0.3, 0.8))
    value = bare[..., None] * core + (1 - bare)[..., None] * np.float32(0.25)
    return Stamp(alpha, ((1 - bare) * 0.95)[..., None], value * 0.95)


def _delamination(p: Patch) -> Stamp:
    field = p.blob(0.4, p.rng.uniform(1, 1.3))
    dome = np.sqrt(np.clip(field / 0.7, 0, 1))
    lit = np.clip(p.lit(dome, 0.22), -0.4, 0.55)
    haze = smoothstep(field, 0.0, 0.08)
    return Stamp(haze, (0.80 + lit)[..., None], np.float32(0.12) * np.ones(3, np.float32))


STAMPS: dict[str, tuple[Callable[[Patch], Stamp], tuple[float, float]]] = {
    # type: (stamp, smallest and largest extent as a fraction of the image's side)
    "scratch": (_scratch, (0.18, 0.40)),
    "crack": (_crack, (0.18, 0.40)),
    "fracture": (_fracture, (0.22, 0.42)),
    "tear": (_tear, (0.18, 0.34)),
    "foreign object intrusion": (_foreign_object, (0.16, 0.34)),
    "contamination": (_contamination, (0.14, 0.34)),
    "moisture": (_moisture, (0.15, 0.32)),
    "rusty": (_rusty, (0.14, 0.34)),
    "corrosion": (_corrosion, (0.14, 0.34)),
    "oxidation corrosion": (_oxidation, (0.14, 0.34)),
    "abrasion": (_abrasion, (0.18, 0.38)),
    "scrape": (_scrape, (0.20, 0.38)),
    "scuff": (_scuff, (0.18, 0.38)),
    "roughness": (_roughness, (0.15, 0.34)),
    "irregularity": (_irregularity, (0.16, 0.34)),
    "dent": (_dent, (0.13, 0.28)),
    "protrusion": (_protrusion, (0.12, 0.26)),
    "indentation": (_indentation, (0.11, 0.22)),
    "pitting": (_pitting, (0.13, 0.28)),
    "hole": (_hole, (0.09, 0.19)),
    "debris": (_debris, (0.14, 0.30)),
    "peeling": (_peeling, (0.16, 0.34)),
    "delamination": (_delamination, (0.16, 0.34)),
}
