"""Several annotators at once, each in a thread with a connection of its own, for a fixed time."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Annotator(Protocol):
    """A person at one of the two programs."""

    def begin(self) -> list[int]:
        """Be given the first case; the numbers of all cases that are now the person's."""

    def go_on(self) -> list[int]:
        """Save the case and be given the next one; the numbers again."""


@dataclass
class Together:
    """What came of it.

    Attributes:
        seconds: until the last answer.
        times: of each save with the next case, in seconds.
        given: by case, the people who were given it.
        errors: what went wrong, in words; whoever it happened to began again.
    """

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    given: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Annotations a second."""
        return len(self.times) / self.seconds

    @property
    def twice(self) -> float:
        """Share of the cases that two or more people were given."""
        return sum(len(people) > 1 for people in self.given.values()) / max(1, len(self.given))


def annotate(people: Sequence[Annotator], seconds: float) -> Together:
    """Let all of them save and go on until the time is over."""
    found, lock = Together(), threading.Lock()
    began = time.perf_counter()

    def work(number: int, person: Annotator) -> None:
        at_work = False
        while time.perf_counter() < began + seconds:
            asked = time.perf_counter()
            try:
                cases = person.go_on() if at_work else person.begin()
            except Exception as error:  # whatever it is, it is what a person would have seen
                at_work = False
                with lock:
                    found.errors.append(f"{type(error).__name__}: {error}"[:300])
                continue
            with lock:
                if at_work:
                    found.times.append(time.perf_counter() - asked)
                for case_id in cases:
                    found.given[case_id].add(number)
            at_work = True

    threads = [threading.Thread(target=work, args=each) for each in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - began
    return found
