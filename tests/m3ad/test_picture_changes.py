"""Changed pictures: only the region changes, and boxes of a cut-out come back to the whole picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.picture_changes import ChangeKind, PictureChange, changed, pictured, seen, whole
from m3ad.records import Defect, Verdict
from m3ad.trace import read, render

LEFT_HALF = Box(0.0, 0.0, 0.5, 1.0)
CORNER = Box(0.25, 0.5, 0.75, 1.0)


def noise(width: int = 64, height: int = 48) -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(20, 120, (height, width, 3), dtype=np.uint8))


def test_a_masked_region_is_one_colour_and_the_rest_is_as_it_was() -> None:
    image = noise()
    before, after = np.asarray(image).copy(), np.asarray(changed(image, [PictureChange(ChangeKind.MASK, CORNER)]))
    inside = np.zeros(before.shape[:2], bool)
    inside[24:48, 16:48] = True
    assert len(np.unique(after[inside], axis=0)) == 1
    assert np.abs(after[24, 16] - before.mean(axis=(0, 1))).max() <= 0.5
    assert (after[~inside] == before[~inside]).all()
    assert (np.asarray(image) == before).all()


def test_a_brightened_region_is_brighter_by_the_amount() -> None:
    image = noise()
    after = np.asarray(changed(image, [PictureChange(ChangeKind.BRIGHTEN, LEFT_HALF, 1.5)])).astype(int)
    before = np.asarray(image).astype(int)
    assert np.abs(after[:, :32] - 1.5 * before[:, :32]).max() <= 1
    assert (after[:, 32:] == before[:, 32:]).all()


def test_a_cut_out_is_what_the_model_sees_and_people_see_where_it_is() -> None:
    image = noise()
    cut = [PictureChange(ChangeKind.CROP, CORNER)]
    assert (np.asarray(changed(image, cut)) == np.asarray(image)[24:48, 16:48]).all()
    shown = np.asarray(pictured(image, cut)).astype(int)
    assert shown.shape == (48, 64, 3)
    assert (shown[24:48, 16:48] == np.asarray(image)[24:48, 16:48]).all()
    assert np.abs(shown[:24] - 0.25 * np.asarray(image)[:24]).max() <= 1


def test_cuts_leave_what_they_have_in_common_or_are_refused() -> None:
    left, right = PictureChange(ChangeKind.CROP, LEFT_HALF), PictureChange(ChangeKind.CROP, Box(0.6, 0, 1, 1))
    assert seen([left, PictureChange(ChangeKind.CROP, CORNER)]) == Box(0.25, 0.5, 0.5, 1.0)
    with pytest.raises(Conflict, match="nothing of the picture is left"):
        changed(noise(), [left, right])
    with pytest.raises(Conflict, match="smaller than 8 pixels"):
        changed(noise(), [PictureChange(ChangeKind.MASK, Box(0.5, 0.5, 0.51, 0.9))])


@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 2), st.integers(1, 2))
def test_a_box_of_a_cut_out_comes_back_to_where_it_was(x: int, y: int, width: int, height: int) -> None:
    area = Box(x / 8, y / 8, (x + width) / 8, (y + height) / 8)
    trace = read(render(Verdict(True, (Defect("scratch", Box(0.25, 0.25, 0.75, 0.5)), Defect("dent"))), "A scratch."))
    moved = whole(trace, [PictureChange(ChangeKind.CROP, area)]).verdict
    assert moved is not None
    assert moved.defects[1] == Defect("dent")
    found, (w, h) = moved.defects[0].box, (width / 8, height / 8)
    assert found.as_tuple() == pytest.approx(
        (area.x1 + 0.25 * w, area.y1 + 0.25 * h, area.x1 + 0.75 * w, area.y1 + 0.5 * h)
    )
    assert whole(trace, []) is trace


def test_changes_survive_json() -> None:
    change = PictureChange(ChangeKind.BRIGHTEN, CORNER, 1.25)
    assert PictureChange.from_json(change.to_json()) == change
