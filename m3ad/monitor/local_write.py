"""An answer as it is written: its pieces of text while they come, and the Answer at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from m3ad.monitor.base import Answer
from m3ad.monitor.local_decode import Decoding
from m3ad.monitor.local_steer import END, Steering, finished, until_end


def write(
    decoding: Decoding,
    steering: Steering,
    *,
    ends: set[int],
    limit: int,
    started: float,
    cancelled: Callable[[], bool],
    given: str = "",
    begins: str = "",
) -> Iterator[str | Answer]:
    """What follows the tokens that the answer has already, in pieces, then the Answer: `given` and what follows.

    Args:
        ends: tokens that end the model's turn.
        limit: tokens that the answer may have in all.
        started: `time.monotonic()` from which its seconds count.
        given: what stands there already, as whoever wrote it spells it. Blanks at its end are
            not among the tokens, and what the model writes of them is not repeated.
        begins: the end of the given text, with which the first new token begins.
    """
    before, there = decoding.text + begins, len(decoding.ids)
    blank = given[-1:].isspace()

    def follows(text: str) -> str:
        return text[len(before) :].lstrip() if blank else text[len(before) :]

    shown = ""
    ended, stopped = END in before, False
    while not ended and len(decoding.ids) < limit:
        if stopped := cancelled():
            break
        token = decoding.propose()
        closes = token in ends
        if not steering.handle(token, closes):
            decoding.accept(token)
            ended = closes
        text = decoding.text
        ended = ended or END in text
        ready = follows(until_end(text) if ended else text.rstrip("\ufffd"))
        if len(ready) > len(shown):
            yield ready[len(shown) :]
            shown = ready
    rest = follows(until_end(decoding.text))
    if len(rest) > len(shown):
        yield rest[len(shown) :]
    seconds = time.monotonic() - started
    tokens = len(decoding.ids) - there
    yield finished(given + rest, tokens, ended, seconds, steering.first, steering.second, cancelled=stopped)
