"""What counts as a near-duplicate: a picture saved again does, another part of the same product does not."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from m3ad.demo.parts import CATEGORIES, draw
from m3ad.duplicates import NEAR, near_any, near_groups, perceptual_hash

BYTES = 72


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved as JPEG": lambda image: jpeg(image, 75),
    "half the size": half,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "one row and column less": lambda image: image.crop((1, 1, image.width, image.height)),
    "half the size, brighter, saved as JPEG": lambda image: jpeg(ImageEnhance.Brightness(half(image)).enhance(1.1), 75),
}


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def random_hashes(count: int, seed: int = 0) -> list[str]:
    return [row.tobytes().hex() for row in np.random.default_rng(seed).integers(0, 256, (count, BYTES), np.uint8)]


def with_flips(value: str, flips: int, seed: int) -> str:
    """The hash with so many of its bits changed."""
    changed = int(value, 16)
    for bit in np.random.default_rng(seed).choice(BYTES * 8, flips, replace=False):
        changed ^= 1 << int(bit)
    return f"{changed:0{2 * BYTES}x}"


@pytest.fixture(scope="module")
def parts() -> list[Image.Image]:
    """One part of every category, some of them with a defect."""
    # Well taken ones: of a picture that is hardly more than noise little is left to recognise (ceramic tile: 60 bits).
    return [draw(category.name, 77, plain=True).image for category in CATEGORIES]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_picture_saved_again_is_a_near_duplicate(
    parts: list[Image.Image], change: Callable[[Image.Image], Image.Image]
) -> None:
    distances = [distance(perceptual_hash(part), perceptual_hash(change(part))) for part in parts]
    assert max(distances) <= NEAR


@pytest.mark.parametrize("category", ["label bottle", "sensor module", "metal washer"])  # the most alike ones
def test_two_parts_of_one_product_are_none(category: str) -> None:
    hashes = [perceptual_hash(draw(category, seed, size=224).image) for seed in range(12)]
    assert min(distance(*pair) for pair in combinations(hashes, 2)) > NEAR
    assert len(set(near_groups(hashes))) == 12


def test_a_hash_is_144_digits_and_the_same_again(parts: list[Image.Image]) -> None:
    first = [perceptual_hash(part) for part in parts]
    assert {len(value) for value in first} == {2 * BYTES}
    assert [perceptual_hash(part.copy()) for part in parts] == first


def test_an_even_tone_looks_like_nothing_in_particular() -> None:
    grey, red = (perceptual_hash(Image.new("RGB", (64, 48), colour)) for colour in ("grey", "red"))
    assert grey == red == ""
    assert len(set(near_groups([grey, red, grey]))) == 3


def test_the_distance_is_counted_to_the_bit_and_passes_through_others() -> None:
    (start,) = random_hashes(1)
    within, beyond = with_flips(start, NEAR, 1), with_flips(start, NEAR + 1, 2)
    assert near_groups([start, within]) == [0, 0]
    assert len(set(near_groups([start, beyond]))) == 2
    middle, end = with_flips(start, 40, 3), with_flips(with_flips(start, 40, 3), 40, 4)
    assert distance(start, end) > NEAR
    assert len(set(near_groups([start, end]))) == 2
    assert len(set(near_groups([start, end, middle]))) == 1
    assert near_groups([]) == []


def test_what_is_near_to_any_of_others_is_told_to_the_bit() -> None:
    known, far = random_hashes(2)
    within, beyond = with_flips(known, NEAR, 1), with_flips(known, NEAR + 1, 2)
    assert near_any([within, beyond, "", far, known, within], [known, ""]) == [True, False, False, False, True, True]
    assert near_any([within, ""], []) == near_any([within, ""], [""]) == [False, False]
    assert near_any([], [known]) == []


def test_groups_are_those_of_comparing_every_pair() -> None:
    rng = np.random.default_rng(5)
    families = [[with_flips(value, int(rng.integers(0, 60)), seed) for seed in range(4)] for value in random_hashes(80)]
    hashes = [families[int(k)][int(j)] for k, j in zip(rng.integers(0, 80, 300), rng.integers(0, 4, 300), strict=True)]
    expected = list(range(len(hashes)))
    for one, other in combinations(range(len(hashes)), 2):
        if distance(hashes[one], hashes[other]) <= NEAR and expected[one] != expected[other]:
            expected = [expected[one] if group == expected[other] else group for group in expected]
    groups = near_groups(hashes)
    assert all((groups[a] == groups[b]) == (expected[a] == expected[b]) for a, b in combinations(range(300), 2))


@pytest.mark.slow
def test_forty_thousand_hashes_are_grouped() -> None:
    hashes = random_hashes(30_000)
    twins = [with_flips(value, 30, seed) for seed, value in enumerate(hashes[:10_000])]
    groups = near_groups(hashes + twins)
    assert groups[:10_000] == groups[30_000:]
    assert len(set(groups)) == 30_000
