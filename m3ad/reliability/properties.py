"""Measurable properties of a picture: how bright, how contrasty, how sharp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from m3ad.images import thumbnail

SIDE = 256  # pixels: pictures of any size are measured at this one, so that they compare


@dataclass(frozen=True, slots=True)
class Properties:
    """Of the picture in grey, values 0 (black) to 1 (white), at most SIDE pixels wide and high.

    Attributes:
        brightness: mean, 0..1.
        contrast: standard deviation, 0..0.5.
        sharpness: standard deviation of the Laplacian (each pixel against its four neighbours), from 0.
    """

    brightness: float
    contrast: float
    sharpness: float


def measure(image: Image.Image) -> Properties:
    """The picture's properties."""
    grey = np.asarray(thumbnail(image.convert("L"), SIDE), dtype=np.float64) / 255
    edged = np.pad(grey, 1, mode="edge")
    around = edged[:-2, 1:-1] + edged[2:, 1:-1] + edged[1:-1, :-2] + edged[1:-1, 2:]
    return Properties(float(grey.mean()), float(grey.std()), float((around - 4 * grey).std()))
