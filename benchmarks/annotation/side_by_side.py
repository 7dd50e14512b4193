"""`python -m benchmarks.annotation.side_by_side --label-studio EXECUTABLE`: ours and Label Studio in one run.

Both get the same tasks, in new folders in every round, and are measured one after the other; who is first changes with
the rounds. Without the option ours is measured alone.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from playwright.sync_api import Browser

from benchmarks.annotation import report, screens
from benchmarks.annotation.__main__ import p95
from benchmarks.annotation.ours import Studio
from benchmarks.annotation.peer import LabelStudio, answered
from benchmarks.annotation.people import Annotator, annotate
from benchmarks.annotation.tasks import PICTURES, Task, make_tasks, take_in
from db.store import Store

ROUNDS = 3
PEOPLE = 8
WARM = 3.0  # seconds of annotating that are not counted
LISTS = 20  # times that the list is asked for
Figures = dict[str, float]


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ours(folder: Path, tasks: Sequence[Task], seconds: float) -> Figures:
    """One round of ours."""
    with Store.open(folder / "ours") as store:
        found = {"import": timed(lambda: take_in(store, tasks))}
    with Studio(folder / "ours") as studio, screens.chromium() as browser:
        names = studio.make_people(PEOPLE + 1)
        found["start"] = studio.start()
        studio.settle()
        found |= _screens(browser, lambda chromium: screens.ours(chromium, studio, names[-1]))
        with closing(studio.client(names[0])) as client:
            found["list"] = median(timed(lambda: our_list(client, "unsure")) for _ in range(LISTS))
        return found | together([studio.annotator(name) for name in names[:-1]], seconds)


def our_list(client: httpx2.Client, wanted: str) -> None:
    """What the page asks for to show a filtered list: its counts, and its first rows."""
    for path in ("/cases", "/rows"):
        client.get(path, params={"filter": wanted}).raise_for_status()


def peers(executable: Path, folder: Path, tasks: Sequence[Task], seconds: float) -> Figures:
    """One round of Label Studio. Its first start, which makes the database, is not counted."""
    studio = LabelStudio(executable, folder / "peer", tasks[0].picture.parent)
    with studio, screens.chromium() as browser:
        studio.start()
        studio.stop()
        found = {"start": studio.start()}
        studio.make_project()
        found["import"] = timed(lambda: studio.take_in(tasks))
        tokens = studio.make_people(PEOPLE)
        found |= _screens(browser, lambda chromium: screens.peers(chromium, studio))
        asked: dict[str, int | str] = {"view": studio.make_list(), "page": 1, "page_size": 100, "fields": "all"}
        with studio.client() as client:
            found["list"] = median(
                timed(lambda: answered(client.get("/api/tasks", params=asked))) for _ in range(LISTS)
            )
        people = [studio.annotator(token) for token in tokens]
        found |= together(people, seconds)
        return found | {"next95": p95([each for person in people for each in person.nexts])}


def _screens(browser: Browser, look: Callable[[Browser], tuple[list[float], list[float]]]) -> Figures:
    opened, submitted = look(browser)
    return {"opened": median(opened), "submitted": median(submitted)}


def together(people: Sequence[Annotator], seconds: float) -> Figures:
    """Several people at once, for so many seconds after a few that do not count."""
    annotate(people, WARM)
    done = annotate(people, seconds)
    for error in done.errors[:3]:
        print(f"    {error}", flush=True)
    return {
        "rate": done.rate,
        "wait": median(done.times),
        "wait95": p95(done.times),
        "twice": done.twice,
        "errors": len(done.errors),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation.side_by_side", description=__doc__)
    parser.add_argument("--label-studio", type=Path, help="its executable, in the environment where it is installed")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long eight people annotate")
    parser.add_argument("--docs", type=Path, default=report.DOCS, help="where to write")
    given = parser.parse_args(arguments)
    found: dict[str, Any] = {"tasks": given.tasks, "pictures": PICTURES, "seconds": given.seconds}
    found |= {"peer": _version(given.label_studio), "ours": [], "peers": []}
    for number in range(given.rounds):
        with TemporaryDirectory() as place:
            folder = Path(place)
            tasks = make_tasks(folder / "pictures", given.tasks)
            turns: list[tuple[str, Callable[[], Figures]]] = [("ours", lambda: ours(folder, tasks, given.seconds))]  # noqa: B023
            if given.label_studio:
                turns.append(("peers", lambda: peers(given.label_studio, folder, tasks, given.seconds)))  # noqa: B023
            for name, turn in turns if number % 2 == 0 else reversed(turns):
                found[name].append(turn())
                print(number, name, found[name][-1], flush=True)
        report.record("side by side", found, given.docs)


def _version(executable: Path | None) -> str:
    if executable is None:
        return ""
    command = [
        str(executable.with_name("python")),
        "-c",
        "import importlib.metadata as m; print(m.version('label-studio'))",
    ]
    done = subprocess.run(command, text=True, capture_output=True, check=True)
    return f"Label Studio {done.stdout.strip()}"


if __name__ == "__main__":
    main()
