"""Moulded round parts seen from above, a new design in every picture: knobs, wheels, covers, rings, trays, lids.

Normal variation that is no defect: rims, domes, ribs, spokes, windows, grips, scale marks, two colours, prints, shine.
"""

from __future__ import annotations

import numpy as np

from m3ad.demo import paint
from m3ad.demo.designs import (
    broken_off,
    colour,
    contrasting,
    finish,
    ground,
    near,
    print_on,
    printed,
    sheen,
    site_on,
    visible_flaws,
)
from m3ad.demo.paint import fill, noise, relief, shade, smoothstep
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.workpiece_common import Light, lay_down
from m3ad.records import Scenario


def _moulded(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.05, scale=(0.8, 1.12), turn=np.pi)
    u, v = pose.local(size)
    r, theta = np.sqrt(u * u + v * v), np.arctan2(v, u)
    angle = ((theta + np.float32(np.pi)) * np.float32(4095 / (2 * np.pi))).astype(np.intp)
    border = _border(rng)[angle]
    rho, flaws = _pushed(hurt, types.count("distortion"), r, theta, border)
    openings, height = _form(rng, rho, angle)
    soft = 1.2 / (size * pose.scale * 0.4)  # a pixel in units of rho
    base = colour(rng)
    rgb = ground(rng, size, base)
    face = _face(rng, size, base, rho, angle, light)
    lit = np.clip(relief(height * np.float32(pose.scale), light, 0.5), -0.55, 0.6)
    shade(face, lit)
    paint.glow(face, np.clip(lit - 0.2, 0, 1) * np.float32(rng.uniform(0, 0.5)))
    _prints(rng, face, pose, light)
    sheen(rng, face, 0.3)
    outer = np.maximum(rho - 1, -openings)
    coverage = paint.cover(outer, soft)
    used = [mask for _, mask in flaws]
    coverage, pieces = broken_off(hurt, face, coverage, types.count("breakage"), used=used, where=rho > 0.94)
    flaws += pieces
    lay_down(rgb, coverage, face, light, distance=float(rng.uniform(0.012, 0.045)))
    surface = paint.cover(outer + 0.03, soft) * coverage > 0.95
    site = site_on(hurt, rgb, surface, light, gloss=0.8)
    rest = [kind for kind in types if kind not in ("breakage", "distortion")]
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + visible_flaws(hurt, rgb, rest, surface, site, used=used, scale=0.9))


# ---- shape


_ANGLES = np.linspace(-np.pi, np.pi, 4096, dtype=np.float32)  # what depends on the angle alone is made once for these


def _border(rng: np.random.Generator) -> np.ndarray:
    """How far the rim is from the middle at each of `_ANGLES`: round, lobed, squarish, oval or a rounded polygon."""
    radius = np.float32(rng.uniform(0.34, 0.41))
    kind = rng.integers(6)
    if kind == 1:
        lobes, deep = int(rng.integers(3, 11)), rng.uniform(0.02, 0.09)
        return radius * (1 + np.cos(_ANGLES * lobes) * np.float32(deep))
    if kind == 2:
        power = np.float32(rng.uniform(2.5, 6))
        bulge = (np.abs(np.cos(_ANGLES)) ** power + np.abs(np.sin(_ANGLES)) ** power) ** (-1 / power)
        return radius * bulge * np.float32(0.9)
    if kind == 3:
        flat = np.float32(rng.uniform(0.6, 0.9))
        return radius / np.sqrt(np.cos(_ANGLES) ** 2 + (np.sin(_ANGLES) / flat) ** 2)
    if kind == 4:
        step = np.float32(2 * np.pi / int(rng.integers(3, 9)))
        away = _ANGLES - np.round(_ANGLES / step) * step
        return np.minimum(radius * np.float32(0.88) / np.cos(away), radius)
    return np.full_like(_ANGLES, radius)


def _pushed(
    rng: np.random.Generator, count: int, r: np.ndarray, theta: np.ndarray, border: np.ndarray
) -> tuple[np.ndarray, list[FlawMask]]:
    """(distance from the middle in units of the border, flaws): the rim pushed in or pulled out at `count` places."""
    flaws: list[FlawMask] = []
    moved, reach = r, smoothstep(r / border, 0.6, 0.97)
    turn = float(rng.uniform(-np.pi, np.pi))
    for _ in range(count):
        turn += float(rng.uniform(1.7, 2.6))
        away = np.abs((theta - np.float32(turn) + np.float32(np.pi)) % np.float32(2 * np.pi) - np.float32(np.pi))
        bump = np.clip(1 - (away / np.float32(rng.uniform(0.28, 0.5))) ** 2, 0, 1)
        push = bump * reach * np.float32(rng.choice([1, 1, -1]) * rng.uniform(0.05, 0.085))
        moved = moved + push
        flaws.append(("distortion", (np.abs(push) > 0.006) & (np.minimum(r, r + push) < border)))
    return moved / border, flaws


def _form(rng: np.random.Generator, rho: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(signed distance to the openings in units of rho, height): a turned profile with ribs, spokes and windows."""
    place = np.clip(rho * 3200, 0, 4095).astype(np.intp)
    height = _profile(rng)[place]
    openings = np.full_like(rho, 1.0)
    hub = float(rng.choice([0, 0, rng.uniform(0.06, 0.2), rng.uniform(0.2, 0.6)]))
    if hub:
        openings = rho - np.float32(hub)
    low, high = hub + float(rng.uniform(0.08, 0.2)), float(rng.uniform(0.74, 0.88))
    count, kind = int(rng.integers(3, 13)), rng.integers(5)
    wave = np.cos(_ANGLES * count)
    windows = kind == 1 and high - low > 0.2
    if windows:  # between spokes
        sector = ((np.float32(rng.uniform(-0.5, 0.6)) - wave) / np.float32(count))[angle] * rho
        band = np.abs(rho - np.float32((low + high) / 2)) - np.float32((high - low) / 2)
        openings = np.minimum(openings, np.maximum(sector, band))
    elif kind == 2:  # raised or sunken spokes
        ridge = smoothstep(wave, 1 - 3.0 / count**1.2, 1 - 1.2 / count**1.2)
        inside = smoothstep(_RHO, low, low + 0.05) * (1 - smoothstep(_RHO, high, high + 0.05))
        deep = np.float32(rng.choice([-1, 1]) * rng.uniform(0.004, 0.01))
        height += (ridge * deep)[angle] * inside[place]
    if (hub or windows) and rng.random() < 0.6:  # a grip of fine ribs near the rim
        start, fine = float(rng.uniform(0.72, 0.9)), int(rng.integers(28, 90))
        ribs = np.cos(_ANGLES * fine) * np.float32(rng.uniform(0.12, 0.3) / fine)
        height += ribs[angle] * smoothstep(_RHO, start, start + 0.02)[place]
    if hub or windows:
        height += np.clip(openings * 25, 0, 1) * np.float32(0.006)
    return openings, height


_RHO = np.arange(4096, dtype=np.float32) / 3200


def _profile(rng: np.random.Generator) -> np.ndarray:
    """Height (4096,) over `_RHO`: a dome or dish, steps and grooves, and the rounded rim."""
    rho = _RHO
    height = np.float32(rng.uniform(-0.04, 0.05)) * (1 - rho**2)
    for _ in range(int(rng.integers(1, 5))):
        at, wide = rng.uniform(0.15, 0.92), rng.uniform(0.012, 0.05)
        deep = np.float32(rng.choice([-1, 1]) * rng.uniform(0.004, 0.014))
        if rng.random() < 0.5:
            height = height + smoothstep(rho, at - wide, at + wide) * deep
        else:
            height = height + np.exp(-(((rho - np.float32(at)) / np.float32(wide)) ** 2)) * deep
    edge = float(rng.uniform(0.04, 0.16))
    return (height + paint.bevel(rho - 1, edge) * np.float32(rng.uniform(0.25, 0.6))).astype(np.float32)


# ---- material and prints


def _face(
    rng: np.random.Generator, size: int, base: np.ndarray, rho: np.ndarray, angle: np.ndarray, light: Light
) -> np.ndarray:
    """Plastic or painted metal in one colour or two, with rings or scale marks."""
    face = paint.canvas(size, base)
    if rng.random() < 0.4:
        other = contrasting(rng, base, 0.12) if rng.random() < 0.7 else near(rng, base, 0.3)
        low, high = sorted(rng.uniform(0, 0.98, 2))
        fill(
            face,
            paint.cover(np.maximum(rho - np.float32(high), np.float32(low * (rng.random() < 0.6)) - rho), 0.012),
            other,
        )
    if rng.random() < 0.25:
        at, half, ticks = float(rng.uniform(0.4, 0.85)), float(rng.uniform(0.02, 0.06)), int(rng.integers(6, 40))
        lines = paint.cover(np.abs(rho - np.float32(at)) - np.float32(half), 0.012)
        fill(face, lines * smoothstep(np.cos(_ANGLES * ticks), 0.7, 0.85)[angle], contrasting(rng, base, 0.3))
    shade(face, finish(rng, size, light))
    shade(face, noise(rng, size, 0.3) * np.float32(0.03))
    return face


def _prints(rng: np.random.Generator, face: np.ndarray, pose: paint.Pose, light: Light) -> None:
    """Perhaps an embossed mark, a print and the small round spot where the mould was filled. Not a defect."""
    x, y = rng.uniform(-0.18, 0.18, 2)
    place = pose.child(x, y, angle=float(rng.choice([0, 0, np.pi / 2, rng.uniform(0, 6)])))
    print_on(rng, face, place, float(rng.uniform(0.04, 0.1)), 0.45)
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.22, 0.22, 2)
        spot = pose.child(x, y, angle=float(rng.uniform(0, 6)))
        raised = paint.blurred(printed(rng, len(face), spot, float(rng.uniform(0.04, 0.08))), 0.003)
        shade(face, np.clip(relief(raised * np.float32(0.005), light), -0.4, 0.4))
    if rng.random() < 0.3:
        u, v = pose.child(*rng.uniform(-0.25, 0.25, 2)).local(len(face))
        gate = smoothstep(np.abs(paint.circle(u, v, float(rng.uniform(0.008, 0.02)))), 0, 0.006)
        shade(face, (gate - 1) * np.float32(0.25))


MOULDED_PART = Recipe(
    "moulded part", Scenario.WORKPIECE,
    ("dent", "scratch", "peeling", "distortion", "crack", "breakage", "rusty", "contamination"),
    False, _moulded,
)  # fmt: skip
