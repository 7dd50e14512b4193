"""`python -m benchmarks.annotation.hands`: keys and seconds for a corrected case, in a real browser.

Fifty mixed corrections of predictions, one after another by priority, each checked in the store afterwards; and every
type of the picker is chosen once. A key with Shift or Alt held counts as one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

from benchmarks.annotation import report, screens
from benchmarks.annotation.ours import Studio
from benchmarks.annotation.tasks import WIDTH, Task, make_tasks, take_in, type_names
from db.store import Store
from m3ad.records import Annotation, Verdict

GIVEN = "hole"  # the type that is given; it is on the digit 2 from its first use on
NEAR, FAR = (0.86, 0.86), (0.96, 0.96)  # corners of the new box, in fractions of the picture
WHERE = """([x, y]) => {
  const picture = document.querySelector("#annotate .be-picture"), place = picture.getBoundingClientRect();
  return [place.left + x * place.width, place.top + y * place.height];
}"""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a hand does. `drag`: a new box is drawn before the key of this place."""

    keys: tuple[str, ...]
    cases: int
    drag: int | None = None


CORRECTIONS = {
    "another type, any: letters": Correction(("Tab", "Shift+H", "o", "Enter", "a"), 5),
    "new box with its type": Correction(("x", "t", "h", "o", "Enter", "Enter"), 1, 1),
    "accept": Correction(("a",), 14),
    "another type, a recent one": Correction(("Tab", "2", "a"), 9),
    "move a side by ten pixels": Correction(("Tab", "x", "Alt+Shift+ArrowRight", "a"), 6),
    "new box with a recent type": Correction(("x", "2", "Enter"), 5, 1),
    "normal": Correction(("0", "Enter"), 5),
    "delete a box": Correction(("x", "Delete", "Enter"), 5),
}


@dataclass
class Hand:
    """One pair of hands at the workbench, counting."""

    page: Page
    keys: int = 0
    drags: int = 0
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def at(self) -> int:
        """Wait until a case is drawn and the server has answered for the one before; the case."""
        self.page.wait_for_function("caseOnScreen() !== null && !document.querySelector('.be-root[data-waiting]')")
        return int(self.page.evaluate("caseOnScreen()"))

    def correct(self, name: str) -> None:
        """Do one correction, until the next case is drawn."""
        what, case_id = CORRECTIONS[name], str(self.at())
        began = time.perf_counter()
        for place, key in enumerate(what.keys):
            if place == what.drag:
                self._draw()
            self.page.keyboard.press(key)
            self.keys += 1
        self.page.evaluate("(former) => drawn(former)", case_id)
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)

    def _draw(self) -> None:
        near, far = (self.page.evaluate(WHERE, place) for place in (NEAR, FAR))
        self.page.keyboard.down("Shift")  # draws inside another box too
        self.page.mouse.move(*near)
        self.page.mouse.down()
        self.page.mouse.move(*far, steps=3)
        self.page.mouse.up()
        self.page.keyboard.up("Shift")
        self.drags += 1

    def choose_every_type(self) -> int:
        """Give each type to one box by its two letters; the most keys that took. Raises AssertionError for one lost."""
        self.at()
        self.page.keyboard.press("Tab")
        most = 0
        for name in type_names():
            row = self.page.locator("#annotate .be-types li").filter(has=self.page.get_by_text(name, exact=True)).first
            letters = (row.locator("kbd").last.text_content() or "").strip()
            assert len(letters) == 2, f"{name} has no two letters"
            keys = ("t", *letters, "Enter")
            for key in keys:
                self.page.keyboard.press(key)
            first = self.page.locator("#annotate .be-defects li").first.inner_text()
            assert first.startswith(name), f"{letters} gave {first!r} instead of {name}"
            most = max(most, len(keys))
        return most


def wrong(name: str, task: Task, saved: Annotation | None) -> str:
    """What is not as the correction meant it; empty when all is."""
    if saved is None:
        return "nothing was saved"
    before, after = task.predicted.defects, saved.verdict.defects
    types, same = [one.type for one in after], [one.type for one in before]
    expected: dict[str, bool] = {
        "accept": types == same,
        "another type, any: letters": GIVEN in types and len(types) == 3,
        "another type, a recent one": GIVEN in types and len(types) == 3,
        "new box with its type": sorted(types) == sorted([*same, GIVEN]),
        "new box with a recent type": len(types) == 4 and sorted(types[:3]) == sorted(same),
        "move a side by ten pixels": sorted(types) == sorted(same) and _moved(task, saved),
        "normal": not saved.verdict.anomalous and not after,
        "delete a box": len(types) == 2 and len(set(types) - set(same)) == 0,
    }
    return "" if expected[name] else f"{name}: {same} became {types}"


def _moved(task: Task, saved: Annotation) -> bool:
    """Whether the right side of one box is ten pixels further to the right, and the others are where they were."""
    pairs = zip(_right_sides(task.predicted), _right_sides(saved.verdict), strict=True)
    by = [after - before for before, after in pairs]
    return sorted(round(each / 10) for each in by) == [0, 0, 1]


def _right_sides(verdict: Verdict) -> list[float]:
    """In pixels, in the order of the left sides, which nobody moved."""
    return [
        one.x2 * WIDTH for one in sorted((each.box for each in verdict.defects if each.box), key=lambda box: box.x1)
    ]


def order() -> list[str]:
    """The corrections as they come: the two that make a type recent first, then mixed."""
    left = {name: one.cases for name, one in CORRECTIONS.items()}
    found = []
    while any(left.values()):
        for name in left:
            if left[name]:
                found.append(name)
                left[name] -= 1
    return found


def measure() -> dict[str, Any]:
    """All of it. Raises RuntimeError where a correction did not end in the store as it was meant."""
    with TemporaryDirectory() as place:
        folder, script = Path(place), order()
        tasks = make_tasks(folder / "pictures", len(script) + 20)
        with Store.open(folder / "ours") as store:
            take_in(store, tasks)
        with Studio(folder / "ours", accounts=False) as studio, screens.chromium() as browser:
            studio.start()
            studio.settle()
            page = screens.ready(browser, screens.OURS)
            page.goto(f"{studio.address}/?tab=annotate&queue=priority")
            hand, cases = Hand(page), []
            for name in script:
                cases.append((name, hand.at()))
                hand.correct(name)
            most = hand.choose_every_type()
            page.context.close()
        with Store.open(folder / "ours") as store:
            said = [wrong(name, tasks[case_id - 1], store.latest_annotation(case_id)) for name, case_id in cases]
    if any(said):
        raise RuntimeError("; ".join(each for each in said if each))
    kinds = {
        name: {"keys": len(one.keys), "drags": int(one.drag is not None), "seconds": hand.seconds[name]}
        for name, one in CORRECTIONS.items()
    }
    count = {"cases": len(script), "keys": hand.keys, "drags": hand.drags, "mean": hand.keys / len(script)}
    return {**count, "kinds": kinds, "types": len(type_names()), "most": most}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation.hands", description=__doc__)
    parser.add_argument("--docs", type=Path, default=report.DOCS, help="where to write")
    given = parser.parse_args(arguments)
    found = measure()
    print(found)
    report.record("hands", found, given.docs)


if __name__ == "__main__":
    main()
