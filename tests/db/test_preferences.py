"""What people chose for themselves: kept, apart, and nothing that somebody wrote into the file breaks the page."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from db.store import Store
from m3ad.errors import Conflict
from tests.db.conftest import open_again


def test_each_person_has_their_own_and_it_survives(store: Store) -> None:
    store.preferences.change("ann", "keys", lambda _: {"a": [1]})
    store.preferences.change("bob", "keys", lambda _: {"b": []})
    store.preferences.change("ann", "other", lambda _: {"c": None})
    with open_again(store) as again:
        found = [again.preferences.get(*who) for who in (("ann", "keys"), ("bob", "keys"), ("ann", "other"))]
        assert found == [{"a": [1]}, {"b": []}, {"c": None}]
        assert again.preferences.get("eve", "keys") == {}


def test_a_change_sees_what_was_there_and_an_empty_one_takes_the_row_away(store: Store) -> None:
    store.preferences.change("ann", "keys", lambda _: {"n": 1})
    assert store.preferences.change("ann", "keys", lambda was: {"n": was["n"] + 1}) == {"n": 2}
    store.preferences.change("ann", "keys", lambda _: {})
    with store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM preferences")) == 0


def test_a_change_that_is_refused_changes_nothing(store: Store) -> None:
    store.preferences.change("ann", "keys", lambda _: {"n": 1})

    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise Conflict("no")

    with pytest.raises(Conflict):
        store.preferences.change("ann", "keys", refuse)
    assert store.preferences.get("ann", "keys") == {"n": 1}


def choose(store: Store, value: str) -> None:
    """Write a choice by hand, and see that it counts as nothing chosen."""
    with store.changing() as session:
        insert = text("INSERT INTO preferences VALUES ('ann', 'keys', CAST(:value AS JSON))")
        if store.engine.dialect.name == "sqlite":  # where JSON is any text
            insert = text("INSERT INTO preferences VALUES ('ann', 'keys', :value)")
        session.execute(insert, {"value": value})
    assert store.preferences.get("ann", "keys") == {}
    assert store.preferences.change("ann", "keys", lambda was: {**was, "n": 1}) == {"n": 1}


@pytest.mark.parametrize("value", ["[1]", "null", '"x"', "7"])
def test_what_is_no_object_counts_as_nothing_chosen(store: Store, value: str) -> None:
    choose(store, value)


@pytest.mark.parametrize("value", ["{broken", ""])
def test_what_is_no_json_counts_as_nothing_chosen(sqlite_store: Store, value: str) -> None:
    choose(sqlite_store, value)
