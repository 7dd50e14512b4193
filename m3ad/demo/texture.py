"""Drawn surfaces of the texture scenario: woven fabric, wood, leather and (held out) glazed tile.

Normal variation that is no defect: weave stripes, folds, slubs, knots, plank joints, stitched seams, marble veins,
lamp reflections and printed or stamped lot marks.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter

from m3ad.demo import paint
from m3ad.demo.flaws import Site, bite, paint_flaws
from m3ad.demo.paint import Pose, fill, fractal, noise, pigment, relief, shade, smoothstep
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.surface_coated import COATED_SURFACE
from m3ad.demo.surface_patterned import PATTERNED_SURFACE
from m3ad.records import Scenario


def _stamp_mark(rng: np.random.Generator, rgb: np.ndarray, chance: float, strength: float = 0.7) -> None:
    """Perhaps print a lot number somewhere: a distractor."""
    if rng.random() > chance:
        return
    x, y = (float(place) for place in rng.uniform(0.22, 0.78, 2))
    pose = Pose(x, y, 1.0, float(rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.05)))
    ink = pigment([(0.08, 0.08, 0.12), (0.15, 0.2, 0.5), (0.85, 0.85, 0.82)])[rng.integers(3)]
    size = rgb.shape[0]
    fill(rgb, paint.text(size, paint.lot_mark(rng), pose, float(rng.uniform(0.035, 0.05))) * np.float32(strength), ink)


# ---- woven fabric

_CLOTHS = [((0.62, 0.58, 0.50), (0.70, 0.66, 0.58)), ((0.20, 0.27, 0.42), (0.28, 0.36, 0.52)),
           ((0.48, 0.15, 0.15), (0.56, 0.22, 0.20)), ((0.33, 0.38, 0.28), (0.42, 0.46, 0.36)),
           ((0.55, 0.56, 0.58), (0.75, 0.75, 0.76)), ((0.24, 0.24, 0.26), (0.55, 0.50, 0.42))]  # fmt: skip


def _yarns(rng: np.random.Generator, colour: np.ndarray, striped: bool, other: np.ndarray) -> np.ndarray:
    """Colours of 96 yarns (96, 3): each a little different, perhaps in stripes."""
    table = np.tile(colour, (96, 1)) * (1 + rng.normal(0, 0.05, (96, 1)))
    if striped:
        period, width = int(rng.integers(8, 16)), int(rng.integers(2, 4))
        table[np.arange(96) % period < width] *= 0.35
        table[np.arange(96) % period < width] += 0.65 * other
    return table.astype(np.float32)


def _fabric(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = Pose(0.5, 0.5, 1 / rng.uniform(30, 40), float(rng.normal(0, 0.12) + rng.choice([0, 0, np.pi / 4])))
    u, v = pose.local(size)
    u, v = u + 0.35 * noise(rng, size, 0.25) + 48, v + 0.35 * noise(rng, size, 0.25) + 48
    i, j = u.astype(np.int16), v.astype(np.int16)
    pu, pv = u - i - np.float32(0.5), v - j - np.float32(0.5)
    plain = rng.random() < 0.55
    over = ((i + j) & 1 == 0) if plain else ((i + j) & 3 < 2)
    warp, weft = (pigment(c) * rng.uniform(0.85, 1.15) for c in _CLOTHS[rng.integers(len(_CLOTHS))])
    other = pigment(rng.uniform(0.1, 0.85, 3))
    warps = _yarns(rng, warp, rng.random() < 0.3, other)
    wefts = _yarns(rng, weft, rng.random() < 0.2, other)
    across, along = np.where(over, pu, pv), np.where(over, pv, pu)
    rgb = np.where(over[..., None], warps[i % 96], wefts[j % 96])
    strand = (1 - 2.6 * across * across) * (1 - (1.1 if plain else 0.6) * along * along)
    tilt = np.where(over, pu * light[0], pv * light[1])
    twist = noise(rng, size, 0.007) * np.float32(0.035)
    shade(rgb, strand * np.float32(0.55) - np.float32(0.42) + tilt * np.float32(0.35) + twist)
    shade(rgb, relief(noise(rng, size, 0.33) * np.float32(0.012), light, 0.9))  # folds
    _stamp_mark(rng, rgb, 0.15)
    bare = wefts[j % 96] * np.clip(0.52 - 1.7 * pv * pv, 0.04, 1)[..., None] if "discontinuity" in types else rgb
    flaws: list[FlawMask] = []
    for kind in types:
        used = [mask for _, mask in flaws]
        if kind == "discontinuity":
            flaws.append((kind, _missing_yarn(hurt, rgb, u, v, bare, used)))
        else:
            site = Site(light, behind=(0.05, 0.05, 0.05), core=np.clip(warp * 1.35 + 0.08, 0, 1), gloss=0.1)
            flaws += paint_flaws(hurt, rgb, [kind], np.ones((size, size), bool), used=used, site=site)
    return Drawn(rgb, flaws)


def _missing_yarn(
    rng: np.random.Generator, rgb: np.ndarray, u: np.ndarray, v: np.ndarray, bare: np.ndarray, used: list[np.ndarray]
) -> np.ndarray:
    """One or two warp yarns are missing over a stretch: one sees the weft and the dark between."""
    size = rgb.shape[0]
    clear = ~np.logical_or.reduce(used) if used else np.ones((size, size), bool)
    gone = np.zeros((size, size), bool)
    for _ in range(8):
        y, x = (rng.uniform(0.2, 0.8, 2) * size).astype(int)
        first, start = np.floor(u[y, x]), v[y, x]
        long, wide = rng.uniform(6, 13), int(rng.integers(1, 3))
        gone = (u >= first) & (u < first + wide) & (np.abs(v - start) < long / 2)
        if clear[gone].all():
            break
    gone &= np.abs(bare - rgb).max(axis=2) > 0.02
    rgb[gone] = bare[gone]
    return gone


# ---- wood board

_WOODS = [((0.80, 0.62, 0.40), (0.62, 0.42, 0.22)), ((0.70, 0.52, 0.34), (0.48, 0.31, 0.18)),
          ((0.45, 0.30, 0.20), (0.27, 0.17, 0.11)), ((0.84, 0.72, 0.55), (0.72, 0.56, 0.38)),
          ((0.62, 0.36, 0.24), (0.44, 0.22, 0.14))]  # fmt: skip


def _knots(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray, ragged: np.ndarray
) -> tuple[np.ndarray, list[tuple[np.ndarray, float]]]:
    """(how far the grain gives way around up to two knots, [(distance field, radius)])."""
    push = np.zeros_like(u)
    found = []
    for _ in range(int(rng.choice([0, 0, 1, 1, 2]))):
        x, y, r = *rng.uniform(-0.4, 0.4, 2), rng.uniform(0.018, 0.045)
        du, dv = (u - np.float32(x)) / np.float32(rng.uniform(1.1, 1.7)), v - np.float32(y)
        d2 = du * du + dv * dv
        push -= dv * np.exp(-d2 / np.float32((2.6 * r) ** 2)) * np.float32(0.9)
        found.append((np.sqrt(d2) + ragged * np.float32(0.12 * r), r))
    return push, found


def _knot(rgb: np.ndarray, distance: np.ndarray, r: float, dark: np.ndarray) -> None:
    """A knot: its own rings, a dark rim, and a shade around it where the grain bends."""
    shade(rgb, (1 - smoothstep(distance, r, 2.2 * r)) * np.float32(-0.22))
    inside = 1 - smoothstep(distance, r * 0.8, r * 1.15)
    rings = np.sin(distance * np.float32(24 / r)) * np.float32(0.10) + 1
    rings -= smoothstep(distance, r * 0.6, r * 0.95) * np.float32(0.35)
    warm = dark * pigment([0.92, 0.78, 0.66])
    fill(rgb, inside * np.float32(0.88), warm * rings[..., None])


def _planks(rng: np.random.Generator, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(number of the plank each pixel is in, distance to the nearest joint): one board, or two or three planks."""
    count = int(rng.choice([0, 0, 2, 3]))
    if not count:
        return np.zeros_like(v), np.ones_like(v)
    across = v * np.float32(count) + np.float32(rng.uniform(0.3, 0.7))
    return np.floor(across), np.abs(across - np.round(across)) / np.float32(count)


def _wood(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    x, y = paint.grid(size)
    u, v = x - np.float32(0.5), y - np.float32(0.5) + np.float32(rng.normal(0, 0.06)) * (x - np.float32(0.5))
    row, joint = _planks(rng, v)
    fibre = noise(rng, size, 0.005, stretch=26)
    ragged = noise(rng, size, 0.03, stretch=3)
    push, knots = _knots(rng, u, v, ragged)
    rings = v + push + noise(rng, size, 0.22, stretch=3.5) * np.float32(0.03) + row * np.float32(0.37)
    rings = rings * np.float32(rng.uniform(14, 26)) + ragged * np.float32(0.09)
    phase = rings - np.floor(rings)
    late = smoothstep(phase, 0.25, 0.9) * (1 - smoothstep(phase, 0.92, 1.0))
    pale, dark = (pigment(c) * rng.uniform(0.9, 1.1) for c in _WOODS[rng.integers(len(_WOODS))])
    pores = smoothstep(fibre, 1.0, 2.0) * np.float32(0.25)
    rgb = paint.canvas(size, pale)
    fill(rgb, np.clip(late * np.float32(rng.uniform(0.35, 0.8)) + fibre * np.float32(0.09) + pores, 0, 1), dark)
    for distance, r in knots:
        _knot(rgb, distance, r, dark)
    shade(rgb, (row % 2) * np.float32(-0.08) + noise(rng, size, 0.3) * np.float32(0.03))
    shade(rgb, (1 - smoothstep(joint, 0.002, 0.006)) * np.float32(-0.75))
    if rng.random() < 0.5:
        rgb = np.ascontiguousarray(rgb.transpose(1, 0, 2))
    _stamp_mark(rng, rgb, 0.3)
    site = Site(light, behind=dark * 0.12, core=np.clip(pale * 1.12, 0, 1), gloss=0.25)
    return Drawn(rgb, paint_flaws(hurt, rgb, types, np.ones((size, size), bool), site=site))


# ---- leather

_HIDES = [(0.36, 0.20, 0.12), (0.13, 0.12, 0.12), (0.55, 0.33, 0.18), (0.40, 0.10, 0.10), (0.60, 0.52, 0.42),
          (0.18, 0.22, 0.28)]  # fmt: skip


@lru_cache(maxsize=4)
def _pebbles(variant: int) -> Image.Image:
    """Height of a pebbled grain, 0..1, a float image of 1536 pixels: a seamless tile, three times three.

    The same for the same variant; cached, because its distance transforms take longer than a whole part.
    """
    rng = np.random.default_rng([variant, 77])
    side, cells = 512, 44 + 10 * variant
    step = side / cells
    at = (np.indices((cells, cells)).reshape(2, -1) + 0.5 + rng.uniform(-0.42, 0.42, (2, cells * cells))) * step % side
    seeds = np.ones((side, side), bool)
    seeds[at[0].astype(int), at[1].astype(int)] = False
    nearest = distance_transform_edt(np.tile(seeds, (2, 2)), return_distances=False, return_indices=True)
    owner = nearest[0] * 4096 + nearest[1]
    inside = (owner == np.roll(owner, 1, 0)) & (owner == np.roll(owner, 1, 1))
    height = np.clip(distance_transform_edt(inside) / (step * 0.45), 0, 1)
    half = side // 2  # the middle of the doubled tile has neighbours on all sides, so it joins itself
    tile = gaussian_filter(1 - (1 - height) ** 2, 0.8)[half : half + side, half : half + side]
    return Image.fromarray(np.tile(tile.astype(np.float32), (3, 3)))


def _grain(rng: np.random.Generator, size: int) -> np.ndarray:
    """Leather grain (size, size), 0..1: a turned, shifted piece of a pebble tile."""
    image = _pebbles(int(rng.integers(3)))
    angle, zoom = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.15) * 448 / size
    c, s = np.cos(angle) * zoom, np.sin(angle) * zoom
    middle = 768 + rng.uniform(-200, 200, 2)
    half = size / 2
    matrix = (c, s, middle[0] - (c + s) * half, -s, c, middle[1] - (c - s) * half)
    return np.asarray(image.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def _leather(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    grain = _grain(rng, size)
    hide = pigment(_HIDES[rng.integers(len(_HIDES))]) * rng.uniform(0.85, 1.2)
    rgb = paint.canvas(size, hide)
    creases = np.exp(-np.abs(fractal(rng, size, 0.3, 3)) * np.float32(14)) * np.float32(rng.uniform(0, 0.5))
    cloud = fractal(rng, size, 0.25) * np.float32(0.05)
    shade(rgb, grain * np.float32(0.30) - np.float32(0.24) + cloud - creases * np.float32(0.35))
    lit = relief(grain * np.float32(0.004), light, 0.5)
    shade(rgb, np.clip(lit, -0.3, 0.35))
    paint.glow(rgb, np.clip(lit, 0, 0.3) * np.float32(0.16) * (1 + 0.4 * noise(rng, size, 0.4)))
    if rng.random() < 0.35:
        _seam(rng, rgb, light)
    _stamp_mark(rng, rgb, 0.12, 0.5)
    site = Site(light, behind=(0.05, 0.04, 0.04), core=pigment([0.74, 0.62, 0.48]), gloss=0.4)
    return Drawn(rgb, paint_flaws(hurt, rgb, types, np.ones((size, size), bool), site=site))


def _seam(rng: np.random.Generator, rgb: np.ndarray, light: tuple[float, float]) -> None:
    """A stitched seam: a fold and a row of stitches. Not a defect."""
    size = rgb.shape[0]
    pose = Pose(0.5 + rng.uniform(-0.3, 0.3), 0.5 + rng.uniform(-0.3, 0.3), 1.0, float(rng.uniform(0, np.pi)))
    u, v = pose.local(size)
    shade(rgb, np.clip(relief(np.exp(-((v / 0.012) ** 2)) * np.float32(0.008), light, 1.0), -0.4, 0.4))
    pitch = np.float32(0.045)
    along = u / pitch - np.floor(u / pitch) - np.float32(0.5)
    stitch = paint.rectangle(along * pitch, v - np.float32(0.028), 0.016, 0.0045, 0.0045)
    thread = pigment(rng.uniform(0.55, 0.9, 3)) if rng.random() < 0.5 else pigment([0.75, 0.66, 0.5])
    shade(rgb, -0.5 * paint.cover(stitch - 0.003, 4 / size))
    body = paint.cover(stitch, 1.5 / size)
    fill(rgb, body, thread * (0.75 + 0.3 * smoothstep(-stitch, 0, 0.004))[..., None])


# ---- ceramic tile

_GLAZES = [(0.86, 0.86, 0.84), (0.80, 0.76, 0.68), (0.42, 0.55, 0.60), (0.30, 0.34, 0.38), (0.66, 0.72, 0.66)]


def _tile(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.03, scale=(0.98, 1.1), turn=0.06)
    distance = _tile_shape(rng, *pose.local(size))
    coverage = paint.cover(distance, pose.pixel(size))
    face = _glaze(rng, size, pigment(_GLAZES[rng.integers(len(_GLAZES))]) * rng.uniform(0.92, 1.06))
    shade(face, np.clip(relief(paint.bevel(distance, 0.018), light, 0.45), -0.35, 0.3))
    _window_reflex(rng, face)
    rgb = paint.canvas(size, pigment([0.5, 0.49, 0.47]) * rng.uniform(0.6, 1.25))
    shade(rgb, noise(rng, size, 0.006) * np.float32(0.06) - 0.25 * (1 - paint.blurred(1 - coverage, 0.01)))
    body = pigment([0.70, 0.52, 0.42])
    flaws: list[FlawMask] = []
    for _ in range(types.count("breakage")):
        gone = _chip(hurt, face, coverage, body, light, [mask for _, mask in flaws])
        flaws.append(("breakage", gone))
    fill(rgb, coverage, face)
    rest = [kind for kind in types if kind != "breakage"]
    site = Site(light, behind=(0.12, 0.10, 0.09), core=body)
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + paint_flaws(hurt, rgb, rest, coverage > 0.98, used=used, site=site))


def _tile_shape(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Signed distance to one tile, or to the four round a crossing of joints."""
    if rng.random() > 0.3:
        return paint.rectangle(u, v, 0.43, 0.43, 0.025)
    shift, middle = np.float32(rng.uniform(-0.15, 0.15)), np.float32(0.46)
    return paint.rectangle(np.abs(u + shift) - middle, np.abs(v - shift) - middle, 0.44, 0.44, 0.02)


def _window_reflex(rng: np.random.Generator, face: np.ndarray) -> None:
    """The soft mirror image of a lamp or window in the glaze. Not a defect."""
    x, y = (float(place) for place in rng.uniform(0.2, 0.8, 2))
    u, v = Pose(x, y, float(rng.uniform(0.8, 1.4)), float(rng.normal(0.5, 0.2))).local(face.shape[0])
    pane = paint.blurred(paint.cover(paint.rectangle(u, v, 0.10, 0.16), 0.01), 0.02)
    paint.glow(face, pane * np.float32(rng.uniform(0, 0.13)))


def _chip(
    rng: np.random.Generator, face: np.ndarray, coverage: np.ndarray, body: np.ndarray, light: tuple[float, float],
    used: list[np.ndarray],
) -> np.ndarray:  # fmt: skip
    """Chip the glaze off an edge, in place on `face`: the rough body of the tile shows. Returns the mask."""
    less, gone = bite(rng, coverage, extent=(0.14, 0.26), used=used, jagged=0.6)
    rough = body * (0.85 + 0.12 * noise(rng, face.shape[0], 0.01))[..., None]
    shade(rough, np.clip(relief(paint.blurred(less, 0.004) * np.float32(0.01), light), -0.5, 0.4))
    face[gone] = rough[gone]
    return gone & (coverage > 0.5)


def _glaze(rng: np.random.Generator, size: int, glaze: np.ndarray) -> np.ndarray:
    """A glazed face: plain, marbled or speckled."""
    face = paint.canvas(size, glaze)
    shade(face, fractal(rng, size, 0.4) * np.float32(0.02))
    style = rng.integers(3)
    if style == 1:
        veins = np.exp(-np.abs(fractal(rng, size, 0.35, 4)) * np.float32(16))
        strength = np.clip(noise(rng, size, 0.3) * np.float32(0.25) + np.float32(0.25), 0, 0.5)
        fill(face, veins * strength, glaze * np.float32(rng.choice([0.6, 1.15])))
    elif style == 2:
        fill(face, smoothstep(noise(rng, size, 0.006), 1.7, 2.3) * np.float32(0.5), glaze * np.float32(0.5))
        fill(face, smoothstep(noise(rng, size, 0.01), 1.8, 2.4) * np.float32(0.5), np.clip(glaze * 1.2, 0, 1))
    return face


RECIPES = (
    Recipe(
        "woven fabric", Scenario.TEXTURE,
        ("tear", "hole", "contamination", "foreign object intrusion", "discontinuity"), False, _fabric,
    ),
    Recipe("wood board", Scenario.TEXTURE, ("crack", "scratch", "hole", "contamination", "dent"), False, _wood),
    Recipe(
        "leather", Scenario.TEXTURE,
        ("scratch", "abrasion", "tear", "contamination", "peeling", "pitting"), False, _leather,
    ),
    Recipe(
        "ceramic tile", Scenario.TEXTURE, ("crack", "contamination", "scratch", "breakage", "pitting"), True, _tile
    ),
    COATED_SURFACE,
    PATTERNED_SURFACE,
)  # fmt: skip
