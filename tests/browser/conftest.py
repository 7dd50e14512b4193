"""Headless Chromium for the tests of the real page: it reaches this machine only, and what it does is recorded."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from m3ad.records import Verdict
from tests.browser.annotate_desk import Desk, H, MakeCase, W, Workbench, add_case, open_workbench, picture
from tests.browser.inspect_screen import Screen, Site, inspect_site

# Chromium itself would otherwise look up its maker's hosts.
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--disable-features=AutofillServerCommunication,OptimizationHints,MediaRouter,SpareRendererForSitePerProcess",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000  # milliseconds an expectation may wait: a busy machine is slow, not wrong
expect.set_options(timeout=PATIENCE)


def find_chromium() -> str:
    """The browser's path. Without one: skipped on a developer's machine, a failure where CI promises one."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    reason = "no chromium on this machine: install it to run the browser tests"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file. While it lives an event loop runs in this thread, which tests after it could not bear."""
    path = find_chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS, headless=True)
        yield opened
        opened.close()


# What Gradio's client writes while its page is left with an event under way, as nearly always with timers.
LEFT = ("AbortError: ", "Connection errored out")
LEAVING = 60.0  # seconds between that and the request for the next page; an app may be started again meanwhile


@dataclass
class Witness:
    """What a page did: requests to other hosts, errors of its scripts but for those of being left."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _last: float = 0.0

    def watch(self, page: Page) -> None:
        """Record from now on."""
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._error(str(error)))

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(request.url)
        if request.is_navigation_request() and time.monotonic() - self._last < LEAVING:
            self.errors = [text for text in self.errors if not any(words in text for words in LEFT)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._error(message.text)

    def _error(self, text: str) -> None:
        self.errors.append(text)
        self._last = time.monotonic()


@pytest.fixture
def witness() -> Witness:
    """The record of what `page` does."""
    return Witness()


@pytest.fixture
def page(browser: Browser, witness: Witness) -> Iterator[Page]:
    """A fresh page of 1280 x 720 that waits patiently."""
    with browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme="light") as context:
        context.set_default_timeout(PATIENCE)
        opened = context.new_page()
        witness.watch(opened)
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The served page with inspected cases; the tests of a file share its store."""
    with inspect_site(tmp_path_factory.mktemp("inspect")) as made:
        yield made


@pytest.fixture
def screen(page: Page, site: Site) -> Iterator[Screen]:
    """A page of its own; its model says nothing before the test allows it, and everything afterwards."""
    site.gate.shut()
    yield Screen(page, site)
    site.gate.allow()


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The served workbench; the tests of a file share its store."""
    with open_workbench(tmp_path_factory.mktemp("annotate")) as made:
        yield made


@pytest.fixture
def make_case(workbench: Workbench, request: pytest.FixtureRequest) -> MakeCase:
    """A function that adds a case of this test's own category."""
    count = iter(range(100))

    def make(verdict: Verdict | None = None, width: int = W, height: int = H) -> int:
        name = f"{abs(hash(request.node.name)) % 10**9}-{next(count)}"
        return add_case(workbench.store, picture(workbench.folder, name, width, height), verdict)

    return make


@pytest.fixture
def desk(page: Page, witness: Witness, workbench: Workbench) -> Iterator[Desk]:
    """A page at the workbench; its scripts must not fail, whatever a test does, nor ask another machine."""
    yield workbench.desk(page)
    assert witness.foreign == []
    assert [error for error in witness.errors if "Failed to load resource" not in error] == []
