"""A hex bolt in side view: bent, rusted, broken off. Normal: length, thread, metal and pose vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from m3ad.demo import paint
from m3ad.demo.flaws import Site, paint_flaws
from m3ad.demo.paint import cover, fill, noise, shade, smoothstep
from m3ad.demo.recipe import Drawn, FlawMask, Recipe
from m3ad.demo.workpiece_common import lay_down, metal
from m3ad.records import Scenario


@dataclass(frozen=True)
class _BoltSize:
    """A bolt along u, middle at 0, in local units: the head from -(length + head) / 2 to `start`, then the shank."""

    shank: float  # half the thickness
    length: float  # of the shank
    head: float  # height of the head
    wide: float  # half the width of the head
    pitch: float
    plain: float  # share of the shank without thread

    @property
    def start(self) -> float:
        return (self.head - self.length) / 2

    @property
    def tip(self) -> float:
        return self.start + self.length


def _bolt_size(rng: np.random.Generator) -> _BoltSize:
    shank, length, head, wide, pitch, plain = rng.uniform(
        (0.065, 0.48, 0.10, 1.75, 0.022, 0.25), (0.085, 0.60, 0.13, 1.95, 0.028, 0.50)
    )
    return _BoltSize(shank, length, head, shank * wide, pitch, plain)


def _bolt(rng: np.random.Generator, size: int, types: tuple[str, ...]) -> Drawn:
    hurt = rng.spawn(1)[0]
    light = paint.random_light(rng)
    pose = paint.random_pose(rng, shift=0.04, scale=(0.9, 1.08), turn=np.pi)
    side = float(light[1] * np.cos(pose.angle) - light[0] * np.sin(pose.angle))  # light across the axis
    bolt, pixel = _bolt_size(rng), pose.pixel(size)
    u, straight = pose.local(size)
    bend = _bend(hurt, u - np.float32(bolt.start), bolt.length) if "bent" in types else np.zeros_like(u)
    v = straight - bend
    rod, thread = _rod_shape(bolt, u, v)
    cap = paint.rectangle(u - np.float32(bolt.start - bolt.head / 2), straight, bolt.head / 2, bolt.wide, 0.014)
    cap_cover = cover(cap, pixel)
    rod_cover = np.where(cap_cover > 0.5, 0, cover(rod, pixel))
    rod_cover, bare, flaws = _broken_tip(hurt, rod_cover, types, u, v, bolt)
    if "bent" in types:
        flaws.insert(0, ("bent", (rod_cover > 0.5) & (np.abs(bend) > 0.018)))
    colour = metal(rng)
    face = _rod_face(rng, size, colour, v / np.float32(bolt.shank), thread, side)
    fill(face, bare, (0.70, 0.70, 0.71))
    top = _head_face(rng, size, colour, straight / np.float32(bolt.wide), side, u - np.float32(bolt.start - bolt.head))
    fill(face, (cap_cover > rod_cover).astype(np.float32), top)
    coverage = np.maximum(rod_cover, cap_cover)
    rgb = paint.bench(rng, size)
    lay_down(rgb, coverage, face, light, distance=0.035)
    site = Site(light, behind=rgb[0, 0] * 0.4, core=(0.82, 0.81, 0.79))
    rest = [kind for kind in types if kind not in ("bent", "breakage")]
    surface = cover(np.minimum(rod, cap) + np.float32(0.004), pixel) * coverage > 0.9
    used = [mask for _, mask in flaws]
    return Drawn(rgb, flaws + paint_flaws(hurt, rgb, rest, surface, used=used, site=site, scale=0.85))


def _rod_shape(bolt: _BoltSize, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(signed distance to the shank, depth of the thread 0..1)."""
    wave = np.abs(((u + v * np.float32(0.12)) / np.float32(bolt.pitch)) % 1 - np.float32(0.5)) * 2
    begin = bolt.start + bolt.length * bolt.plain
    thread = wave * smoothstep(u, begin, begin + 0.012)
    half = np.float32(bolt.shank) - thread * np.float32(0.013)
    half -= np.clip((u - np.float32(bolt.tip - 0.03)) / np.float32(0.03), 0, 1) * np.float32(0.022)
    ends = np.maximum(np.float32(bolt.start - 0.01) - u, u - np.float32(bolt.tip))
    return np.maximum(ends, np.abs(v) - half), thread


def _bend(rng: np.random.Generator, along: np.ndarray, length: float) -> np.ndarray:
    """How far the shank's axis is off at each place along it: straight, then a kink."""
    at = np.float32(length * rng.uniform(0.3, 0.6))
    steep = np.float32(rng.choice([-1, 1]) * rng.uniform(0.25, 0.6))
    past = np.clip(along - at, 0, None)
    return steep * past * past / (past + np.float32(0.05))


def _broken_tip(
    rng: np.random.Generator, coverage: np.ndarray, types: tuple[str, ...], u: np.ndarray, v: np.ndarray,
    bolt: _BoltSize,
) -> tuple[np.ndarray, np.ndarray, list[FlawMask]]:  # fmt: skip
    """(coverage, bare grain 0..1, flaws): the shank's end is broken off along a ragged line; its end is the defect."""
    bare, flaws = np.zeros_like(u), []
    if "breakage" in types:
        line = np.float32(bolt.tip - bolt.length * rng.uniform(0.14, 0.32)) + v * np.float32(rng.uniform(-0.9, 0.9))
        past = u - line - noise(rng, u.shape[0], 0.03) * np.float32(0.009)
        bare = smoothstep(past, -0.03, -0.024) * (0.75 + 0.25 * np.clip(noise(rng, u.shape[0], 0.01), -1, 1))
        flaws.append(("breakage", (coverage > 0.5) & (past > -0.045) & (past < 0.045)))
        coverage = coverage * (1 - smoothstep(past, 0.0, 0.004))
    return coverage, bare, flaws


def _rod_face(
    rng: np.random.Generator, size: int, colour: np.ndarray, side: np.ndarray, wave: np.ndarray, light: float
) -> np.ndarray:
    """A round bar in side view: light falls off round it; threads are bright crests and dark roots."""
    face = paint.canvas(size, colour)
    t = np.clip(side, -1, 1)
    around = np.sqrt(1 - t * t)
    tilt = np.float32(np.clip(light, -0.8, 0.8))
    diffuse = around * np.float32(0.75) + t * tilt * np.float32(0.5)
    spark = np.exp(-(((t - tilt * np.float32(0.55)) / np.float32(0.16)) ** 2))
    shade(face, diffuse - np.float32(0.45) - wave * np.float32(0.55) + np.float32(0.12))
    paint.glow(face, spark * (1 - wave) * np.float32(0.28) + noise(rng, size, 0.008) * np.float32(0.012))
    return face


def _head_face(
    rng: np.random.Generator, size: int, colour: np.ndarray, side: np.ndarray, light: float, depth: np.ndarray
) -> np.ndarray:
    """A hexagon head seen from the side: three flats, each with its own light, and a chamfer."""
    face = paint.canvas(size, colour)
    tilt = float(np.clip(light, -0.8, 0.8))
    steps = np.select([side < -0.5, side < 0.5], [np.float32(-0.12 - 0.28 * tilt), np.float32(0.10)],
                      np.float32(-0.12 + 0.28 * tilt))  # fmt: skip
    ridge = np.exp(-(((np.abs(side) - np.float32(0.5)) / np.float32(0.035)) ** 2)) * np.float32(0.22)
    chamfer = (1 - smoothstep(depth, 0.008, 0.022)) * np.float32(0.25) * (1 - side * side * 0.6)
    shade(face, steps + ridge + chamfer - np.float32(0.05))
    shade(face, noise(rng, size, 0.006, stretch=10) * np.float32(0.02))
    return face


HEX_BOLT = Recipe(
    "hex bolt", Scenario.WORKPIECE, ("bent", "rusty", "breakage", "scratch", "contamination"), False, _bolt
)
