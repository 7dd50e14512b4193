"""The next case is sent ahead with every case: the same sheet that it would be opened with, by the same order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from db.store import Store
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Scenario, Verdict
from ui.annotate_presenter import Work, open_case, save

BENT = Verdict(True, (Defect("bent", Box(0.1, 0.2, 0.3, 0.4)),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three cases: the second has a revision that came with its data set."""
    with Store.open(tmp_path / "workspace") as opened:
        for number, verdict in enumerate((None, BENT, None)):
            path = tmp_path / f"{number}.png"
            Image.new("RGB", (80, 60), (40 * number, 90, 90)).save(path)
            opened.add_case(NewCase("toys", str(number), Scenario.WORKPIECE, "disc", (path,), verdict=verdict))
        yield opened


def test_the_sheet_sent_ahead_is_the_one_that_opens_the_next_case(store: Store) -> None:
    store.save_draft(2, "ann", Verdict(False), based_on=1, note="look")
    ahead = open_case(store, 1, "ann", None, "all")["next"]
    opened = open_case(store, 2, "ann", None, "all")["sheet"]
    assert ahead == {**opened, "next": None, "ahead": []}, "what comes after it is found when it is opened"
    assert (ahead["case_id"], ahead["revision"], ahead["draft"]["note"]) == (2, 1, "look")


def test_it_follows_the_list_and_ends_with_it(store: Store) -> None:
    assert open_case(store, 1, "ann", None, "new")["next"]["case_id"] == 3
    assert open_case(store, 3, "ann", None, "all")["next"] is None


def test_a_save_that_goes_on_sends_the_one_after_the_next(store: Store) -> None:
    work = Work(1, 1, 0, 1, True, BENT, "", None, "all", 1, None)
    answer = save(store, work, "ann", None)
    assert (answer["sheet"]["case_id"], answer["next"]["case_id"]) == (2, 3)
