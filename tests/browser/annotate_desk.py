"""What the browser tests of the workbench share: cases to annotate and a hand that works the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import Defect, Mode, NewCase, Probability, Scenario, Verdict
from m3ad.settings import Settings
from m3ad.trace import read, render
from tests.browser.server import served
from ui.context import Context

MakeCase = Callable[..., int]
W, H = 800, 600  # pixels of a picture, unless a test wants another size
BENT = Verdict(True, (Defect("bent", Box.from_pixels(120, 300, 200, 380, W, H)),))
SUGGESTED = Verdict(True, (Defect("crack", Box(0.3, 0.52, 0.44, 0.62)), Defect("bent", Box(0.525, 0.3, 0.6, 0.45))))


def picture(folder: Path, name: str, width: int, height: int) -> Path:
    """A grey disc on a dark ground, saved as PNG; the name changes a shade, so that no two are the same file."""
    image = Image.new("RGB", (width, height), (40, 44, 50 + sum(name.encode()) % 40))
    ImageDraw.Draw(image).ellipse((width * 0.2, height * 0.1, width * 0.8, height * 0.9), fill=(150, 156, 160))
    path = folder / f"{name}.png"
    image.save(path, compress_level=1)
    return path


def add_case(store: Store, path: Path, verdict: Verdict | None = None, category: str = "disc") -> int:
    """A case with this picture; returns its id."""
    new = NewCase("toys", path.stem, Scenario.WORKPIECE, category, (path,), verdict=verdict)
    return store.add_case(new)[0]


def suggest(store: Store, case_id: int, verdict: Verdict = SUGGESTED) -> int:
    """A stored inspection of the case by "demo"; returns its id."""
    text = render(verdict, "I looked at it closely.")
    answer = Answer(text, read(text), Probability(0.4, 0.61), 1.0, 50, False)
    return store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer).id


def no_model(source: str) -> Any:
    """Opens nothing: annotating needs no model."""
    raise AssertionError(f"the workbench opened the model {source}")


def make_context(workspace: Path, store: Store) -> Context:
    """The app's context for the person "ann"."""
    return Context.make(Settings(workspace=workspace, user="ann", demo=False), store, no_model)


@dataclass
class Desk:
    """The workbench in a page, worked by pointer and keys; positions are pixels of the picture."""

    page: Page
    store: Store
    address: str

    def open(self, case_id: int) -> Desk:
        """Follow the deep link to a case and wait until it is on the screen."""
        self.page.goto(f"{self.address}?tab=annotate&case={case_id}&queue=all")
        return self.at(case_id)

    def at(self, case_id: int) -> Desk:
        """Wait until the case and its picture are on the screen, and the server has taken what was left before."""
        self.shows(case_id)
        expect(self.page.locator("#annotate .be-root:not([data-waiting])")).to_be_visible()
        return self

    def shows(self, case_id: int) -> Desk:
        """Wait until the case and its picture are on the screen, whatever the server has still to answer."""
        expect(self.page.locator(f"#annotate .be-root[data-case='{case_id}']")).to_be_visible()
        expect(self.stage).to_be_focused()
        self.page.wait_for_function("document.querySelector('#annotate .be-picture').naturalWidth > 0")
        return self

    @property
    def stage(self) -> Locator:
        """The dark field with the picture."""
        return self.page.locator("#annotate .be-stage")

    def part(self, name: str) -> Locator:
        """An element of the workbench by its class, without the prefix."""
        return self.page.locator(f"#annotate .be-{name}")

    def settled(self) -> None:
        """Wait until the picture is fitted to a field of another size: that is drawn with the next frame."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the picture is on the screen."""
        box = self.page.evaluate(
            """() => { const n = document.querySelector('#annotate .be-picture'), r = n.getBoundingClientRect();
                       return [r.left, r.top, r.width / parseFloat(n.style.width)]; }"""
        )
        return box[0] + x * box[2], box[1] + y * box[2]

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: str = "left") -> None:
        """Press at one pixel of the picture, move to another, release."""
        before, after = self.point(*start), self.point(*end)
        self.page.mouse.move(*before)
        self.page.mouse.down(button=button)  # type: ignore[arg-type]
        self.page.mouse.move((before[0] + after[0]) / 2, (before[1] + after[1]) / 2)
        self.page.mouse.move(*after)
        self.page.mouse.up(button=button)  # type: ignore[arg-type]

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type into whatever has the focus."""
        self.page.keyboard.type(text)

    def rows(self) -> list[str]:
        """The list of defects and suggestions, one text a row."""
        return [" | ".join(text.split("\n")) for text in self.part("defects li").all_inner_texts()]

    def state(self) -> Locator:
        """The chip that says whether the work is kept."""
        return self.part("state")

    def kept(self) -> None:
        """Wait until the draft is kept."""
        expect(self.state()).to_contain_text("draft saved")
        expect(self.state()).not_to_contain_text("saving")

    def said(self) -> Locator:
        """What a screen reader hears."""
        return self.part("live")

    def pixels(self, case_id: int, width: int, height: int) -> list[tuple[str, list[int]]]:
        """Type and box, in whole pixels, of the latest revision's defects; fails when a box is between pixels."""
        latest = self.store.latest_annotation(case_id)
        assert latest is not None
        found = []
        for defect in latest.verdict.defects:
            assert defect.box is not None
            exact = defect.box.to_pixels(width, height)
            assert all(abs(value - round(value)) < 1e-6 for value in exact), exact
            found.append((defect.type, [round(value) for value in exact]))
        return found


@dataclass(frozen=True)
class Workbench:
    """The real page with an empty store; each test adds the cases it works on."""

    address: str
    store: Store
    folder: Path

    def desk(self, page: Page) -> Desk:
        """The workbench in this page."""
        return Desk(page, self.store, self.address)


@contextmanager
def open_workbench(folder: Path) -> Iterator[Workbench]:
    """Serve it, with store and pictures in `folder`."""
    store = Store.open(folder / "workspace")
    with served(make_context(folder / "workspace", store)) as address:
        yield Workbench(address, store, folder)
