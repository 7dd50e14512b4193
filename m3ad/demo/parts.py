"""Drawn parts: pictures of industrial parts with their exact verdicts, from our own code alone.

A recipe paints a part and its defects; here chance decides how many and which, a camera takes the picture, and the
masks become boxes. The same (category, seed, anomalous, size) gives the same bytes: every random number comes from a
generator seeded with them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from m3ad.demo import electronic, logical, paint, texture, workpiece
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Scenario, Verdict

SMALLEST = 0.0005  # of the image: a defect with fewer pixels cannot be seen, so it must not be in the truth
ATTEMPTS = 12
_RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (*texture.RECIPES, *workpiece.RECIPES, *electronic.RECIPES, *logical.RECIPES)
}


@dataclass(frozen=True)
class Category:
    """A product that can be drawn. `types`: the taxonomy types it can show; `held_out`: no training may see it."""

    name: str
    scenario: Scenario
    types: tuple[str, ...]
    held_out: bool


@dataclass(frozen=True)
class Part:
    """One picture of one part and the truth about it. `image` is RGB, square."""

    image: Image.Image
    category: str
    scenario: Scenario
    verdict: Verdict


CATEGORIES = tuple(Category(r.name, r.scenario, r.types, r.held_out) for r in _RECIPES.values())


def draw(category: str, seed: int, *, anomalous: bool | None = None, size: int = 448) -> Part:
    """Draw one part.

    Args:
        category: the name of one of `CATEGORIES`.
        seed: any integer from 0; the same seed gives the same bytes.
        anomalous: with 1 to 3 defects (True), without (False), or by the toss of a coin (None).
        size: side of the picture in pixels.

    Returns:
        The picture with its verdict; boxes are the tight bounds of the pixels of each defect, sorted left to right
        (x1, then y1), as fractions.

    Raises:
        KeyError: there is no such category.
    """
    recipe = recipe_of(category)
    drawn, rng = _visible(recipe, seed, anomalous, size)
    image = photograph(rng, drawn.rgb)
    if not drawn.flaws:
        return Part(image, recipe.name, recipe.scenario, NORMAL)
    defects = sorted((Defect(kind, bounds(mask)) for kind, mask in drawn.flaws), key=_reading_order)
    return Part(image, recipe.name, recipe.scenario, Verdict(True, tuple(defects)))


def recipe_of(category: str) -> Recipe:
    """The recipe behind a category; KeyError when there is none."""
    return _RECIPES[category]


def bounds(mask: np.ndarray) -> Box:
    """The tight box of a boolean mask (size, size), in fractions."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return Box.from_pixels(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1, width, height)


def _reading_order(defect: Defect) -> tuple[float, float]:
    assert defect.box is not None
    return defect.box.x1, defect.box.y1


def _visible(recipe: Recipe, seed: int, anomalous: bool | None, size: int) -> tuple[Drawn, np.random.Generator]:
    """Paint until every defect can be seen; each attempt has its own generator, so this is repeatable."""
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([zlib.crc32(recipe.name.encode()), seed, attempt])
        types = choose_types(rng, recipe, anomalous)
        if attempt >= ATTEMPTS // 2:
            types = types[:1]
        drawn = recipe.paint(rng, size, types)
        if all(mask.mean() >= SMALLEST for _, mask in drawn.flaws):
            return drawn, rng
    raise RuntimeError(f"{recipe.name}, seed {seed}: no attempt gave a visible defect; its recipe has a mistake.")


def choose_types(rng: np.random.Generator, recipe: Recipe, anomalous: bool | None) -> tuple[str, ...]:
    """The types of the defects: none, or mostly one, at times two or three (a type may come twice)."""
    coin, count = rng.random() < 0.5, int(rng.choice([1, 2, 3], p=[0.72, 0.2, 0.08]))
    chosen = rng.choice(len(recipe.types), count)
    bad = coin if anomalous is None else anomalous
    return tuple(recipe.types[k] for k in chosen) if bad else ()


def photograph(rng: np.random.Generator, rgb: np.ndarray) -> Image.Image:
    """The camera: uneven light, exposure, white balance, vignette, focus and sensor noise. Moves nothing."""
    size = rgb.shape[0]
    x, y = paint.grid(size)
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.28)
    light = 1 + np.float32(slope * np.cos(angle)) * (x - 0.5) + np.float32(slope * np.sin(angle)) * (y - 0.5)
    light -= np.float32(rng.uniform(0, 0.4)) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    gains = np.exp(rng.normal(0, 0.10) + rng.normal(0, 0.025, 3)).astype(np.float32)
    exposed = np.empty((size, size, 3), np.uint8)
    for k in range(3):
        exposed[..., k] = np.clip(rgb[..., k] * light * (gains[k] * 255), 0, 255)
    image = Image.fromarray(exposed)
    blur = rng.uniform(0, 0.9) * size / 448
    if blur > 0.3:
        image = image.filter(ImageFilter.BoxBlur(blur))
    grain = rng.standard_normal((size, size), dtype=np.float32) * np.float32(rng.uniform(0.8, 4.0))
    speckle = Image.fromarray(np.clip(grain + 128.5, 0, 255).astype(np.uint8))
    return ImageChops.add(image, Image.merge("RGB", (speckle, speckle, speckle)), offset=-128)
