"""What workpieces share: metal colours, pieces broken off an outline, engraving, and being laid on a background."""

from __future__ import annotations

import numpy as np

from m3ad.demo import paint
from m3ad.demo.flaws import bite
from m3ad.demo.paint import Pose, fill, pigment, relief, shade
from m3ad.demo.recipe import FlawMask

Light = tuple[float, float]

_METALS = [(0.60, 0.61, 0.63), (0.52, 0.54, 0.57), (0.66, 0.64, 0.60), (0.70, 0.60, 0.36), (0.30, 0.31, 0.33)]


def metal(rng: np.random.Generator) -> np.ndarray:
    """Steel, zinc, nickel, brass or blackened steel."""
    k = rng.choice(len(_METALS), p=[0.3, 0.25, 0.2, 0.13, 0.12])
    return pigment(_METALS[k]) * np.float32(rng.uniform(0.9, 1.15))


def bitten(
    rng: np.random.Generator, coverage: np.ndarray, types: tuple[str, ...], kind: str, *,
    extent: tuple[float, float], jagged: float, where: np.ndarray | None = None,
) -> tuple[np.ndarray, list[FlawMask]]:  # fmt: skip
    """Break off one piece of the outline (near `where`) for each `kind` in `types`: (coverage, flaws)."""
    flaws: list[FlawMask] = []
    for name in types:
        if name == kind:
            used = [mask for _, mask in flaws]
            coverage, gone = bite(rng, coverage, extent=extent, used=used, jagged=jagged, where=where)
            flaws.append((kind, gone))
    return coverage, flaws


def lay_down(
    rgb: np.ndarray, coverage: np.ndarray, face: np.ndarray, light: Light, *, distance: float, strength: float = 0.55
) -> None:
    """Put a part on its background, with its shadow."""
    paint.shadow(rgb, coverage, light, distance=distance, radius=0.018, strength=strength)
    fill(rgb, coverage, np.clip(face, 0, 1.2))


def engrave(face: np.ndarray, words: str, place: Pose, height: float, light: Light) -> None:
    """Sunken letters: dark, with one lit edge."""
    letters = paint.text(face.shape[0], words, place, height)
    shade(face, letters * np.float32(-0.42))
    shade(face, np.clip(relief(letters * np.float32(-0.0022), light, 1.0), 0, 0.5))
