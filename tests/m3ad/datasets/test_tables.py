"""Every table says what is true of the taxonomy, and every layout is found by its folder alone."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from m3ad.datasets.layouts import LAYOUTS, find_layout
from m3ad.datasets.names import load_table
from m3ad.datasets.source import Source, Told, checked_type, stated_licence
from m3ad.errors import BadData
from m3ad.records import Scenario
from m3ad.taxonomy import default_taxonomy
from tests.m3ad.datasets.made import picture, read

TABLES = sorted(Path("m3ad/datasets").resolve().glob("*.toml"))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_type_of_a_table_is_a_type_of_the_taxonomy_by_its_own_name(layout) -> None:
    names = {node.name for node in default_taxonomy().types}
    for meaning in layout.table.meanings.values():
        assert (meaning.type is None) != (meaning.refused is None)
        assert meaning.type is None or meaning.type in names
        assert meaning.refused is None or "Data tab" in meaning.refused or "by hand" in meaning.refused


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_type_has_a_reason_and_every_category_of_a_table_exists(layout) -> None:
    data = tomllib.loads(layout.file.read_text())
    facts = {"set", "scenarios", "categories", "values"}
    known = {"any", *data.get("scenarios", {})}
    for category, names in data.items():
        if category in facts:
            continue
        assert category in known, category
        assert all(entry.get("why") or entry.get("refuse") for entry in names.values())
    assert set(layout.table.categories) <= set(layout.table.scenarios)
    assert set(layout.table.values) <= set(layout.table.scenarios)


def test_every_number_of_a_mask_or_code_has_a_word_for_its_name() -> None:
    """What VisA and AITEX number is mapped or refused on purpose, never met by surprise."""
    for name in ("visa", "aitex"):
        layout = LAYOUTS[name]
        for category, words in layout.table.values.items():
            for word in words.values():
                meaning = Source(layout.file).meaning(word, category)
                assert meaning.type or "by hand" in meaning.refused, (category, word)


def test_no_table_is_without_a_layout() -> None:
    assert {layout.file for layout in LAYOUTS.values()} == set(TABLES)
    assert load_table(LAYOUTS["visa"].file).scenarios["pcb1"] is Scenario.ELECTRONIC


def test_a_person_s_word_goes_before_the_table(tmp_path: Path) -> None:
    for kind in ("good", "wobbly", "scratch"):
        picture(tmp_path / "cups" / kind / "1.png")
    cases, refused = read("folder", tmp_path / "cups")
    assert list(refused) == ["1.png"]
    assert "wobbly" in refused["1.png"]
    assert {case.verdict.defects[0].type for case in cases.values() if case.verdict.anomalous} == {"scratch"}
    own = {("any", "Wobbly"): "distortion", ("cups", "scratch"): "unknown"}
    told = Told("mugs", "mug", Scenario.LOGICAL)
    cases, refused = read("folder", tmp_path / "cups", own=own, told=told)
    assert not refused
    assert {(case.dataset, case.category, case.scenario) for case in cases.values()} == {("mugs", "mug", told.scenario)}
    assert {key: case.verdict.defects[0].type for key, case in cases.items() if case.verdict.anomalous} == {
        "wobbly/1.png": "distortion",
        "scratch/1.png": "unknown",
    }


def test_the_names_that_were_met_are_counted_with_what_they_mean(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / "wobbly" / f"{number}.png")
    picture(tmp_path / "good" / "1.png")
    source, entries = LAYOUTS["folder"].open(tmp_path)
    list(entries)
    ((where, met),) = source.met.items()
    assert where == (tmp_path.name, "wobbly")
    assert (met.count, met.meaning.type) == (3, None)


def test_a_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    picture(tmp_path / "good" / "1.png")
    picture(tmp_path / os.fsdecode(b"cut\xff") / "1.png")
    source, entries = LAYOUTS["folder"].open(tmp_path)
    assert len(list(entries)) == 2
    (met,) = source.met.values()
    assert met.name == "cut\\udcff"


@pytest.mark.parametrize(("word", "kind"), [("Scratches", "scratch"), ("unknown", "unknown"), ("the dust", "debris")])
def test_a_name_is_mapped_to_a_type_of_the_taxonomy_or_to_unknown(word: str, kind: str) -> None:
    assert checked_type(word) == kind


@pytest.mark.parametrize("word", ["", "wobbly", "<b>scratch</b>", "x" * 5000])
def test_a_name_is_mapped_to_nothing_else(word: str) -> None:
    with pytest.raises(BadData, match="no type of the taxonomy") as caught:
        checked_type(word)
    assert len(str(caught.value)) < 200


def test_a_licence_is_read_from_the_file_that_came_along(tmp_path: Path) -> None:
    assert stated_licence(tmp_path / "not there", tmp_path) == ""
    (tmp_path / "LICENSE").write_text("\n\n   Apache License  \nVersion 2.0\n")
    assert stated_licence(tmp_path) == "Apache License"


def test_a_folder_of_no_layout_is_refused_with_the_layouts(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    with pytest.raises(BadData, match=r"deeppcb.*folder 'good'"):
        find_layout(tmp_path)


@pytest.mark.parametrize(("file", "layout"), [("annotations.csv", "csv"), ("annotations.jsonl", "m3ad")])
def test_an_export_of_ours_is_found_by_its_file(tmp_path: Path, file: str, layout: str) -> None:
    (tmp_path / file).write_text("")
    assert find_layout(tmp_path) == layout
