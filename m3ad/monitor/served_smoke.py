"""The smoke test of an adapter that a server has loaded: does it answer otherwise than its base, and does it see
pictures in the size of training? A server that passes over an adapter, or over a part of a request, says neither.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from m3ad.errors import ModelUnavailable
from m3ad.monitor.served import ServedMonitor
from m3ad.monitor.served_answer import Received
from m3ad.monitor.served_probe import Token
from m3ad.monitor.sight import Sight

TOKENS = 48  # of an answer: enough for its first sentence
# Natural logarithms of probabilities that differ by less than this are equal. [U]
EQUAL = 0.001
APART = 100.0  # stands for a difference that cannot be measured: no token is among the likeliest of both
# A server that is asked the same twice may not answer with the same numbers (what it kept of the first time, a smaller
# number format); an adapter has to differ by more than this times as much. [U]
ABOVE_NOISE = 3.0
MARKS = 2  # tokens around a picture's own, in Qwen's form
SIZES = ((1024, 768), (320, 256), (64, 44))  # pixels: shrunk by most settings, left as it is, enlarged


@dataclass(frozen=True, slots=True)
class Smoke:
    """What was seen.

    Attributes:
        base, adapter: how both began their answers to the same question about the same picture.
        difference: the largest one of a token's log-probability; None where the server sends none.
        noise: the same between two answers of one model.
        picture_tokens: whether the server counts as many tokens for pictures as training did; None: it does not say.
    """

    base: str
    adapter: str
    difference: float | None
    noise: float | None
    picture_tokens: bool | None

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


def smoke(base: ServedMonitor, adapter: ServedMonitor, sight: Sight, picture: Image) -> Smoke:
    """Ask both about a picture, without chance, twice.

    Raises:
        ModelUnavailable: they cannot be told apart, pictures are shown in another size, or the server cannot be asked.
    """
    counted = _same_sight(adapter, sight, picture)
    asked = [(base.first_tokens(picture, TOKENS), adapter.first_tokens(picture, TOKENS)) for _ in range(2)]
    differences = [distance(*pair) for pair in asked]
    noises = [distance(*pair) for pair in zip(*asked, strict=True)]
    seen = Smoke(asked[0][0].text, asked[0][1].text, _least(differences), _most(noises), counted)
    if seen.difference is None or seen.noise is None:
        differ = all(one.text != other.text for one, other in asked)
    else:
        differ = seen.difference > max(EQUAL, ABOVE_NOISE * seen.noise)
    if not differ:
        raise ModelUnavailable(
            f"{adapter.name} answers as {base.name} does{_words(seen)}: the server has not applied the adapter, or the "
            "adapter teaches nothing. Look at the server's log for modules that it ignores, and update the server."
        )
    return seen


def distance(one: Received, other: Received) -> float | None:
    """The largest difference of a token's log-probability, up to where the texts part; None without probabilities.

    APART where the likeliest tokens of both have none in common.
    """
    found: list[float] = []
    for first, second in zip(one.tokens, other.tokens, strict=False):
        here, there = _chances(first), _chances(second)
        shared = here.keys() & there.keys()
        found.append(max((abs(math.log(here[piece] / there[piece])) for piece in shared), default=APART))
        if first.text != second.text:
            break
    return max(found, default=None)


def _chances(token: Token) -> dict[str, float]:
    """The alternatives by their texts, without those that share one (half characters, tokens that are not shown)."""
    texts = Counter(piece for piece, _ in token.alternatives)
    return {piece: chance for piece, chance in token.alternatives if texts[piece] == 1 and chance > 0}


def _same_sight(adapter: ServedMonitor, sight: Sight, picture: Image) -> bool | None:
    """True: as in training; None: the server counts no tokens. ModelUnavailable when it is not as in training."""
    shown = [picture.convert("RGB").resize(size) for size in SIZES]
    alone, *counts = [adapter.prompt_tokens(one) for one in (None, *shown)]
    if alone is None or None in counts:
        return None
    seen = [int(count or 0) - alone - MARKS for count in counts]
    due = [sight.tokens(*size) for size in SIZES]
    if seen != due:
        raise ModelUnavailable(
            f"The server shows {adapter.name} pictures in another size than its training did: {_numbers(seen)} tokens "
            f"for {len(SIZES)} test pictures, in training {_numbers(due)}. Start it with {sight.option()}."
        )
    return True


def _numbers(found: list[int]) -> str:
    return ", ".join(map(str, found))


def _least(found: list[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return min(known) if len(known) == len(found) else None


def _most(found: list[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return max(known) if len(known) == len(found) else None


def _words(seen: Smoke) -> str:
    if seen.difference is None:
        return ", word for word"
    return f" (their log-probabilities differ by {seen.difference:.2g}, those of one model by {seen.noise:.2g})"
