"""Workpieces, seen from above: washer and machined bracket; with the bolt and the (held out) crown cap.

Normal variation that is no defect: engraved and printed marks, highlights, shadows, turning marks, the number and
place of a bracket's own holes and slots.
"""

from __future__ import annotations

import numpy as np

from m3ad.demo import paint
from m3ad.demo.flaws import Site, paint_flaws
from m3ad.demo.paint import Pose, cover, noise, pigment, relief, shade
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.demo.workpiece_bolt import HEX_BOLT
from m3ad.demo.workpiece_cap import BOTTLE_CAP
from m3ad.demo.workpiece_common import Light, bitten, engrave, lay_down, metal
from m3ad.demo.workpiece_machined import MACHINED_PART
from m3ad.demo.workpiece_moulded import MOULDED_PART
from m3ad.records import Scenario

# ---- metal washer


def _washer(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.06, scale=(0.82, 1.08), turn=np.pi)
    u, v = pose.local(size)
    outer, inner = 0.40, float(rng.uniform(0.13, 0.19))
    r = np.sqrt(u * u + v * v)
    distance = np.maximum(r - np.float32(outer), np.float32(inner) - r)
    coverage = cover(distance, pose.pixel(size))
    coverage, flaws = bitten(hurt, coverage, types, "discontinuity", extent=(0.13, 0.24), jagged=0.35)
    face = _turned_face(rng, size, pose, r, light)
    height = paint.bevel(distance, float(rng.uniform(0.016, 0.03))) * np.float32(pose.scale)
    lit = np.clip(relief(height, light, 0.5), -0.55, 0.6)
    shade(face, lit)
    paint.glow(face, np.clip(lit - 0.2, 0, 1) * np.float32(0.35))
    if rng.random() < 0.6:
        _engrave_ring(rng, face, pose, (outer + inner) / 2, light)
    rgb = paint.bench(rng, size)
    back = rgb.mean(axis=(0, 1)) * 0.6
    lay_down(rgb, coverage, face, light, distance=0.022)
    rest = [kind for kind in types if kind != "discontinuity"]
    site = Site(light, behind=back * 0.5, core=pigment([0.8, 0.79, 0.77]))
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + paint_flaws(hurt, rgb, rest, coverage > 0.97, used=used, site=site, scale=0.9))


def _turned_face(rng: np.random.Generator, size: int, pose: Pose, r: np.ndarray, light: Light) -> np.ndarray:
    """A face turned on a lathe: rings of fine grooves, with the bow-tie highlight they give."""
    face = paint.canvas(size, metal(rng))
    profile = rng.standard_normal(400).astype(np.float32) * np.float32(0.6)
    profile += np.repeat(rng.standard_normal(50).astype(np.float32), 8) * np.float32(0.5)
    grooves = profile[np.clip(r * 760, 0, 399).astype(np.int16)]
    x, y = paint.grid(size)
    dx, dy = x - np.float32(pose.x), y - np.float32(pose.y)
    along = (dx * np.float32(light[0]) + dy * np.float32(light[1])) ** 2 / (dx * dx + dy * dy + np.float32(1e-6))
    bow = along * along * np.float32(rng.uniform(0.18, 0.42))
    shade(face, grooves * np.float32(0.028) + bow - np.float32(0.12) + noise(rng, size, 0.2) * np.float32(0.025))
    return face


def _engrave_ring(rng: np.random.Generator, face: np.ndarray, pose: Pose, radius: float, light: Light) -> None:
    """A size or maker's mark struck into the face."""
    words = str(rng.choice(["M12", "A2-70", "DIN 125", "M16", "ISO 7089", "200HV", "316L"]))
    turn = float(rng.uniform(0, 2 * np.pi))
    place = pose.child(radius * np.cos(turn), radius * np.sin(turn), angle=turn + np.pi / 2)
    engrave(face, words, place, 0.052, light)


# ---- machined bracket


def _bracket(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.04, scale=(0.92, 1.08), turn=0.35)
    turned = pose.child(0, 0, angle=float(rng.choice([0, 1, 2, 3]) * np.pi / 2))
    u, v = turned.local(size)
    outline, openings = _bracket_shape(rng, u, v)
    distance = np.maximum(outline, -openings)
    coverage = cover(distance, pose.pixel(size))
    coverage, flaws = bitten(hurt, coverage, types, "breakage", extent=(0.16, 0.28), jagged=0.55, where=openings > 0.06)
    face = _milled(rng, size, turned.angle)
    lit = np.clip(relief(paint.bevel(distance, 0.014) * np.float32(pose.scale), light, 0.55), -0.5, 0.6)
    shade(face, lit)
    _counterbore(rng, face, openings, light)
    engrave(face, paint.lot_mark(rng), turned.child(-0.19, 0.26, angle=0.0), 0.042, light)
    rgb = paint.bench(rng, size)
    lay_down(rgb, coverage, face, light, distance=0.028)
    site = Site(light, behind=rgb[2, 2] * 0.3, core=pigment([0.85, 0.85, 0.84]))
    rest = [kind for kind in types if kind != "breakage"]
    used = [m for _, m in flaws]
    surface = cover(distance + 0.012, pose.pixel(size)) * coverage > 0.9
    return Drawn(rgb, flaws + paint_flaws(hurt, rgb, rest, surface, used=used, site=site, scale=0.9))


def _bracket_shape(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(distance to the L or plate outline, distance to its openings), local units."""
    rest = paint.rectangle(u, v - np.float32(0.22), 0.38, 0.16, 0.04)
    style = rng.integers(3)
    if style == 0:  # an L
        outline = np.minimum(rest, paint.rectangle(u + np.float32(0.22), v, 0.16, 0.38, 0.04))
        spots = [(-0.22, -0.22), (0.24, 0.22)]
    elif style == 1:  # a T
        outline = np.minimum(rest, paint.rectangle(u, v + np.float32(0.05), 0.17, 0.33, 0.04))
        spots = [(0.0, -0.22), (0.26, 0.22)]
    else:  # a plate
        outline = paint.rectangle(u, v, 0.38, 0.36, 0.06)
        spots = [(-0.25, -0.24), (0.25, -0.24), (0.25, 0.24)]
    radius = float(rng.uniform(0.05, 0.068))
    openings = np.minimum.reduce([paint.circle(u - np.float32(x), v - np.float32(y), radius) for x, y in spots])
    if style == 2 or rng.random() < 0.5:
        y = 0.0 if style == 2 else 0.13 if style == 1 else 0.02
        x = 0.0 if style else -0.22
        wide, high = (0.15, 0.04) if style == 2 else (0.035, 0.09)
        slot = paint.rectangle(u - np.float32(x), v - np.float32(y), wide, high, 0.035)
        openings = np.minimum(openings, slot)
    return outline, openings


def _milled(rng: np.random.Generator, size: int, angle: float) -> np.ndarray:
    """A milled or brushed face, perhaps anodised in a colour."""
    colour = metal(rng)
    if rng.random() < 0.3:
        tints = pigment([(0.18, 0.28, 0.48), (0.5, 0.15, 0.13), (0.16, 0.17, 0.18), (0.25, 0.4, 0.3)])
        colour = tints[rng.integers(4)]
    face = paint.canvas(size, colour)
    shade(face, paint.brushed(rng, size, angle) * np.float32(0.04) + noise(rng, size, 0.4) * np.float32(0.05))
    if rng.random() < 0.45:  # the arcs a face mill leaves
        u, v = Pose(0.5, 0.5, 1.0, angle + float(rng.uniform(0, 6))).local(size)
        arcs = np.sin((u + np.float32(1.2) - np.sqrt(np.clip(0.5 - v * v, 0, 1))) * np.float32(rng.uniform(120, 170)))
        shade(face, arcs * np.float32(0.035))
    return face


def _counterbore(rng: np.random.Generator, face: np.ndarray, openings: np.ndarray, light: Light) -> None:
    """A ring round every opening: countersunk edges."""
    if rng.random() < 0.7:
        sunk = np.clip(openings / np.float32(0.022), 0, 1) * np.float32(0.012)
        shade(face, np.clip(relief(sunk, light, 0.6), -0.45, 0.5))


RECIPES = (
    Recipe(
        "metal washer", Scenario.WORKPIECE, ("rusty", "scratch", "crack", "discontinuity", "dent"), False, _washer
    ),
    HEX_BOLT,
    Recipe(
        "machined bracket", Scenario.WORKPIECE,
        ("scratch", "crack", "contamination", "breakage", "dent", "pitting"), False, _bracket,
    ),
    BOTTLE_CAP,
    MACHINED_PART,
    MOULDED_PART,
)  # fmt: skip
