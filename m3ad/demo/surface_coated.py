"""Coated surfaces without a repeat: plaster, concrete, stone, terrazzo, paint, metal sheet, paper, cork, lacquer.

Every picture is a new design. Normal variation that is no defect: chips, veins, pores, streaks, flakes, joints between
panels, the slab's own edge, prints and reflections.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from m3ad.demo import paint
from m3ad.demo.designs import bumps, colour, contrasting, finish, ground, near, print_on, sheen, site_on, visible_flaws
from m3ad.demo.flaws import bite
from m3ad.demo.paint import Pose, fill, fractal, noise, relief, shade, smoothstep
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.workpiece_common import Light, lay_down
from m3ad.records import Scenario


def _coated(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    face = _MATERIALS[rng.integers(len(_MATERIALS))](rng, size, light)
    _band(rng, face)
    _joints(rng, face, light)
    x, y = rng.uniform(0.25, 0.75, 2)
    print_on(
        rng, face, Pose(float(x), float(y), 1.0, float(rng.uniform(0, 2 * np.pi))), float(rng.uniform(0.03, 0.07)), 0.25
    )
    sheen(rng, face)
    broken = types.count("breakage")
    if rng.random() < 0.4:
        rgb, surface, flaws = _slab(rng, hurt, face, light, broken)
    else:
        rgb, surface = face, np.ones((size, size), bool)
        flaws = _spalls(hurt, rgb, light, broken)
    site = site_on(hurt, rgb, surface, light)
    rest = [kind for kind in types if kind != "breakage"]
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + visible_flaws(hurt, rgb, rest, surface, site, used=used))


# ---- materials: (rng, size, light) -> image (size, size, 3)


def _plaster(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Trowelled or sprayed plaster."""
    face = paint.canvas(size, colour(rng, 0.35))
    cell = float(rng.uniform(0.015, 0.07))
    rough = fractal(rng, size, cell, 3)
    if rng.random() < 0.5:
        rough = rough + paint.turned(noise(rng, size, cell, stretch=6), float(rng.uniform(0, np.pi)))
    shade(face, bumps(rough, light, cell * rng.uniform(0.03, 0.1)))
    shade(face, fractal(rng, size, 0.3) * np.float32(0.03))
    return face


def _concrete(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Clouded, with fine sand and small pores."""
    base = colour(rng, 0.3, 0.8)
    face = paint.canvas(size, base * np.float32(0.4) + base.mean() * np.float32(0.6))
    shade(face, fractal(rng, size, 0.3) * np.float32(rng.uniform(0.03, 0.1)))
    shade(face, noise(rng, size, 0.005) * np.float32(rng.uniform(0.02, 0.07)))
    pores = smoothstep(noise(rng, size, float(rng.uniform(0.008, 0.016))), rng.uniform(2.2, 3.0), 3.6)
    shade(face, pores * np.float32(-0.5))
    return face


def _granular(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Grains of several colours side by side: granite, cork, rubber granules, galvanised spangle."""
    base, spread = colour(rng, 0.3), float(rng.uniform(0.08, 0.45))
    colours = [near(rng, base, spread) for _ in range(5)]
    if rng.random() < 0.5:
        colours[:2] = [contrasting(rng, base), np.clip(base * 0.5, 0, 1)]
    cells = float(rng.choice([rng.uniform(16, 34), rng.uniform(34, 70), rng.uniform(70, 120)]))
    weights = rng.dirichlet(np.ones(5) * 2)
    table = np.stack(colours)[rng.choice(5, (128, 128), p=weights)] * rng.uniform(0.9, 1.1, (128, 128, 1)).astype("f4")
    x, y = paint.grid(size)
    warp, fold = float(rng.uniform(0.3, 0.45 if cells < 34 else 0.8)), 0.8 / cells
    u = x * np.float32(cells) + noise(rng, size, fold) * np.float32(warp)
    v = y * np.float32(cells) + noise(rng, size, fold) * np.float32(warp)
    face = table[v.astype(np.int16) & 127, u.astype(np.int16) & 127]
    if rng.random() < 0.5:
        shade(face, finish(rng, size, light))
    return face


def _terrazzo(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Angular chips in a binder."""
    base = colour(rng, 0.3)
    count, big = int(rng.integers(60, 180)), float(rng.uniform(0.015, 0.045))
    palette = (np.stack([contrasting(rng, base, 0.12) for _ in range(int(rng.integers(2, 5)))]) * 255).astype(int)
    image = Image.fromarray((paint.canvas(size, base) * 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (count, 6)), axis=1)
    radii = rng.uniform(0.35, 1, (count, 1)) ** 2 * rng.uniform(0.7, 1, (count, 6)) * big * size
    middles = rng.uniform(0, size, (count, 1, 2))
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=2) * radii[..., None] + middles
    for ring, k in zip(corners.reshape(count, 12).tolist(), rng.integers(len(palette), size=count), strict=True):
        pen.polygon(ring, fill=tuple(palette[k].tolist()))
    face = np.asarray(image, np.float32) / 255
    shade(face, noise(rng, size, 0.006) * np.float32(rng.uniform(0.01, 0.05)))
    return face


def _painted(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Paint or lacquer: orange peel, brush strokes, hammertone, metallic flakes or plain gloss."""
    face = paint.canvas(size, colour(rng))
    shade(face, finish(rng, size, light))
    shade(face, noise(rng, size, 0.4) * np.float32(0.05))
    if rng.random() < 0.3:
        paint.glow(face, smoothstep(noise(rng, size, 0.004), 1.2, 2.4) * np.float32(rng.uniform(0.05, 0.2)))
    sheen(rng, face, 0.35)
    return face


def _metal_sheet(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Brushed or rolled metal, bare or tinted, with a broad reflection across the grain."""
    angle = float(rng.uniform(0, np.pi))
    tint = colour(rng, 0.4)
    face = paint.canvas(size, tint * np.float32(0.25) + np.float32(rng.uniform(0.25, 0.5)))
    shade(
        face,
        paint.brushed(rng, size, angle, cell=float(rng.choice([0.003, 0.004, 0.008])))
        * np.float32(rng.uniform(0.02, 0.09)),
    )
    u, _ = Pose(0.5, 0.5, 1.0, angle).local(size)
    shade(
        face,
        np.cos(u * np.float32(rng.uniform(2, 9)) + np.float32(rng.uniform(0, 6))) * np.float32(rng.uniform(0.03, 0.15)),
    )
    return face


def _paper(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Paper, board or felt: matted fibres and flecks."""
    base = colour(rng, 0.4)
    face = paint.canvas(size, base)
    shade(
        face,
        noise(rng, size, 0.005) * np.float32(0.03) + fractal(rng, size, 0.08) * np.float32(rng.uniform(0.01, 0.05)),
    )
    starts, turns = rng.uniform(0, 1, (90, 2)), rng.uniform(0, 2 * np.pi, 90)
    ends = starts + np.stack([np.cos(turns), np.sin(turns)], axis=1) * rng.uniform(0.01, 0.05, (90, 1))
    fibres = paint.stroke(size, 0.002, *np.stack([starts, ends], axis=1), ss=1)
    fill(face, fibres * np.float32(rng.uniform(0.1, 0.5)), contrasting(rng, base))
    return face


def _stone(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """Stone with soft veins or bands that run through the whole picture."""
    base = colour(rng, 0.3)
    face = paint.canvas(size, base)
    field = fractal(rng, size, float(rng.uniform(0.15, 0.5)), 4)
    if rng.random() < 0.6:
        field = field + paint.turned(noise(rng, size, 0.12, stretch=8), float(rng.uniform(0, np.pi)))
    if rng.random() < 0.4:
        fill(
            face,
            (np.sin(field * np.float32(rng.uniform(2, 7))) + 1) * np.float32(rng.uniform(0.2, 0.45)),
            near(rng, base, 0.6),
        )
    veins = np.exp(-np.abs(field) * np.float32(rng.uniform(4, 14)))
    fill(face, veins * np.float32(rng.uniform(0.2, 0.75)), contrasting(rng, base))
    shade(face, fractal(rng, size, 0.2) * np.float32(0.05) + noise(rng, size, 0.006) * np.float32(0.02))
    return face


_MATERIALS = (_plaster, _concrete, _granular, _granular, _terrazzo, _painted, _painted, _metal_sheet, _paper, _stone)


# ---- what is laid over or cut from the material


def _band(rng: np.random.Generator, face: np.ndarray) -> None:
    """Perhaps a painted band or field with a clean edge. Not a defect."""
    if rng.random() > 0.2:
        return
    x, y = rng.uniform(0.1, 0.9, 2)
    _, v = Pose(float(x), float(y), 1.0, float(rng.uniform(0, np.pi))).local(len(face))
    half = float(rng.choice([rng.uniform(0.01, 0.05), rng.uniform(0.1, 0.4)]))
    inside = paint.cover(np.abs(v) - np.float32(half), 1.5 / len(face))
    fill(face, inside * np.float32(rng.uniform(0.5, 0.9)), colour(rng, 0.3))


def _joints(rng: np.random.Generator, face: np.ndarray, light: Light) -> None:
    """Perhaps straight joints between panels, dark or filled, some staggered. Not a defect."""
    if rng.random() > 0.3:
        return
    x, y = rng.uniform(0.2, 0.8, 2)
    u, v = Pose(
        float(x), float(y), 1.0, float(rng.normal(0, 0.1) + rng.choice([0, np.pi / 2, rng.uniform(0, 3)]))
    ).local(len(face))
    pitch = np.float32(rng.uniform(0.3, 1.2))
    row = np.round(v / pitch)
    away = np.abs(v - row * pitch)
    if rng.random() < 0.35:  # butt joints of long planks
        long = np.float32(rng.uniform(0.7, 1.4))
        along = u / long + np.floor(v / pitch) * np.float32(0.37)
        away = np.minimum(away, np.abs(along - np.round(along)) * long)
    half = float(rng.uniform(0.002, 0.008))
    filler = near(rng, face[::16, ::16].mean(axis=(0, 1)) * np.float32(rng.choice([0.3, 0.5, 1.3])), 0.15)
    fill(face, paint.cover(away - np.float32(half), 2 / len(face)), filler)
    shade(face, np.clip(relief(smoothstep(away, half, half + 0.008) * np.float32(0.004), light), -0.3, 0.3))


def _slab(
    rng: np.random.Generator, hurt: np.random.Generator, face: np.ndarray, light: Light, broken: int
) -> tuple[np.ndarray, np.ndarray, list[FlawMask]]:
    """Lay a slab with one edge, two, or a corner in the picture: (image, where its surface is, pieces broken off)."""
    size = len(face)
    turn, inset = float(rng.uniform(0, 2 * np.pi)), rng.uniform(0.12, 0.36, 2)
    u, v = Pose(0.5, 0.5, 1.0, turn).local(size)
    distance = u - np.float32(inset[0])
    style = rng.integers(3)
    if style == 1:
        distance = np.maximum(distance, -u - np.float32(inset[1]))
    elif style == 2:
        distance = paint.rectangle(
            u + np.float32(1 - inset[0]), v + np.float32(1 - inset[1]), 1, 1, float(rng.uniform(0, 0.15))
        )
    shade(face, np.clip(relief(paint.bevel(distance, float(rng.uniform(0.005, 0.025))), light, 0.5), -0.4, 0.4))
    coverage = paint.cover(distance, 1 / size)
    x, y = paint.grid(size)
    seen = (np.maximum(np.abs(x - np.float32(0.5)), np.abs(y - np.float32(0.5))) < 0.4) & (distance > -0.03)
    flaws: list[FlawMask] = []
    for _ in range(broken):
        used = [mask for _, mask in flaws]
        coverage, gone = bite(hurt, coverage, extent=(0.15, 0.3), jagged=0.6, used=used, where=seen)
        flaws.append(("breakage", gone))
    rgb = ground(rng, size, face[::16, ::16].mean(axis=(0, 1)))
    lay_down(rgb, coverage, face, light, distance=float(rng.uniform(0.01, 0.04)))
    return rgb, paint.cover(distance + 0.012, 1 / size) * coverage > 0.95, flaws


def _spalls(rng: np.random.Generator, rgb: np.ndarray, light: Light, broken: int) -> list[FlawMask]:
    """Pieces broken out of a surface that has no edge in the picture: a rough, deep pit with a sharp rim."""
    size = len(rgb)
    flaws: list[FlawMask] = []
    for _ in range(broken):
        used = [mask for _, mask in flaws]
        whole = np.zeros((size, size), np.float32)
        for _ in range(8):
            x, y, r = *rng.uniform(0.2, 0.8, 2), rng.uniform(0.06, 0.12)
            u, v = Pose(float(x), float(y), 1.0, float(rng.uniform(0, np.pi))).local(size)
            edge = paint.ngon(u, v * np.float32(rng.uniform(1, 1.5)), r, int(rng.integers(5, 8)))
            whole = edge + noise(rng, size, 0.025) * np.float32(0.012)
            if not any((mask & (whole < 0.03)).any() for mask in used):
                break
        gone = whole < 0
        tone = rgb[gone].mean(axis=0)
        rough = bumps(fractal(rng, size, 0.05, 3), light, 0.004) * 1.5 + bumps(np.clip(whole, -0.03, 0), light, 0.8)
        inside = tone * np.float32(0.5 if tone.mean() > 0.35 else 1.9) * (1 + rough)[..., None]
        rgb[gone] = inside[gone]
        flaws.append(("breakage", gone))
    return flaws


COATED_SURFACE = Recipe(
    "coated surface", Scenario.TEXTURE,
    ("crack", "contamination", "scratch", "breakage", "pitting", "dent", "hole", "abrasion", "peeling", "rusty"),
    False, _coated,
)  # fmt: skip
