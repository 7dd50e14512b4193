"""Clauses out of sentences, claims out of clauses: what a piece of English prose asserts about defects.

A claim needs a form that asserts something ("there is a ..", "the pin is ..", "decision: .."). A word that merely
occurs ("a washer with a hole", "check for cracks", "a broken part would ..") claims nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from m3ad import verdict_lexicon as lexicon
from m3ad.geometry import Box
from m3ad.taxonomy import Taxonomy
from m3ad.trace_boxes import read_boxes
from m3ad.verdict_lexicon import B, T

MAX_SENTENCE = 600  # characters; of a longer one only the end is read, so that hostile text costs no more


class Polarity(Enum):
    """What a claim says about defects."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Claim:
    """One assertion.

    Attributes:
        types: the taxonomy names it is about; none when it is about defects at large.
        boxes: the boxes written beside them, in fractions; as many as types: one for each.
        firm: of a no: it is about the whole part ("no defects"), not about one type or one place.
    """

    polarity: Polarity
    types: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    firm: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause in lower case; the n-th sign T in it stands for the n-th of `types`, the n-th B for that of `boxes`."""

    text: str
    types: tuple[str, ...]
    boxes: tuple[Box, ...]


def clauses_of(text: str, taxonomy: Taxonomy) -> Iterator[Clause]:
    """The clauses of all sentences that state something; a conceding one ("although ..") before what it qualifies."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    for pattern, expansion in lexicon.EXPANSIONS:
        plain = pattern.sub(expansion, plain)
    for sentence in lexicon.SENTENCE.split(lexicon.BLANKS.sub(" ", plain)):
        if sentence and not sentence.rstrip(" \"')").endswith("?"):
            yield from _split(_marked(sentence[-MAX_SENTENCE:], taxonomy))


def _marked(sentence: str, taxonomy: Taxonomy) -> Clause:
    """The sentence with the signs T and B in place of its types and boxes."""
    boxes = read_boxes("; ".join(match.group() for match in lexicon.BOXES.finditer(sentence))).boxes
    text = lexicon.BOXES.sub(B, sentence)
    pieces, types, end = [], [], 0
    for mention in taxonomy.mentions(text):
        pieces.append(text[end : mention.start] + T)
        types.append(mention.node.name)
        end = mention.end
    return Clause("".join(pieces) + text[end:], tuple(types), tuple(box for box in boxes if box))


def _split(sentence: Clause) -> Iterator[Clause]:
    exception = lexicon.EXCEPT.search(sentence.text)
    if exception and lexicon.ITEM.search(exception[1]):
        yield Clause(f"there is {T * len(sentence.types) or 'a defect'}", sentence.types, sentence.boxes)
        return
    clauses: list[Clause] = []
    types, boxes = list(sentence.types), list(sentence.boxes)
    for piece in lexicon.BREAK.split(sentence.text):
        own_types, types = types[: piece.count(T)], types[piece.count(T) :]
        own_boxes, boxes = boxes[: piece.count(B)], boxes[piece.count(B) :]
        clause = Clause(piece.strip(), tuple(own_types), tuple(own_boxes))
        concedes = bool(clauses) and lexicon.CONCESSION.match(clause.text) is not None
        clauses.insert(len(clauses) - 1 if concedes else len(clauses), clause)
    yield from clauses


def claims_of(clause: Clause) -> list[Claim]:
    """What a clause asserts: nothing, a finding, a denial, or a doubt."""
    text = clause.text
    if lexicon.UNSURE.search(text):
        return [Claim(Polarity.UNSURE, clause.types)]
    if answered := lexicon.ANSWERED.match(text):
        first = Claim(Polarity.YES if answered[1] == "yes" else Polarity.NO, firm=True)
        return [first, *claims_of(replace(clause, text=text[answered.end() :]))]
    if lexicon.NO_CLAIM.search(text):
        return []
    claims = list(_items(clause))
    if claims and _hedged(text, claims):
        return [Claim(Polarity.UNSURE, clause.types)]
    return _merged(claims, clause.boxes)


def _hedged(text: str, claims: list[Claim]) -> bool:
    """True when the clause takes back what it claims; "no possible defects" does not."""
    if lexicon.LIKENESS.search(text) and any(claim.polarity is Polarity.YES for claim in claims):
        return True
    hedge = lexicon.HEDGE.search(text)
    return hedge is not None and not lexicon.NEGATOR.search(text[: hedge.start()])


def _items(clause: Clause) -> Iterator[Claim]:
    """A claim for each type, each word for defects at large and each adjective that the clause asserts or denies."""
    types = iter(clause.types)
    for match in lexicon.ITEM.finditer(clause.text):
        before, after = clause.text[: match.start()], clause.text[match.end() :]
        name = next(types) if match["type"] else None
        adjective = match["bad"] or match["good"]
        claim = _adjective(match, before, clause.text) if adjective else _noun(name, before, after)
        if claim is not None:
            yield claim


def _noun(name: str | None, before: str, after: str) -> Claim | None:
    """A type (or, without a name, a defect at large) that is asserted, denied, or merely mentioned (None)."""
    types = (name,) if name else ()
    if lexicon.LIKE_AFTER.match(after):
        return None
    if _denied(before) or lexicon.DENIED_AFTER.match(after) or lexicon.FREE_AFTER.match(after):
        if lexicon.PARTLY.search(before + after):
            return None
        narrow = name or lexicon.ONE_THING.search(before) or lexicon.PLACE.search(before + after)
        return Claim(Polarity.NO, types, firm=not narrow)
    return Claim(Polarity.YES, types) if _asserted(before, after, name in lexicon.AMBIGUOUS) else None


def _denied(before: str) -> bool:
    """True when a negation reaches the end of `before`, where the item in question begins."""
    if lexicon.UNDONE.search(before):
        return False
    return any(_reaches(match, before[match.end() :]) for match in lexicon.NEGATOR.finditer(before))


def _reaches(negator: re.Match[str], rest: str) -> bool:
    if negator["verb"]:
        return lexicon.PAST_NOT.search(rest) is None
    return not negator["noun"] or lexicon.PAST_WITHOUT.search(rest) is None


def _asserted(before: str, after: str, ambiguous: bool) -> bool:
    forms = (lexicon.THERE, lexicon.STATED, lexicon.PREDICATED, lexicon.UNDONE)
    if any(form.search(before) for form in forms) or lexicon.BOXED_AFTER.match(after):
        return True
    if ambiguous:
        return False
    if lexicon.OWNED.search(before) or lexicon.SEEN_AFTER.match(after):
        return True
    return lexicon.FRAGMENT.match(before) is not None and lexicon.VERB.search(before + after) is None


def _adjective(match: re.Match[str], before: str, clause: str) -> Claim | None:
    """ "Abnormal", "intact": a claim where it is said of something, or stands alone as a decision."""
    alone = not before.strip(" \"'") and not lexicon.VERB.search(clause)
    if not (alone or lexicon.PREDICATED.search(before) or lexicon.MARKED.search(before)):
        return None
    if bool(match["good"]) == _denied(before):
        return Claim(Polarity.YES)
    whole = lexicon.WHOLE.search(before) is not None
    polite = lexicon.POLITE.match(match.group()) is not None and not whole
    if polite or lexicon.PARTLY.search(clause) or lexicon.QUALITY.search(before) or lexicon.PLACE.search(before):
        return None
    return Claim(Polarity.NO, firm=alone or whole)


def _merged(claims: list[Claim], boxes: tuple[Box, ...]) -> list[Claim]:
    """All findings of a clause as one claim with its boxes, at the place of the last of them."""
    places = [place for place, claim in enumerate(claims) if claim.polarity is Polarity.YES]
    if not places:
        return claims
    named = tuple(name for place in places for name in claims[place].types)
    types = named if len(named) == len(boxes) else tuple(dict.fromkeys(named))  # as many boxes: each has its own
    denials = [claim for claim in claims[: places[-1]] if claim.polarity is not Polarity.YES]
    return [*denials, Claim(Polarity.YES, types, boxes), *claims[places[-1] + 1 :]]
