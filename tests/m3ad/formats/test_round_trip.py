"""Every format gives back what it says it can carry, to the pixel, and says what it cannot."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from m3ad.formats import FORMATS
from m3ad.formats.carrying import carried
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from tests.m3ad.formats.made import HEIGHT, WIDTH, alike, pictures_of, read, verdicts, write

PLACED = Verdict(True, (Defect("scratch", Box.from_pixels(3, 4, 17, 21, WIDTH, HEIGHT)),))
UNPLACED = Verdict(True, (Defect("bent"),))
MIXED = Verdict(True, (*PLACED.defects, *UNPLACED.defects))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None)
@given(found=verdicts)
def test_what_is_read_is_what_the_format_says_it_carries(name: str, found: Verdict | None) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made, other = pictures_of([found, PLACED], Path(scratch, "pictures"))
        write(name, [made, other], Path(scratch, "export"))
        one = read(name, Path(scratch, "export"))["part-0"]
    expected = carried(made, FORMATS[name], Counter())
    said = NORMAL if expected.verdict is None and found == NORMAL else expected.verdict  # cases.csv knows it was normal
    assert alike(one.verdict, said)
    assert (one.width, one.height) == (WIDTH, HEIGHT)
    assert one.origin is not None
    assert (one.origin.key, one.origin.category, one.origin.revision) == ("a/0.png", "=tile", 0)


@pytest.mark.parametrize("name", FORMATS)
def test_boxes_of_whole_pixels_come_back_exactly(name: str, tmp_path: Path) -> None:
    corners = [(0, 0, 1, 1), (63, 47, 64, 48), (0, 0, 64, 48), (5, 7, 6, 30)]
    found = [Verdict(True, (Defect("scratch", Box.from_pixels(*edges, WIDTH, HEIGHT)),)) for edges in corners]
    write(name, pictures_of(found, tmp_path / "pictures"), tmp_path / "export.d")
    back = read(name, tmp_path / "export.d")
    for place, edges in enumerate(corners):
        verdict = back[f"part-{place}"].verdict
        assert verdict is not None
        box = verdict.defects[0].box
        assert box is not None
        assert box.to_pixels(WIDTH, HEIGHT) == pytest.approx(edges, abs=1e-4)


@pytest.mark.parametrize("name", FORMATS)
def test_without_the_cases_file_nothing_undecided_or_anomalous_comes_back_as_normal(name: str, tmp_path: Path) -> None:
    given = [None, NORMAL, PLACED, UNPLACED, Verdict(True), MIXED]
    write(name, pictures_of(given, tmp_path / "pictures"), tmp_path / "export")
    (tmp_path / "export/cases.csv").unlink()
    back = read(name, tmp_path / "export")
    words = [one.verdict and one.verdict.anomalous for one in (back[f"part-{place}"] for place in range(6))]
    assert words[0] is None
    assert words[1] in (None, False)
    assert words[2] is words[5] is True
    assert words[3] in (None, True)
    assert words[4] in (None, True)


LOST = {
    "coco": {
        "normal verdicts: they look like undecided ones": 1,
        "defects without a place": 2,
        "anomalous verdicts without a box: left undecided": 2,
    },
    "voc": {
        "defects without a place": 2,
        "anomalous verdicts without a box: left undecided": 2,
        "boxes moved to whole pixels": 1,
    },
    "cvat": {"anomalous verdicts without a box: left undecided": 1},
    "label-studio": {},
    "m3ad": {},
}


@pytest.mark.parametrize("name", LOST)
def test_an_export_says_in_words_and_counts_what_was_lost(name: str, tmp_path: Path) -> None:
    between = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.303, 0.303)),))
    made = pictures_of([None, NORMAL, PLACED, UNPLACED, Verdict(True), MIXED, between], tmp_path / "pictures")
    account = write(name, made, tmp_path / "export")
    assert account.lost == LOST[name]
    assert account.pictures == 7
    assert all(f"Not carried: {count} {words}." in account.sentences() for words, count in LOST[name].items())


def test_notes_and_authors_are_counted_where_they_are_lost_and_kept_where_they_are_not(tmp_path: Path) -> None:
    (made,) = pictures_of([PLACED], tmp_path / "pictures")
    assert made.origin is not None
    noted = replace(made, origin=replace(made.origin, author="ann", note="=look here"))
    assert write("coco", [noted], tmp_path / "coco").lost == {"notes": 1, "names of authors": 1}
    for name in ("m3ad", "csv"):
        assert write(name, [noted], tmp_path / name).lost == {}
        origin = read(name, tmp_path / name)["part-0"].origin
        assert origin is not None
        assert (origin.author, origin.note) == ("ann", "=look here")


def test_touching_boxes_of_one_type_are_counted_as_lost_by_masks(tmp_path: Path) -> None:
    touching = [Box.from_pixels(x, 4, x + 10, 20, WIDTH, HEIGHT) for x in (2, 12)]
    made = pictures_of([Verdict(True, tuple(Defect("scratch", box) for box in touching))], tmp_path / "pictures")
    assert write("masks", made, tmp_path / "export").lost == {"boxes that touch or overlap another of a mask": 1}


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_without_pictures_can_be_read(name: str, tmp_path: Path) -> None:
    write(name, pictures_of([PLACED], tmp_path / "pictures"), tmp_path / "export", copy=False)
    (one,) = read(name, tmp_path / "export").values()
    assert one.picture is None
    assert alike(one.verdict, PLACED)
    assert one.origin is not None


@pytest.mark.parametrize("name", FORMATS)
def test_a_zip_file_holds_what_a_folder_holds(name: str, tmp_path: Path) -> None:
    import zipfile

    made = pictures_of([PLACED, NORMAL], tmp_path / "pictures")
    write(name, made, tmp_path / "folder")
    write(name, made, tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        packed = {info.filename: archive.read(info) for info in archive.infolist()}
    lying = {str(p.relative_to(tmp_path / "folder")): p.read_bytes() for p in (tmp_path / "folder").rglob("*.*")}
    assert packed == lying


FURTHER = Defect("hole", Box(0.1, 0.2, 0.303, 0.404), 2)


@pytest.mark.parametrize("name", FORMATS)
def test_boxes_on_further_pictures_come_back_or_are_counted_as_lost(name: str, tmp_path: Path) -> None:
    both, alone = Verdict(True, (*PLACED.defects, FURTHER)), Verdict(True, (FURTHER,))
    account = write(name, pictures_of([both, alone], tmp_path / "pictures"), tmp_path / "export")
    back = read(name, tmp_path / "export")
    if name == "m3ad":
        assert account.lost == {}
        assert [back[f"part-{place}"].verdict for place in range(2)] == [both, alone]
        return
    assert account.lost["boxes on further pictures"] == 2
    assert "Not carried: 2 boxes on further pictures." in account.sentences()
    assert alike(back["part-0"].verdict, PLACED)
    assert back["part-1"].verdict is None, "never normal"
