"""How long probes and occlusion maps take: with what was read kept, and with a fresh full pass for every question."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from PIL.Image import Image

from m3ad.monitor import Monitor, inspect
from m3ad.occlusion import NO_REASONING, covered, occlusion
from m3ad.records import Mode
from m3ad.sentences import sentences

Way = Callable[[], list[float | None]]


@dataclass(frozen=True, slots=True)
class Race:
    """One question asked in two ways, in turns, in one run.

    Attributes:
        ours, naive: seconds of each round.
        apart: the largest difference between two chances that should be the same.
    """

    name: str
    count: int
    ours: tuple[float, ...]
    naive: tuple[float, ...]
    apart: float

    @property
    def ratio(self) -> float:
        """How many times as long the naive way takes: ratio of the medians."""
        return median(self.naive) / median(self.ours)


def races(monitor: Monitor, image: Image, rounds: int, side: int) -> list[Race]:
    """All questions about one picture; `side` is the number of rows and of columns of the map."""
    text = inspect(monitor, image, mode=Mode.REFLECTIVE).text
    ends = [sentence.end for sentence in sentences(text)]
    words = [
        sentence.start + match.end()
        for sentence in sentences(text)
        for match in re.finditer(r"\S+", text[sentence.start : sentence.end])
    ]

    def probed(places: list[int]) -> list[float | None]:
        with monitor.lens(image) as lens:
            return lens.probe(text, places)

    def read_anew(places: list[int]) -> list[float | None]:
        return [monitor.decide([image], text[:place])[0] for place in places]

    def mapped() -> list[float | None]:
        *_, found = occlusion(monitor, image, text=NO_REASONING, rows=side, columns=side)
        return list(found.chances)

    def one_by_one() -> list[float | None]:
        *_, grid = occlusion(monitor, image, text=NO_REASONING, rows=side, columns=side, cancelled=lambda: True)
        boxes = [grid.box(*divmod(patch, side)) for patch in range(side * side)]
        return [monitor.decide([covered(image, box)], NO_REASONING)[0] for box in boxes]

    return [
        race("probe at sentence ends", rounds, lambda: probed(ends), lambda: read_anew(ends)),
        race("probe after every word", rounds, lambda: probed(words), lambda: read_anew(words)),
        race("occlusion map", rounds, mapped, one_by_one),
    ]


def race(name: str, rounds: int, ours: Way, naive: Way) -> Race:
    """Both ways in turns; the first of each warms up and is not counted."""
    seconds: dict[Way, list[float]] = {ours: [], naive: []}
    told: dict[Way, list[float | None]] = {}
    for number in range(rounds + 1):
        for way, taken in seconds.items():
            begun = time.perf_counter()
            told[way] = way()
            if number:
                taken.append(time.perf_counter() - begun)
    pairs = zip(told[ours], told[naive], strict=True)
    apart = max(abs(one - other) for one, other in pairs if one is not None and other is not None)
    return Race(name, len(told[ours]), tuple(seconds[ours]), tuple(seconds[naive]), apart)
