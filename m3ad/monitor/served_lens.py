"""One picture before a served model, as far as its server lets it be asked.

Texts are gone on with by continuing the last message (`continue_final_message`, as vLLM and SGLang have it), and probed
by continuing them closed. What a server keeps of the picture between two questions is its own affair.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from m3ad.errors import Conflict, ModelUnavailable
from m3ad.monitor.base import Answer, Choice, TokenChances, never
from m3ad.monitor.served_answer import Received, answered
from m3ad.monitor.served_probe import Token, probability
from m3ad.records import Mode
from m3ad.sentences import closed

CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
# A tag takes one token of the bundled model and three of Qwen's; the last one may hold more.
TAG_TOKENS = 4


class ServedLens:
    """A `Lens` of a `ServedMonitor`, which makes it; see there for each question."""

    def __init__(
        self, receive: Callable[..., Iterator[str | Received]], messages: list[dict[str, Any]], address: str
    ) -> None:
        """`receive`: see `ServedMonitor`; `messages`: the question with its picture."""
        self._receive = receive
        self._messages = messages
        self._address = address
        self._written: dict[str, list[Token]] = {}

    def go_on(
        self,
        text: str,
        *,
        mode: Mode = Mode.AUTO,
        seed: int = 0,
        temperature: float = 0.0,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str | Answer]:
        """See `Lens.go_on`; modes other than auto raise ModelUnavailable, write the tag into the text instead."""
        if mode is not Mode.AUTO:
            raise ModelUnavailable(
                f"The mode {mode.value} cannot be forced through a server. Write <reflection> or <answer> at the end "
                "of the text and let it go on from there."
            )
        blank = text[-1:].isspace()
        for item in self._continued(text, seed=seed, temperature=temperature, cancelled=cancelled):
            if isinstance(item, Received):
                item.text = item.text.lstrip() if blank else item.text
                answer = answered(item, text)
                if not text:
                    self._written[answer.text] = item.tokens
                yield answer
            elif piece := (item.lstrip() if blank else item):
                blank = False
                yield piece

    def probe(self, text: str, places: Sequence[int]) -> list[float | None]:
        """See `Lens.probe`; one short request for each place."""
        return [None if start is None else self._decided(start) for start in closed(text, places)]

    def tokens(self, text: str, alternatives: int = 5) -> list[TokenChances]:
        """See `Lens.tokens`; only for what the model itself has written under this lens."""
        if text not in self._written:
            raise ModelUnavailable(
                "A server tells the chances of tokens only while it writes them: they can be had for the whole answers "
                "that it gave here, not for other texts. Load the model on this machine for those."
            )
        found, start = [], 0
        for token in self._written[text]:
            ranked = sorted((Choice(*other) for other in token.alternatives), key=lambda one: -one.probability)
            chance = next((one.probability for one in ranked if one.text == token.text), 0.0)
            found.append(TokenChances(start, token.text, chance, tuple(ranked[:alternatives])))
            start += len(token.text)
        return found

    def sample(
        self, count: int, *, seed: int = 0, temperature: float = 1.0, cancelled: Callable[[], bool] = never
    ) -> Iterator[Answer]:
        """See `Lens.sample`; one request after the other, each with a seed of its own, which a server may ignore."""
        if temperature <= 0:
            raise Conflict("At temperature 0 all samples would be the same. Choose one above 0; RCRL's is 1.")
        seeds = random.Random(seed)
        for _ in range(count):
            own = seeds.getrandbits(31)
            *_, received = self._receive(self._messages, seed=own, temperature=temperature, cancelled=cancelled)
            assert isinstance(received, Received)
            if received.stopped:
                return
            answer = answered(received)
            self._written[answer.text] = received.tokens
            yield answer

    def _decided(self, start: str) -> float | None:
        """P(anomalous) after a text whose prose is closed."""
        *_, received = self._continued(start, seed=0, temperature=0.0, cancelled=never, limit=TAG_TOKENS)
        assert isinstance(received, Received)
        if not received.tokens:
            raise ModelUnavailable(
                f"{self._address} sends no log-probabilities, so P(anomalous) is not known. Start the server so that "
                "it sends them, or load the model on this machine."
            )
        told = probability([Token.given(start.rstrip()), *received.tokens])
        return told.final if start.rstrip().endswith("</reflection>") else told.initial

    def _continued(self, text: str, **options: Any) -> Iterator[str | Received]:
        """What the server writes after `text`; refuses a server that begins anew in place of going on."""
        if not text:
            yield from self._receive(self._messages, **options)
            return
        messages = [*self._messages, {"role": "assistant", "content": text.rstrip()}]
        begun = ""
        for item in self._receive(messages, extra=CONTINUE, **options):
            begun += item if isinstance(item, str) else ""
            if "<think>" in text and begun.lstrip().startswith("<think>"):
                raise ModelUnavailable(
                    f"{self._address} does not go on from a given text but answers anew. vLLM and SGLang can; or load "
                    "the model on this machine."
                )
            yield item
