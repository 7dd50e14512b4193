"""A model behind an OpenAI-compatible server (vLLM, SGLang, transformers serve, commercial ones).

One chat request per answer: the picture travels as a data URL, the text comes back as it is written. P(anomalous) is
read from the log-probabilities where the server sends them. Needs the `served` extra.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from PIL.Image import Image

from m3ad import trace
from m3ad.errors import ModelUnavailable
from m3ad.monitor.base import MAX_NEW_TOKENS, Answer, never
from m3ad.monitor.folders import existing, read_card
from m3ad.monitor.names import Source
from m3ad.monitor.served_client import only_model, open_client, openai, picture_part, unavailable
from m3ad.monitor.served_probe import Token, probability
from m3ad.prompts import SYSTEM, conversation, prompt_version
from m3ad.records import Mode, Problem

SILENCE_SECONDS = 120.0  # between two tokens; the first one may wait for a model to be loaded
TOTAL_SECONDS = 900.0
ALTERNATIVES = 20  # the most that vLLM and OpenAI send


class ServedMonitor:
    """A `Monitor` behind a server. Its mode is always its own: servers give no way to steer an answer half-way."""

    def __init__(
        self, source: Source, *, max_new_tokens: int = MAX_NEW_TOKENS, temperature: float = 0.0, retries: int = 1
    ) -> None:
        """Prepares to ask; the server is only reached here when it has to be asked which model it has.

        `retries`: how often a request that fails is made again before its error is told.
        """
        self._client = open_client(source.location, silence=SILENCE_SECONDS, retries=retries)
        self.device = f"served by {urlsplit(source.location).netloc.rpartition('@')[2]}"
        self._address = source.location
        self._model = source.model or only_model(self._client, source.location)
        self.name = self._model
        system = _system(source)
        self.prompt = prompt_version(system)
        self._messages = conversation(system)
        self._max_new_tokens = max_new_tokens
        self._temperature = temperature
        self._gives_logprobs = True
        self._lock = threading.Lock()

    def stream(
        self, image: Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """See `Monitor.stream`; thinking and reflective raise ModelUnavailable."""
        if mode is not Mode.AUTO:
            raise ModelUnavailable(
                f"A served model decides by itself whether to reflect: the mode {mode.value} cannot be forced through "
                "a server. Use the mode auto, or load the model on this machine."
            )
        with self._lock:
            yield from self._answer(image, seed, cancelled)

    def _answer(self, image: Image, seed: int, cancelled: Callable[[], bool]) -> Iterator[str | Answer]:
        started = time.monotonic()
        received = Received()
        stopped = cancelled()
        if not stopped:
            try:
                with self._request(image, seed) as chunks:
                    for chunk in chunks:
                        if piece := received.add(chunk):
                            yield piece
                        if stopped := cancelled():
                            break
                        if time.monotonic() - started > TOTAL_SECONDS:
                            received.finish = "length"
                            break
            except openai.OpenAIError as error:
                raise unavailable(self._address, error) from error
            except (OSError, ValueError) as error:
                raise ModelUnavailable(f"The answer from {self._address} broke off ({error}). Try again.") from error
            if piece := received.close():
                yield piece
        read = trace.read(received.text)
        problems = (*read.problems, *_problems(received, stopped))
        yield Answer(
            received.text,
            replace(read, problems=problems),
            probability(received.tokens),
            time.monotonic() - started,
            len(received.tokens) or received.chunks,
            stopped,
        )

    def _request(self, image: Image, seed: int) -> Any:
        """The open stream of chunks; asks without log-probabilities if the server refuses a request for them."""
        request: dict[str, Any] = {
            "model": self._model,
            "messages": _with_picture(self._messages, image),
            "max_tokens": self._max_new_tokens,
            "temperature": self._temperature,
            "seed": seed,
            "stream": True,
        }
        if self._gives_logprobs:
            try:
                return self._client.chat.completions.create(**request, logprobs=True, top_logprobs=ALTERNATIVES)
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                # What was refused is not said in a common form; if the plain request is refused too, that one tells.
                self._gives_logprobs = False
        return self._client.chat.completions.create(**request)


@dataclass
class Received:
    """What has come from the server so far."""

    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    chunks: int = 0
    finish: str = ""
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


def _system(source: Source) -> str | None:
    """The system prompt: a model served from a folder of this machine (transformers serve) may have a monitor.json."""
    folder = existing(source.model)
    if folder and (card := read_card(folder)):
        return card.system
    return None if source.bare else SYSTEM


def _token(entry: Any) -> Token:
    return Token.from_logprobs(entry.token, [(other.token, other.logprob) for other in entry.top_logprobs or ()])


def _problems(received: Received, stopped: bool) -> list[Problem]:
    """What the way of asking has to say about an answer."""
    found = []
    if not received.tokens and not stopped:
        found.append(Problem("no-logprobs", "The server sends no log-probabilities, so P(anomalous) is not known."))
    if received.finish == "length":
        count = len(received.tokens) or received.chunks
        found.append(Problem("cut-off", f"The answer was cut off after {count} tokens."))
    return found


def _with_picture(messages: list[dict[str, Any]], image: Image) -> list[dict[str, Any]]:
    """The conversation with its picture's place filled by the picture, as a PNG data URL."""
    picture = picture_part(image)
    return [{**message, "content": _filled(message["content"], picture)} for message in messages]


def _filled(content: list[dict[str, Any]], picture: dict[str, Any]) -> Any:
    """A message's content; text alone becomes a plain string, which every server takes from a system message."""
    if all(part["type"] == "text" for part in content):
        return "".join(part["text"] for part in content)
    return [picture if part["type"] == "image" else part for part in content]
