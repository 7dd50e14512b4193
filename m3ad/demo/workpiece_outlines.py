"""Outlines of machined parts as signed distances: discs, polygons, plates, gears, flanges, joined bars.

Each draws its sizes from the rng and stays within about 0.43 of the middle.
"""

from __future__ import annotations

import numpy as np

from m3ad.demo.paint import circle, ngon, rectangle


def folded(u: np.ndarray, v: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates that repeat `count` times round the middle, the first copy on the u axis."""
    step = np.float32(2 * np.pi / count)
    r, theta = np.sqrt(u * u + v * v), np.arctan2(v, u)
    theta -= np.round(theta / step) * step
    return r * np.cos(theta), r * np.sin(theta)


def _round(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A disc, perhaps with flats, notches or bites round it."""
    distance = circle(u, v, float(rng.uniform(0.34, 0.43)))
    kind = rng.integers(4)
    if kind == 1:
        distance = np.maximum(distance, np.abs(v) - np.float32(rng.uniform(0.22, 0.36)))
    elif kind == 2:
        distance = np.maximum(distance, v - np.float32(rng.uniform(0.1, 0.33)))
    elif kind == 3:
        a, b = folded(u, v, int(rng.integers(2, 9)))
        distance = np.maximum(
            distance, -rectangle(a - np.float32(0.42), b, rng.uniform(0.04, 0.12), rng.uniform(0.02, 0.05), 0.015)
        )
    return distance


def _sided(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A regular polygon with rounded corners or a rounded plate."""
    if rng.random() < 0.5:
        return np.maximum(ngon(u, v, float(rng.uniform(0.28, 0.38)), int(rng.integers(3, 9))), circle(u, v, 0.42))
    wide, high = rng.uniform(0.25, 0.43), rng.uniform(0.12, 0.36)
    return rectangle(u, v, wide, high, float(rng.uniform(0, min(wide, high))))


def _facets(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """An irregular convex plate."""
    count = int(rng.integers(4, 8))
    distance = circle(u, v, 0.44)
    for turn in (np.arange(count) + rng.uniform(-0.25, 0.25, count)) * (2 * np.pi / count):
        side = u * np.float32(np.cos(turn)) + v * np.float32(np.sin(turn)) - np.float32(rng.uniform(0.2, 0.38))
        distance = np.maximum(distance, side)
    return distance


def _toothed(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A gear, ratchet, spline or star knob."""
    teeth, depth = int(rng.integers(5, 42)), float(rng.uniform(0.02, 0.07))
    theta = np.arctan2(v, u)
    if rng.random() < 0.75:
        wave = np.clip(np.cos(theta * teeth) * np.float32(rng.uniform(1, 2.5)), -1, 1)
    else:
        wave = (theta * np.float32(teeth / np.pi)) % 2 - 1
    return (np.sqrt(u * u + v * v) - np.float32(0.39 - depth / 2) - wave * np.float32(depth / 2)) * np.float32(0.8)


def _flange(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A hub with 2 to 6 round or square arms."""
    a, b = folded(u, v, int(rng.integers(2, 7)))
    arm, half = float(rng.uniform(0.28, 0.34)), float(rng.uniform(0.06, 0.11))
    rod = rectangle(a - np.float32(arm / 2), b, arm / 2, half * float(rng.uniform(0.6, 1)))
    end = (
        circle(a - np.float32(arm), b, half)
        if rng.random() < 0.7
        else rectangle(a - np.float32(arm), b, half, half, 0.02)
    )
    return np.minimum(np.minimum(rod, end), circle(u, v, float(rng.uniform(0.13, 0.3))))


def _assembled(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Two to four bars and discs joined: L, T, U, links and brackets of any kind."""
    distance = rectangle(
        u, v, float(rng.uniform(0.3, 0.42)), float(rng.uniform(0.08, 0.18)), float(rng.uniform(0, 0.06))
    )
    for _ in range(int(rng.integers(1, 4))):
        x, y = np.float32(rng.uniform(-0.3, 0.3)), np.float32(rng.uniform(-0.2, 0.2))
        if rng.random() < 0.5:
            more = circle(u - x, v - y, float(rng.uniform(0.1, 0.2)))
        else:
            more = rectangle(u - x, v - y, rng.uniform(0.06, 0.13), rng.uniform(0.1, 0.22), float(rng.uniform(0, 0.05)))
        distance = np.minimum(distance, more)
    return distance


OUTLINES = (_round, _round, _sided, _sided, _facets, _toothed, _flange, _assembled, _assembled)
