"""Which models were loaded on a server: steps that nobody changes, of which the newest of a served model counts."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from db.schema import Serve
from db.store import Store
from m3ad.records import Model


def add_models(store: Store) -> None:
    for name in ("demo/raws-1", "one", "two"):
        store.add_model(Model(name, f"/models/{name}"), actor="ann")


def present(store: Store, model: str | None = None) -> list[str]:
    return [one.served for one in store.servings.present(model)]


def test_what_was_loaded_is_present_until_it_is_unloaded(store: Store) -> None:
    add_models(store)
    assert present(store) == []
    store.servings.add("demo/raws-1", "one", Serve.LOADED, {"noise": 0.0}, actor="ann")
    store.servings.add("demo/raws-1", "two", Serve.LOADED, {}, actor="bob")
    assert present(store, "demo/raws-1") == ["two", "one"]
    assert store.servings.present()[1].seen == {"noise": 0.0}
    store.servings.add("demo/raws-1", "two", Serve.UNLOADED, {}, actor="ann")
    assert present(store) == ["one"]
    store.servings.add("demo/raws-1", "two", Serve.LOADED, {}, actor="ann")
    assert present(store) == ["two", "one"]
    assert present(store, "one") == []
    assert len(store.events(event="model.loaded")) == 3
    assert len(store.events(event="model.unloaded")) == 1


def test_only_models_of_the_store_are_served(store: Store) -> None:
    add_models(store)
    with pytest.raises(IntegrityError):
        store.servings.add("demo/raws-1", "nobody", Serve.LOADED, {}, actor="ann")
