"""The camera that takes the pictures of drawn parts: its light, its noise, and the days on which it stands badly."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from m3ad.demo import paint


def photograph(rng: np.random.Generator, rgb: np.ndarray) -> Image.Image:
    """Uneven light, exposure, white balance, vignette, focus and sensor noise. Moves nothing.

    Args:
        rgb: (size, size, 3), about 0..1.
    """
    size = rgb.shape[0]
    x, y = paint.grid(size)
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.28)
    light = 1 + np.float32(slope * np.cos(angle)) * (x - 0.5) + np.float32(slope * np.sin(angle)) * (y - 0.5)
    light -= np.float32(rng.uniform(0, 0.4)) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    gains = np.exp(rng.normal(0, 0.10) + rng.normal(0, 0.025, 3)).astype(np.float32)
    exposed = np.empty((size, size, 3), np.uint8)
    for k in range(3):
        exposed[..., k] = np.clip(rgb[..., k] * light * (gains[k] * 255), 0, 255)
    return _grainy(rng, _soft(Image.fromarray(exposed), rng.uniform(0, 0.9)), rng.uniform(0.8, 4.0))


def spoil(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """What fog on the lens, too little light and a wrong focus make of a picture: one or two of them.

    The noise is added last: what fog leaves of a defect has to be found in the full noise of the sensor.
    """
    ways = rng.choice(3, size=int(rng.integers(1, 3)), replace=False)
    if 0 in ways:
        image = image.point(_fog(rng.uniform(0.2, 0.5), rng.uniform(50, 200)))
    if 1 in ways:
        image = image.point(_fog(rng.uniform(0.25, 0.45), 0))
    if 2 in ways:
        image = _soft(image, rng.uniform(1.5, 3.0))
    return _grainy(rng, image, rng.uniform(3, 7))


def _fog(share: float, level: float) -> list[int]:
    """A table for `Image.point`: only `share` of every difference is left, around the grey `level` (0..255)."""
    return [round(level + share * (value - level)) for value in range(256)] * 3


def _soft(image: Image.Image, radius: float) -> Image.Image:
    """Out of focus by `radius` pixels of 448."""
    pixels = radius * image.width / 448
    return image.filter(ImageFilter.BoxBlur(pixels)) if pixels > 0.3 * image.width / 448 else image


def _grainy(rng: np.random.Generator, image: Image.Image, deviation: float) -> Image.Image:
    """With sensor noise, in steps of 1/255."""
    grain = rng.standard_normal((image.height, image.width), dtype=np.float32) * np.float32(deviation)
    speckle = Image.fromarray(np.clip(grain + 128.5, 0, 255).astype(np.uint8))
    return ImageChops.add(image, Image.merge("RGB", (speckle, speckle, speckle)), offset=-128)
