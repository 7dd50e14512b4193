"""The tags of the model's format in a text of any kind: which part is think, reflection, type, location and answer.

It finds the parts and says which tags were missing, doubled or misplaced; what stands in them it does not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from m3ad.records import Problem
from m3ad.trace_problems import problem, quoted

PROSE = ("think", "reflection")
FIELDS = ("type", "location", "answer")

_NAMES = {
    "think": "think", "thinking": "think", "thought": "think", "thoughts": "think", "reasoning": "think",
    "reflection": "reflection", "reflections": "reflection", "reflect": "reflection",
    "type": "type", "types": "type", "defect_type": "type", "anomaly_type": "type",
    "location": "location", "locations": "location", "loc": "location",
    "answer": "answer", "answers": "answer", "final_answer": "answer",
}  # fmt: skip
_TAG = re.compile(
    r"[<\uff1c]\s{0,3}([/\uff0f\\]?)\s{0,3}("
    + "|".join(sorted(_NAMES, key=len, reverse=True))
    + r")\s{0,3}(/?)\s{0,3}[>\uff1e]",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"<\|[a-z_0-9]{1,30}\|>|</?s>", re.IGNORECASE)
_FENCE = re.compile(r"```[a-z]{0,10}", re.IGNORECASE)
_PARTIAL = re.compile(
    r"(?:[<\uff1c]\s{0,3}[/\uff0f]?\s{0,3}[a-z_]{0,14}\s{0,3}/?|<\|[a-z_0-9]{0,30}\|?)\Z", re.IGNORECASE
)
_APART = "    "  # wider than the blanks allowed inside a tag: taking one tag out cannot join the rest to another


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of the format: characters `start` to `end` of the text."""

    start: int
    end: int
    name: str
    closing: bool
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The content of one tag pair: characters `start` to `end` of the text; `text` without tags and outer blanks."""

    name: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Sections:
    """A text taken apart: its sections, the (place, text) pieces outside of them, and (place, problem) pairs."""

    sections: tuple[Section, ...]
    outside: tuple[tuple[int, str], ...]
    problems: tuple[tuple[int, Problem], ...]

    def named(self, name: str) -> list[Section]:
        """All sections of one name, in order."""
        return [section for section in self.sections if section.name == name]


def without_tags(text: str) -> str:
    """The text with every tag of the format replaced by blanks."""
    return _TAG.sub(_APART, text)


def has_tags(text: str) -> bool:
    """True when the text holds a tag of the format and could not be written between two of them."""
    return bool(_TAG.search(text))


def without_partial_tag(text: str) -> str:
    """A text that is still being written, without the tag (or special token) that has only begun at its end."""
    return _PARTIAL.sub("", text)


def split_sections(text: str) -> Sections:
    """Take a text apart; total over any text and linear in its length.

    Reasoning ends at its own closing tag, so that tags it talks about do not end it; a field ends at the next tag.
    """
    splitter = _Splitter(text)
    splitter.run()
    return Sections(tuple(splitter.sections), tuple(splitter.outside), tuple(splitter.problems))


class _Splitter:
    def __init__(self, text: str) -> None:
        self.problems: list[tuple[int, Problem]] = []
        self.text = self._without_special_tokens(text)
        self.sections: list[Section] = []
        self.outside: list[tuple[int, str]] = []
        self.tags = [self._tag(match) for match in _TAG.finditer(self.text)]
        self.cursor = 0

    def _without_special_tokens(self, text: str) -> str:
        """Control tokens blanked out, so that all places keep their number."""
        for match in _SPECIAL.finditer(text):
            self.problems.append((match.start(), problem("special-token", match.group())))
        return _SPECIAL.sub(lambda match: " " * len(match.group()), text)

    def _tag(self, match: re.Match[str]) -> Tag:
        written = match[2].lower()
        if written != _NAMES[written]:
            self.problems.append((match.start(), problem("tag-name", match.group())))
        return Tag(match.start(), match.end(), _NAMES[written], bool(match[1] or match[3]), match.group())

    def run(self) -> None:
        place = 0
        while place < len(self.tags):
            tag = self.tags[place]
            place = self._unopened(tag, place) if tag.closing else self._opened(tag, place)
        self._leave_outside(len(self.text))

    def _leave_outside(self, end: int) -> None:
        piece = _FENCE.sub(" ", self.text[self.cursor : end])
        if piece.strip():
            self.outside.append((self.cursor, piece.strip()))

    def _opened(self, tag: Tag, place: int) -> int:
        """A section from its opening tag; returns the number of the tag to go on with."""
        self._leave_outside(tag.start)
        last = self._end_of(place)
        end = self.tags[last].start if last < len(self.tags) else len(self.text)
        for inner in self.tags[place + 1 : last]:
            self.problems.append((inner.start, problem("stray-tag", inner.text)))
        self._add(tag.name, tag.end, self.text[tag.end : end])
        closed = last < len(self.tags) and self.tags[last].closing and self.tags[last].name == tag.name
        if not closed:
            self.problems.append((tag.start, problem("missing-close-tag", tag.name)))
        self.cursor = self.tags[last].end if closed else end
        return last + 1 if closed else last

    def _end_of(self, place: int) -> int:
        """The number of the tag that ends the section opened by tag `place`; the count of tags when it never ends."""
        name = self.tags[place].name
        if name in FIELDS:
            return place + 1
        field: int | None = None  # where the first field opens: the end, if the reasoning is never closed
        for number in range(place + 1, len(self.tags)):
            tag = self.tags[number]
            if tag.closing and tag.name == name:
                return number
            if tag.closing or (tag.name == name and field is None):
                continue  # closes something else, or opens the same once more
            if tag.name in PROSE:
                return number if field is None else field
            field = number if field is None else field
        return len(self.tags) if field is None else field

    def _unopened(self, tag: Tag, place: int) -> int:
        """A closing tag whose opening tag is not there: what stands before it is its content, if anything does."""
        before = self.text[self.cursor : tag.start]
        if before.strip() and not any(section.name == tag.name and section.text for section in self.sections):
            self._add(tag.name, self.cursor, before)
            self.problems.append((tag.start, problem("missing-open-tag", tag.name)))
        else:
            self._leave_outside(tag.start)
            self.problems.append((tag.start, problem("stray-tag", tag.text)))
        self.cursor = tag.end
        return place + 1

    def _add(self, name: str, start: int, content: str) -> None:
        self.sections.append(Section(name, start, start + len(content), without_tags(content).strip()))


def outside_problem(pieces: Sequence[str]) -> Problem:
    """The problem of text that belongs to no tag."""
    return problem("text-outside-tags", quoted(" ".join(pieces)))
