"""What comes from a server, put together: its chunks become a text with tokens, and these an Answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from m3ad import trace
from m3ad.dialects import Dialect
from m3ad.dialects.base import Size
from m3ad.monitor.base import Answer
from m3ad.monitor.served_probe import Token, probability
from m3ad.records import Probability, Problem


@dataclass
class Received:
    """What has come from the server so far."""

    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    chunks: int = 0
    finish: str = ""
    stopped: bool = False
    seconds: float = 0.0
    _reasoning: bool = False

    def add(self, chunk: Any) -> str:
        """The new text of one chunk. Servers that cut the reasoning out of the text get its tags put back."""
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self.finish = choice.finish_reason or self.finish
        if choice.logprobs and choice.logprobs.content:
            self.tokens += map(_token, choice.logprobs.content)
        reasoning = getattr(choice.delta, "reasoning_content", None) or getattr(choice.delta, "reasoning", None) or ""
        piece = ""
        if reasoning and not self._reasoning and not self.text:
            self._reasoning = True
            piece = "<think>"
        piece += reasoning
        if choice.delta.content:
            piece += self._end_of_reasoning() + choice.delta.content
        self.chunks += bool(piece)
        self.text += piece
        return piece

    def close(self) -> str:
        """The text that is owed at the end."""
        piece = self._end_of_reasoning()
        self.text += piece
        return piece

    def _end_of_reasoning(self) -> str:
        """The closing tag of a reasoning that was cut out, once."""
        owed, self._reasoning = self._reasoning, False
        return "</think>" if owed else ""


def answered(received: Received, given: str = "") -> Answer:
    """The Answer that a text is; `given` is what stands before what was received, written by others.

    Where `given` has passed a place of decision its probability is not known.
    """
    read = trace.read(given + received.text)
    read = replace(read, problems=(*read.problems, *_problems(received)))
    tokens = [Token.given(given), *received.tokens] if given else received.tokens
    count = len(received.tokens) or received.chunks
    return Answer(read.text, read, probability(tokens), received.seconds, count, received.stopped)


def answered_in(dialect: Dialect, received: Received, seen: Size | None) -> Answer:
    """The Answer of a model with a dialect of its own, which saw its picture in the size `seen`."""
    read = dialect.read(received.text, seen)
    read = replace(read, problems=(*read.problems, *_cut_off(received)))
    count = len(received.tokens) or received.chunks
    reading = dialect.reading(seen)
    return Answer(received.text, read, Probability(), received.seconds, count, received.stopped, reading=reading)


def _token(entry: Any) -> Token:
    return Token.from_logprobs(entry.token, [(other.token, other.logprob) for other in entry.top_logprobs or ()])


def _problems(received: Received) -> list[Problem]:
    """What the way of asking has to say about an answer."""
    found = []
    if not received.tokens and not received.stopped:
        found.append(Problem("no-logprobs", "The server sends no log-probabilities, so P(anomalous) is not known."))
    return found + _cut_off(received)


def _cut_off(received: Received) -> list[Problem]:
    if received.finish != "length":
        return []
    count = len(received.tokens) or received.chunks
    return [Problem("cut-off", f"The answer was cut off after {count} tokens.")]
