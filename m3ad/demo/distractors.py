"""Harmless things that people and lamps leave on a part: stickers, dots, ticks, shadows and reflections.

None of them is a defect, and none is laid over one. Who has not learnt them takes them for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from m3ad.demo import paint
from m3ad.demo.paint import Pose, fill, pigment, shade, smoothstep

_COLOURS = [(0.86, 0.18, 0.15), (0.12, 0.55, 0.25), (0.95, 0.78, 0.12), (0.15, 0.35, 0.75), (0.92, 0.92, 0.9)]
_TRIES = 12


def distract(rng: np.random.Generator, rgb: np.ndarray, flaws: Sequence[np.ndarray]) -> None:
    """Lay one or two of them on `rgb` in place, clear of the `flaws` (masks); none where there is no room."""
    size = rgb.shape[0]
    taken = np.zeros((size, size), bool)
    for mask in flaws:
        taken |= mask
    for _ in range(int(rng.choice([1, 1, 2]))):
        reach, lay = _THINGS[rng.integers(len(_THINGS))]
        for x, y in rng.uniform(0.08, 0.92, (_TRIES, 2)):
            if not taken[paint.window(size, x, y, reach)].any():
                taken[paint.window(size, x, y, reach)] = True
                lay(rng, rgb, Pose(x, y, 1.0, float(rng.uniform(0, 2 * np.pi))))
                break


def _sticker(rng: np.random.Generator, rgb: np.ndarray, pose: Pose) -> None:
    """A paper label with a bar code or a lot number."""
    size = rgb.shape[0]
    pose = Pose(pose.x, pose.y, 1.0, float(rng.normal(0, 0.12)))
    u, v = pose.local(size)
    wide, high = rng.uniform(0.06, 0.1), rng.uniform(0.03, 0.05)
    paper = paint.cover(paint.rectangle(u, v, wide, high, 0.004), 1 / size)
    fill(rgb, paper, pigment(rng.uniform(0.82, 0.97, 3)))
    if rng.random() < 0.5:
        fill(rgb, paint.text(size, paint.lot_mark(rng), pose, wide * 0.22) * paper, (0.08, 0.08, 0.1))
        return
    bars = rng.random(24) < 0.5
    code = bars[np.clip(((u / wide + 1) * 12).astype(int), 0, 23)]
    code &= (np.abs(u) < 0.85 * wide) & (np.abs(v) < 0.7 * high)
    fill(rgb, code.astype(np.float32), (0.08, 0.08, 0.1))


def _dot(rng: np.random.Generator, rgb: np.ndarray, pose: Pose) -> None:
    """A round inspection sticker in a clear colour."""
    u, v = pose.local(rgb.shape[0])
    disc = paint.cover(paint.circle(u, v, rng.uniform(0.025, 0.045)), 1 / rgb.shape[0])
    fill(rgb, disc * np.float32(0.97), pigment(_COLOURS[rng.integers(len(_COLOURS))]))


def _tick(rng: np.random.Generator, rgb: np.ndarray, pose: Pose) -> None:
    """A check mark of a paint pen."""
    points = pose.to_image(np.array([(-0.05, 0.0), (-0.015, 0.035), (0.055, -0.045)]) * rng.uniform(0.8, 1.3))
    ink = paint.stroke(rgb.shape[0], rng.uniform(0.010, 0.015), points)
    fill(rgb, ink * np.float32(0.9), pigment(_COLOURS[rng.integers(len(_COLOURS))]))


def _shade_band(rng: np.random.Generator, rgb: np.ndarray, pose: Pose) -> None:
    """The soft shadow of something between lamp and part."""
    _, v = pose.local(rgb.shape[0])
    half, soft = rng.uniform(0.03, 0.1), rng.uniform(0.02, 0.06)
    shade(rgb, (1 - smoothstep(np.abs(v), half, half + soft)) * np.float32(-rng.uniform(0.25, 0.5)))


def _reflection(rng: np.random.Generator, rgb: np.ndarray, pose: Pose) -> None:
    """A soft bright spot of the lamp."""
    u, v = pose.local(rgb.shape[0])
    wide, high = rng.uniform(0.02, 0.06), rng.uniform(0.015, 0.035)
    paint.glow(rgb, np.exp(-((u / wide) ** 2) - (v / high) ** 2) * np.float32(rng.uniform(0.25, 0.55)))


# How far each reaches from its middle, in fractions of the picture. A shadow hides nothing and may lie anywhere.
_THINGS: tuple[tuple[float, Callable[[np.random.Generator, np.ndarray, Pose], None]], ...] = (
    (0.13, _sticker), (0.06, _dot), (0.1, _tick), (0.0, _shade_band), (0.13, _reflection),
)  # fmt: skip
