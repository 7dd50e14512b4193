"""Example cases for a report: a few of each kind of end, with their picture and what the model wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from m3ad.metrics.detection import Pair
from m3ad.metrics.reflection import outcome
from m3ad.records import Outcome

EACH = 2  # of each kind
KINDS = (
    *("mended by reflection", "broken by reflection", "unreadable", "missed", "false alarm"),
    *("found", "found sound"),
)


@dataclass(frozen=True, slots=True)
class Example:
    """One case to show. `kind` is one of KINDS."""

    model: str
    name: str
    kind: str
    pair: Pair
    picture: Path


def kind_of(pair: Pair) -> str:
    """How the case ended, as one of KINDS."""
    truth, trace = pair
    happened = outcome(truth, trace)
    if happened is Outcome.FIXED:
        return KINDS[0]
    if happened is Outcome.BROKE:
        return KINDS[1]
    if trace.verdict is None:
        return KINDS[2]
    if trace.verdict.anomalous != truth.anomalous:
        return KINDS[3] if truth.anomalous else KINDS[4]
    return KINDS[5] if truth.anomalous else KINDS[6]


def some_of_each(examples: Iterable[Example]) -> list[Example]:
    """The first EACH of every kind, kind by kind."""
    found: dict[str, list[Example]] = {kind: [] for kind in KINDS}
    for one in examples:
        if len(found[one.kind]) < EACH:
            found[one.kind].append(one)
    return [one for some in found.values() for one in some]
