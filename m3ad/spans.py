"""Prose cut into pieces to be coloured: existence red, type yellow, location blue (paper, appendix F).

It finds words, not decisions: what the prose decides is for `m3ad.verdict_text` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from m3ad.taxonomy import Taxonomy

KINDS = ("existence", "type", "location")

_NEGATION = r"(?:no|not|without|free of|free from|any|neither|nor)"
_ADVERB = r"(?:any|a|an|visible|obvious|apparent|clear|noticeable|detectable|signs? of|evidence of|further|other)"
_GENERIC = r"(?:defect|anomal(?:y|ie)|abnormalit(?:y|ie)|flaw|fault|imperfection|blemish(?:e)?|damage)s?"
_STATE = (
    r"(?:normal|abnormal|anomalous|defective|non-defective|defect-free|anomaly-free"
    r"|intact|undamaged|damaged|faulty|flawless)"
)
_EXISTENCE = re.compile(
    rf"\b(?:{_NEGATION}\s+)?(?:{_ADVERB}\s+){{0,3}}{_GENERIC}\b|\b(?:{_NEGATION}\s+)?{_STATE}\b", re.IGNORECASE
)
_SIDE = r"(?:upper|lower|top|bottom|left|right|center|centre|central|middle|mid)"
_ZONE = r"(?:hand|most|corner|edge|side|area|region|part|half|third|quarter|section|portion|zone|border|end|row)"
_PLACE = re.compile(
    r"\b(?:(?:in|at|on|near|along|towards?|around|across|from|close to|next to|of)\s+)?(?:the\s+)?"
    r"(?:(?:very|far|extreme)\s+)?"
    rf"{_SIDE}(?:(?:[\s-]|\s+and\s+)(?:{_SIDE}|{_ZONE})){{0,4}}\b",
    re.IGNORECASE,
)
_NUMBER = r"\s{0,3}-?[\d.]{1,9}\s{0,3}"
_COORDINATES = re.compile(
    rf"[(\[]{_NUMBER},{_NUMBER}(?:,{_NUMBER},{_NUMBER})?[)\]](?:[\s,;-]{{0,3}}[(\[]{_NUMBER},{_NUMBER}[)\]])?"
)


def spans(text: str, taxonomy: Taxonomy) -> list[tuple[str, str]]:
    """The text as (piece, kind) in order; the pieces joined are the text. Kind is "" or one of KINDS.

    Where two kinds meet, a place wins over a type and a type over existence.
    """
    kinds = [""] * len(text)
    for start, end, kind in _found(text, taxonomy):
        kinds[start:end] = [kind] * (end - start)
    return list(_pieces(text, kinds))


def places(text: str) -> list[str]:
    """The phrases that name a place in words, e.g. "in the upper left", in their order."""
    return [match.group() for match in _PLACE.finditer(text)]


def _found(text: str, taxonomy: Taxonomy) -> Iterator[tuple[int, int, str]]:
    """All stretches, weakest kind first."""
    for match in _EXISTENCE.finditer(text):
        yield match.start(), match.end(), "existence"
    for mention in taxonomy.mentions(text):
        yield mention.start, mention.end, "type"
    for pattern in (_PLACE, _COORDINATES):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), "location"


def _pieces(text: str, kinds: list[str]) -> Iterator[tuple[str, str]]:
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or kinds[place] != kinds[start]:
            yield text[start:place], kinds[start]
            start = place
