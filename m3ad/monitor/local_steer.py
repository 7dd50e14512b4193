"""How the format's tags steer an answer: the two places of decision, what is measured there, and where it is sent.

The same for an answer that is written token by token (`Steering`) and for many at once (local_batch).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from m3ad import trace
from m3ad.monitor.base import Answer
from m3ad.monitor.local_decode import Decoding
from m3ad.monitor.local_spelling import Spelling
from m3ad.records import Mode, Probability, Problem

END = "</answer>"
THOUGHT, REFLECTED = "</think>", "</reflection>"
BRANCHES = ("<type>", "<answer>", "<reflection>")
# Below this share of the probability on the format's own continuations the model writes in another form: nothing is
# forced on it and nothing is said about its probabilities. [U]
OWN_FORM = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an answer's tokens where the model chooses how to go on, just after a closing tag.

    Attributes:
        keep: so many tokens of the answer lie before the closing tag.
        tail: the closing tag, with what the same tokens hold before it and the white space after it.
        rest: what the model would write next, as far as its next token says.
    """

    keep: int
    tail: str
    rest: str

    def continuations(self, spelling: Spelling) -> list[list[int]]:
        """The tokens after the kept ones, for each of BRANCHES."""
        return [spelling.tokens_of(self.tail + branch) for branch in BRANCHES]


@dataclass(frozen=True, slots=True)
class Shares:
    """How likely the model is to go on with each of BRANCHES; together 1 for a model of this format."""

    share: dict[str, float]

    @classmethod
    def of(cls, scores: Sequence[float]) -> Shares:
        """`scores`: log-probability of each of BRANCHES."""
        return cls({branch: math.exp(score) for branch, score in zip(BRANCHES, scores, strict=True)})

    @property
    def anomalous(self) -> float | None:
        """P(`<type>`) against `<answer>`, `<reflection>` left out (SPEC); None for a model of another form."""
        if sum(self.share.values()) < OWN_FORM:
            return None
        decided = self.share["<type>"] + self.share["<answer>"]
        return self.share["<type>"] / decided if decided > 0 else None

    @property
    def reflection(self) -> float | None:
        """P(`<reflection>`) among the three; None for a model of another form."""
        total = sum(self.share.values())
        return self.share["<reflection>"] / total if total >= OWN_FORM else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model would choose at a place."""

    place: Place
    shares: Shares

    def detour(self, mode: Mode, threshold: float | None, flip: Callable[[float], bool]) -> str | None:
        """The branch that the mode wants, where the model would not take it by itself; None: as it goes.

        Args:
            threshold: P(`<reflection>`) from which auto mode reflects; None leaves it to the model.
            flip: draws between `<type>` (True, with the given chance) and `<answer>`.
        """
        reflect = self._reflect(mode, threshold)
        rest = self.place.rest
        wants_reflection = bool(rest) and ("<reflection>".startswith(rest) or rest.startswith("<reflection>"))
        if reflect is None or (not reflect and not wants_reflection):
            return None
        if reflect:
            return "<reflection>"
        share = self.shares.share
        decided = share["<type>"] + share["<answer>"]
        return "<type>" if flip(share["<type>"] / decided if decided > 0 else 0.0) else "<answer>"

    def _reflect(self, mode: Mode, threshold: float | None) -> bool | None:
        """Whether to reflect; None: as the model goes by itself."""
        if mode is not Mode.AUTO:
            return mode is Mode.REFLECTIVE
        doubt = self.shares.reflection
        return None if threshold is None or doubt is None else doubt >= threshold


class Steering:
    """Watches an answer for the two places of decision, measures them, and sends the answer where the mode wants it.

    Attributes:
        first: the decision after the thinking, once it is known.
        second: the decision after the reflection, once it is known.
    """

    def __init__(self, decoding: Decoding, mode: Mode, threshold: float | None) -> None:
        """`threshold`: see `Decision.detour`."""
        self.first: Decision | None = None
        self.second: Decision | None = None
        self._decoding = decoding
        self._mode = mode
        self._threshold = threshold

    def look_back(self, ends: set[int]) -> None:
        """Measures the places that the answer has passed before it was watched; there is nothing to steer any more."""
        for tag in (THOUGHT, REFLECTED):
            place = find_first_place(self._decoding.spelling, self._decoding.ids, ends, tag)
            if place is None:
                return
            decision = self._measured(place)
            self.first, self.second = self.first or decision, decision if self.first else None

    def handle(self, token: int, ends: bool) -> bool:
        """Looks at the proposed token before it is accepted; True when the answer was continued otherwise."""
        if self.second is not None:
            return False
        decoding = self._decoding
        tag = REFLECTED if self.first else THOUGHT
        place = find_place(decoding.spelling, decoding.ids, token, ends, tag)
        if place is None:
            return False
        decision = self._measured(place)
        if self.first is not None:
            self.second = decision
            return False
        self.first = decision
        branch = decision.detour(self._mode, self._threshold, decoding.flip)
        if branch is None:
            return False
        decoding.accept(*decoding.spelling.tokens_of(place.tail + branch), keep=place.keep)
        return True

    def _measured(self, place: Place) -> Decision:
        scores = self._decoding.score(place.keep, place.continuations(self._decoding.spelling))
        return Decision(place, Shares.of(scores))


def branches_after(spelling: Spelling, start: str) -> list[list[int]]:
    """The tokens of a text whose prose is closed at its end, gone on with each of BRANCHES."""
    return [spelling.tokens_of_any(start + branch)[0] for branch in BRANCHES]


def find_place(spelling: Spelling, ids: Sequence[int], token: int, ends: bool, tag: str) -> Place | None:
    """The place after `tag`, if it is closed just before the `token` that follows `ids`.

    `ends`: the token ends the model's turn.
    """
    text = spelling.text_of([*ids, token])
    closed = re.search(re.escape(tag) + r"\s*", text)
    if closed is None or (closed.end() == len(text) and not ends):
        return None
    keep = _tokens_before(spelling, ids, closed.start())
    return Place(keep, text[len(spelling.text_of(ids[:keep])) : closed.end()], text[closed.end() :])


def find_first_place(spelling: Spelling, ids: Sequence[int], ends: set[int], tag: str) -> Place | None:
    """The place that `find_place` would have found first while `ids` were written."""
    for count in range(tokens_until(spelling, ids, tag) - 1, len(ids)):
        if place := find_place(spelling, ids[:count], ids[count], ids[count] in ends, tag):
            return place
    return None


def tokens_until(spelling: Spelling, ids: Sequence[int], tag: str) -> int:
    """How many tokens it takes until `tag` is written; one more than there are if it never is."""
    return 1 + bisect_left(range(len(ids)), True, key=lambda last: tag in spelling.text_of(ids[: last + 1]))


def finished(
    text: str,
    tokens: int,
    ended: bool,
    seconds: float,
    first: Decision | None,
    second: Decision | None,
    *,
    cancelled: bool = False,
) -> Answer:
    """The Answer that a text is, written in so many tokens; `first`, `second`: the decisions at its two places."""
    read = trace.read(text)
    if not ended and not cancelled:
        note = Problem("cut-off", f"The answer was cut off after {tokens} tokens.")
        read = replace(read, problems=(*read.problems, note))
    initial = first.shares.anomalous if first else None
    # Without a reflection the initial decision is the final one.
    final = initial if not read.reflected else second.shares.anomalous if second else None
    doubt = first.shares.reflection if first else None
    return Answer(text, read, Probability(initial, final), seconds, tokens, cancelled, doubt)


def until_end(text: str) -> str:
    """The text up to and with the tag that ends an answer."""
    head, tag, _ = text.partition(END)
    return head + tag


def _tokens_before(spelling: Spelling, ids: Sequence[int], position: int) -> int:
    """How many tokens lie wholly before a position of their text, at the end of a character."""
    for count in range(len(ids), 0, -1):
        text = spelling.text_of(ids[:count])
        if len(text) <= position and not text.endswith("\ufffd"):
            return count
    return 0
