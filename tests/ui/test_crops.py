"""What a type looks like: cut from an approved annotation, small, cached, and never from the case that is looked at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from db.schema import Decision
from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Scenario, Verdict
from tests.ui.scripted import add_case, make_context
from ui.build import make_app
from ui.crop_routes import SIDE, surroundings

SIZE = (800, 600)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(make_app(make_context(store)), base_url="http://127.0.0.1") as opened:
        yield opened


def approved_case(store: Store, key: str, *defects: Defect) -> int:
    """A case whose first revision has these defects and is approved."""
    case_id = add_case(store, key, Verdict(True, defects), size=SIZE)
    store.reviews.add(case_id, 1, Decision.APPROVE, reviewer="bob")
    return case_id


def test_the_largest_box_of_the_type_with_its_surroundings_and_a_frame(client: TestClient, store: Store) -> None:
    small, large = Box.from_pixels(10, 10, 20, 20, *SIZE), Box.from_pixels(300, 200, 420, 260, *SIZE)
    case_id = approved_case(store, "a", Defect("dent", small), Defect("Dent", large), Defect("crack", Box(0, 0, 1, 1)))
    answer = client.get("/crop?type=dent")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)), dtype=int)
    assert pixels.shape == (SIDE, SIDE, 3)  # 240 pixels around the box, twice its longer side
    ground = np.asarray(Image.open(store.case(case_id).primary.path), dtype=int)[0, 0]
    column = pixels[:, SIDE // 2]
    yellow = np.flatnonzero((column[:, 0] > 180) & (column[:, 2] < 120))
    assert 60 < yellow.min() < 72, "the frame is above the box, which is 48 pixels high here"
    assert 120 < yellow.max() < 132
    assert np.abs(pixels[80:110, 60:130] - ground).max() < 12, "and does not cover it"


def test_a_box_on_a_further_picture_is_cut_from_that_one(client: TestClient, store: Store) -> None:
    paths = [store.workspace / name for name in ("red.png", "green.png")]
    for path, colour in zip(paths, ("red", "green"), strict=True):
        Image.new("RGB", SIZE, colour).save(path)
    case_id, _ = store.add_case(NewCase("made", "two", Scenario.ELECTRONIC, "board", tuple(paths)))
    verdict = Verdict(True, (Defect("dent", Box(0.4, 0.4, 0.6, 0.6), picture=1),))
    store.save_annotation(case_id, verdict, author="ann", based_on=0)
    store.reviews.add(case_id, 1, Decision.APPROVE, reviewer="bob")
    image = Image.open(io.BytesIO(client.get("/crop?type=dent").content))
    red, green, _ = image.getpixel((2, 2))  # type: ignore[misc]
    assert green > 100 > red


def test_it_is_fetched_once_and_only_one_file_is_written(client: TestClient, store: Store, tmp_path: Path) -> None:
    approved_case(store, "a", Defect("dent", Box(0.1, 0.1, 0.2, 0.2)))
    first = client.get("/crop?type=dent")
    assert "private" in first.headers["cache-control"]
    again = client.get("/crop?type=DENT", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/crop?type=dent").content == first.content
    assert len(list((tmp_path / "cache" / "crops").iterdir())) == 1
    approved_case(store, "b", Defect("dent", Box(0.3, 0.3, 0.4, 0.4)))
    newer = client.get("/crop?type=dent", headers={"if-none-match": first.headers["etag"]})
    assert newer.status_code == 200


def test_nothing_is_shown_without_an_approved_box_elsewhere(client: TestClient, store: Store) -> None:
    add_case(store, "open", Verdict(True, (Defect("dent", Box(0.1, 0.1, 0.2, 0.2)),)))
    assert client.get("/crop?type=dent").status_code == 204
    placeless = approved_case(store, "placeless", Defect("dent", None))
    assert client.get("/crop?type=dent").status_code == 204
    case_id = approved_case(store, "approved", Defect("dent", Box(0.1, 0.1, 0.2, 0.2)))
    assert client.get(f"/crop?type=dent&besides={case_id}").status_code == 204, "a blind second look would see it"
    assert client.get(f"/crop?type=dent&besides={placeless}").status_code == 200
    for path in (each.primary.path for each in store.cases()):
        path.unlink()
    assert client.get("/crop?type=dent").status_code == 204


def test_a_picture_that_cannot_be_opened_and_hostile_names_are_answered(client: TestClient, store: Store) -> None:
    case_id = approved_case(store, "a", Defect("dent", Box(0.1, 0.1, 0.2, 0.2)))
    store.case(case_id).primary.path.write_bytes(b"no picture")
    assert client.get("/crop?type=dent").status_code == 204
    for query in ("type=../../store.db", "type=%00", "type=", "type=' OR 1=1 --", "type=<img>"):
        assert client.get(f"/crop?{query}").status_code == 204, query
    for query in ("", f"type={'x' * 241}", "type=dent&besides=-1", f"type=dent&besides={2**60}", "type=dent&besides=x"):
        assert client.get(f"/crop?{query}").status_code == 422, query


PLACE = st.floats(0, 1)


@given(st.tuples(PLACE, PLACE, PLACE, PLACE), st.integers(1, 9000), st.integers(1, 9000))
def test_the_surroundings_lie_in_the_picture_and_hold_the_box(
    corners: tuple[float, float, float, float], width: int, height: int
) -> None:
    a, b, c, d = corners
    box = Box(min(a, c), min(b, d), max(a, c), max(b, d))
    left, top, right, bottom = surroundings(box, width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    x1, y1, x2, y2 = box.to_pixels(width, height)
    assert left - 1 <= x1 <= x2 <= right + 1
    assert top - 1 <= y1 <= y2 <= bottom + 1
