"""Where the sentences of a trace's prose end, and how a text reads if its prose ended there.

Offsets are characters of the whole text, tags included, so that what is measured at a place can be shown at it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from m3ad.trace_sections import PROSE, Section, split_sections

# A full stop before a small letter or inside a number ends nothing ("approx. two", "0.5"). Repeats are bounded, so that
# no text takes long.
_BREAK = re.compile(r"[.!?\u2026]{1,9}[\"'\u201d\u2019)\]]{0,3}(?=\s{1,9}[^\sa-z])|[\u3002\uff01\uff1f]{1,9}|\n")
_CLOSED = re.compile(rf"</(?:{'|'.join(PROSE)})>\s*\Z")


class Sentence(NamedTuple):
    """Characters `start` to `end` of the text, without blanks around them; `section` is "think" or "reflection"."""

    start: int
    end: int
    section: str


def sentences(text: str) -> list[Sentence]:
    """The sentences of thinking and reflection, in order; total over any text."""
    return [
        Sentence(start, end, section.name)
        for section in _prose(text)
        for start, end in _stretches(text, section.start, section.end)
    ]


def closed(text: str, places: Sequence[int]) -> list[str | None]:
    """The text up to each place with its prose closed there: it ends where a model of the format decides.

    The closing tag is the section's own where it has one, with the blanks around it. A place right after a closing tag
    is one already. None for a place that lies elsewhere outside of the prose.
    """
    prose = _prose(text)
    return [_closed_at(text, place, prose) for place in places]


def _closed_at(text: str, place: int, prose: Sequence[Section]) -> str | None:
    for section in prose:
        if section.start <= place <= section.end:
            own = re.compile(rf"</{section.name}>\s*").match(text, section.end)
            closing = own.group() if own else f"</{section.name}>"
            end = section.end if own and not text[place : section.end].strip() else place
            return text[:end] + closing
    before = text[:place]
    return before if place <= len(text) and _CLOSED.search(before) else None


def _prose(text: str) -> list[Section]:
    return [section for section in split_sections(text).sections if section.name in PROSE]


def _stretches(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentences between two places, without the blanks around them."""
    breaks = [match.end() for match in _BREAK.finditer(text, start, end)]
    bounds = zip([start, *breaks], [*breaks, end], strict=True)
    found = [
        (first + len(piece) - len(piece.lstrip()), first + len(piece.rstrip()))
        for first, last in bounds
        if (piece := text[first:last]).strip()
    ]
    return found
