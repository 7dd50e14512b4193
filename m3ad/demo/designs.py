"""What the freely designed categories draw from: colours, finishes, reflections, prints, backgrounds, visible flaws.

Their pictures share no product: shape, material, pattern, colours and prints are new in every one.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

from m3ad.demo import paint
from m3ad.demo.flaws import Site, bite, paint_flaw
from m3ad.demo.paint import Pose, fill, fractal, noise, pigment, relief, smoothstep
from m3ad.demo.recipe import FlawMask

Light = tuple[float, float]

_RUST = pigment((0.49, 0.23, 0.08))
_VISIBLE = 0.10  # mean change of brightness under a flaw; less is lost in the camera's noise
_BUSY = 0.6  # a flaw has to change this share of the surface's own variation more
_FAINT_SHARE = 0.08  # of the flaws may stay as faint as they came out: hard cases
_TRIES = 4


def colour(rng: np.random.Generator, low: float = 0.2, high: float = 0.92) -> np.ndarray:
    """A product's colour (3,): a grey, a muted or a strong one, never that of rust; `low`, `high`: its brightness."""
    while True:
        kind = rng.random()
        strong = (
            rng.uniform(0, 0.08) if kind < 0.35 else rng.uniform(0.1, 0.4) if kind < 0.7 else rng.uniform(0.45, 0.9)
        )
        value = rng.uniform(low, high) if kind < 0.7 else rng.uniform(max(low, 0.35), high)
        found = pigment(colorsys.hsv_to_rgb(rng.random(), strong, value)) * np.float32(0.94) + np.float32(0.03)
        if np.abs(found - _RUST).max() > 0.2:
            return found


def contrasting(rng: np.random.Generator, other: np.ndarray, gap: float = 0.2) -> np.ndarray:
    """A colour whose brightness differs by `gap` from that of `other`, or a plain light or dark one."""
    for _ in range(6):
        found = colour(rng)
        if abs(float(found.mean() - other.mean())) > gap:
            return found
    return pigment((0.1, 0.1, 0.11) if other.mean() > 0.5 else (0.9, 0.9, 0.88))


def near(rng: np.random.Generator, base: np.ndarray, spread: float) -> np.ndarray:
    """A colour like `base`: lighter or darker by up to `spread`, its tint a little off."""
    return np.clip(base * (1 + rng.uniform(-spread, spread)) + rng.normal(0, spread / 12, 3), 0.02, 0.97).astype("f4")


def finish(rng: np.random.Generator, size: int, light: Light) -> np.ndarray:
    """How much lighter or darker a surface is at each pixel (size, size): smooth, grained, brushed, cast, rolled."""
    kind, cell = int(rng.integers(6)), float(rng.uniform(0.01, 0.03))
    if kind == 0:
        return noise(rng, size, 0.3) * np.float32(0.025)
    if kind == 1:
        return noise(rng, size, cell * 0.5) * np.float32(rng.uniform(0.015, 0.05))
    if kind == 2:
        return bumps(noise(rng, size, cell), light, cell * rng.uniform(0.03, 0.09))
    if kind == 3:
        streaks = paint.brushed(rng, size, float(rng.uniform(0, np.pi)), cell=float(rng.choice([0.003, 0.005, 0.008])))
        return streaks * np.float32(rng.uniform(0.015, 0.05))
    if kind == 4:
        return bumps(fractal(rng, size, 2 * cell, 3), light, cell * rng.uniform(0.05, 0.12))
    rolled = paint.turned(noise(rng, size, cell, stretch=float(rng.uniform(4, 12))), float(rng.uniform(0, np.pi)))
    return rolled * np.float32(rng.uniform(0.015, 0.04))


def bumps(height: np.ndarray, light: Light, amount: float) -> np.ndarray:
    """The light on a height field of deviation 1, which is `amount` (fraction of the side) high."""
    return np.clip(relief(height * np.float32(amount), light), -0.35, 0.4)


def sheen(rng: np.random.Generator, face: np.ndarray, most: float = 0.25) -> None:
    """Perhaps the soft reflection of a lamp, a window or a bright wall. Not a defect."""
    kind, size = int(rng.integers(5)), 64  # it is soft: a coarse grid is enough
    strength = np.float32(rng.uniform(0.04, most))
    place, turn, scale = rng.uniform(0.15, 0.85, 2), float(rng.uniform(0, np.pi)), float(rng.uniform(0.7, 1.8))
    u, v = Pose(float(place[0]), float(place[1]), scale, turn).local(size)
    if kind == 0:
        light = np.exp(-((u / 0.22) ** 2 + (v / 0.11) ** 2))
    elif kind == 1:
        pane = paint.cover(paint.rectangle(u, np.abs(v) - np.float32(0.075), 0.1, 0.06), 0.05)
        light = paint.blurred(pane, 0.03)
    elif kind == 2:
        light = np.exp(-((v / np.float32(rng.uniform(0.04, 0.25))) ** 2))
    else:
        return
    paint.glow(face, paint.resized(light * strength, face.shape[:2]))


# ---- prints

_WORDS = (
    "MADE IN EU",
    "PP-GF30",
    "TYPE 4",
    "OPEN",
    "MAX 8 BAR",
    "NO.7",
    "REV C",
    "CE",
    "PUSH",
    "QC PASS",
    "12V",
    "IP67",
)


def word(rng: np.random.Generator) -> str:
    """Something that could be printed or engraved anywhere: a lot mark, a phrase, a number, a name nobody has."""
    kind = rng.integers(4)
    if kind == 0:
        return paint.lot_mark(rng)
    if kind == 1:
        return str(rng.choice(_WORDS))
    if kind == 2:
        return str(rng.integers(10, 99999))
    return "".join(rng.choice(list("AEIOUBDKLMNRSTVX"), int(rng.integers(3, 8))))


def printed(rng: np.random.Generator, size: int, pose: Pose, height: float) -> np.ndarray:
    """Coverage (size, size) of one print at `pose`: a word, bar code, dot matrix, ring or arrow; `height` is local."""
    kind = int(rng.choice(7, p=[0.2, 0.2, 0.15, 0.1, 0.07, 0.14, 0.14]))
    if kind < 3:
        return paint.text(size, word(rng), pose, height)
    u, v = pose.local(size)
    pixel = pose.pixel(size)
    if kind == 3:
        bars = rng.random(32) < 0.5
        inside = paint.cover(paint.rectangle(u, v, 1.6 * height, 0.6 * height), pixel)
        return inside * bars[np.clip((u / np.float32(3.2 * height) + np.float32(0.5)) * 32, 0, 31).astype(np.int16)]
    if kind == 4:
        bits, half = rng.random((8, 8)) < 0.5, np.float32(1.1 * height)
        row, column = (np.clip((w / half + 1) * 4, 0, 7).astype(np.int16) for w in (v, u))
        return paint.cover(paint.rectangle(u, v, float(half), float(half)), pixel) * bits[row, column]
    if kind == 5:
        outline = np.abs(paint.ngon(u, v, height, int(rng.integers(3, 9)))) - np.float32(0.1 * height)
        return paint.cover(outline if rng.random() < 0.5 else np.abs(paint.circle(u, v, height)) - 0.1 * height, pixel)
    head = np.maximum(np.abs(v) * 2 - (np.float32(1.6 * height) - u), np.float32(0.5 * height) - u) * np.float32(0.7)
    shaft = paint.rectangle(u + np.float32(0.3 * height), v, height, 0.16 * height)
    return paint.cover(np.minimum(head, shaft), pixel)


def print_on(rng: np.random.Generator, face: np.ndarray, pose: Pose, height: float, chance: float = 0.4) -> None:
    """Perhaps a print in a colour that can be read on `face`. Not a defect."""
    if rng.random() < chance:
        own = rng.spawn(1)[0]  # a defect changes the mean a little, and must not change what is drawn next
        ink = contrasting(own, face[::16, ::16].mean(axis=(0, 1)), 0.3)
        fill(face, printed(rng, len(face), pose, height) * np.float32(rng.uniform(0.6, 0.95)), ink)


def ground(rng: np.random.Generator, size: int, part: np.ndarray) -> np.ndarray:
    """A background (size, size, 3) that a part of the colour `part` stands out from: plain, grained, ribbed, lit."""
    half = size // 2  # a background is a little out of focus
    kind, tone = int(rng.integers(5)), contrasting(rng.spawn(1)[0], part, 0.18)
    tone = tone + (tone.mean() - tone) * np.float32(rng.uniform(0, 1) ** 0.5)  # most benches are nearly grey
    amount = noise(rng, half, 0.35) * np.float32(0.05)
    if kind == 1:
        amount += noise(rng, half, 0.008) * np.float32(0.05)
    elif kind == 2:
        amount += paint.brushed(rng, half, float(rng.uniform(0, np.pi))) * np.float32(0.04)
    elif kind == 3:
        u, _ = Pose(0.5, 0.5, float(rng.uniform(0.03, 0.2)), float(rng.uniform(0, np.pi))).local(half)
        amount += np.sin(u * np.float32(2 * np.pi)) * np.float32(rng.uniform(0.03, 0.1))
    elif kind == 4:
        amount += fractal(rng, half, 0.06) * np.float32(0.07)
    rgb = paint.canvas(size, tone)
    paint.shade(rgb, paint.resized(amount, (size, size), smooth=False))
    return rgb


# ---- flaws


def site_on(rng: np.random.Generator, rgb: np.ndarray, surface: np.ndarray, light: Light, gloss: float = 0.6) -> Site:
    """What flaws need to know of a surface of any colour: bare material and depths that stand out from it."""
    tone = float(rgb[::4, ::4][surface[::4, ::4]].mean()) if surface[::4, ::4].any() else 0.5
    core = near(rng, pigment((0.27, 0.26, 0.25) if tone > 0.58 else (0.80, 0.78, 0.74)), 0.12)
    behind = (1.5, 1.5, 1.45) if tone < 0.26 else (0.05, 0.05, 0.05)  # the fresh edge of a dark part is pale
    return Site(light, behind=behind, core=core, gloss=gloss)


def visible_flaws(
    rng: np.random.Generator, rgb: np.ndarray, kinds: Sequence[str], surface: np.ndarray, site: Site, *,
    used: Sequence[np.ndarray] = (), scale: float = 1.0,
) -> list[FlawMask]:  # fmt: skip
    """`flaws.paint_flaws`, with each flaw tried again where it would drown in the design below it."""
    flaws: list[FlawMask] = []
    if not kinds:
        return flaws
    inside = surface[::4, ::4]
    need = _VISIBLE + _BUSY * float(rgb[::4, ::4].mean(axis=2)[inside].std()) if inside.any() else 0.0
    before = rgb.copy()
    for kind in kinds:
        taken = [*used, *(mask for _, mask in flaws)]
        faint, best, most = rng.random() < _FAINT_SHARE, np.zeros_like(surface), -1.0
        for _ in range(_TRIES):
            mask = paint_flaw(rng, rgb, kind, surface, used=taken, site=site, scale=scale)
            painted = rgb[mask]
            rgb[mask] = before[mask]
            change = float(np.abs(painted - before[mask]).mean()) if mask.sum() > 12 else 0.0
            if change > most:
                best, pixels, most = mask, painted, change
            if change and (faint or change > need):
                break
        rgb[best] = before[best] = pixels
        flaws.append((kind, best))
    return flaws


def broken_off(
    rng: np.random.Generator, face: np.ndarray, coverage: np.ndarray, count: int, *,
    used: Sequence[np.ndarray] = (), where: np.ndarray | None = None, extent: tuple[float, float] = (0.16, 0.28),
) -> tuple[np.ndarray, list[FlawMask]]:  # fmt: skip
    """Break `count` pieces off an outline: (coverage, flaws). The fresh edge is left rough on `face`, in place."""
    flaws: list[FlawMask] = []
    for _ in range(count):
        less, gone = bite(rng, coverage, extent=extent, jagged=0.65, where=where,
                          used=[*used, *(mask for _, mask in flaws)])  # fmt: skip
        rim = smoothstep(paint.blurred(gone.astype(np.float32), 0.014), 0.12, 0.3) * (less > 0.3)
        tone = pigment((0.25, 0.24, 0.23) if face[gone].mean() > 0.55 else (0.78, 0.77, 0.74))
        fill(face, rim, tone * (1 + 0.15 * noise(rng, len(face), 0.008))[..., None])
        coverage = less
        flaws.append(("breakage", gone | (rim > 0.1)))
    return coverage, flaws
