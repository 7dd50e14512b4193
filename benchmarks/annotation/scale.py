"""`python -m benchmarks.annotation.scale CASES …`: ours over HTTP at so many invented cases each."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from benchmarks.annotation import report
from benchmarks.annotation.__main__ import p95
from benchmarks.annotation.fill import fill
from benchmarks.annotation.ours import Studio
from benchmarks.annotation.side_by_side import PEOPLE, together
from db.store import Store

TIMES = 30
SECONDS = 20.0


def measure(count: int) -> dict[str, Any]:
    """Lists, next and save, and eight people at once, at so many cases."""
    with TemporaryDirectory() as place:
        workspace = Path(place) / "ours"
        with Store.open(workspace) as store:
            fill(store, count)
        with Studio(workspace) as studio:
            names = studio.make_people(PEOPLE)
            began = studio.start()
            studio.settle()
            with closing(studio.client(names[0])) as client:
                found = {words: repeated(ask) for words, ask in questions(client, count).items()}
            person = studio.annotator(names[0])
            person.begin()
            found["save, with the next case"] = repeated(person.go_on)
            figures = together([studio.annotator(name) for name in names], SECONDS)
    return {"cases": count, "start": began, "milliseconds": found, **figures}


def questions(client: httpx2.Client, count: int) -> dict[str, Callable[[], object]]:
    """What a list asks for, in words."""

    def ask(path: str, **wanted: Any) -> Callable[[], object]:
        return lambda: client.get(path, params=wanted).raise_for_status()

    return {
        "filtered list: all counts": ask("/cases", filter="unsure"),
        "filtered list: 100 cases": ask("/rows", filter="unsure"),
        "filtered list: 100 cases from its middle": ask("/rows", filter="unsure", after=count // 2),
        "search for a name: counts": ask("/cases", text="0000017"),
        "search for a name: cases": ask("/rows", text="0000017"),
    }


def repeated(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of one call, median and 95th percentile."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return median(times), p95(times)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation.scale", description=__doc__)
    parser.add_argument("cases", type=int, nargs="+")
    parser.add_argument("--docs", type=Path, default=report.DOCS, help="where to write")
    given = parser.parse_args(arguments)
    found = []
    for count in given.cases:
        found.append(measure(count))
        print(found[-1], flush=True)
        report.record("scale", found, given.docs)


if __name__ == "__main__":
    main()
