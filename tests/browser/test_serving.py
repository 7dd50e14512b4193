"""A run's adapter on a server, by the buttons of Judge: loaded, forgotten by a restart, loaded again, unloaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.store import Store
from m3ad.demo.architecture import SMALLEST, build_tiny
from m3ad.prompts import QUESTION
from m3ad.records import NORMAL, Model
from m3ad.trace import render
from tests.adapter_site import AdapterSite
from tests.browser.annotate_desk import make_context
from tests.browser.conftest import PATIENCE, Witness
from tests.browser.server import served
from tests.browser.walk import SLOW
from tests.training.served_adapters import add_adapter, fill

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterSite]:
    """A server that has a base model with random weights."""
    folder = tmp_path_factory.mktemp("server")
    build_tiny(folder / "base", [render(NORMAL, "It is even.", None), QUESTION] * 5, size=SMALLEST)
    (folder / "base" / "monitor.json").write_text(json.dumps({"name": "tiny", "system": None}))
    made = AdapterSite(folder / "base", folder / "log.txt")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def judge(page: Page, server: AdapterSite, tmp_path: Path) -> Iterator[tuple[Store, Model]]:
    """The page, started with the server's address, on a store whose newest run has made an adapter."""
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    with Store.open(tmp_path / "workspace") as store:
        fill(store)
        model = add_adapter(store, server.base)
        context = make_context(store.workspace, store)
        context = replace(context, settings=replace(context.settings, server=server.address))
        with served(context) as address:
            page.goto(f"{address}?tab=retrain")
            yield store, model
    expect.set_options(timeout=PATIENCE)


def test_an_adapter_is_served_forgotten_served_again_and_unloaded(
    page: Page, judge: tuple[Store, Model], server: AdapterSite, witness: Witness
) -> None:
    store, model = judge
    rows, put, off = (page.locator(f"#serving-{name}") for name in ("rows", "serve", "unload"))
    page.locator("#judge-run").click()
    expect(page.locator("#judge-model input")).to_have_value(model.name)
    expect(rows).to_contain_text("not loaded")
    expect(off).to_be_disabled()
    put.click()
    expect(page.get_by_text("can be chosen")).to_be_visible()
    expect(rows).to_contain_text("is loaded.")
    (one,) = store.servings.present(model.name)
    name = store.model(one.served).source.partition("#")[2].partition("?")[0]
    assert server.names() == ["base", name]

    server.stop()
    server.start()
    page.reload()  # the view stays in front
    expect(rows).to_contain_text("is not loaded any more")
    put.click()
    expect(rows).to_contain_text("is loaded.")
    off.click()
    expect(rows).to_contain_text("not loaded")
    expect(off).to_be_disabled()
    assert server.names() == ["base"]
    assert store.servings.present(model.name) == []
    assert witness.foreign == []
    assert witness.errors == []
