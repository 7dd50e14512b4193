"""Which patches of a picture matter to a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.monitor import inspect, open_monitor
from m3ad.monitor.base import MAX_PIXELS
from m3ad.occlusion import TOGETHER, OcclusionMap, cost, covered, occlusion
from tests.conftest import THINK_DEFECT


class Darkness:
    """Decides by how dark the darkest pixel is: what a map shows of it can be said beforehand."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def decide(self, images: Sequence[Image.Image], text: str) -> list[float | None]:
        self.batches.append(len(images))
        return [None if text == "nothing" else 1 - float(np.asarray(image).min()) / 255 for image in images]


@pytest.fixture
def spot() -> Image.Image:
    """White, with one black pixel in the second row and third column of a 4 x 5 grid."""
    picture = Image.new("RGB", (50, 40), "white")
    picture.putpixel((25, 14), (0, 0, 0))
    return picture


def test_only_the_patch_that_matters_changes_the_chance(spot: Image.Image) -> None:
    *_, found = occlusion(Darkness(), spot, text="<think>", rows=4, columns=5)
    assert (found.before, found.done) == (1, 20)
    assert len(found.change) == 4
    for row, changes in enumerate(found.change):
        for column, change in enumerate(changes):
            assert change == 0 if (row, column) != (1, 2) else change < -0.5


def test_the_map_fills_up_batch_by_batch_and_stops_when_it_is_cancelled(spot: Image.Image) -> None:
    monitor = Darkness()
    assert [found.done for found in occlusion(monitor, spot, text="<think>", rows=4, columns=5)] == [0, TOGETHER, 20]
    assert monitor.batches == [1, TOGETHER, 20 - TOGETHER]
    first, *rest = occlusion(Darkness(), spot, text="<think>", rows=4, columns=5, cancelled=lambda: True)
    assert rest == []
    assert first.change == [[None] * 5] * 4


def test_where_nothing_can_be_decided_or_covered_it_says_so(spot: Image.Image) -> None:
    with pytest.raises(Conflict, match="decides nothing"):
        list(occlusion(Darkness(), spot, text="nothing"))
    for rows, columns in ((0, 3), (3, 0), (41, 3), (3, 51)):
        with pytest.raises(Conflict, match="40 rows and 50 columns"):
            list(occlusion(Darkness(), spot, text="<think>", rows=rows, columns=columns))


def test_a_covered_patch_is_blurred_and_all_else_is_as_it_was() -> None:
    noise = Image.effect_noise((60, 40), 90).convert("RGB")
    before, after = np.asarray(noise, int), np.asarray(covered(noise, Box(0.5, 0.25, 0.75, 0.5)), int)
    inside = np.zeros((40, 60), bool)
    inside[10:20, 30:45] = True
    assert (before[~inside] == after[~inside]).all()
    assert after[inside].std() < before[inside].std() / 5


def test_the_patches_of_a_large_picture_are_those_of_the_one_the_model_sees() -> None:
    large = Image.new("RGB", (4000, 1000), "white")
    sizes: set[tuple[int, int]] = set()

    class Sizes(Darkness):
        def decide(self, images: Sequence[Image.Image], text: str) -> list[float | None]:
            sizes.update(image.size for image in images)
            return super().decide(images, text)

    *_, found = occlusion(Sizes(), large, text="<think>", rows=1, columns=2)
    assert [width * height <= MAX_PIXELS for width, height in sizes] == [True]
    assert (found.box(0, 1), found.change) == (Box(0.5, 0, 1, 1), [[0, 0]])


def test_odds_tell_what_a_chance_near_one_hides() -> None:
    found = OcclusionMap(1, 2, 0.9999, (0.99, None))
    assert found.change == [[pytest.approx(-0.0099), None]]
    assert found.change_of_odds == [[pytest.approx(math.log(99 / 9999)), None]]
    assert OcclusionMap(1, 1, 1.0, (0.0,)).change_of_odds[0][0] < -30


def test_the_cost_counts_the_readings() -> None:
    assert cost(8, 8).startswith("64 patches: the model reads the picture 65 times")


def test_a_model_that_knows_two_plates_looks_at_the_dark_square(tiny_model: Path, plates: tuple) -> None:
    monitor = open_monitor(str(tiny_model), device="cpu")
    *_, found = occlusion(monitor, plates[1], text=THINK_DEFECT, rows=2, columns=2)
    *_, even = occlusion(monitor, plates[0], text=THINK_DEFECT, rows=2, columns=2)
    # Nothing is on the even plate, so that a blurred patch of it is the same plate.
    assert all(abs(change) < 1e-4 for row in even.change for change in row)
    assert max(abs(change) for row in found.change_of_odds for change in row) > 0.01


def test_without_a_text_the_model_is_asked_after_its_own_thinking(tiny_model: Path, plates: tuple) -> None:
    monitor = open_monitor(str(tiny_model), device="cpu")
    *_, found = occlusion(monitor, plates[1], rows=1, columns=1)
    think = inspect(monitor, plates[1]).text.partition("</think>")[0]
    assert found == [*occlusion(monitor, plates[1], text=think, rows=1, columns=1)][-1]
