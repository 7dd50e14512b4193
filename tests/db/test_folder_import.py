"""A folder of a source into the store: its layout is found, names are mapped by a person, and imported again."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from db.filters import CaseFilter
from db.folder_import import Wanted, import_folder
from db.store import Store
from m3ad.datasets.source import Told
from m3ad.errors import BadData
from m3ad.geometry import Box
from m3ad.records import Defect, Scenario, Verdict
from tests.m3ad.datasets.made import mask, picture

FRAME, BOX = (10, 20, 30, 60), Box(0.1, 0.25, 0.3, 0.75)


@pytest.fixture
def textures(tmp_path: Path) -> Path:
    """Two classes of DAGM, whose defects have no names."""
    for number in (1, 2):
        picture(tmp_path / f"dagm/Class{number}/Train/0001.PNG", (100 + number, 80))
        picture(tmp_path / f"dagm/Class{number}/Test/0002.PNG")
        mask(tmp_path / f"dagm/Class{number}/Test/Label/0002_label.PNG", FRAME)
    return tmp_path / "dagm"


def test_what_a_person_says_of_a_name_is_taken_by_the_next_import(store: Store, textures: Path) -> None:
    done = import_folder(store, Wanted(textures), "ann")
    assert (done.layout, done.account.added, len(done.account.refused)) == ("dagm", 2, 2)
    assert {(one.category, one.name, one.meaning.type) for one in done.met} == {
        ("Class1", "defect", None),
        ("Class2", "defect", None),
    }
    assert store.meanings.say("dagm", "Class1", "defect", "Scratches", "ann") == "scratch"
    store.meanings.say("dagm", "any", "defect", "unknown", "ann")
    done = import_folder(store, Wanted(textures), "ann")
    assert (done.account.added, done.account.present, done.account.refused) == (2, 2, ())
    verdicts = {
        case.category: store.latest_annotation(case.id).verdict for case in store.cases(CaseFilter(verdict="anomalous"))
    }
    assert verdicts == {
        "dagm class 1": Verdict(True, (Defect("scratch", BOX),)),
        "dagm class 2": Verdict(True, (Defect("unknown", BOX),)),
    }
    assert {one.event for one in store.events()} >= {"meaning.said"}


def test_a_name_can_be_given_back_to_the_table(store: Store) -> None:
    store.meanings.say("dagm", "any", "defect", "crack", "ann")
    store.meanings.say("dagm", "any", "defect", "dent", "bob")
    assert store.meanings.of("dagm") == {("any", "defect"): "dent"}
    assert store.meanings.of("btad") == {}
    store.meanings.forget("dagm", "any", "defect", "ann")
    store.meanings.forget("dagm", "any", "defect", "ann")
    assert store.meanings.of("dagm") == {}
    assert len(store.events(event="meaning.forgotten")) == 1


@pytest.mark.parametrize(
    ("layout", "category", "name", "type_", "why"),
    [
        ("dagm", "any", "defect", "wobbly", "no type of the taxonomy"),
        ("coco", "any", "defect", "crack", "no layout"),
        ("dagm", "", "defect", "crack", "1 to 200"),
        ("dagm", "any", "x" * 201, "crack", "1 to 200"),
    ],
)
def test_nonsense_is_not_mapped(store: Store, layout: str, category: str, name: str, type_: str, why: str) -> None:
    with pytest.raises(BadData, match=why):
        store.meanings.say(layout, category, name, type_, "ann")
    assert store.meanings.of(layout) == {}


def test_the_licence_is_kept_with_the_case(store: Store, textures: Path) -> None:
    import_folder(store, Wanted(textures), "ann")
    assert store.licence_of("dagm") == "research use (not verified)"
    assert store.licence_of("nothing") == ""
    with store.reading() as session:
        assert set(session.scalars(text("SELECT licence FROM cases"))) == {"research use (not verified)"}


def test_a_person_says_what_a_plain_folder_does_not(store: Store, tmp_path: Path) -> None:
    picture(tmp_path / "cups/good/1.png")
    told = Told("mugs", "mug", Scenario.LOGICAL)
    assert import_folder(store, Wanted(tmp_path / "cups", told=told), "ann").layout == "folder"
    (case,) = store.cases()
    assert (case.dataset, case.category, case.scenario) == ("mugs", "mug", Scenario.LOGICAL)


def test_an_annotation_format_is_a_layout_too(store: Store, tmp_path: Path) -> None:
    picture(tmp_path / "set/cup.png")
    (tmp_path / "set/annotations.csv").write_text("picture,type,x1,y1,x2,y2\ncup.png,scratch,10,20,30,60\n")
    done = import_folder(store, Wanted(tmp_path / "set"), "ann")
    assert (done.layout, done.account.added, done.met) == ("csv", 1, ())
    assert store.latest_annotation(store.cases()[0].id).verdict == Verdict(True, (Defect("scratch", BOX),))


@pytest.mark.parametrize(("place", "layout"), [("gone", "auto"), ("", "wobbly"), ("", "auto")])
def test_what_is_no_data_set_is_refused(store: Store, tmp_path: Path, place: str, layout: str) -> None:
    with pytest.raises(BadData):
        import_folder(store, Wanted(tmp_path / "empty" / place if place else tmp_path / "nothing", layout), "ann")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData):
        import_folder(store, Wanted(tmp_path / "empty", layout), "ann")


def test_a_cancelled_import_keeps_what_it_has(store: Store, textures: Path) -> None:
    seen: list[int] = []
    done = import_folder(store, Wanted(textures), "ann", seen.append, lambda: len(seen) >= 2)
    assert done.account.added + len(done.account.refused) == 2
    assert len(store.cases()) == done.account.added
