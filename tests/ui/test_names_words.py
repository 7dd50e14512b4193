"""The names of defects that an import met, on the page: listed with what they mean, and mapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.folder_import import Wanted
from db.store import Store
from m3ad.errors import BadData
from tests.m3ad.datasets.made import mask, picture
from ui.data_service import Import, Imports, import_words, workspace_rows
from ui.names_words import map_name, name_choices, name_rows, type_choices

PATIENCE = 30.0


def run(store: Store, root: Path) -> Import:
    job = Imports(store).start(Wanted(root), actor="ann")
    assert job.over.wait(PATIENCE)
    return job


@pytest.fixture
def bottles(tmp_path: Path) -> Path:
    for kind in ("good", "<b>wobbly", "crack"):
        picture(tmp_path / f"set/bottle/test/{kind}/1.png")
        mask(tmp_path / f"set/bottle/ground_truth/{kind}/1.png", (10, 20, 30, 60))
    return tmp_path / "set"


def test_names_are_listed_refused_ones_first_and_mapped(store: Store, bottles: Path) -> None:
    job = run(store, bottles)
    choices = name_choices(job)
    assert [words for words, _ in choices] == ["<b>wobbly (bottle)", "crack (bottle)"]
    rows = {row[0][0]: row[1] for row in name_rows(store, job)}
    assert rows["crack"] == ["crack", ""]
    assert rows["<b>wobbly"][0] == "refused"
    words = map_name(store, job, choices[0][1], "distortion", False, "ann")
    assert words.startswith("<b>wobbly means distortion in bottle")
    rows = {row[0][0]: row[1] for row in name_rows(store, job)}
    assert rows["<b>wobbly"] == ["distortion", "said since the import: import again, and it counts"]
    again = run(store, bottles)
    assert import_words(again) == "Done: 1 added, 2 already there, 0 refused."
    assert all(row[1][1] == "" for row in name_rows(store, again))
    assert "table says" in map_name(store, again, choices[0][1], "", False, "ann")
    assert store.meanings.of("mvtec") == {}


def test_a_name_is_mapped_for_every_category(store: Store, bottles: Path) -> None:
    job = run(store, bottles)
    map_name(store, job, name_choices(job)[0][1], "unknown", True, "ann")
    assert store.meanings.of("mvtec") == {("any", "<b>wobbly"): "unknown"}


@pytest.mark.parametrize("number", ["", "7", "-1", "x"])
def test_a_name_has_to_be_chosen(store: Store, bottles: Path, number: str) -> None:
    with pytest.raises(BadData, match="Choose a name"):
        map_name(store, run(store, bottles), number, "crack", False, "ann")


def test_the_licence_of_a_data_set_stands_under_its_name(store: Store, bottles: Path) -> None:
    (bottles / "bottle" / "license.txt").write_text("\nAttribution 4.0 International\n")
    run(store, bottles)
    assert [["  data set set", "  licence: Attribution 4.0 International"], "2"] in workspace_rows(store)


def test_before_an_import_there_is_nothing(store: Store) -> None:
    assert (name_choices(None), name_rows(store, None)) == ([], [])
    assert len(type_choices()) == 43
    with pytest.raises(BadData, match="Choose a name"):
        map_name(store, None, "0", "crack", False, "ann")
