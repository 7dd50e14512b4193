"""A model behind an OpenAI-compatible server (vLLM, SGLang, transformers serve, commercial ones).

One chat request per answer: the picture travels as a data URL, the text comes back as it is written. P(anomalous) is
read from the log-probabilities where the server sends them. Needs the `served` extra.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from PIL.Image import Image

from m3ad.errors import ModelUnavailable
from m3ad.monitor.base import MAX_NEW_TOKENS, Answer, never
from m3ad.monitor.folders import existing, read_card
from m3ad.monitor.names import Source
from m3ad.monitor.served_answer import Received, answered
from m3ad.monitor.served_client import only_model, open_client, openai, unavailable, with_picture
from m3ad.monitor.served_lens import ServedLens
from m3ad.prompts import SYSTEM, conversation, prompt_version
from m3ad.records import Mode

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
        messages = with_picture(self._messages, image)
        for item in self.receive(messages, seed=seed, temperature=self._temperature, cancelled=cancelled):
            yield answered(item) if isinstance(item, Received) else item

    @contextmanager
    def lens(self, image: Image, *, system: str | None = None) -> Iterator[ServedLens]:
        """See `Monitor.lens`; the server itself may keep what it has read of a picture."""
        messages = self._messages if system is None else conversation(system or None)
        yield ServedLens(self.receive, with_picture(messages, image), self._address)

    def decide(self, images: Sequence[Image], text: str) -> list[float | None]:
        """See `Monitor.decide`; one request for each picture."""
        found: list[float | None] = []
        for image in images:
            with self.lens(image) as lens:
                found += lens.probe(text, [len(text)])
        return found

    def receive(
        self,
        messages: list[dict[str, Any]],
        *,
        seed: int,
        temperature: float,
        cancelled: Callable[[], bool],
        limit: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Iterator[str | Received]:
        """Pieces of the server's text, then all that was received. One request at a time.

        Args:
            limit: tokens at most; None: the model's own limit.
            extra: fields of the request that are not OpenAI's.
        """
        started = time.monotonic()
        received = Received(stopped=cancelled())
        request = {
            "model": self._model,
            "messages": messages,
            "max_tokens": limit or self._max_new_tokens,
            "temperature": temperature,
            "seed": seed,
            "stream": True,
            "extra_body": extra,
        }
        with self._lock:
            if not received.stopped:
                yield from self._chunks(request, received, cancelled)
        received.seconds = time.monotonic() - started
        yield received

    def _chunks(self, request: dict[str, Any], received: Received, cancelled: Callable[[], bool]) -> Iterator[str]:
        started = time.monotonic()
        try:
            with self._request(request) as chunks:
                for chunk in chunks:
                    if piece := received.add(chunk):
                        yield piece
                    if cancelled():
                        received.stopped = True
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

    def _request(self, request: dict[str, Any]) -> Any:
        """The open stream of chunks; asks without log-probabilities if the server refuses a request for them."""
        if self._gives_logprobs:
            try:
                return self._client.chat.completions.create(**request, logprobs=True, top_logprobs=ALTERNATIVES)
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                # What was refused is not said in a common form; if the plain request is refused too, that one tells.
                plain = self._client.chat.completions.create(**request)
                self._gives_logprobs = False
                return plain
        return self._client.chat.completions.create(**request)


def _system(source: Source) -> str | None:
    """The system prompt: a model served from a folder of this machine (transformers serve) may have a monitor.json."""
    folder = existing(source.model)
    if folder and (card := read_card(folder)):
        return card.system
    return None if source.bare else SYSTEM
