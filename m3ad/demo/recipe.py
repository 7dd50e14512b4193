"""What a recipe for a drawn part is and what it gives. It knows neither files, cameras nor verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from m3ad.records import Scenario

FlawMask = tuple[str, np.ndarray]


@dataclass(frozen=True)
class Drawn:
    """One painted part, before the camera.

    Attributes:
        rgb: float32 array (size, size, 3), 0..1, linear enough for gains and noise.
        flaws: (taxonomy type, boolean array (size, size)) for each defect: the pixels a person would box.
    """

    rgb: np.ndarray
    flaws: list[FlawMask]


@dataclass(frozen=True)
class Recipe:
    """How one category is drawn.

    Attributes:
        name: the category, e.g. "hex bolt".
        scenario: one of the four scenarios.
        types: taxonomy types this category can show.
        held_out: True for a category that no training may see.
        paint: `paint(rng, size, types)` draws one part, `size` pixels square, with exactly one defect per entry of
            `types` (empty: a normal part). It draws from `rng` alone.
    """

    name: str
    scenario: Scenario
    types: tuple[str, ...]
    held_out: bool
    paint: Callable[[np.random.Generator, int, tuple[str, ...]], Drawn]
