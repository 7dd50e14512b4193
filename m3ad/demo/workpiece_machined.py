"""Machined parts seen from above, a new design in every picture: outline, openings, steps, material, finish, marks.

Normal variation that is no defect: holes, slots, counterbores, pockets, steps, tool marks, engraving and print.
"""

from __future__ import annotations

import numpy as np

from m3ad.demo import paint
from m3ad.demo.designs import (
    broken_off,
    bumps,
    colour,
    finish,
    ground,
    print_on,
    printed,
    sheen,
    site_on,
    visible_flaws,
    word,
)
from m3ad.demo.paint import Pose, circle, cover, fractal, ngon, noise, rectangle, relief, shade, smoothstep
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.demo.workpiece_common import Light, engrave, lay_down, metal
from m3ad.demo.workpiece_outlines import OUTLINES, folded
from m3ad.records import Scenario


def _machined(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.05, scale=(0.75, 1.12), turn=np.pi)
    u, v = pose.local(size)
    outline = OUTLINES[rng.integers(len(OUTLINES))](rng, u, v)
    openings = _openings(rng, pose, u, v, outline)
    distance = np.maximum(outline, -openings)
    pixel = pose.pixel(size)
    face = _face(rng, size, pose, light)
    shade(
        face, np.clip(relief(_height(rng, u, v, distance, openings) * np.float32(pose.scale), light, 0.55), -0.5, 0.55)
    )
    _marks(rng, face, pose, distance, light)
    sheen(rng, face, 0.15)
    rgb = ground(rng, size, face[::8, ::8][distance[::8, ::8] < 0].mean(axis=0))
    coverage, flaws = broken_off(hurt, face, cover(distance, pixel), types.count("breakage"), where=outline > -0.03)
    for _ in range(types.count("discontinuity")):
        coverage, gone = _gap(hurt, coverage, outline, [mask for _, mask in flaws])
        flaws.append(("discontinuity", gone))
    lay_down(rgb, coverage, face, light, distance=float(rng.uniform(0.01, 0.04)))
    surface = cover(distance + 0.01, pixel) * coverage > 0.95
    site = site_on(hurt, rgb, surface, light)
    rest = [kind for kind in types if kind not in ("breakage", "discontinuity")]
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + visible_flaws(hurt, rgb, rest, surface, site, used=used, scale=0.85))


# ---- openings and heights


def _openings(rng: np.random.Generator, pose: Pose, u: np.ndarray, v: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Signed distance to the openings: a bore, a circle of holes, single holes and slots, where there is room."""
    found = np.full_like(u, 1.0)
    bore = float(rng.choice([0, rng.uniform(0.04, 0.12), rng.uniform(0.1, 0.27)]))
    room = -_at(outline, pose, [(0.0, 0.0)])
    if 0 < bore < room - 0.04:
        found = _bore(rng, u, v, bore)
    if rng.random() < 0.6:
        count, radius = int(rng.integers(2, 13)), float(rng.uniform(0.014, 0.045))
        reach, turns = float(rng.uniform(0.12, 0.36)), np.arange(count) * 2 * np.pi / count
        spots = np.stack([np.cos(turns), np.sin(turns)], axis=1) * reach
        if _at(outline, pose, spots) < -radius - 0.02 and reach * 2 * np.pi / count > 2.6 * radius:
            a, b = folded(u, v, count)
            ring = circle(a - np.float32(reach), b, radius)
            found = np.minimum(found, ring) if reach - radius > bore + 0.02 else found
    step = max(1, len(u) // 56)
    for _ in range(int(rng.integers(0, 4))):
        radius, long = float(rng.uniform(0.015, 0.06)), float(rng.choice([0, 0, rng.uniform(0.03, 0.12)]))
        free = np.minimum(-outline, found)[::step, ::step] > radius + long + 0.03
        ys, xs = np.nonzero(free)
        if len(ys):
            k = rng.integers(len(ys))
            x, y = u[ys[k] * step, xs[k] * step], v[ys[k] * step, xs[k] * step]
            found = np.minimum(found, rectangle(u - x, v - y, radius + long, radius, radius))
    return found


def _bore(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, radius: float) -> np.ndarray:
    """A round, keyed, hexagonal or square bore."""
    kind = rng.integers(5)
    if kind == 0:
        key = rectangle(u - np.float32(radius), v, 0.025, radius * 0.22 + 0.006)
        return np.minimum(circle(u, v, radius), key)
    if kind == 1:
        return ngon(u, v, radius * 0.9, int(rng.choice([4, 6, 8])))
    return circle(u, v, radius)


def _at(field: np.ndarray, pose: Pose, points: object) -> float:
    """The largest value of a field at local points."""
    places = np.clip(pose.to_image(points) * len(field), 0, len(field) - 1).astype(int)  # type: ignore[arg-type]
    return float(field[places[:, 1], places[:, 0]].max())


def _height(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray, distance: np.ndarray, openings: np.ndarray
) -> np.ndarray:
    """The relief of the part: rounded or chamfered edges, counterbores, a raised or sunken step, ring grooves."""
    height = paint.bevel(distance, float(rng.uniform(0.006, 0.03)))
    deep = np.float32(rng.uniform(0.006, 0.012))
    if rng.random() < 0.45:
        wide = float(rng.uniform(0.012, 0.03))
        height += smoothstep(openings, wide, wide + 0.008) * deep
    kind, inset = rng.integers(4), float(rng.uniform(0.03, 0.09))
    if kind == 1:  # a rim along the whole edge
        height -= smoothstep(-distance, inset, inset + 0.008) * deep
    elif kind == 2:  # a round boss or recess
        radius = float(rng.uniform(0.1, 0.33))
        height += smoothstep(circle(u, v, radius), 0, 0.01) * deep * np.float32(rng.choice([-1, 1]))
    elif kind == 3:  # grooves
        r = np.abs(v) if rng.random() < 0.4 else np.sqrt(u * u + v * v)
        pitch = np.float32(rng.uniform(0.04, 0.14))
        height += smoothstep(np.abs(r - np.round(r / pitch) * pitch), 0.002, 0.009) * deep * np.float32(0.7)
    return height


# ---- material and marks


def _face(rng: np.random.Generator, size: int, pose: Pose, light: Light) -> np.ndarray:
    """Bare, anodised, painted, plastic or cast material with its tool marks."""
    kind = rng.integers(5)
    face = paint.canvas(size, metal(rng) if kind < 2 else colour(rng, 0.22, 0.85))
    if kind in (0, 2):
        u, v = pose.child(*rng.choice([0.0, 0.0, rng.uniform(-0.5, 0.5)], 2)).local(size)
        r = np.sqrt(u * u + v * v)
        profile = rng.standard_normal(512).astype(np.float32) * np.float32(rng.uniform(0.01, 0.04))
        shade(face, profile[np.clip(r * 500, 0, 511).astype(np.int16)])
        along = (u * np.float32(light[0]) + v * np.float32(light[1])) ** 2 / (r * r + np.float32(1e-6))
        shade(face, along * np.float32(rng.uniform(0, 0.35)) - np.float32(0.08))
    elif kind == 4:
        cell = float(rng.uniform(0.01, 0.03))
        shade(face, bumps(fractal(rng, size, cell, 2), light, cell * rng.uniform(0.05, 0.12)))
    else:
        shade(face, finish(rng, size, light))
    shade(face, noise(rng, size, 0.3) * np.float32(0.03))
    return face


def _marks(rng: np.random.Generator, face: np.ndarray, pose: Pose, distance: np.ndarray, light: Light) -> None:
    """Perhaps an engraved word and a print, where there is room. Not a defect."""
    step = max(1, len(face) // 56)
    ys, xs = np.nonzero(distance[::step, ::step] < -0.07)
    if not len(ys):
        return
    for k in rng.integers(len(ys), size=2):
        x, y = (xs[k] * step + 0.5) / len(face), (ys[k] * step + 0.5) / len(face)
        place = Pose(float(x), float(y), pose.scale, pose.angle + float(rng.choice([0, np.pi / 2, np.pi])))
        if rng.random() < 0.3:
            engrave(face, word(rng), place, float(rng.uniform(0.03, 0.06)), light)
        elif rng.random() < 0.15:
            deep = paint.blurred(printed(rng, len(face), place, 0.05), 0.003)
            shade(face, np.clip(relief(deep * np.float32(-0.004), light), -0.4, 0.4))
        else:
            print_on(rng, face, place, float(rng.uniform(0.03, 0.06)), 0.3)


def _gap(
    rng: np.random.Generator, coverage: np.ndarray, outline: np.ndarray, used: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the part open from its edge inwards along a ragged line: (coverage, mask of what is gone)."""
    size = len(coverage)
    ys, xs = np.nonzero((np.abs(outline) < 0.012) & (coverage > 0.5))
    best = np.zeros((size, size), np.float32)
    for k in rng.integers(max(1, len(ys)), size=6 if len(ys) else 0):
        start = np.array([xs[k], ys[k]]) / size
        turn = np.arctan2(*(0.5 - start)[::-1]) + rng.normal(0, 0.35)
        along = np.linspace(-0.03, rng.uniform(0.13, 0.22), 9)[:, None] * [np.cos(turn), np.sin(turn)]
        line = start + along + rng.normal(0, 0.005, (9, 2))
        cut = paint.stroke(size, float(rng.uniform(0.03, 0.05)), line) * coverage
        if cut.sum() > best.sum() and not any((mask & (cut > 0.1)).any() for mask in used):
            best = cut
        if best.mean() > 0.002:
            break
    return coverage - best, best > 0.1


MACHINED_PART = Recipe(
    "machined part", Scenario.WORKPIECE,
    ("dent", "scratch", "crack", "rusty", "peeling", "breakage", "pitting", "contamination", "discontinuity"),
    False, _machined,
)  # fmt: skip
