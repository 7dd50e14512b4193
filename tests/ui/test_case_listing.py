"""The list of cases: filters with counts, rows in words, and pictures that are dropped on it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from db.store import Store
from m3ad.errors import BadImage
from m3ad.records import NORMAL as NO_DEFECT
from m3ad.records import Probability
from tests.ui.scripted import BENT, FIXED, NORMAL, UNREADABLE, add_case, add_inspection, png
from ui.case_listing import FILTERS, MAX_UPLOAD, UPLOADS, Asked, clean_name, listing, rows, take_upload


@pytest.fixture
def five(store: Store) -> list[int]:
    """Cases: fixed by reflection; a wrong normal, sure; a right normal, unsure; unreadable; not inspected."""
    ids = [add_case(store, str(number), truth) for number, truth in enumerate((BENT, BENT, NO_DEFECT, None, None))]
    add_inspection(store, ids[0], FIXED, probability=Probability(0.2, 0.93))
    add_inspection(store, ids[1], NORMAL, probability=Probability(None, 0.03))
    add_inspection(store, ids[2], NORMAL, probability=Probability(None, 0.4))
    add_inspection(store, ids[3], UNREADABLE, probability=Probability())
    return ids


def test_every_filter_has_its_count_and_its_cases(store: Store, five: list[int]) -> None:
    expected = {"all": five, "unsure": [five[2]], "disagree": [five[1]], "unreadable": [five[3]], "new": [five[4]]}
    assert list(expected) == [each.name for each in FILTERS]
    for name, ids in expected.items():
        asked = Asked("", name, "demo")
        found = listing(store, asked)
        assert found["count"] == len(ids)
        assert [row["id"] for row in rows(store, asked, 0, 0)] == ids, name
        assert {each["name"]: each["count"] for each in found["filters"]} == {
            key: str(len(value)) for key, value in expected.items()
        }


def test_a_list_tells_where_the_selected_case_is_and_gives_rows_behind_any(store: Store, five: list[int]) -> None:
    assert [listing(store, Asked(), one)["at"] for one in (five[0], five[3], 999)] == [0, 3, None]
    assert listing(store, Asked(chosen="unsure", model="demo"), five[0])["at"] is None
    assert [row["id"] for row in rows(store, Asked(), five[0], 2)] == five[3:]


def test_for_another_model_nothing_is_inspected(store: Store, five: list[int]) -> None:
    found = rows(store, Asked("", "new", "rcrl-1"), 0, 0)
    assert [(row["id"], row["status"]) for row in found] == [(one, "not inspected") for one in five]


def test_the_search_counts_for_the_filters_too(store: Store, five: list[int]) -> None:
    other = add_case(store, "x", category="weave")
    asked = Asked("WEAVE", "all", "demo")
    found = listing(store, asked)
    assert (found["count"], found["filters"][0]["count"]) == (1, "1")
    assert [row["id"] for row in rows(store, asked, 0, 0)] == [other]


def test_rows_say_where_a_case_stands(store: Store, five: list[int]) -> None:
    found = {row["id"]: (row["status"], row["tone"]) for row in rows(store, Asked(model="demo"), 0, 0)}
    assert list(found.values()) == [
        ("anomalous · fixed", "bad"),
        ("normal · escape", "bad"),
        ("normal 0.60", ""),
        ("unreadable answer", "odd"),
        ("not inspected", ""),
    ]


def test_a_row_shows_its_picture_by_id(store: Store, five: list[int]) -> None:
    row = rows(store, Asked(model="demo"), 0, 0)[0]
    assert row["picture"] == f"picture/{store.case(five[0]).primary.id}?size=96"
    assert row["name"] == "sensor board 0"


def test_cases_under_way_say_so_and_the_list_asks_again(store: Store, five: list[int]) -> None:
    assert [row["status"] for row in rows(store, Asked(model="demo"), 0, 0, busy={five[1]})][:2] == [
        "anomalous · fixed",
        "inspecting…",
    ]
    assert listing(store, Asked(model="demo"), busy={five[1]})["busy"] == 1
    assert listing(store, Asked(model="demo"))["busy"] == 0


# -- uploads ---


def test_an_upload_becomes_a_case_with_its_own_copy(store: Store, tmp_path: Path) -> None:
    case_id, says = take_upload(store, "my part.png", png(tmp_path), "ann")
    case = store.case(case_id)
    assert (case.dataset, case.category) == (UPLOADS, "upload")
    assert case.key.startswith("my part ")
    assert case.primary.path.is_file()
    assert (case.primary.width, case.primary.height) == (40, 30)
    assert says == "my part.png: added"


def test_the_same_upload_again_is_the_same_case(store: Store, tmp_path: Path) -> None:
    first, _ = take_upload(store, "part.png", png(tmp_path), "ann")
    again, says = take_upload(store, "part.png", png(tmp_path), "bob")
    assert again == first
    assert says == "part.png: was there already"


def test_what_was_done_to_an_upload_is_said(store: Store) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (20, 20), (9, 9, 9, 90)).save(buffer, "PNG")
    _, says = take_upload(store, "x.jpg", buffer.getvalue(), "ann")
    assert "named .jpg but is PNG" in says
    assert "laid on white" in says


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40])
def test_what_is_no_picture_is_refused_by_name_and_leaves_nothing(store: Store, data: bytes) -> None:
    with pytest.raises(BadImage, match=r"bad\.png"):
        take_upload(store, "bad.png", data, "ann")
    assert store.count_cases() == 0


def test_an_upload_beyond_the_limit_is_refused(store: Store) -> None:
    with pytest.raises(BadImage, match="64 MB"):
        take_upload(store, "big.png", bytes(MAX_UPLOAD + 1), "ann")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\parts\a.png", "a.png"),
        ("..", "picture.png"),
        (".hidden", "hidden"),
        ("", "picture.png"),
        ("a\x00\nb.png", "ab.png"),
        ("<img src=x>.png", "<img src=x>.png"),
        ("x" * 300 + ".png", "x" * 56 + ".png"),
        ("テスト.png", "テスト.png"),
    ],
)
def test_names_of_uploads_lose_folders_and_control_characters(name: str, expected: str) -> None:
    assert clean_name(name) == expected
