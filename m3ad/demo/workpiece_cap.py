"""A crown cap from above (held out of training). Normal: the printed emblem, the lamp's reflection."""

from __future__ import annotations

import numpy as np

from m3ad.demo import paint
from m3ad.demo.flaws import Site, paint_flaws
from m3ad.demo.paint import Pose, cover, fill, pigment, relief, shade, smoothstep
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.workpiece_common import lay_down
from m3ad.records import Scenario

_INKS = [(0.70, 0.08, 0.08), (0.08, 0.25, 0.55), (0.08, 0.40, 0.20), (0.85, 0.62, 0.10), (0.12, 0.12, 0.13),
         (0.85, 0.85, 0.83)]  # fmt: skip


def _cap(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.05, scale=(0.85, 1.05), turn=np.pi)
    u, v = pose.local(size)
    r, theta = np.sqrt(u * u + v * v), np.arctan2(v, u)
    crimp = np.cos(theta * 21)
    squeezed, flaws = _squeeze(hurt, types, theta)
    rim = np.float32(0.385) + crimp * np.float32(0.016) * smoothstep(r, 0.3, 0.38) - squeezed
    distance = r - rim
    pixel = pose.pixel(size)
    coverage = cover(distance, pixel)
    first, second = (pigment(_INKS[k]) for k in rng.choice(len(_INKS), 2, replace=False))
    face = paint.canvas(size, first)
    _print_cap(rng, face, pose, r, theta, second)
    flank = smoothstep(r, 0.29, 0.37)
    height = (np.sqrt(np.clip(1 - (r / np.float32(0.47)) ** 2, 0.02, 1)) * np.float32(0.06) * (0.4 + 0.6 * flank)
              + crimp * flank * np.float32(0.011))  # fmt: skip
    lit = np.clip(relief(height * np.float32(pose.scale), light, 0.55), -0.6, 0.7)
    shade(face, lit)
    x, y = paint.grid(size)
    shine = np.exp(-(((x - pose.x - light[0] * 0.14) / 0.10) ** 2 + ((y - pose.y - light[1] * 0.14) / 0.07) ** 2))
    paint.glow(face, shine.astype(np.float32) * np.float32(rng.uniform(0.08, 0.3)) + np.clip(lit - 0.3, 0, 1) * 0.4)
    rgb = paint.bench(rng, size)
    lay_down(rgb, coverage, face, light, distance=0.03)
    flaws = [(kind, _rim_part(mask, r, squeezed)) for kind, mask in flaws]
    site = Site(light, behind=pigment([0.05, 0.05, 0.05]), core=pigment([0.74, 0.75, 0.77]))
    rest = [kind for kind in types if kind != "distortion"]
    used = [m for _, m in flaws]
    return Drawn(rgb, flaws + paint_flaws(hurt, rgb, rest, cover(distance + 0.03, pixel) > 0.9, used=used, site=site))


def _squeeze(rng: np.random.Generator, types: tuple[str, ...], theta: np.ndarray) -> tuple[np.ndarray, list[FlawMask]]:
    """How far the rim is pressed in at each angle, and the sectors where it is."""
    pressed, flaws = np.zeros_like(theta), []
    turn = float(rng.uniform(-np.pi, np.pi))
    for kind in types:
        if kind != "distortion":
            continue
        turn += float(rng.uniform(1.6, 2.6))
        away = np.abs((theta - np.float32(turn) + np.float32(np.pi)) % np.float32(2 * np.pi) - np.float32(np.pi))
        wide = rng.uniform(0.3, 0.55)
        push = np.clip(1 - (away / np.float32(wide)) ** 2, 0, 1) * np.float32(rng.uniform(0.05, 0.09))
        pressed = pressed + push
        flaws.append((kind, push > 0.012))
    return pressed, flaws


def _rim_part(sector: np.ndarray, r: np.ndarray, pressed: np.ndarray) -> np.ndarray:
    """The piece of rim that is out of shape: from where the rim should be to where it is, and its flank."""
    return sector & (r < 0.395) & (r > 0.385 - pressed - 0.035)


def _print_cap(
    rng: np.random.Generator, face: np.ndarray, pose: Pose, r: np.ndarray, theta: np.ndarray, ink: np.ndarray
) -> None:
    """The printed emblem: rings, a star or rays, and a word."""
    size = face.shape[0]
    band = cover(np.abs(r - np.float32(rng.uniform(0.23, 0.26))) - np.float32(0.008), pose.pixel(size))
    style = rng.integers(3)
    if style == 0:
        points = rng.integers(5, 9)
        star = r - np.float32(0.13) - np.float32(0.05) * np.cos(theta * np.float32(points))
        band = np.maximum(band, cover(star, pose.pixel(size)))
    elif style == 1:
        band = np.maximum(band, cover(r - np.float32(0.19), pose.pixel(size)))
    fill(face, band, ink)
    word = str(rng.choice(["ALPEN", "NORD", "FRESH", "KOLA", "BRAU", "LIMO", "PURE"]))
    ground = float(ink.mean() if style < 2 else face[0, 0].mean())
    fill(face, paint.text(size, word, pose, 0.075), (0.95, 0.95, 0.92) if ground < 0.5 else (0.1, 0.1, 0.1))


BOTTLE_CAP = Recipe("bottle cap", Scenario.WORKPIECE, ("dent", "scratch", "rusty", "peeling", "distortion"), True, _cap)
