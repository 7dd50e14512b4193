"""Drawn parts: pictures of industrial parts with their exact verdicts, from our own code alone.

A recipe paints a part and its defects; here chance decides how many and which, whether something harmless lies on the
part, a camera takes the picture, well or badly, and the masks become boxes. The same (category, seed, anomalous, size,
plain) gives the same bytes: every random number comes from a generator seeded with them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from m3ad.demo import electronic, logical, texture, workpiece
from m3ad.demo.camera import photograph, spoil
from m3ad.demo.distractors import distract
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Scenario, Verdict

SMALLEST = 0.0005  # of the image: a defect with fewer pixels cannot be seen, so it must not be in the truth
ATTEMPTS = 12
DISTRACTED, SPOILT = 0.3, 0.3  # shares of pictures with a distractor on the part, and of badly taken ones
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


def draw(category: str, seed: int, *, anomalous: bool | None = None, size: int = 448, plain: bool = False) -> Part:
    """Draw one part.

    Args:
        category: the name of one of `CATEGORIES`.
        seed: any integer from 0; the same seed gives the same bytes.
        anomalous: with 1 to 3 defects (True), without (False), or by the toss of a coin (None).
        size: side of the picture in pixels.
        plain: without distractors and well taken: the same part, easier to judge.

    Returns:
        The picture with its verdict; boxes are the tight bounds of the pixels of each defect, sorted left to right
        (x1, then y1), as fractions.

    Raises:
        KeyError: there is no such category.
    """
    recipe = recipe_of(category)
    drawn, rng = _visible(recipe, seed, anomalous, size)
    luck = np.random.default_rng([zlib.crc32(recipe.name.encode()), seed, ATTEMPTS])  # the part is drawn without it
    distracted, spoilt = luck.random(2) < (DISTRACTED, SPOILT)
    if distracted and not plain:
        distract(luck, drawn.rgb, [mask for _, mask in drawn.flaws])
    image = photograph(rng, drawn.rgb)
    if spoilt and not plain:
        image = spoil(luck, image)
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
