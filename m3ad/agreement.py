"""How well two people agree on the same cases: Cohen's kappa on presence and on types, IoU of the boxes both drew.

Kappa after J. Cohen, "A coefficient of agreement for nominal scales" (1960): 1 is full agreement, 0 what chance gives.
Types are compared as the taxonomy names them; one that it does not know is itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from m3ad.geometry import best_assignment
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import default_taxonomy, normalise

Looks = tuple[Verdict, Verdict]  # what two people said of one case


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two people agree; a number is None where there is nothing to measure it on.

    Attributes:
        cases: how many both looked at.
        agreed: on how many of them they said the same of presence.
        presence: kappa of anomalous or not.
        types: kappa of the types of the boxes that both drew (matched by overlap alone); None also where both used one
            and the same type only: chance would agree as well.
        matched: how many boxes overlap one of the other's.
        alone: how many do not, of both.
        iou: mean IoU of the matched boxes, 0..1.
    """

    cases: int
    agreed: int
    presence: float | None
    types: float | None
    matched: int
    alone: int
    iou: float | None


@dataclass(frozen=True, slots=True)
class TypeAgreement:
    """How two people agree on one type.

    Attributes:
        one, other: how many cases each of them found it in.
        both: in how many both did.
        kappa: of "the case has it", over all cases.
        iou: mean IoU of matched boxes to which both gave it.
    """

    type: str
    one: int
    other: int
    both: int
    kappa: float | None
    iou: float | None


def cohen_kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of pairs of answers; None of nothing, and where chance alone would agree always."""
    found = list(pairs)
    if not found:
        return None
    one, other = Counter(a for a, _ in found), Counter(b for _, b in found)
    chance = sum(one[answer] * other[answer] for answer in one) / len(found) ** 2
    if chance == 1:
        return None
    observed = sum(a == b for a, b in found) / len(found)
    return (observed - chance) / (1 - chance)


def agreement(looks: Sequence[Looks]) -> Agreement:
    """How two people agree over the cases that both looked at."""
    pairs = [pair for one, other in looks for pair in _matched(one, other)]
    drawn = sum(_boxed(one) + _boxed(other) for one, other in looks)
    return Agreement(
        cases=len(looks),
        agreed=sum(one.anomalous == other.anomalous for one, other in looks),
        presence=cohen_kappa((one.anomalous, other.anomalous) for one, other in looks),
        types=cohen_kappa((type_name(a), type_name(b)) for a, b, _ in pairs),
        matched=len(pairs),
        alone=drawn - 2 * len(pairs),
        iou=_mean([overlap for _, _, overlap in pairs]),
    )


def by_type(looks: Sequence[Looks]) -> list[TypeAgreement]:
    """The same for every type that either of them used, by name."""
    has = [({type_name(d) for d in one.defects}, {type_name(d) for d in other.defects}) for one, other in looks]
    pairs = [pair for one, other in looks for pair in _matched(one, other)]
    return [
        TypeAgreement(
            type=name,
            one=sum(name in a for a, _ in has),
            other=sum(name in b for _, b in has),
            both=sum(name in a and name in b for a, b in has),
            kappa=cohen_kappa((name in a, name in b) for a, b in has),
            iou=_mean([overlap for a, b, overlap in pairs if type_name(a) == type_name(b) == name]),
        )
        for name in sorted(set().union(*(a | b for a, b in has)))
    ]


def differ(one: Verdict, other: Verdict) -> bool:
    """Whether two people disagree on presence, on a type, or on a box that does not overlap any of the other's."""
    if one.anomalous != other.anomalous:
        return True
    pairs = _matched(one, other)
    same = all(type_name(a) == type_name(b) for a, b, _ in pairs)
    placeless = [Counter(type_name(d) for d in look.defects if d.box is None) for look in (one, other)]
    return not same or placeless[0] != placeless[1] or _boxed(one) + _boxed(other) != 2 * len(pairs)


def type_name(defect: Defect) -> str:
    """The type as the taxonomy names it, or as it is written."""
    node = default_taxonomy().find(defect.type)
    return node.name if node else normalise(defect.type)


def _matched(one: Verdict, other: Verdict) -> list[tuple[Defect, Defect, float]]:
    """Boxes of both on the same picture that belong together: one to one, with the largest sum of IoU."""
    left, right = ([d for d in look.defects if d.box] for look in (one, other))
    scores = [[a.overlap(b) for b in right] for a in left]
    return [(left[row], right[column], scores[row][column]) for row, column in best_assignment(scores)]


def _boxed(verdict: Verdict) -> int:
    return sum(defect.box is not None for defect in verdict.defects)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
