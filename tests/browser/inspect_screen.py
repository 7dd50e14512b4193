"""What the browser tests of the Inspect tab share: the served page with its cases, and a hand that works the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from db.store import Store
from m3ad.records import NORMAL as NO_DEFECT
from tests.browser.server import served
from tests.ui.scripted import (
    BENT,
    FIXED,
    NORMAL,
    UNREADABLE,
    Gate,
    ScriptedMonitor,
    add_case,
    add_inspection,
    make_context,
)


@dataclass
class Site:
    """The served page, its store, and the gate before each word of its model."""

    address: str
    store: Store
    gate: Gate
    ids: list[int] = field(default_factory=list)


@contextmanager
def inspect_site(folder: Path) -> Iterator[Site]:
    """A store of a dozen cases, the first of them inspected in different ways, and the page that shows them."""
    with Store.open(folder) as store:
        made = Site("", store, Gate())
        for number, truth in enumerate([BENT, NO_DEFECT, None] * 4):
            made.ids.append(add_case(store, f"{number:04}", truth, size=(480, 360)))
        for case_id, text in zip(made.ids, (FIXED, NORMAL, UNREADABLE, NORMAL), strict=False):
            add_inspection(store, case_id, text)
        with served(make_context(store, lambda source: ScriptedMonitor(gate=made.gate))) as address:
            made.address = address
            yield made
            made.gate.allow()


class Screen:
    """The Inspect tab, worked by keys and pointer."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site

    def open(self, case_id: int) -> Screen:
        """Follow the link to a case and wait until it is shown."""
        self.page.goto(f"{self.site.address}?tab=inspect&case={case_id}")
        return self.at(case_id)

    def at(self, case_id: int) -> Screen:
        """Wait until the case is chosen in the list, in the address bar and in the picture."""
        expect(self.page.locator(f".m3-row[data-id='{case_id}']")).to_have_attribute("aria-selected", "true")
        expect(self.page).to_have_url(re.compile(rf"case={case_id}\b"))
        picture = self.site.store.case(case_id).primary.id
        expect(self.part("picture")).to_have_attribute("src", f"picture/{picture}")
        return self

    def part(self, name: str) -> Locator:
        """An element of the tab by its class, without the prefix."""
        return self.page.locator(f"#m3-tabs .m3-{name}")

    def lane(self, name: str) -> Locator:
        """The text of a lane."""
        return self.page.locator(f".m3-lane-{name} .m3-prose")

    @property
    def word(self) -> Locator:
        """The verdict's word."""
        return self.page.locator(".m3-big")

    @property
    def footer(self) -> Locator:
        """The footer's left side."""
        return self.page.locator(".m3-footer:visible .m3-footer-text")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)


def new_case(site: Site, key: str) -> int:
    """A case of this test's own, not inspected yet."""
    return add_case(site.store, key, BENT, size=(480, 360))
