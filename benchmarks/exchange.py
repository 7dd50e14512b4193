"""How long annotations take into and out of the store: `python -m benchmarks.exchange CASES`, one run, seconds.

Tiny pictures, so that the figures are of the formats and the store and not of decoding; beside them stands what the
import of the same pictures as a plain data set takes, and how long a reader and a writer of the store wait meanwhile.
"""

from __future__ import annotations

import argparse
import json
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from db.annotation_cases import Into
from db.annotation_export import export_annotations
from db.annotation_import import import_annotations
from db.filters import CaseFilter
from db.store import Store
from m3ad.formats import read_format
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, NewCase, Scenario, Verdict

SIDE = 32


def draw(folder: Path, count: int) -> list[NewCase]:
    """So many cases, each with a picture of its own; every second one has two defects."""
    cases = []
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (SIDE, SIDE), (number % 256, number // 256 % 256, number // 65536)).save(path)
        boxes = [Box.from_pixels(x, 2, x + 5, 9, SIDE, SIDE) for x in (number % 20, 25)]
        verdict = Verdict(True, tuple(Defect("scratch", box) for box in boxes)) if number % 2 else NORMAL
        cases.append(NewCase("made", path.stem, Scenario.TEXTURE, "tile", (path,), "", verdict))
    return cases


class Visitor:
    """Somebody who opens the next case and saves an annotation, ten times a second, while the import runs."""

    def __init__(self, store: Store) -> None:
        self._store, self._over = store, threading.Event()
        self.reads: list[float] = []
        self.writes: list[float] = []
        self._thread = threading.Thread(target=self._visit)

    def __enter__(self) -> Visitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._over.wait(0.1):
            began = time.perf_counter()
            found = self._store.case_rows(CaseFilter(), limit=1)
            self.reads.append(time.perf_counter() - began)
            if found:
                began = time.perf_counter()
                self._store.save_draft(found[0].case_id, "visitor", NORMAL, based_on=0)
                self.writes.append(time.perf_counter() - began)

    def waits(self) -> dict[str, float]:
        """The 95th percentile and the longest of both, in milliseconds."""
        named = {"read": sorted(self.reads), "write": sorted(self.writes)}
        return {
            f"{name}_{word}_ms": round(1000 * times[place(len(times))], 1)
            for name, times in named.items()
            if times
            for word, place in (("p95", lambda size: int(0.95 * size)), ("max", lambda size: size - 1))
        }


def measure(count: int, format: str) -> dict[str, object]:
    """The seconds of each step, for so many cases in one format."""
    with TemporaryDirectory() as scratch:
        root = Path(scratch)
        cases = draw(root / "pictures", count)
        found: dict[str, object] = {"cases": count, "format": format}
        with Store.open(root / "first") as store:
            found["plain_import_s"] = _timed(lambda: store.import_cases(cases))
            out = root / "out"
            found["export_s"] = _timed(lambda: export_annotations(store, format, out, CaseFilter(), copy=True))
            found["again_s"] = _timed(lambda: _take_in(store, format, out, present=count))
        with Store.open(root / "second") as store, Visitor(store) as visitor:
            found["import_s"] = _timed(lambda: _take_in(store, format, out, added=count))
        found |= visitor.waits()
        found["peak_MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return found


def _take_in(store: Store, format: str, place: Path, **expected: int) -> None:
    unused: Counter[str] = Counter()
    into = Into(format, "made", Scenario.TEXTURE, "tile", "bench")
    account = import_annotations(store, read_format(format, place, unused), into, unused)
    for name, number in expected.items():
        assert getattr(account, name) == number, account.sentence()


def _timed(work: Callable[[], object]) -> dict[str, float]:
    """Seconds by the clock, and of the processor: on a busy machine only the second can be compared."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return {"clock": round(time.perf_counter() - clock, 1), "processor": round(time.process_time() - processor, 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange", description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=int)
    parser.add_argument("--format", default="coco")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.cases, chosen.format)), flush=True)
