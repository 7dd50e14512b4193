"""Imports from the page: they run beside it, end in an account, and can be cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from db.folder_import import Wanted
from db.store import Store
from m3ad.datasets.layouts import LAYOUTS, Layout
from m3ad.datasets.source import Source
from m3ad.errors import BadData, Conflict
from m3ad.taxonomy import default_taxonomy
from ui.data_service import Imports, folder_of, import_words, refused_rows, taxonomy_rows, workspace_rows

PATIENCE = 30.0  # seconds; an import of three small pictures takes far less


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


def bottle(root: Path, count: int = 2) -> Path:
    """A data set in the MVTec layout: normal bottles, and one file that is no picture."""
    good = root / "bottle" / "train" / "good"
    good.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (40, 30), (number, 80, 80)).save(good / f"{number:03}.png")
    (good / "999.png").write_bytes(b"<script>alert(1)</script>")
    return root


def test_an_import_ends_in_an_account_and_again_finds_everything_present(store: Store, tmp_path: Path) -> None:
    imports = Imports(store)
    assert import_words(imports.latest).startswith("Nothing imported")
    root = bottle(tmp_path / "source")
    job = imports.start(Wanted(root, "mvtec"), actor="ann")
    assert job.over.wait(PATIENCE)
    assert import_words(job) == "Done: 2 added, 0 already there, 1 refused."
    assert "999.png" in refused_rows(job)[0][0]
    again = imports.start(Wanted(root, "mvtec"), actor="ann")
    assert again.over.wait(PATIENCE)
    assert import_words(again) == "Done: 0 added, 2 already there, 1 refused."
    assert ["cases", "2"] in workspace_rows(store)


@pytest.mark.parametrize("folder", ["", "  ", "/does/not/exist", "relative/nothing"])
def test_a_folder_that_is_not_there_is_refused_in_words(store: Store, folder: str) -> None:
    with pytest.raises(BadData, match="not a folder"):
        Imports(store).start(Wanted(folder_of(store, folder), "mvtec"), actor="ann")


def test_an_unknown_layout_is_refused_with_the_known_ones(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="mvtec"):
        Imports(store).start(Wanted(tmp_path, "nothing"), actor="ann")


def test_a_folder_without_the_layout_gives_the_sentence_of_the_importer(store: Store, tmp_path: Path) -> None:
    job = Imports(store).start(Wanted(tmp_path, "mvtec"), actor="ann")
    assert job.over.wait(PATIENCE)
    assert import_words(job).startswith("Refused: ")


def test_a_second_import_waits_and_a_cancelled_one_keeps_what_it_has(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bottle(tmp_path / "source", count=3)
    imports = Imports(store)

    def slow(folder: Path, source: Source):  # type: ignore[no-untyped-def]
        for number, entry in enumerate(LAYOUTS["mvtec"].read(folder, source)):
            if number == 1:
                imports.latest.stop.set()  # the person clicks while the second entry is read
                with pytest.raises(Conflict, match="Another import"):
                    imports.start(Wanted(root, "mvtec"), actor="bob")
            yield entry

    monkeypatch.setitem(LAYOUTS, "folder", Layout("folder", slow))
    job = imports.start(Wanted(root, "folder"), actor="ann")
    assert job.over.wait(PATIENCE)
    assert import_words(job) == "Cancelled: 1 added, 0 already there, 0 refused."


def test_the_taxonomy_is_shown_whole_and_searched() -> None:
    assert len(taxonomy_rows("")) == len(default_taxonomy().types)
    assert "scratch" in [row[2] for row in taxonomy_rows("scratch")]
    assert taxonomy_rows("no such type") == []
