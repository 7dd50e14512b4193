"""Surfaces with a repeat: stripes, checks, grids, dots, hexagons, ribs, perforation, embossing, weave, knurl.

Every picture is a new design: a lattice, a motif in each of its cells, and what the motif is made of (print, relief,
holes) are drawn apart. Normal variation that is no defect: colours that change from cell to cell, seams, folds, prints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from m3ad.demo import paint
from m3ad.demo.designs import colour, contrasting, finish, near, print_on, sheen, site_on, visible_flaws
from m3ad.demo.paint import Pose, fill, noise, relief, shade, smoothstep
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.records import Scenario


@dataclass(frozen=True)
class _Lattice:
    """A repeat of `pitch` (fraction of the side): each pixel's cell (i, j) and its place in it, -0.5 to 0.5."""

    pitch: float
    i: np.ndarray
    j: np.ndarray
    p: np.ndarray
    q: np.ndarray

    def soft(self, distance: np.ndarray) -> np.ndarray:
        """Coverage 0..1 of a signed distance in cells."""
        return paint.cover(distance, 1.3 / (len(self.i) * self.pitch))


def _patterned(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    lattice = _lattice(rng, size)
    motif = _MOTIFS[rng.integers(len(_MOTIFS))](rng, lattice)
    base = colour(rng, 0.25)
    bare = paint.canvas(size, base)
    shade(bare, finish(rng, size, light) * np.float32(0.7))
    rgb = bare.copy()
    _make(rng, rgb, lattice, motif, base, light)
    folds = relief(noise(rng, size, 0.35) * np.float32(rng.uniform(0, 0.014)), light)
    u, v = rng.uniform(0.2, 0.8, 2)
    overlay = _overlay(rng, size, light)
    flaws: list[FlawMask] = []
    gaps = types.count("discontinuity")
    for _ in range(gaps):
        flaws.append(("discontinuity", _gap(hurt, rgb, bare, lattice, [mask for _, mask in flaws])))
    shade(rgb, folds + overlay)
    print_on(rng, rgb, Pose(float(u), float(v), 1.0, float(rng.uniform(0, 2 * np.pi))), 0.06, 0.12)
    sheen(rng, rgb, 0.18)
    surface = np.ones((size, size), bool)
    site = site_on(hurt, rgb, surface, light)
    rest = [kind for kind in types if kind != "discontinuity"]
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + visible_flaws(hurt, rgb, rest, surface, site, used=used, scale=1.1))


def _lattice(rng: np.random.Generator, size: int) -> _Lattice:
    """Square, oblong, brick-bonded or skewed, at any angle and scale, a little warped or not."""
    pitch = float(np.exp(rng.uniform(np.log(0.03), np.log(0.16))))
    angle = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi), rng.uniform(0, np.pi)]))
    u, v = Pose(float(rng.uniform()), float(rng.uniform()), pitch, angle).local(size)
    if rng.random() < 0.4:
        warp = np.float32(rng.uniform(0.05, 0.2) * min(1, 0.06 / pitch + 0.4))
        u, v = u + warp * noise(rng, size, 0.35), v + warp * noise(rng, size, 0.35)
    u = u / np.float32(rng.choice([1, 1, 1, rng.uniform(0.7, 2)]))
    style = rng.integers(4)
    j = np.floor(v)
    if style == 1:
        u = u + (j % 2) * np.float32(0.5)
    elif style == 2:
        u = u + v * np.float32(rng.uniform(-0.6, 0.6))
    i = np.floor(u)
    p, q = u - i - np.float32(0.5), v - j - np.float32(0.5)
    return _Lattice(pitch, i.astype(np.int16), j.astype(np.int16), p, q)


# ---- motifs: how much of the motif lies at each pixel, 0..1


def _figure(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """A disc, ring, polygon, cross or bar in every cell, in every other one, or turning from cell to cell."""
    p, q, size = cell.p, cell.q, float(rng.uniform(0.2, 0.42))
    if rng.random() < 0.35:
        p, q = np.where((cell.i + cell.j) & 1, p, q), np.where((cell.i + cell.j) & 1, q, -p)
    kind = int(rng.integers(6))
    if kind == 0:
        distance = paint.circle(p, q, size)
    elif kind == 1:
        distance = np.abs(paint.circle(p, q, size)) - np.float32(rng.uniform(0.05, 0.12))
    elif kind == 2:
        turn = float(rng.uniform(0, 2))
        distance = paint.ngon(*_turned(p, q, turn), size * 0.8, int(rng.integers(3, 9)))
    elif kind == 3:
        distance = np.minimum(paint.rectangle(p, q, size, size / 3), paint.rectangle(p, q, size / 3, size))
    elif kind == 4:
        turn = float(rng.choice([0, np.pi / 4]))
        distance = paint.rectangle(*_turned(p, q, turn), 0.44, float(rng.uniform(0.08, 0.2)), 0.07)
    else:
        distance = np.abs(p) + np.abs(q) * np.float32(rng.uniform(1, 2.2)) - np.float32(size)
    found = cell.soft(distance)
    return found * ((cell.i + cell.j) & 1) if rng.random() < 0.2 else found


def _turned(p: np.ndarray, q: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return c * p + s * q, c * q - s * p


def _stripes(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """Straight, wavy or zigzag stripes of one or several widths."""
    q, kind = cell.q, int(rng.integers(4))
    if kind == 1:
        q = q + np.sin(cell.p * np.float32(2 * np.pi)) * np.float32(rng.uniform(0.05, 0.16))
    elif kind == 2:
        q = q + (np.abs(cell.p) - np.float32(0.25)) * np.float32(rng.uniform(0.4, 1))
        q = q - np.round(q)
    half = rng.uniform(0.08, 0.36, int(rng.choice([1, 1, 2, 4]))).astype(np.float32)
    return cell.soft(np.abs(q) - half[cell.j % len(half)])


def _checks(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """A chessboard, gingham or tartan."""
    rows, columns = (
        rng.choice([0.0, 1.0, rng.uniform()], int(rng.integers(2, 7))).astype(np.float32) for _ in range(2)
    )
    if rng.random() < 0.4:
        return ((cell.i + cell.j) & 1).astype(np.float32)
    rows[0], rows[1] = 0, 1
    return (rows[cell.j % len(rows)] + columns[cell.i % len(columns)]) / 2


def _grid(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """Lines of one or two widths between the cells."""
    a, b = rng.uniform(0.03, 0.16, 2)
    lines = np.minimum(np.float32(0.5 - a) - np.abs(cell.p), np.float32(0.5 - b) - np.abs(cell.q))
    return cell.soft(lines)


def _honeycomb(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """Hexagons with a line between: the nearer of the two points of a centred lattice."""
    u, v = cell.p, cell.q * np.float32(1.7320508)
    a, b = np.abs(u), np.abs(v)
    c, d = np.float32(0.5) - a, np.float32(0.8660254) - b
    h1, h2 = (np.maximum(x, x * np.float32(0.5) + y * np.float32(0.8660254)) for x, y in ((a, b), (c, d)))
    inside = cell.soft(np.minimum(h1, h2) - np.float32(0.5 - rng.uniform(0.04, 0.14)))
    return inside if rng.random() < 0.5 else 1 - inside


def _weave(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """Bands that pass over and under one another: a rounded field, high in the middle of the upper band."""
    step = int(rng.choice([1, 1, 2, 3]))
    over = ((cell.i // step + cell.j // step) & 1).astype(bool) if step < 3 else (cell.i + cell.j) % 4 < 2
    across, along = np.where(over, cell.p, cell.q), np.where(over, cell.q, cell.p)
    return np.clip(1 - 3.2 * across * across, 0, 1) * (1 - 1.2 * along * along) * np.where(over, 1.0, 0.8).astype("f4")


def _knurl(rng: np.random.Generator, cell: _Lattice) -> np.ndarray:
    """Pyramids, ridges, ribs or waves: a height field."""
    kind, p, q = int(rng.integers(4)), np.abs(cell.p) * 2, np.abs(cell.q) * 2
    if kind == 0:
        return 1 - np.maximum(p, q)
    if kind == 1:
        return 1 - q
    if kind == 2:
        return smoothstep(1 - q, 0.2, 0.6)
    return (1 - p * p) * (1 - q * q)


_MOTIFS = (_figure, _figure, _figure, _stripes, _stripes, _checks, _grid, _honeycomb, _weave, _knurl)


# ---- what the motif is made of


def _make(
    rng: np.random.Generator, rgb: np.ndarray, cell: _Lattice, motif: np.ndarray, base: np.ndarray,
    light: tuple[float, float],
) -> None:  # fmt: skip
    """Print the motif, raise or sink it, or cut it through, in place."""
    kind = rng.choice(4, p=[0.35, 0.25, 0.25, 0.15])
    if kind != 1:  # relief alone keeps the colour
        ink = contrasting(rng, base, 0.18)
        if kind == 3:
            ink = np.clip(ink * 0.2, 0, 0.12)
        fill(rgb, motif * np.float32(rng.uniform(0.7, 1)), ink)
        if kind == 0 and rng.random() < 0.35:  # every second or third column in another colour
            which = (cell.i % int(rng.integers(2, 4)) == 0) & (cell.j % int(rng.integers(1, 4)) == 0)
            fill(rgb, motif * which, near(rng, ink, 0.4) if rng.random() < 0.5 else contrasting(rng, base, 0.18))
    if kind:
        height = paint.blurred(motif, min(0.006, cell.pitch * 0.08)) * np.float32(cell.pitch * rng.choice([-1, 1]))
        lit = np.clip(relief(height, light, float(rng.uniform(0.07, 0.2))), -0.4, 0.45)
        shade(rgb, lit + (motif - np.float32(0.5)) * np.float32(0.16 if kind == 1 else 0.05))


def _overlay(rng: np.random.Generator, size: int, light: tuple[float, float]) -> np.ndarray:
    """Perhaps a seam, a pressed line or a broad change of brightness (size, size). Not a defect."""
    amount = noise(rng, size, 0.3) * np.float32(0.02)
    if rng.random() < 0.2:
        x, y = rng.uniform(0.15, 0.85, 2)
        _, v = Pose(float(x), float(y), 1.0, float(rng.uniform(0, np.pi))).local(size)
        ridge = np.exp(-((v / np.float32(rng.uniform(0.005, 0.015))) ** 2)) * np.float32(0.006)
        amount += np.clip(relief(ridge, light), -0.35, 0.35)
    return amount


def _gap(
    rng: np.random.Generator, rgb: np.ndarray, bare: np.ndarray, cell: _Lattice, used: list[np.ndarray]
) -> np.ndarray:
    """Leave the pattern out over some of its cells, in place: the bare ground shows. Returns the mask."""
    size = len(rgb)
    differs = np.abs(bare - rgb).max(axis=2) > 0.03
    best = np.zeros((size, size), bool)
    for _ in range(6):
        y, x = (rng.uniform(0.2, 0.8, 2) * size).astype(int)
        wide, high = (max(rng.uniform(0.06, 0.13) / cell.pitch, 0.6) for _ in range(2))
        di, dj = cell.i - cell.i[y, x], cell.j - cell.j[y, x]
        oblong = (np.abs(di) <= wide) & (np.abs(dj) <= high)
        gone = oblong & differs
        if gone.sum() > best.sum() and not any((mask & gone).any() for mask in used):
            best = gone
        if best.mean() > 0.004:
            break
    rgb[best] = bare[best]
    return best


PATTERNED_SURFACE = Recipe(
    "patterned surface", Scenario.TEXTURE,
    ("scratch", "tear", "hole", "contamination", "discontinuity", "foreign object intrusion", "dent", "crack"),
    False, _patterned,
)  # fmt: skip
