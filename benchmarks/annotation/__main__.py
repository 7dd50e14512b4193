"""`python -m benchmarks.annotation CASES …`: lists, counts, the queue and saving at so many invented cases each.

Milliseconds of the clock, median and 95th percentile, from the store and without a page; on a busy machine the
processor time beside them is what can be compared. The last rows are eight people at once, each in a thread.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.annotation.fill import MODEL, fill
from db.filters import CaseFilter, Status
from db.lists import Within
from db.reasons import Reason
from db.store import Store
from m3ad.records import NORMAL

ROUNDS = 15
PEOPLE = 8
SECONDS = 20.0
FILTERS = {
    "all cases": CaseFilter(),
    "model and annotation disagree": CaseFilter(status=Status.WRONG, model=MODEL),
    "one category, one reason": CaseFilter(category="part 07", reason=Reason.DISAGREE),
    "a type": CaseFilter(type="crack"),
    "a probability range": CaseFilter(probability=(0.2, 0.8)),
    "a narrow probability range": CaseFilter(probability=(0.501, 0.502)),
    "words in the reasoning": CaseFilter(reasoning="surface"),
    "a name that hardly any case has": CaseFilter(text="0000017"),
}
Figures = dict[str, float]


def timed(work: Callable[[], object]) -> Figures:
    """Milliseconds of one call."""
    clock, processor = [], []
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        work()
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
    return {"median": median(clock), "p95": p95(clock), "processor": median(processor)}


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[int(0.95 * (len(times) - 1))]


def measure(store: Store, count: int) -> dict[str, Figures]:
    """Everything that one person asks for."""
    queue, middle = store.queue, count // 2
    page = Within(middle, limit=100)
    found = {}
    for name, wanted in FILTERS.items():
        found[f"count: {name}"] = timed(lambda wanted=wanted: queue.count(wanted, "ann"))  # type: ignore[misc]
        found[f"100 cases: {name}"] = timed(lambda wanted=wanted: queue.stretch(wanted, page))  # type: ignore[misc]
    found["counts of all reasons"] = timed(lambda: queue.counts("ann"))
    found["next by priority, claimed"] = timed(lambda: queue.next("ann", after=(Reason.UNSURE, middle)))
    found["100 rows of the list"] = timed(lambda: store.case_rows(CaseFilter(ids=tuple(range(middle, middle + 100)))))
    return found


def people(store: Store) -> tuple[dict[str, Figures], int, int]:
    """Several people take and save cases for a while: times of a save and of a next, saves, and cases given twice."""
    end = time.perf_counter() + SECONDS
    saves: list[float] = []
    nexts: list[float] = []
    given: list[int] = []

    def work(name: str) -> None:
        at: tuple[Reason, int] | None = None
        while time.perf_counter() < end:
            began = time.perf_counter()
            case_id = store.queue.next(name, after=at)
            nexts.append(1000 * (time.perf_counter() - began))
            if case_id is None:
                return
            given.append(case_id)
            latest, reason = store.latest_annotation(case_id), store.queue.standing(case_id).reason
            at = (reason, case_id) if reason else None
            began = time.perf_counter()
            store.save_annotation(case_id, NORMAL, author=name, based_on=latest.revision if latest else 0)
            saves.append(1000 * (time.perf_counter() - began))

    threads = [threading.Thread(target=work, args=(f"person {number}",)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    named = {"next, eight at once": nexts, "save, eight at once": saves}
    figures = {name: {"median": median(times), "p95": p95(times)} for name, times in named.items()}
    return figures, len(saves), len(given) - len(set(given))


def run(count: int) -> dict[str, object]:
    """All figures at so many cases, printed as a table on the way."""
    with TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        began = time.perf_counter()
        fill(store, count)
        print(f"\n{count:,} cases, made in {time.perf_counter() - began:.0f} s")
        figures = measure(store, count)
        together, saves, twice = people(store)
    figures |= together
    for name, each in figures.items():
        print(f"  {name:45}" + "".join(f" {word} {value:8.1f} ms" for word, value in each.items()))
    print(f"  {saves / SECONDS:.1f} annotations a second by {PEOPLE} people; cases given twice: {twice}", flush=True)
    rate = saves / SECONDS
    return {"cases": count, "figures": figures, "annotations_per_second": rate, "given_twice": twice}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation", description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=int, nargs="+")
    print(json.dumps([run(count) for count in parser.parse_args().cases]))
