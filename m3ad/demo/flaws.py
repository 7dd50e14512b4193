"""Painting flaws of the taxonomy's types on a part that is already drawn, with the exact mask of each.

A flaw is laid on the image inside a region where it may be (the part's own surface), away from the other flaws. Every
pixel that changes is in the mask and no other. Missing, moved or bent pieces are not flaws of a surface: recipes draw
those themselves; pieces broken off an outline are made here with `bite`. How a flaw looks is told in `stamps`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from m3ad.demo.paint import Window
from m3ad.demo.recipe import FlawMask
from m3ad.demo.stamps import STAMPS, Patch, Site, Stamp

SURFACE_TYPES = tuple(STAMPS)
_OPAQUE = ("hole", "tear", "peeling", "foreign object intrusion", "fracture")
PLAIN = Site()
HARD = 0.06  # the share of flaws that are faint, or small where a faint one would be no such flaw


def paint_flaw(
    rng: np.random.Generator, rgb: np.ndarray, kind: str, surface: np.ndarray, *,
    used: Sequence[np.ndarray] = (), site: Site = PLAIN, scale: float = 1.0, angle: float | None = None,
) -> np.ndarray:  # fmt: skip
    """Paint one flaw on `rgb` in place and return its mask: exactly the pixels that changed, (size, size) bool.

    Args:
        kind: one of `SURFACE_TYPES`.
        surface: bool (size, size), where the flaw may be; it is cut off at the border of it.
        used: masks of other flaws to keep clear of (their boxes).
        scale: multiplies the usual extent, for small parts.
        angle: direction of long flaws in radians; None: any.
    """
    size = rgb.shape[0]
    make, (low, high) = STAMPS[kind]
    strength, extent = _difficulty(rng, kind, rng.uniform(low, high) * scale)
    taken = _boxes(used, size)
    best: tuple[float, Window, Stamp] | None = None
    step = max(1, size // 112)
    ys, xs = np.nonzero(surface[::step, ::step])
    for attempt in range(6):
        if not len(ys):
            break
        n = max(8, int(extent * size * 0.9**attempt))
        where = _place(rng, (ys, xs), step, n, surface, taken)
        stamp = make(_patch(rng, n, size, site, angle, _brightness(rgb, where)))
        fit = _fit(stamp.alpha, where, surface, taken)
        if best is None or fit > best[0]:
            best = (fit, where, stamp)
        if fit > 0.9:
            break
    mask = np.zeros((size, size), bool)
    if best is not None:
        _lay(rgb, mask, surface & ~taken, best[1], best[2], strength)
    return mask


def paint_flaws(
    rng: np.random.Generator, rgb: np.ndarray, kinds: Sequence[str], surface: np.ndarray, *,
    used: Sequence[np.ndarray] = (), site: Site = PLAIN, scale: float = 1.0,
) -> list[FlawMask]:  # fmt: skip
    """`paint_flaw` for each of `kinds`, each clear of those before it."""
    flaws: list[FlawMask] = []
    for kind in kinds:
        taken = [*used, *(mask for _, mask in flaws)]
        flaws.append((kind, paint_flaw(rng, rgb, kind, surface, used=taken, site=site, scale=scale)))
    return flaws


def bite(
    rng: np.random.Generator, coverage: np.ndarray, *, extent: tuple[float, float] = (0.08, 0.18),
    used: Sequence[np.ndarray] = (), jagged: float = 0.5, where: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Break a piece off an outline: (new coverage, mask of what is gone). For notches, chips and broken corners.

    `where`: bool (size, size), the part of the outline the piece is broken from; None: anywhere.
    Paint the part with the new coverage: its shadow and its background then come out right by themselves.
    """
    size = coverage.shape[0]
    solid = coverage > 0.5
    edge = solid & ~(np.roll(solid, 1, 0) & np.roll(solid, -1, 0) & np.roll(solid, 1, 1) & np.roll(solid, -1, 1))
    edge &= ~_boxes(used, size)
    if where is not None and (edge & where).any():
        edge &= where
    ys, xs = np.nonzero(edge)
    if not len(ys):
        return coverage, np.zeros((size, size), bool)
    pick = rng.integers(len(ys))
    n = max(8, int(rng.uniform(*extent) * size))
    patch = _patch(rng, n, size)
    r = np.hypot(patch.a, patch.b * rng.uniform(1, 1.4)) + patch.noise(0.02) * 0.16 * jagged
    alpha = np.clip((0.85 - r) / patch.thin(0.003) + 0.5, 0, 1)
    inner, outer = _clip_to_image((int(ys[pick]) - n // 2, int(xs[pick]) - n // 2), n, size)
    gone = coverage.copy()
    gone[outer] = np.minimum(gone[outer], 1 - alpha[inner])
    return gone, (coverage - gone) > 0.35


def _difficulty(rng: np.random.Generator, kind: str, extent: float) -> tuple[float, float]:
    """(strength 0..1, extent) of one flaw: mostly plain to see, sometimes hard."""
    hard, strength = rng.random() < HARD, rng.uniform(0.8, 1.0)
    if not hard:
        return strength, extent
    return (strength, extent * 0.65) if kind in _OPAQUE else (rng.uniform(0.42, 0.6), extent)


def _boxes(masks: Sequence[np.ndarray], size: int) -> np.ndarray:
    taken = np.zeros((size, size), bool)
    margin = max(1, size // 60)
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows):
            top, left = max(0, rows[0] - margin), max(0, columns[0] - margin)
            taken[top : rows[-1] + margin + 1, left : columns[-1] + margin + 1] = True
    return taken


def _place(
    rng: np.random.Generator, pixels: tuple[np.ndarray, np.ndarray], step: int, n: int, surface: np.ndarray,
    taken: np.ndarray,
) -> Window:  # fmt: skip
    """Of ten random places, the square with most free surface in it (may stick out of the image)."""
    size = surface.shape[0]
    best, where = -1.0, (0, 0)
    for pick in rng.integers(len(pixels[0]), size=10):
        top, left = int(pixels[0][pick]) * step - n // 2, int(pixels[1][pick]) * step - n // 2
        _, outer = _clip_to_image((top, left), n, size)
        thin = (slice(outer[0].start, outer[0].stop, 4), slice(outer[1].start, outer[1].stop, 4))
        free = float((surface[thin] & ~taken[thin]).sum()) * 16 / (n * n) - 2 * float(taken[thin].mean())
        if free > best + 0.02:
            best, where = free, (top, left)
        if free > 0.97:
            break
    return slice(where[0], where[0] + n), slice(where[1], where[1] + n)


def _brightness(rgb: np.ndarray, where: Window) -> float:
    _, (rows, columns) = _clip_to_image((where[0].start, where[1].start), where[0].stop - where[0].start, len(rgb))
    return float(rgb[rows, columns][::3, ::3].mean())


def _clip_to_image(corner: tuple[int, int], n: int, size: int) -> tuple[Window, Window]:
    """(slices into the patch, slices into the image) of the part of a patch that lies in the image."""
    inner, outer = [], []
    for start in corner:
        low, high = max(0, start), min(size, start + n)
        inner.append(slice(low - start, max(low, high) - start))
        outer.append(slice(low, max(low, high)))
    return (inner[0], inner[1]), (outer[0], outer[1])


def _patch(
    rng: np.random.Generator, n: int, size: int, site: Site = PLAIN, angle: float | None = None, ground: float = 0.5
) -> Patch:
    turn = float(rng.uniform(0, 2 * np.pi)) if angle is None else angle
    line = (np.arange(n, dtype=np.float32) + 0.5) * np.float32(2 / n) - 1
    x, y = line[None, :], line[:, None]
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return Patch(rng, n, size, c * x + s * y, c * y - s * x, turn, site, ground)


def _fit(alpha: np.ndarray, where: Window, surface: np.ndarray, taken: np.ndarray) -> float:
    inner, outer = _clip_to_image((where[0].start, where[1].start), alpha.shape[0], surface.shape[0])
    total = float(alpha.sum())
    return float((alpha[inner] * (surface[outer] & ~taken[outer])).sum()) / total if total else 0.0


def _lay(rgb: np.ndarray, mask: np.ndarray, free: np.ndarray, where: Window, stamp: Stamp, strength: float) -> None:
    """Blend a stamp into `rgb` and set `mask` where it can be seen; nothing else changes."""
    n = stamp.alpha.shape[0]
    inner, outer = _clip_to_image((where[0].start, where[1].start), n, rgb.shape[0])
    alpha = np.clip((stamp.alpha[inner] - 0.12) / 0.88, 0, 1) * strength * free[outer]
    before = rgb[outer]
    times, plus = (np.broadcast_to(_three(field), (n, n, 3))[inner] for field in (stamp.times, stamp.plus))
    change = alpha[..., None] * (before * times + plus - before)
    seen = np.abs(change).max(axis=2) > 0.02
    before += change * seen[..., None]
    mask[outer] |= seen


def _three(field: np.ndarray | float) -> np.ndarray:
    array = np.asarray(field, np.float32)
    return array[..., None] if array.ndim == 2 else array
