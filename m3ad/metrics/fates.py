"""What became of each true defect: seen, named, placed; and which types were said in its stead.

Defects are matched as the hard F1 matches them, so the sums here are its true positives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from m3ad.geometry import best_assignment, greedy_matches, iou
from m3ad.metrics.defects import IOU_THRESHOLD, TYPE_THRESHOLD, found_verdict
from m3ad.metrics.detection import Pair
from m3ad.metrics.paired import Interval, share_interval
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import SAME_TYPE, default_taxonomy

Score = Callable[[Defect, Defect], float]

UNKNOWN = "not in the taxonomy"
MISSED, INVENTED = "missed", "no such defect"  # nothing was said of a true defect; something was said of none
# Of the picture; each edge about three times the one before: half a decade.
SIZES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one true defect.

    Attributes:
        type: its name in the taxonomy, or UNKNOWN.
        area: of its box, as a fraction of the picture; None without a box on the primary picture.
        seen: the part was called anomalous.
        named: its type was named, or an alias of it; `akin`: a type alike enough for the hard F1 (the same group).
        placed: a box lies on it with an IoU of at least 0.3; None without a box.
    """

    type: str
    area: float | None
    seen: bool
    named: bool
    akin: bool
    placed: bool | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Of so many true defects, how many were seen, named, and of the `boxes` with a place how many placed."""

    count: int
    seen: int
    named: int
    akin: int
    boxes: int
    placed: int

    @property
    def placed_interval(self) -> Interval | None:
        """Wilson's 95 % interval of placed / boxes."""
        return share_interval(self.placed, self.boxes)


def fates(pair: Pair) -> list[Fate]:
    """One of each true defect, in order."""
    truth, found = pair[0], found_verdict(pair[1])
    akin = _matched(truth, found, _likeness, lambda score: score > TYPE_THRESHOLD)
    named = _matched(truth, found, _likeness, lambda score: score >= SAME_TYPE)
    placed = _matched(truth, found, _overlap, lambda score: score >= IOU_THRESHOLD)
    return [
        Fate(
            type_of(defect),
            defect.box.area if defect.box is not None and not defect.picture else None,
            found.anomalous,
            number in named,
            number in akin,
            number in placed if defect.box is not None and not defect.picture else None,
        )
        for number, defect in enumerate(truth.defects)
    ]


def tally(some: Iterable[Fate]) -> Tally:
    """Count fates."""
    known = list(some)
    boxes = [fate for fate in known if fate.placed is not None]
    return Tally(
        len(known),
        sum(fate.seen for fate in known),
        sum(fate.named for fate in known),
        sum(fate.akin for fate in known),
        len(boxes),
        sum(bool(fate.placed) for fate in boxes),
    )


def by_type(some: Sequence[Fate]) -> dict[str, Tally]:
    """Tallies by true type, the most frequent first."""
    often = Counter(fate.type for fate in some)
    return {name: tally(fate for fate in some if fate.type == name) for name, _ in often.most_common()}


def by_size(some: Sequence[Fate]) -> dict[tuple[float, float], Tally]:
    """Tallies by area of the box, as a fraction of the picture: from the first edge up to, not including, the second.

    The last one includes a box over the whole picture; sizes that no defect has are left out.
    """
    sized = [fate for fate in some if fate.area is not None]
    groups = {
        (low, high): [fate for fate in sized if low <= (fate.area or 0) < high or fate.area == high == 1.0]
        for low, high in pairwise(SIZES)
    }
    return {edges: tally(group) for edges, group in groups.items() if group}


def type_of(defect: Defect) -> str:
    """Its name in the taxonomy, or UNKNOWN."""
    node = default_taxonomy().find(defect.type)
    return node.name if node else UNKNOWN


def confusion(pairs: Iterable[Pair]) -> Counter[tuple[str, str]]:
    """How often (true type, said type) went together; MISSED and INVENTED where the other has no partner.

    Within a case, true and said defects are paired one to one so that the sum of their likeness (taxonomy) and
    overlap (IoU) is largest; what has neither in common stays alone.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for truth, trace in pairs:
        wanted, said = truth.defects, found_verdict(trace).defects
        scores = [[_likeness(one, other) + _overlap(one, other) for other in said] for one in wanted]
        together = best_assignment(scores)
        counts.update((type_of(wanted[row]), type_of(said[column])) for row, column in together)
        rows, columns = {row for row, _ in together}, {column for _, column in together}
        counts.update((type_of(one), MISSED) for row, one in enumerate(wanted) if row not in rows)
        counts.update((INVENTED, type_of(one)) for column, one in enumerate(said) if column not in columns)
    return counts


def at_level(counts: Counter[tuple[str, str]], level: int) -> Counter[tuple[str, str]]:
    """The confusion of classes (level 0), groups (1) or types (2) of the taxonomy."""
    coarse: Counter[tuple[str, str]] = Counter()
    for (truth, said), count in counts.items():
        coarse[_at_level(truth, level), _at_level(said, level)] += count
    return coarse


def _at_level(name: str, level: int) -> str:
    path = default_taxonomy().path(name)
    return path[level] if path else name


def _likeness(one: Defect, other: Defect) -> float:
    return default_taxonomy().similarity(one.type, other.type)


def _overlap(one: Defect, other: Defect) -> float:
    """The IoU on the primary picture: the model has seen no other."""
    if one.box is None or other.box is None or one.picture or other.picture:
        return 0.0
    return iou(one.box, other.box)


def _matched(truth: Verdict, found: Verdict, score: Score, counts: Callable[[float], bool]) -> set[int]:
    """The numbers of the true defects whose partner, by greedy matching, is good enough."""
    scores = [[score(one, other) for other in found.defects] for one in truth.defects]
    return {row for row, column in greedy_matches(scores) if counts(scores[row][column])}
