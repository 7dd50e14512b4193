"""The recipes of the electronic and the logical scenario, drawn for real at small size."""

from __future__ import annotations

import numpy as np
import pytest

from m3ad.demo import electronic, logical
from m3ad.demo.flaws import SURFACE_TYPES
from m3ad.demo.recipe import Drawn, Recipe
from m3ad.records import Scenario

RECIPES = (*electronic.RECIPES, *logical.RECIPES)
SIZE = 224
LOGICAL_TYPES = {
    "component misalignment", "displacement", "component missing", "quantity errors", "wrong combination",
    "layout error", "assembly error", "size errors", "color error",
}  # fmt: skip
EACH = pytest.mark.parametrize("recipe", RECIPES, ids=[r.name for r in RECIPES])


def draw(recipe: Recipe, seed: int, *types: str, size: int = SIZE) -> Drawn:
    return recipe.paint(np.random.default_rng(seed), size, types)


def boxed(mask: np.ndarray) -> np.ndarray:
    """The mask's bounding box, filled."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    full = np.zeros_like(mask)
    full[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return full


def test_each_scenario_has_six_categories_and_holds_back_the_last() -> None:
    for scenario, recipes in ((Scenario.ELECTRONIC, electronic.RECIPES), (Scenario.LOGICAL, logical.RECIPES)):
        assert [r.scenario for r in recipes] == [scenario] * 6
        assert [r.held_out for r in recipes] == [False] * 5 + [True]


def test_categories_show_four_to_eight_types_and_together_eight_logical_ones() -> None:
    assert all(4 <= len(set(r.types)) <= 8 for r in RECIPES)
    assert len(LOGICAL_TYPES & {kind for r in RECIPES for kind in r.types}) >= 8


def test_a_held_out_category_shows_only_types_that_training_categories_show() -> None:
    trained = {kind for r in RECIPES if not r.held_out for kind in r.types}
    assert all(set(r.types) <= trained for r in RECIPES if r.held_out)


@EACH
def test_a_normal_part_is_a_proper_picture_without_flaws(recipe: Recipe) -> None:
    for size in (SIZE, 448):
        part = draw(recipe, 3, size=size)
        assert part.flaws == []
        assert part.rgb.shape == (size, size, 3)
        assert part.rgb.dtype == np.float32
        assert np.isfinite(part.rgb).all()
        assert np.clip(part.rgb, 0, 1).std() > 0.08


@EACH
@pytest.mark.parametrize("seed", [0, 1])
def test_each_type_alone_changes_the_picture_visibly_and_inside_its_mask(recipe: Recipe, seed: int) -> None:
    normal = draw(recipe, seed)
    for kind in recipe.types:
        part = draw(recipe, seed, kind)
        [(name, mask)] = part.flaws
        assert name == kind
        assert mask.shape == (SIZE, SIZE)
        assert mask.dtype == bool
        assert 0.0005 <= mask.mean() <= 0.25, (kind, mask.mean())
        change = np.abs(part.rgb - normal.rgb).max(axis=2)
        assert change[mask].max() > 0.1, kind
        assert change[mask].mean() > 5 * change[~boxed(mask)].mean(), kind


@EACH
def test_two_and_three_defects_come_out_as_asked_also_when_they_are_equal(recipe: Recipe) -> None:
    wanted = [(kind,) * 3 for kind in recipe.types] + [recipe.types[:2], recipe.types[-3:]]
    for seed, kinds in enumerate(wanted):
        part = draw(recipe, seed, *kinds)
        assert sorted(name for name, _ in part.flaws) == sorted(kinds)
        assert all(mask.any() for _, mask in part.flaws), kinds


@EACH
def test_structural_and_logical_flaws_of_one_part_lie_apart(recipe: Recipe) -> None:
    solid = [kind for kind in recipe.types if kind not in SURFACE_TYPES]
    for seed in range(2):
        masks = [mask for _, mask in draw(recipe, seed, solid[0], solid[1 % len(solid)]).flaws]
        shared = (masks[0] & masks[1]).sum() / min(masks[0].sum(), masks[1].sum())
        assert shared < 0.3, (seed, shared)


@EACH
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_part(recipe: Recipe) -> None:
    first, again, other = (draw(recipe, seed, *recipe.types[:2]) for seed in (5, 5, 6))
    assert first.rgb.tobytes() == again.rgb.tobytes()
    assert [m.tobytes() for _, m in first.flaws] == [m.tobytes() for _, m in again.flaws]
    assert first.rgb.tobytes() != other.rgb.tobytes()


@EACH
def test_drawing_takes_random_numbers_from_its_generator_alone(recipe: Recipe) -> None:
    np.random.seed(0)  # another use of the global state must not show
    first = draw(recipe, 8, recipe.types[0])
    np.random.seed(1)
    assert first.rgb.tobytes() == draw(recipe, 8, recipe.types[0]).rgb.tobytes()
