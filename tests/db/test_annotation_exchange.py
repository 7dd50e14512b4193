"""Annotations leave the store and come back: nothing changes by itself, nothing of a person's is overwritten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from db.annotation_cases import Into
from db.annotation_export import UNDECIDED, export_annotations
from db.annotation_import import BATCH, import_annotations
from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.datasets.account import Account
from m3ad.errors import ExportError
from m3ad.formats import FORMATS, read_format
from m3ad.formats.base import AnnotatedPicture, Entry
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, NewCase, Scenario, Verdict

PLACED = Verdict(True, (Defect("scratch", Box.from_pixels(3, 4, 17, 21, 32, 24)),))
MOVED = Verdict(True, (Defect("scratch", Box.from_pixels(4, 4, 18, 21, 32, 24)),))
BOTH = Verdict(True, (*PLACED.defects, Defect("bent")))


def take_in(store: Store, format: str, place: Path, entries: Iterable[Entry] | None = None, **into: object) -> Account:
    unused: Counter[str] = Counter()
    found = read_format(format, place, unused) if entries is None else entries
    chosen = {"dataset": "new", "scenario": Scenario.TEXTURE, "category": "tile", "actor": "ann"} | into
    return import_annotations(store, found, Into(format, **chosen), unused)


def numbers(account: Account) -> tuple[int, int, int, int, int]:
    return account.added, account.present, account.revised, len(account.clashes), len(account.refused)


@pytest.fixture
def filled(store: Store, new_case: Callable[..., NewCase]) -> Store:
    """Six cases: undecided, normal, placed, both, and two that a person annotated after the data set."""
    for place, verdict in enumerate([None, NORMAL, PLACED, BOTH, NORMAL, PLACED]):
        store.add_case(new_case(f"part {place}.png", verdict=verdict))
    store.save_annotation(5, PLACED, author="ann", based_on=1, note="seen twice")
    store.save_annotation(6, MOVED, author="ann", based_on=1)
    return store


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_taken_in_again_changes_nothing(name: str, filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, name, tmp_path / "out", CaseFilter(), copy=True)
    for _ in range(2):
        assert numbers(take_in(filled, name, tmp_path / "out")) == (0, 6, 0, 0, 0)
    assert [len(filled.annotations(case)) for case in range(1, 7)] == [0, 1, 1, 1, 2, 2]


def test_an_export_says_how_many_types_are_undecided(filled: Store, tmp_path: Path) -> None:
    place = PLACED.defects[0].box
    verdict = Verdict(True, (Defect("unknown", place), Defect("bent", place)))
    filled.save_annotation(1, verdict, author="ann", based_on=0, note="Is this a burr?")
    account = export_annotations(filled, "coco", tmp_path / "out", CaseFilter(), copy=False)
    assert account.lost[UNDECIDED] == 1
    assert f"Not carried: 1 {UNDECIDED}." in account.sentences()


@pytest.mark.parametrize("name", FORMATS)
def test_another_store_gets_the_same_cases_and_a_second_time_nothing(name: str, filled: Store, tmp_path: Path) -> None:
    account = export_annotations(filled, name, tmp_path / "out", CaseFilter(), copy=True)
    with Store.open(tmp_path / "other") as other:
        assert numbers(take_in(other, name, tmp_path / "out", copy=True)) == (6, 0, 0, 0, 0)
        assert numbers(take_in(other, name, tmp_path / "out", copy=True)) == (0, 6, 0, 0, 0)
        for case in filled.cases():
            found = other.find_case(case.dataset, case.key)
            assert found is not None
            mine, theirs = filled.latest_annotation(case.id), other.latest_annotation(found)
            lost = "defects without a place" in account.lost and mine is not None and mine.verdict == BOTH
            assert (theirs and theirs.verdict.anomalous) == (mine and mine.verdict.anomalous)
            if mine and theirs and not lost:
                assert len(theirs.verdict.defects) == len(mine.verdict.defects)
                assert theirs.author == f"imported from {name} by ann"
            assert other.case(found).primary.path.is_relative_to(other.workspace)


@pytest.mark.parametrize("name", FORMATS)
def test_names_alone_lead_back_to_the_cases(name: str, filled: Store, tmp_path: Path) -> None:
    """As when another program keeps neither our pictures nor cases.csv."""
    export_annotations(filled, name, tmp_path / "out", CaseFilter(status=Status.ANNOTATED), copy=False)
    (tmp_path / "out/cases.csv").unlink()
    added, present, revised, clashes, refused = numbers(take_in(filled, name, tmp_path / "out"))
    assert (added, revised, clashes, refused) == (0, 0, 0, 0)
    assert present >= 3


def read_changed(name: str, place: Path, verdict: Verdict) -> Iterator[Entry]:
    """What another program would give back after every picture got this verdict."""
    for entry in read_format(name, place, Counter()):
        assert isinstance(entry, AnnotatedPicture)
        yield replace(entry, verdict=verdict)


def test_what_was_changed_elsewhere_becomes_a_revision_by_a_named_source(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "cvat", tmp_path / "out", CaseFilter(), copy=False)
    account = take_in(filled, "cvat", tmp_path, read_changed("cvat", tmp_path / "out", MOVED))
    assert numbers(account) == (0, 1, 5, 0, 0)  # the last was so already
    newest = filled.annotations(5)[-1]
    assert (newest.revision, newest.author, newest.verdict) == (3, "imported from cvat by ann", MOVED)
    assert newest.note == ""
    ids = filled.case_ids(CaseFilter(status=Status.BY_A_PERSON))
    assert ids == [6]  # what came from elsewhere is no person's work here


def test_a_persons_newer_revision_stands_and_the_clash_is_reported(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "coco", tmp_path / "out", CaseFilter(), copy=True)
    filled.save_annotation(3, NORMAL, author="bob", based_on=1)
    filled.save_annotation(5, NORMAL, author="bob", based_on=2)
    for _ in range(2):
        account = take_in(filled, "coco", tmp_path, read_changed("coco", tmp_path / "out", MOVED))
    assert numbers(account) == (0, 4, 0, 2, 0)
    assert all("revision" in one.why and "by bob" in one.why for one in account.clashes)
    for case in (3, 5):
        latest = filled.latest_annotation(case)
        assert latest is not None
        assert (latest.author, latest.verdict) == ("bob", NORMAL)


def test_without_knowing_the_revision_a_persons_annotation_is_never_followed(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "cvat", tmp_path / "out", CaseFilter(), copy=False)
    (tmp_path / "out/cases.csv").unlink()
    account = take_in(filled, "cvat", tmp_path, read_changed("cvat", tmp_path / "out", MOVED))
    assert numbers(account) == (0, 1, 4, 1, 0)
    assert filled.annotations(5)[-1].author == "ann"


def test_what_the_format_cannot_carry_is_not_lost_by_a_change(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "yolo", tmp_path / "out", CaseFilter(ids=(4,)), copy=True)
    assert numbers(take_in(filled, "yolo", tmp_path, read_changed("yolo", tmp_path / "out", MOVED)))[2] == 1
    latest = filled.latest_annotation(4)
    assert latest is not None
    assert latest.verdict == Verdict(True, (*MOVED.defects, Defect("bent")))


def test_silence_is_never_taken_for_normal_unless_asked(store: Store, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for place in range(2):
        Image.new("RGB", (32, 24), (place, 1, 1)).save(tmp_path / f"in/{place}.png")
    (tmp_path / "in/data.yaml").write_text("names: [scratch]")
    assert numbers(take_in(store, "yolo", tmp_path / "in")) == (2, 0, 0, 0, 0)
    assert store.latest_annotation(1) is None
    assert numbers(take_in(store, "yolo", tmp_path / "in", empty_is_normal=True)) == (0, 0, 2, 0, 0)
    assert store.latest_annotation(1).verdict == NORMAL  # type: ignore[union-attr]


def test_an_interrupted_import_resumes(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "m3ad", tmp_path / "out", CaseFilter(), copy=True)
    folder = tmp_path / "many"
    folder.mkdir()
    for place in range(BATCH + 10):
        Image.new("RGB", (32, 24), (place, 1, 1)).save(folder / f"{place:03}.png")
    (folder / "data.yaml").write_text("names: [scratch]")

    def cut_off() -> Iterator[Entry]:
        for place, entry in enumerate(read_format("yolo", folder, Counter())):
            if place == BATCH + 5:
                raise KeyboardInterrupt
            yield entry

    with pytest.raises(KeyboardInterrupt):
        take_in(filled, "yolo", folder, cut_off())
    assert filled.count_cases() == 6 + BATCH
    assert numbers(take_in(filled, "yolo", folder)) == (10, BATCH, 0, 0, 0)


def test_the_same_case_twice_in_one_import_is_refused_the_second_time(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "m3ad", tmp_path / "out", CaseFilter(ids=(3,)), copy=False)
    (entry,) = read_changed("m3ad", tmp_path / "out", MOVED)
    account = take_in(filled, "m3ad", tmp_path, [entry, entry])
    assert numbers(account) == (0, 0, 1, 0, 1)
    assert "one annotation only" in account.refused[0].why


def test_annotations_for_another_picture_or_size_are_refused(filled: Store, tmp_path: Path) -> None:
    export_annotations(filled, "m3ad", tmp_path / "out", CaseFilter(ids=(3,)), copy=False)
    (entry,) = read_changed("m3ad", tmp_path / "out", MOVED)
    assert isinstance(entry, AnnotatedPicture)
    assert entry.origin is not None
    wrong = replace(entry, origin=replace(entry.origin, sha256="0" * 64))
    for one in (wrong, replace(entry, width=99)):
        account = take_in(filled, "m3ad", tmp_path, [one])
        assert numbers(account) == (0, 0, 0, 0, 1)


def test_types_that_the_taxonomy_does_not_know_are_kept_and_named(store: Store, tmp_path: Path) -> None:
    Image.new("RGB", (32, 24)).save(tmp_path / "a.png")
    (tmp_path / "data.yaml").write_text("names: ['<b>odd']")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.5 0.5")
    account = take_in(store, "yolo", tmp_path)
    assert account.unused == {"defects of type '<b>odd', which the taxonomy does not know: kept as written": 1}
    assert store.latest_annotation(1).verdict.defects[0].type == "<b>odd"  # type: ignore[union-attr]


def test_a_case_that_is_exported_twice_by_look_gets_two_names(store: Store, new_case: Callable[..., NewCase]) -> None:
    for place in range(3):
        store.add_case(new_case(f"{place}/same.png", seed=1, verdict=PLACED, dataset=f"set {place}"))
    export_annotations(store, "coco", store.workspace / "out", CaseFilter(), copy=True)
    assert len(list((store.workspace / "out/images").iterdir())) == 3
    assert numbers(take_in(store, "coco", store.workspace / "out")) == (0, 3, 0, 0, 0)


def test_an_export_of_nothing_or_a_cancelled_one_writes_nothing(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing to export"):
        export_annotations(filled, "coco", tmp_path / "out", CaseFilter(text="no such case"), copy=True)
    with pytest.raises(ExportError, match="cancelled"):
        export_annotations(filled, "coco", tmp_path / "out", CaseFilter(), copy=True, cancelled=lambda: True)
    assert not (tmp_path / "out").exists()


def test_turned_and_deep_pictures_go_out_upright_and_come_back_to_their_case(
    store: Store, paint: Callable[..., Path], new_case: Callable[..., NewCase], tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = paint("turned.jpg", 3, exif=exif)
    upright = Verdict(True, (Defect("scratch", Box.from_pixels(2, 3, 10, 30, 24, 32)),))
    store.add_case(new_case("turned.jpg", images=(path,), verdict=upright))
    export_annotations(store, "voc", tmp_path / "out", CaseFilter(), copy=True)
    (picture,) = (tmp_path / "out/JPEGImages").iterdir()
    assert Image.open(picture).size == (24, 32)
    assert picture.suffix == ".png"
    assert numbers(take_in(store, "voc", tmp_path / "out")) == (0, 1, 0, 0, 0)


FURTHER = Defect("hole", Box(0.25, 0.25, 0.5, 0.5), 1)
THERE = Verdict(True, (*PLACED.defects, FURTHER))


@pytest.fixture
def viewed(store: Store, paint: Callable[..., Path], new_case: Callable[..., NewCase]) -> Store:
    """One case with two pictures and a box on each."""
    store.add_case(new_case("two", images=(paint("front.png", 1), paint("back.png", 2)), verdict=THERE))
    return store


@pytest.mark.parametrize("name", FORMATS)
def test_a_box_on_a_further_picture_stays_whatever_the_format_says(name: str, viewed: Store, tmp_path: Path) -> None:
    account = export_annotations(viewed, name, tmp_path / "out", CaseFilter(), copy=False)
    assert account.lost.get("boxes on further pictures", 0) == (name != "m3ad")
    assert numbers(take_in(viewed, name, tmp_path / "out")) == (0, 1, 0, 0, 0)
    given = Verdict(True, (*MOVED.defects, FURTHER)) if name == "m3ad" else MOVED
    assert numbers(take_in(viewed, name, tmp_path, read_changed(name, tmp_path / "out", given)))[2] == 1
    assert viewed.annotations(1)[-1].verdict == Verdict(True, (*MOVED.defects, FURTHER))
    if name != "m3ad":  # who saw the primary picture alone can say that of it alone
        take_in(viewed, name, tmp_path, read_changed(name, tmp_path / "out", NORMAL))
        assert viewed.annotations(1)[-1].verdict == Verdict(True, (FURTHER,))
        before = len(viewed.annotations(1))
        take_in(viewed, name, tmp_path, read_changed(name, tmp_path / "out", NORMAL))
        assert len(viewed.annotations(1)) == before, "the second time nothing"


def test_a_box_that_moved_on_a_further_picture_is_a_change_however_small_the_primary_is(
    viewed: Store, tmp_path: Path
) -> None:
    export_annotations(viewed, "m3ad", tmp_path / "out", CaseFilter(), copy=False)
    moved = Verdict(True, (*PLACED.defects, replace(FURTHER, box=Box(0.25, 0.25, 0.5, 0.501))))
    assert numbers(take_in(viewed, "m3ad", tmp_path, read_changed("m3ad", tmp_path / "out", moved)))[2] == 1
    assert viewed.annotations(1)[-1].verdict == moved


def test_a_store_without_the_further_picture_refuses_its_box_in_words(viewed: Store, tmp_path: Path) -> None:
    export_annotations(viewed, "m3ad", tmp_path / "out", CaseFilter(), copy=True)
    with Store.open(tmp_path / "other") as other:
        account = take_in(other, "m3ad", tmp_path / "out", copy=True)
        assert numbers(account) == (0, 0, 0, 0, 1)
        assert "picture 2 of a case that has 1" in account.refused[0].why
