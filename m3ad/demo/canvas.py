"""A small renderer for drawn assemblies: solids given as signed distances, lit, with shadows, on a posed canvas.

It knows light and materials, not what a circuit board or a defect is. Part units: one unit is about one side of the
image, (0, 0) is the middle of the part, y points down; the pose turns part units into pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, hypot, pi, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from m3ad.demo.paint import bench, noise, random_light
from m3ad.demo.shapes import Array, Point, Shape

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Material:
    """How a solid looks. `bevel` is the width of its edge in part units, `slope` its steepness (negative: a recess).

    `metal` 0..1 mixes in the reflection of a bright hall; `profile` is "bevel" (a flat top), "tube" (round across the
    v axis) or "dome" (like a lens).
    """

    colour: Colour
    bevel: float = 0.012
    slope: float = 0.8
    gloss: float = 0.15
    sharp: float = 24.0
    metal: float = 0.0
    grain: float = 0.02
    profile: str = "bevel"


# Reflection of a workshop over the cosine between surface and light: floor, horizon, wall, window, ceiling.
_HALL = np.interp(
    np.linspace(-2, 2, 1025),
    [-1.0, -0.75, -0.45, -0.15, 0.05, 0.25, 0.5, 0.75, 1.0],
    [0.30, 0.42, 0.58, 0.80, 0.95, 1.12, 1.42, 0.98, 1.25],
).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Patch:
    """Where a shape lands on the canvas: pixel window, local coordinates (part units) and signed distance in pixels."""

    rows: slice
    columns: slice
    u: Array
    v: Array
    distance: Array
    turn: float

    @property
    def coverage(self) -> Array:
        """How much of each pixel the shape covers, 0..1."""
        return np.clip(0.5 - self.distance, 0, 1)

    def inner(self, margin: int, size: int) -> Patch:
        """The patch without `margin` pixels on each side (none where the picture's border has cut it already)."""
        top = margin if self.rows.start > 0 else 0
        left = margin if self.columns.start > 0 else 0
        bottom = self.rows.stop - (margin if self.rows.stop < size else 0)
        right = self.columns.stop - (margin if self.columns.stop < size else 0)
        rows, columns = slice(self.rows.start + top, bottom), slice(self.columns.start + left, right)
        cut = (slice(top, top + rows.stop - rows.start), slice(left, left + columns.stop - columns.start))
        return Patch(rows, columns, self.u[cut], self.v[cut], self.distance[cut], self.turn)


@dataclass
class Canvas:
    """A picture under way: `rgb` float32 (size, size, 3), 0..1; `centre` in pixels, `scale` pixels per part unit.

    `light` points to the lamp (x, y in the picture, z out of it); `grain` (size, size) roughens materials.
    """

    rgb: Array
    centre: Point
    scale: float
    turn: float
    light: tuple[float, float, float]
    grain: Array
    ambient: float = 0.45
    shade: float = 0.5

    @property
    def size(self) -> int:
        """Side of the picture in pixels."""
        return int(self.rgb.shape[0])

    def finished(self) -> Array:
        """The picture in ordinary memory order."""
        return np.ascontiguousarray(self.rgb)

    def pixel(self, at: Point) -> Point:
        """Where a point of the part lies in the picture."""
        c, s = cos(self.turn) * self.scale, sin(self.turn) * self.scale
        return self.centre[0] + at[0] * c - at[1] * s, self.centre[1] + at[0] * s + at[1] * c

    def patch(self, shape: Shape, at: Point, angle: float = 0.0, pad: float = 1.5) -> Patch | None:
        """The window of `shape` at `at`, turned by `angle`, and `pad` pixels more; None when it is outside."""
        px, py = self.pixel(at)
        turn = self.turn + angle
        c, s = cos(turn), sin(turn)
        mx = px + (shape.middle[0] * c - shape.middle[1] * s) * self.scale
        my = py + (shape.middle[0] * s + shape.middle[1] * c) * self.scale
        reach_x = (abs(c) * shape.half[0] + abs(s) * shape.half[1]) * self.scale + pad
        reach_y = (abs(s) * shape.half[0] + abs(c) * shape.half[1]) * self.scale + pad
        x0, x1 = max(0, int(mx - reach_x)), min(self.size, int(mx + reach_x) + 2)
        y0, y1 = max(0, int(my - reach_y)), min(self.size, int(my + reach_y) + 2)
        if x0 >= x1 or y0 >= y1:
            return None
        x = (np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - px)) * np.float32(1 / self.scale)
        y = (np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5 - py)) * np.float32(1 / self.scale)
        u, v = x * np.float32(c) + y * np.float32(s), y * np.float32(c) - x * np.float32(s)
        distance = np.asarray(shape.distance(u, v), np.float32) * np.float32(self.scale)
        return Patch(slice(y0, y1), slice(x0, x1), u, v, distance, turn)

    def mask(self, shape: Shape, at: Point, angle: float = 0.0) -> Array:
        """The pixels of `shape` as a boolean picture."""
        mask = np.zeros((self.size, self.size), bool)
        patch = self.patch(shape, at, angle)
        if patch is not None:
            mask[patch.rows, patch.columns] = patch.distance < 0.5
        return mask

    def fill(
        self, shape: Shape, at: Point, colour: Colour, *, alpha: float = 1.0, soft: float = 0.0, angle: float = 0.0
    ) -> None:
        """Flat paint, as print or as a soft stain of light; `soft` blurs its edge over so many part units."""
        blur = soft * self.scale
        patch = self.patch(shape, at, angle, pad=1.5 + blur)
        if patch is None:
            return
        cover = patch.coverage if blur < 1 else np.clip(0.5 - patch.distance / blur, 0, 1)
        if blur >= 1:
            cover = cover * cover * (3 - 2 * cover)
        self.blend(patch, cover * alpha, np.asarray(colour, np.float32))

    def blend(self, patch: Patch, cover: Array, colour: Array) -> None:
        """Mix `colour` (3,) or (h, w, 3) into the patch with weights `cover` (h, w)."""
        region = self.rgb[patch.rows, patch.columns]
        change = np.subtract(colour, region, out=np.empty_like(region))
        change *= cover[..., None]
        region += change

    def shadow(self, shape: Shape, at: Point, height: float, angle: float = 0.0) -> None:
        """The shadow that `shape`, `height` part units high, throws on what is below, with a dark line of contact."""
        patch = self.patch(shape, at, angle, pad=2.5 + 0.9 * height * self.scale)
        if patch is not None:
            self._throw(patch, height * self.scale)

    def _throw(self, patch: Patch, lift: float) -> None:
        passes = [(lift, 1.5 + 0.9 * lift, self.shade), (0.25 * lift, 1.2 + 0.35 * lift, 0.6 * self.shade)]
        # The line of contact of a large part is hidden in its own wide shadow.
        for offset, width, strength in passes if max(patch.distance.shape) < self.size * 0.5 else passes[:1]:
            dark = patch.distance * np.float32(strength / (2 * width))
            dark += np.float32(1 - 0.5 * strength)
            np.clip(dark, 1 - strength, 1, out=dark)
            self._multiply(patch, round(-self.light[0] * offset), round(-self.light[1] * offset), dark)

    def _multiply(self, patch: Patch, dx: int, dy: int, factor: Array) -> None:
        """Multiply the window of `patch`, moved by whole pixels, by `factor`, as far as it is inside the picture."""
        top, left = patch.rows.start + dy, patch.columns.start + dx
        y0, x0 = max(0, top), max(0, left)
        y1, x1 = min(self.size, patch.rows.stop + dy), min(self.size, patch.columns.stop + dx)
        if y0 < y1 and x0 < x1:
            self.rgb[y0:y1, x0:x1] *= factor[y0 - top : y1 - top, x0 - left : x1 - left, None]

    def solid(self, shape: Shape, at: Point, material: Material, *, angle: float = 0.0, height: float = 0.0) -> None:
        """A lit solid; with a `height` it throws a shadow first."""
        patch = self.cast(shape, at, height, angle) if height else self.patch(shape, at, angle)
        if patch is not None:
            self.blend(patch, patch.coverage, self.lit(patch, material, shape.half))

    def cast(self, shape: Shape, at: Point, height: float, angle: float = 0.0) -> Patch | None:
        """`shadow` and `patch` for the price of one: throw the shadow, return the window of the shape."""
        extra = 1 + int(0.9 * height * self.scale)
        patch = self.patch(shape, at, angle, pad=1.5 + extra)
        if patch is None:
            return None
        self._throw(patch, height * self.scale)
        return patch.inner(extra, self.size)

    def recess(self, shape: Shape, at: Point, material: Material, depth: float, angle: float = 0.0) -> None:
        """A pocket: its floor, its edge lit from the far side, and the shadow that its wall throws on the floor."""
        patch = self.patch(shape, at, angle)
        if patch is None:
            return
        colour = self.lit(patch, replace(material, slope=-abs(material.slope)), shape.half)
        c, s = cos(patch.turn), sin(patch.turn)
        lx, ly = -self.light[0] * depth, -self.light[1] * depth
        moved = shape.distance(patch.u - (lx * c + ly * s), patch.v - (ly * c - lx * s)) * np.float32(self.scale)
        blur = 2 + 0.6 * depth * self.scale
        colour *= (1 - 1.1 * self.shade * np.clip(0.5 + moved / blur, 0, 1))[..., None]
        self.blend(patch, patch.coverage, colour)

    def lit(self, patch: Patch, material: Material, half: Point) -> Array:
        """The colour (h, w, 3) of a lit surface over the patch; `half` as of its shape."""
        lx, ly, lz = self.light
        where, nx, ny = self._slopes(patch, material, half)
        facing, nz = nx * lx + ny * ly, 1 / np.sqrt(1 + nx * nx + ny * ny)
        level = np.ones(patch.distance.size, np.float32)
        level[where] = self.ambient + (1 - self.ambient) / lz * np.maximum((facing + lz) * nz, 0)
        if material.metal:
            seen = (patch.u + patch.v).ravel() * np.float32(0.6)  # even a flat plate shows the hall drift over it
            seen[where] += facing * nz / np.float32(max(hypot(lx, ly), 1e-6))
            hall = _HALL.take(((seen + 2) * 256).astype(np.intp), mode="clip")
            level += np.float32(material.metal) * (hall - level)
        if material.grain:
            level += np.float32(material.grain) * self.grain[patch.rows, patch.columns].ravel()
        hz = hypot(lx, ly, lz + 1)
        shine = np.full(level.shape, material.gloss * ((lz + 1) / hz) ** material.sharp, np.float32)
        shine[where] = material.gloss * np.maximum((facing + (lz + 1)) * (nz / np.float32(hz)), 0) ** np.float32(
            material.sharp
        )
        colour = np.multiply.outer(np.asarray(material.colour, np.float32), level)
        colour += shine
        return np.moveaxis(colour.reshape(3, *patch.distance.shape), 0, 2)

    def _slopes(self, patch: Patch, material: Material, half: Point) -> tuple[Array | slice, Array, Array]:
        """Where (flat indices) the surface is not level, and its slope there towards x and y."""
        distance = patch.distance
        if material.profile == "tube":
            across = np.clip(patch.v.ravel() / np.float32(half[1]), -0.97, 0.97)
            steep = material.slope * across / np.sqrt(1 - across * across)
            return slice(None), steep * np.float32(-sin(patch.turn)), steep * np.float32(cos(patch.turn))
        bevel = max(material.bevel * self.scale, 1.0)
        where = np.flatnonzero((distance > -bevel) & (distance < 1))
        edge = np.minimum(1 + distance.ravel()[where] / np.float32(bevel), 1.05)
        if material.profile == "dome":
            edge = edge / np.sqrt(np.maximum(1.15 - edge * edge, 0.05))
        steep = edge * np.float32(material.slope)
        gx, gy = np.zeros_like(distance), np.zeros_like(distance)
        gx[:, 1:-1] = distance[:, 2:] - distance[:, :-2]
        gy[1:-1] = distance[2:] - distance[:-2]
        return where, gx.ravel()[where] * steep * np.float32(0.5), gy.ravel()[where] * steep * np.float32(0.5)

    def text(
        self, words: str, at: Point, height: float, colour: Colour, *, angle: float = 0.0, alpha: float = 0.9
    ) -> None:
        """Print `words` centred at `at`, capital letters about 0.7 `height` high."""
        print_ = lettering(words, max(5, round(height * self.scale)))
        turned = print_.rotate(-(self.turn + angle) * 180 / pi, Image.Resampling.BICUBIC, expand=True)
        px, py = self.pixel(at)
        x0, y0 = round(px - turned.width / 2), round(py - turned.height / 2)
        left, top = max(0, -x0), max(0, -y0)
        right, bottom = min(turned.width, self.size - x0), min(turned.height, self.size - y0)
        if left >= right or top >= bottom:
            return
        cover = np.asarray(turned, np.float32)[top:bottom, left:right] * (alpha / 255)
        region = self.rgb[y0 + top : y0 + bottom, x0 + left : x0 + right]
        change = np.subtract(np.asarray(colour, np.float32), region, out=np.empty_like(region))
        change *= cover[..., None]
        region += change


@lru_cache(maxsize=64)
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(pixels)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


@lru_cache(maxsize=4096)
def lettering(words: str, pixels: int) -> Image.Image:
    """`words` in Pillow's own font as a grey picture, tight around the letters."""
    font = _font(pixels)
    left, top, right, bottom = font.getbbox(words)
    picture = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 0)
    ImageDraw.Draw(picture).text((1 - left, 1 - top), words, 255, font)
    return picture


def start(
    rng: np.random.Generator, size: int, *, turn: float = 0.12, scale: tuple[float, float] = (0.92, 1.04)
) -> Canvas:
    """An empty bench under a lamp, with a random pose: at most `turn` radians either way."""
    # Plane after plane in memory: arithmetic on it is several times as fast, and nobody sees a difference.
    rgb = np.moveaxis(np.ascontiguousarray(np.moveaxis(bench(rng, size), 2, 0)), 0, 2)
    lx, ly = random_light(rng)
    tilt = rng.uniform(0.45, 0.75)
    length = hypot(lx * tilt, ly * tilt, 1)
    grain = rng.random((size, size), np.float32) - np.float32(0.5) + noise(rng, size, 0.05) * np.float32(0.4)
    return Canvas(
        rgb=rgb,
        centre=(size * (0.5 + rng.uniform(-0.025, 0.025)), size * (0.5 + rng.uniform(-0.025, 0.025))),
        scale=size * rng.uniform(*scale),
        turn=float(rng.uniform(-turn, turn)),
        light=(lx * tilt / length, ly * tilt / length, 1 / length),
        grain=grain,
        shade=float(rng.uniform(0.35, 0.6)),
    )


def streams(rng: np.random.Generator) -> tuple[np.random.Generator, np.random.Generator]:
    """Two generators from one, for the scene and for its flaws: so a flaw leaves the rest of the scene as it was."""
    one, two = rng.integers(2**63, size=2)
    return np.random.default_rng(int(one)), np.random.default_rng(int(two))
