"""Saved filters, assignments and progress as the Data tab shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.filters import CaseFilter, Status
from db.reasons import Reason
from db.store import Store
from m3ad.errors import BadData, NotFound
from m3ad.records import NORMAL, Scenario
from tests.ui.scripted import BENT, add_case
from ui.work_service import filter_from, filter_rows, hours_words, progress_rows, require_person


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        yield opened


def test_a_form_becomes_a_filter_of_what_is_filled_in() -> None:
    form = {
        "scenario": "logical",
        "type": " bent ",
        "reason": "unsure",
        "low": "0.2",
        "high": "",
        "status": "",
        "model": "",
    }
    wanted = CaseFilter(scenario=Scenario.LOGICAL, type="bent", reason=Reason.UNSURE, probability=(0.2, 1.0))
    assert filter_from(form) == wanted
    assert filter_from({"model": "demo"}) == CaseFilter(model="demo", status=Status.INSPECTED)
    assert filter_from({"model": "demo", "outcome": "fixed"}).status is None


@pytest.mark.parametrize(
    "form", [{}, {"text": "  "}, {"low": "nan"}, {"low": "a half"}, {"low": "0.9", "high": "0.1"}, {"high": "2"}]
)
def test_a_form_that_says_nothing_or_nonsense_is_refused(form: dict[str, object]) -> None:
    with pytest.raises(BadData):
        filter_from(form)


def test_filters_are_listed_with_links_and_counts(store: Store) -> None:
    add_case(store, "1", BENT)
    store.filters.add("bent & odd", CaseFilter(type="bent"), actor="ann")
    assert filter_rows(store, "ann") == [[["bent & odd", "?tab=annotate&filter=bent+%26+odd"], "1"]]


def test_cases_are_assigned_to_those_who_can_work(store: Store) -> None:
    store.add_user("ann", "a good password")
    store.add_user("gone", "a good password")
    store.remove_user("gone")
    require_person(store, "ann")
    for name in ("gone", "cleo", "Ann"):
        with pytest.raises(NotFound, match=name):
            require_person(store, name)


def test_progress_is_said_in_rows(store: Store) -> None:
    first, _ = add_case(store, "1"), add_case(store, "2")
    store.save_annotation(first, NORMAL, author="ann", based_on=0)
    people, ((name, done, left, time),) = progress_rows(store)
    assert people == [["ann", "1", "1", "–"]]
    assert (name[1], done, left, time) == ("2 cases", "1", "1", "–")
    assert [hours_words(hours) for hours in (None, 0.5, 3.25)] == ["–", "about 30 min", "about 3.2 h"]
