"""What a person waits for in a real browser, with both programs: a case being opened, and the next one after a save.

Drawn means: the picture is decoded, three boxes are on it, and two frames have passed; what the screen does after that
is not counted. Times come from the page's own clock.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.annotation.ours import PASSWORD as OUR_PASSWORD
from benchmarks.annotation.ours import Studio
from benchmarks.annotation.peer import ADMIN, PASSWORD, LabelStudio

# Chromium itself would otherwise look up its maker's hosts.
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--disable-features=AutofillServerCommunication,OptimizationHints,MediaRouter,SpareRendererForSitePerProcess",
    "--no-sandbox",
    "--disable-gpu",
]
PATIENCE = 120_000  # milliseconds
SUBMITS = 6  # in a row; the first is not counted
PAUSE = 1.5  # seconds that a person looks at a case, at least

WATCH = """
  () => {
    const frames = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
    window.drawn = (former) => new Promise((done) => {
      const look = () => {
        const now = window.caseOnScreen();
        if (now !== null && now !== former) return frames(() => done(performance.now()));
        requestAnimationFrame(look);
      };
      look();
    });
  }
"""
OURS = """
  () => {
    const root = document.querySelector("#annotate .be-root[data-case]");
    const picture = root && root.querySelector(".be-picture");
    if (!picture || !picture.complete || !picture.naturalWidth) return null;
    return root.querySelectorAll(".be-box").length >= 3 ? root.dataset.case : null;
  }
"""
PEERS = """
  () => {
    const stage = window.Konva && window.Konva.stages.at(-1);
    const picture = [...document.querySelectorAll("img")].find((one) => one.naturalWidth === 1600 && one.complete);
    const store = window.Htx && window.Htx.annotationStore && window.Htx.annotationStore.selected;
    if (!stage || !picture || !store || !window.Htx.task) return null;
    const boxes = stage.find("Rect").filter((one) => one.isVisible() && one.width() > 5);
    return store.regionStore.regions.length >= 3 && boxes.length >= 3 ? String(window.Htx.task.id) : null;
  }
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser that reaches this machine only. Raises RuntimeError without one."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("There is no chromium on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, headless=True)
        yield browser
        browser.close()


def ours(browser: Browser, studio: Studio, name: str) -> tuple[list[float], list[float]]:
    """Seconds of each warm opening of a case, and of each save until the next case is drawn."""
    page = _page(browser)
    page.goto(f"{studio.address}/login")
    page.fill("[name=username]", name)
    page.fill("[name=password]", OUR_PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    found = _measured(page, f"{studio.address}/?tab=annotate&queue=priority", OURS, "a")
    page.context.close()
    return found


def peers(browser: Browser, studio: LabelStudio) -> tuple[list[float], list[float]]:
    """The same of Label Studio."""
    page = _page(browser)
    page.goto(f"{studio.address}/user/login/")
    page.fill("[name=email]", ADMIN)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    found = _measured(page, f"{studio.address}/projects/{studio.project}/data?labeling=1", PEERS, "Control+Enter")
    page.context.close()
    return found


def ready(browser: Browser, on_screen: str) -> Page:
    """A new page that can say which case is drawn on it, `caseOnScreen()`, and when another one is, `drawn(former)`."""
    page = _page(browser)
    page.add_init_script(f"window.caseOnScreen = {on_screen}; ({WATCH})();")
    return page


def _page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def _measured(page: Page, url: str, on_screen: str, submit: str) -> tuple[list[float], list[float]]:
    """Load the page three times (the first fills the cache and is not counted), then save one case after another."""
    page.add_init_script(f"window.caseOnScreen = {on_screen}; ({WATCH})();")
    opened = []
    for _ in range(3):
        page.goto(url, wait_until="commit")
        opened.append(page.evaluate("drawn(null)") / 1000)
        time.sleep(PAUSE)
    submits = []
    for _ in range(SUBMITS):
        # The clock starts with the key itself, in the page.
        page.evaluate(
            """() => {
                 const former = window.caseOnScreen();
                 const pressed = new Promise((done) => document.addEventListener(
                   "keydown", (event) => event.key !== "Control" && done(performance.now()), { capture: true }));
                 window.took = pressed.then((from) => window.drawn(former).then((to) => to - from));
               }"""
        )
        page.keyboard.press(submit)
        submits.append(page.evaluate("window.took") / 1000)
        time.sleep(PAUSE)
    return opened[1:], submits[1:]
