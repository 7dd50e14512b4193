"""Drawing helpers for parts: shapes with soft edges, materials, light and shadow, on float32 images (size, size, 3).

Lengths and places are fractions of the image's side unless a name says pixels, so a part looks the same at any size.
Light is a vector from the surface to the lamp in the image plane, y downwards: (-0.6, -0.8) is a lamp at the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

Colour = Sequence[float] | np.ndarray
Window = tuple[slice, slice]  # rows, columns
Points = Sequence[Sequence[float]] | np.ndarray


def pigment(values: Points | Colour) -> np.ndarray:
    """A colour (3,) or a table of colours (n, 3) as float32."""
    return np.asarray(values, np.float32)


@lru_cache(maxsize=8)
def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of every pixel centre in fractions, two read-only float32 arrays (size, size)."""
    line = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = (np.ascontiguousarray(a) for a in np.meshgrid(line, line))
    x.flags.writeable = y.flags.writeable = False
    return x, y


@dataclass(frozen=True)
class Pose:
    """Where a part lies: local (u, v) goes to (x, y) + scale * rotation(angle) * (u, v), in fractions of the image.

    `angle` in radians, clockwise on the screen (y points down).
    """

    x: float = 0.5
    y: float = 0.5
    scale: float = 1.0
    angle: float = 0.0

    def local(self, size: int, window: Window | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(u, v) of every pixel (of `window`), float32."""
        x, y = grid(size)
        if window is not None:
            x, y = x[window], y[window]
        c, s = np.float32(np.cos(self.angle) / self.scale), np.float32(np.sin(self.angle) / self.scale)
        dx, dy = x - np.float32(self.x), y - np.float32(self.y)
        return c * dx + s * dy, c * dy - s * dx

    def to_image(self, points: Points) -> np.ndarray:
        """Local points (n, 2) in fractions of the image."""
        p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        c, s = np.cos(self.angle) * self.scale, np.sin(self.angle) * self.scale
        return np.stack([self.x + c * p[:, 0] - s * p[:, 1], self.y + s * p[:, 0] + c * p[:, 1]], axis=1)

    def pixel(self, size: int) -> float:
        """The length of one pixel in local units; what `cover` needs."""
        return 1.0 / (size * self.scale)

    def child(self, u: float, v: float, scale: float = 1.0, angle: float = 0.0) -> Pose:
        """The pose of something that sits at local (u, v) of this one."""
        x, y = self.to_image([(u, v)])[0]
        return Pose(float(x), float(y), self.scale * scale, self.angle + angle)


def random_pose(
    rng: np.random.Generator, *, shift: float = 0.04, scale: tuple[float, float] = (0.9, 1.08), turn: float = 0.15
) -> Pose:
    """A pose near the middle: shifted by up to `shift`, turned by up to `turn` radians either way."""
    x, y = 0.5 + rng.uniform(-shift, shift, 2)
    return Pose(float(x), float(y), float(rng.uniform(*scale)), float(rng.uniform(-turn, turn)))


def window(size: int, x: float, y: float, radius: float) -> Window:
    """The rows and columns within `radius` of (x, y), cut at the image's border: for work on a small place."""
    left, right = (int(np.clip(np.floor(v * size), 0, size)) for v in (x - radius, x + radius + 1 / size))
    top, bottom = (int(np.clip(np.floor(v * size), 0, size)) for v in (y - radius, y + radius + 1 / size))
    return slice(top, bottom), slice(left, right)


# ---- shapes: signed distances (negative inside) in local units, and coverage 0..1


def circle(u: np.ndarray, v: np.ndarray, radius: float) -> np.ndarray:
    """Signed distance to a circle round the origin."""
    return np.sqrt(u * u + v * v) - np.float32(radius)


def rectangle(u: np.ndarray, v: np.ndarray, half_width: float, half_height: float, corner: float = 0.0) -> np.ndarray:
    """Signed distance to a rectangle round the origin with rounded corners of radius `corner`."""
    a = np.abs(u) - np.float32(half_width - corner)
    b = np.abs(v) - np.float32(half_height - corner)
    x, y = np.maximum(a, 0), np.maximum(b, 0)
    outside = np.sqrt(x * x + y * y)
    return outside + np.minimum(np.maximum(a, b), 0) - np.float32(corner)


def ngon(u: np.ndarray, v: np.ndarray, radius: float, sides: int = 6) -> np.ndarray:
    """Signed distance (exact at the flats) to a regular polygon with inscribed circle `radius`."""
    step = 2 * np.pi / sides
    distance = np.full(np.shape(u), -np.inf, np.float32)
    for k in range(sides):
        np.maximum(distance, u * np.float32(np.cos(k * step)) + v * np.float32(np.sin(k * step)), out=distance)
    return distance - np.float32(radius)


def cover(distance: np.ndarray, pixel: float) -> np.ndarray:
    """Coverage 0..1 of each pixel from a signed distance; `pixel` is one pixel in the distance's units."""
    return np.clip(0.5 - distance / np.float32(pixel), 0, 1)


def polygon(size: int, *rings: Points, ss: int = 2) -> np.ndarray:
    """Coverage 0..1 of one or more filled polygons (points in fractions of the image), drawn supersampled."""
    image = Image.new("L", (size * ss, size * ss), 0)
    draw = ImageDraw.Draw(image)
    for ring in rings:
        draw.polygon([(float(x) * size * ss, float(y) * size * ss) for x, y in ring], fill=255)
    return _unsampled(image, ss)


def stroke(size: int, width: float, *lines: Points, ss: int = 2) -> np.ndarray:
    """Coverage 0..1 of one or more polylines of `width` with round joints; points and width in fractions."""
    image = Image.new("L", (size * ss, size * ss), 0)
    draw = ImageDraw.Draw(image)
    thick = max(1, round(width * size * ss))
    for line in lines:
        points = [(float(x) * size * ss, float(y) * size * ss) for x, y in line]
        draw.line(points, fill=255, width=thick, joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
    return _unsampled(image, ss)


def text(size: int, words: str, pose: Pose, height: float) -> np.ndarray:
    """Coverage 0..1 of printed words centred on `pose`; `height` of the letters in local units."""
    pixels = max(6.0, height * pose.scale * size * 1.35)
    font = ImageFont.load_default(pixels * 2)
    left, top, right, bottom = font.getbbox(words)
    tile = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
    ImageDraw.Draw(tile).text((2 - left, 2 - top), words, fill=255, font=font)
    tile = tile.rotate(-np.degrees(pose.angle), expand=True, resample=Image.Resampling.BILINEAR)
    tile = tile.resize((max(1, tile.width // 2), max(1, tile.height // 2)), Image.Resampling.BOX)
    image = Image.new("L", (size, size), 0)
    image.paste(tile, (round(pose.x * size - tile.width / 2), round(pose.y * size - tile.height / 2)))
    return np.asarray(image, dtype=np.float32) / 255


def lot_mark(rng: np.random.Generator) -> str:
    """A lot number as it is printed on material or engraved."""
    letters = "".join(rng.choice(list("ABCDEFHKLMPRSTX"), 2))
    return f"{letters}{rng.integers(10, 99)}-{rng.integers(100, 999)}"


def _unsampled(image: Image.Image, ss: int) -> np.ndarray:
    return np.asarray(image.reduce(ss) if ss > 1 else image, dtype=np.float32) / 255


# ---- colour and light


def canvas(size: int, colour: Colour = (0.5, 0.5, 0.5)) -> np.ndarray:
    """A fresh image (size, size, 3) of one colour."""
    return np.broadcast_to(np.asarray(colour, np.float32), (size, size, 3)).copy()


def fill(rgb: np.ndarray, coverage: np.ndarray, colour: Colour, window: Window | None = None) -> None:
    """Lay `colour` (one colour, or an image of the window's shape) over `rgb` in place where `coverage` says so.

    With `window`, `coverage` (and an image as colour) have the window's shape: cheap for small things.
    """
    target = rgb if window is None else rgb[window]
    source = np.asarray(colour, np.float32)
    for k in range(3):  # channel by channel: whole-image temporaries of three channels cost more than the sums
        plane = target[..., k]
        plane += coverage * (source[..., k] - plane)


def shade(rgb: np.ndarray, amount: np.ndarray, coverage: np.ndarray | None = None) -> None:
    """Make `rgb` lighter or darker in place: times (1 + amount), where `coverage` says so."""
    factor = 1 + (amount if coverage is None else amount * coverage)
    for k in range(3):
        rgb[..., k] *= factor


def glow(rgb: np.ndarray, amount: np.ndarray) -> None:
    """Add white light in place: highlights."""
    for k in range(3):
        rgb[..., k] += amount


def relief(height: np.ndarray, light: tuple[float, float], strength: float = 1.0) -> np.ndarray:
    """How much lighter (+) or darker (-) a height field (in fractions of its own side) gets under `light`."""
    rows, columns = height.shape
    slope = np.zeros_like(height, dtype=np.float32)
    slope[:, 1:-1] = (height[:, 2:] - height[:, :-2]) * np.float32(light[0] * columns / 2)
    slope[1:-1] += (height[2:] - height[:-2]) * np.float32(light[1] * rows / 2)
    return slope * np.float32(-strength)


def bevel(distance: np.ndarray, width: float) -> np.ndarray:
    """Height of a rounded edge: 0 outside, `width` from `width` inwards, a quarter round between."""
    t = np.clip(-distance / np.float32(width), 0, 1)
    return np.float32(width) * np.sqrt(t * (2 - t))


def smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blurred(field: np.ndarray, radius: float) -> np.ndarray:
    """A field (size, size) softened with a Gaussian of `radius` (fraction); coarse grid for wide radii, so cheap."""
    rows, columns = field.shape
    pixels = radius * max(rows, columns)
    step = int(max(1, pixels // 2))
    if step == 1:
        return gaussian_filter(field, pixels, mode="nearest", truncate=2.5)
    small = Image.fromarray(np.ascontiguousarray(field, np.float32)).resize(
        (max(2, columns // step), max(2, rows // step)), Image.Resampling.BOX
    )
    soft = gaussian_filter(np.asarray(small), pixels / step, mode="nearest", truncate=2.5)
    return resized(soft, (rows, columns))


def shadow(
    rgb: np.ndarray, coverage: np.ndarray, light: tuple[float, float], *, distance: float = 0.02,
    radius: float = 0.015, strength: float = 0.5,
) -> None:  # fmt: skip
    """Darken `rgb` in place where a thing with this `coverage` throws its shadow (call before the thing is painted)."""
    size = coverage.shape[0]
    length = (float(np.hypot(*light)) or 1.0) / (distance * size)
    moved = shifted(coverage, -light[0] / length, -light[1] / length)
    step = max(1, size // 112)  # shadows are soft: a quarter of the resolution is enough
    coarse, contact = (np.asarray(Image.fromarray(f).reduce(step)) for f in (moved, coverage))
    soft = gaussian_filter(coarse, radius * size / step, truncate=2.5)
    contact = gaussian_filter(contact, radius * size / step / 2, truncate=2.5)
    shade(rgb, resized(np.maximum(soft, 0.7 * contact), coverage.shape, smooth=False) * np.float32(-strength))


def shifted(field: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """A field moved by whole pixels (right, down), filled with 0."""
    rows, columns = field.shape
    x, y = round(dx), round(dy)
    moved = np.zeros_like(field)
    if abs(x) < columns and abs(y) < rows:
        moved[max(0, y) : rows + min(0, y), max(0, x) : columns + min(0, x)] = field[
            max(0, -y) : rows + min(0, -y), max(0, -x) : columns + min(0, -x)
        ]
    return moved


# ---- noise and materials


def resized(field: np.ndarray, shape: tuple[int, int], smooth: bool = True) -> np.ndarray:
    """A float field scaled to (rows, columns); bicubic when `smooth`, else bilinear."""
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.BILINEAR
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), how))


def noise(rng: np.random.Generator, size: int, cell: float, *, stretch: float = 1.0) -> np.ndarray:
    """Smooth random field (size, size), mean about 0, deviation about 1, bumps of `cell` (fraction of the side).

    `stretch` > 1 makes the bumps that many times longer along x.
    """
    rows = max(2, min(size, round(1 / cell) + 1))
    columns = max(2, min(size, round(1 / (cell * stretch)) + 1))
    return resized(rng.standard_normal((rows, columns), dtype=np.float32), (size, size)) * np.float32(1.25)


def fractal(rng: np.random.Generator, size: int, cell: float, octaves: int = 3) -> np.ndarray:
    """Noise of several scales: each octave half as large and half as strong."""
    coarse = min(size, int(6 * 2 ** (octaves - 1) / cell))  # the finest octave needs no more pixels than that
    total = np.zeros((coarse, coarse), np.float32)
    for octave in range(octaves):
        total += noise(rng, coarse, cell / 2**octave) * np.float32(0.5**octave)
    total /= np.float32(1.15)
    return total if coarse == size else resized(total, (size, size))


def turned(field: np.ndarray, angle: float) -> np.ndarray:
    """The middle of a square field turned by `angle` radians (clockwise), same size, without empty corners."""
    size = field.shape[0]
    reach = abs(np.cos(angle)) + abs(np.sin(angle))
    c, s = np.cos(angle) / reach, np.sin(angle) / reach
    middle = size / 2
    matrix = (c, s, middle - (c + s) * middle, -s, c, middle - (c - s) * middle)
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def brushed(rng: np.random.Generator, size: int, angle: float = 0.0, *, cell: float = 0.004) -> np.ndarray:
    """Brushed metal: fine streaks along `angle`, mean 0, deviation about 1."""
    rows, columns = 4 * int(0.375 / cell), 9
    table = rng.standard_normal((rows + 4, columns), dtype=np.float32)
    coarse = rng.standard_normal((rows // 4 + 1, columns), dtype=np.float32)
    table += np.float32(0.6) * np.repeat(coarse, 4, axis=0)
    u, v = Pose(0.5, 0.5, 1.5, angle).local(size)
    across = ((v + np.float32(0.5)) * np.float32(rows)).astype(np.int32)
    along = (u + np.float32(0.5)) * np.float32(columns - 1.01)
    cut = along.astype(np.int32)
    index = np.clip(across, 0, rows) * columns + np.clip(cut, 0, columns - 2)
    flat = table.ravel()
    left = flat[index]
    return left + (along - cut) * (flat[index + 1] - left)


def bench(rng: np.random.Generator, size: int) -> np.ndarray:
    """A background to lay a part on: a mat, a tray, paper, steel or conveyor, with its light; (size, size, 3)."""
    bases = [(0.13, 0.14, 0.16), (0.78, 0.78, 0.76), (0.24, 0.33, 0.42), (0.36, 0.37, 0.38), (0.55, 0.52, 0.47),
             (0.2, 0.3, 0.25)]  # fmt: skip
    colour = np.asarray(bases[rng.integers(len(bases))], np.float32) * rng.uniform(0.85, 1.15)
    rgb = canvas(size, colour * (1 + rng.uniform(-0.05, 0.05, 3)))
    kind = rng.integers(3)
    half = size // 2  # a background is a little out of focus
    grain = noise(rng, half, 0.006) if kind == 0 else brushed(rng, half, float(rng.uniform(0, np.pi)))
    grain = grain * np.float32(0.04) + noise(rng, half, 0.35) * np.float32(0.04)
    shade(rgb, resized(grain, (size, size), smooth=False))
    return rgb


def random_light(rng: np.random.Generator) -> tuple[float, float]:
    """A lamp somewhere above the picture, mostly to the left."""
    angle = rng.normal(-2.1, 0.45)
    return float(np.cos(angle)), float(np.sin(angle))
