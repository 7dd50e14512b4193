"""`python -m benchmarks.annotation.kills`: many annotators over HTTP while the server is killed at random moments.

Whoever was cut off sends the same save again, as the page does. Afterwards the store is asked: is every acknowledged
save there as it was sent, did each build on the revision its author had seen, did two people ever hold one case?
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from benchmarks.annotation import report
from benchmarks.annotation.fill import fill
from benchmarks.annotation.ours import OurAnnotator, Saved, Studio
from db.store import Store

CASES = 20_000
REST = 0.2  # seconds between two attempts while the server is away


@dataclass
class Holding:
    """Who works on which case, as the people themselves know it."""

    by_person: dict[str, set[int]] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def given(self, person: str, cases: Sequence[int]) -> None:
        """The person was given these cases, and has no others."""
        with self.lock:
            for other, theirs in self.by_person.items():
                if other != person:
                    self.twice += [each for each in cases if each in theirs]
            self.by_person[person] = set(cases)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it; see `report`."""

    people: int
    seconds: float
    kills: int
    acknowledged: int
    missing: int
    altered: int
    lost_updates: int
    held_by_two: int
    unacknowledged: int


def work(person: OurAnnotator, name: str, holding: Holding, over: threading.Event) -> None:
    """Annotate until it is over; what the server did not acknowledge is sent again."""
    number, at_work = 0, False
    while not over.is_set():
        try:
            if at_work:
                note = f"{name} {number}"
                holding.given(name, person.held()[1:])  # from here on the first one may be anybody's again
                cases = person.go_on(note)
                number += 1
            else:
                cases = person.begin()
        except (httpx2.TransportError, RuntimeError, ValueError):
            if at_work:
                holding.by_person[name] = set(person.held())
            over.wait(REST)
            continue
        at_work = True
        holding.given(name, cases)


def run(folder: Path, *, people: int, seconds: float, kills: int, cases: int = CASES, seed: int = 0) -> Found:
    """Annotate for so many seconds, the times without a server included, and until it was killed `kills` times."""
    with Store.open(folder / "ours") as store:
        fill(store, cases)
    chance, holding, over = random.Random(seed), Holding(), threading.Event()
    with Studio(folder / "ours") as studio:
        names = studio.make_people(people)
        studio.start()
        hands = [studio.annotator(name) for name in names]
        threads = [
            threading.Thread(target=work, args=(hand, name, holding, over))
            for hand, name in zip(hands, names, strict=True)
        ]
        for thread in threads:
            thread.start()
        began, killed = time.monotonic(), 0
        while time.monotonic() - began < seconds or killed < kills:
            time.sleep(chance.uniform(2, max(4, seconds / (kills + 1))))
            studio.kill()
            killed += 1
            with suppress(TimeoutError):
                studio.start()
        time.sleep(2)
        over.set()
        for thread in threads:
            thread.join()
        lasted = time.monotonic() - began
    told = [(name, one) for name, hand in zip(names, hands, strict=True) for one in hand.saved]
    return _judged(folder, told, holding, killed, lasted, people)


def _judged(
    folder: Path, told: list[tuple[str, Saved]], holding: Holding, kills: int, seconds: float, people: int
) -> Found:
    """Compare what people were told with what is in the store."""
    missing = altered = 0
    with Store.open(folder / "ours") as store:
        for author, one in told:
            stored = {each.revision: each for each in store.annotations(one.case_id)}.get(one.revision)
            missing += stored is None
            altered += stored is not None and (stored.author, stored.note) != (author, one.note)
        written = len(store.events(event="annotation.saved", limit=10**9))
    return Found(
        people=people,
        seconds=seconds,
        kills=kills,
        acknowledged=len(told),
        missing=missing,
        altered=altered,
        lost_updates=sum(one.revision != one.based_on + 1 for _, one in told),
        held_by_two=len(holding.twice),
        unacknowledged=written - len({(one.case_id, one.revision) for _, one in told}),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation.kills", description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--kills", type=int, default=12, help="at least so many")
    parser.add_argument("--docs", type=Path, default=report.DOCS, help="where to write")
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as place:
        found = run(Path(place), people=given.people, seconds=given.seconds, kills=given.kills)
    print(found)
    report.record("kills", asdict(found), given.docs)


if __name__ == "__main__":
    main()
