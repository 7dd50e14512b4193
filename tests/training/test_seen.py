"""The picture that a model is given, read back from the processor's own numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from m3ad.errors import BadImage, RunError
from m3ad.prompts import QUESTION
from m3ad.records import NORMAL, Mode, Scenario
from training.config import RawsSettings
from training.examples import Example
from training.seen import Eyes

TEXT = "<think>The plate is even. There is no defect.</think><answer>no</answer>"


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    """Those of the bundled model, whose pictures have 224 x 224 pixels."""
    return Eyes("demo", RawsSettings())


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return noise(tmp_path, 224, 224)


def noise(folder: Path, width: int, height: int) -> Example:
    """An example whose picture has another colour in every pixel."""
    file = folder / f"{width}.png"
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(file)
    return Example(str(file), "1", "plate", Scenario.WORKPIECE, Mode.THINKING, None, TEXT, NORMAL)


def test_a_picture_of_the_models_own_size_is_seen_pixel_for_pixel(eyes: Eyes, example: Example) -> None:
    seen = eyes.look(example)
    assert np.array_equal(np.asarray(seen.image), np.asarray(Image.open(example.image)))
    assert (seen.image_tokens, seen.problem) == (49, "")
    assert QUESTION in eyes.prompt


def test_a_wide_picture_keeps_its_shape_and_its_place_while_it_shrinks(eyes: Eyes, tmp_path: Path) -> None:
    wide = noise(tmp_path, 900, 300)
    drawn = Image.new("RGB", (900, 300), "white")
    drawn.paste((255, 0, 0), (0, 0, 300, 150))  # the upper left
    drawn.save(wide.image)
    seen = eyes.look(wide)
    width, height = seen.image.size
    assert width * height <= 224 * 224
    assert seen.image_tokens == width * height // 32**2
    assert width > 2 * height
    assert seen.image.getpixel((8, 8)) == (255, 0, 0)
    assert seen.image.getpixel((width - 8, 8)) == seen.image.getpixel((8, height - 8)) == (255, 255, 255)


def test_an_example_that_a_run_would_leave_out_says_so(example: Example) -> None:
    seen = Eyes("demo", RawsSettings(max_tokens=64)).look(replace(example, completion=TEXT * 4))
    assert seen.problem == f"{seen.tokens} tokens, the limit is 64"


def test_a_picture_that_is_gone_and_a_model_that_cannot_be_trained_are_told(eyes: Eyes, example: Example) -> None:
    Path(example.image).unlink()
    with pytest.raises(BadImage, match="not there any more"):
        eyes.look(example)
    with pytest.raises(RunError, match="A served model cannot be trained"):
        Eyes("served:http://127.0.0.1:1/v1#x", RawsSettings())
