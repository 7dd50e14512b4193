"""A verdict out of prose: what the reasoning decides at its end, before any reflection.

Read backwards, the last deciding words win. Yes, no or unreadable: hedges and contradictions are never made a guess.
English only. It knows the taxonomy's names and the words of inspection; it does not know the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.taxonomy import Taxonomy, default_taxonomy
from m3ad.verdict_words import Claim, Polarity, claims_of, clauses_of

MAX_CHARACTERS = 20_000  # a decision that stands further from the end is none


def initial_verdict(think: str, taxonomy: Taxonomy | None = None) -> Verdict | None:
    """The verdict that `think` ends with; None when it is hedged, contradictory or not there.

    Defects are the types named affirmatively in the deciding words, with the boxes written beside them (fractions).
    """
    claims = claims_in(think, taxonomy)
    decision = _decide(claims)
    if decision is None:
        return None
    return Verdict(True, tuple(_defects(decision.grounds))) if decision.anomalous else Verdict(False)


def decides(text: str, taxonomy: Taxonomy | None = None) -> bool | None:
    """Whether the text says anomalous (True) or normal (False); None when it does not decide."""
    decision = _decide(claims_in(text, taxonomy))
    return None if decision is None else decision.anomalous


def claims_in(text: str, taxonomy: Taxonomy | None = None) -> list[Claim]:
    """All that the text asserts about defects, in its order; what it decides in the end is for the others to say."""
    taxonomy = taxonomy or default_taxonomy()
    return [claim for clause in clauses_of(text[-MAX_CHARACTERS:], taxonomy) for claim in claims_of(clause)]


@dataclass(frozen=True, slots=True)
class _Decision:
    anomalous: bool
    grounds: tuple[Claim, ...]  # the affirmative claims that it rests on, in the order of the text


def _decide(claims: Sequence[Claim]) -> _Decision | None:
    """Backwards: a firm no or a yes decides, a hedge refuses; "no scratch" decides only if nothing else was found."""
    denied: set[str] = set()
    partly = False  # a part of the part was called sound, which says nothing about the rest
    weak = False
    for place in range(len(claims) - 1, -1, -1):
        claim = claims[place]
        if claim.polarity is Polarity.NO and claim.firm:
            return _Decision(False, ())
        if claim.polarity is Polarity.NO:
            weak = True
            denied.update(claim.types)
            partly = partly or not claim.types
        elif claim.polarity is Polarity.UNSURE:
            settled = partly or (bool(claim.types) and denied.issuperset(claim.types))
            return _Decision(False, ()) if settled else None
        elif partly:
            return None
        elif claim.types and denied.issuperset(claim.types):
            return _Decision(False, ())
        else:
            return _Decision(True, _grounds(claims[: place + 1]))
    return _Decision(False, ()) if weak else None


def _grounds(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The unbroken stretch of findings that leads to the decision: it begins after the last firm no or hedge."""
    found: list[Claim] = []
    for claim in reversed(claims):
        if claim.polarity is Polarity.UNSURE or (claim.polarity is Polarity.NO and claim.firm):
            break
        if claim.polarity is Polarity.YES:
            found.append(claim)
    return tuple(reversed(found))


def _defects(grounds: Iterable[Claim]) -> list[Defect]:
    """One defect for each type and box; a type named again without a box adds nothing."""
    defects: list[Defect] = []
    for claim in grounds:
        for defect in _paired(claim.types, claim.boxes):
            known = {other.type for other in defects}
            if defect not in defects and (defect.box or defect.type not in known):
                defects.append(defect)
    placed = {defect.type for defect in defects if defect.box}
    return [defect for defect in defects if defect.box or defect.type not in placed]


def _paired(types: Sequence[str], boxes: Sequence[Box]) -> list[Defect]:
    """The n-th type with the n-th box; one type holds for all boxes. Boxes of no known type are nobody's."""
    if not types:
        return []
    if len(types) == 1 and boxes:
        return [Defect(types[0], box) for box in boxes]
    places = [*boxes[: len(types)], *[None] * (len(types) - len(boxes))]
    return [Defect(name, box) for name, box in zip(types, places, strict=True)]
