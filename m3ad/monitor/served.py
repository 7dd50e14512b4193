"""A model behind an OpenAI-compatible server (vLLM, SGLang, transformers serve, commercial ones).

One chat request per answer: the picture travels as a data URL, the text comes back as it is written. P(anomalous) is
read from the log-probabilities where the server sends them; of a model with a dialect of its own it is not known. Needs
the `served` extra.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL.Image import Image

from m3ad.dialects.base import no_lens, no_mode, resized
from m3ad.errors import ModelUnavailable
from m3ad.monitor.base import MAX_NEW_TOKENS, Answer, fit, never
from m3ad.monitor.folders import existing, read_card
from m3ad.monitor.names import Source, dialect_of
from m3ad.monitor.served_answer import Received, answered, answered_in
from m3ad.monitor.served_client import only_model, open_client, openai, unavailable, with_picture, without_picture
from m3ad.monitor.served_lens import ServedLens
from m3ad.monitor.served_request import plainer, worded
from m3ad.monitor.sight import Sight
from m3ad.prompts import SYSTEM, conversation, prompt_version
from m3ad.records import Mode

SILENCE_SECONDS = 120.0  # between two tokens; the first one may wait for a model to be loaded
TOTAL_SECONDS = 900.0
ALTERNATIVES = 20  # the most that vLLM and OpenAI send


class ServedMonitor:
    """A `Monitor` behind a server. Its mode is always its own: servers give no way to steer an answer half-way."""

    def __init__(
        self, source: Source, *, max_new_tokens: int | None = None, temperature: float = 0.0, retries: int = 1
    ) -> None:
        """Prepares to ask; the server is only reached here when it has to be asked which model it has.

        `retries`: how often a request that fails is made again before its error is told.
        """
        self._client = open_client(source.location, silence=SILENCE_SECONDS, retries=retries)
        self.device = f"served by {urlsplit(source.location).netloc.rpartition('@')[2]}"
        self._address = source.location
        self._model = source.model or only_model(self._client, source.location)
        self.name = self._model
        folder = existing(source.folder or self._model)
        self.dialect = dialect_of(replace(source, model=self._model), folder)
        system = None if self.dialect else _system(source, folder)
        self._sight = Sight.of(folder) if folder and source.folder else None
        self.prompt = self.dialect.prompt if self.dialect else prompt_version(system)
        self._messages = self.dialect.messages if self.dialect else conversation(system)
        self._max_new_tokens = max_new_tokens or (self.dialect and self.dialect.max_new_tokens) or MAX_NEW_TOKENS
        self._temperature = temperature
        # What the server does not take of a request; only RA-Monitor's decisions are measured.
        self._refused = frozenset({"logprobs"}) if self.dialect else frozenset[str]()
        self._lock = threading.Lock()

    def stream(
        self, image: Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """See `Monitor.stream`; thinking and reflective raise ModelUnavailable."""
        dialect = self.dialect
        if mode is not Mode.AUTO:
            raise ModelUnavailable(
                no_mode(self.name, dialect, mode)
                if dialect
                else f"A served model decides by itself whether to reflect: the mode {mode.value} cannot be forced "
                "through a server. Use the mode auto, or load the model on this machine."
            )
        seen = resized(fit(image).size, dialect.step) if dialect and dialect.step else None
        messages = self._about(image)
        for item in self.receive(messages, seed=seed, temperature=self._temperature, cancelled=cancelled):
            if isinstance(item, Received):
                yield answered_in(dialect, item, seen) if dialect else answered(item)
            else:
                yield item

    @contextmanager
    def lens(self, image: Image, *, system: str | None = None) -> Iterator[ServedLens]:
        """See `Monitor.lens`; the server itself may keep what it has read of a picture.

        Raises ModelUnavailable for a model with a dialect of its own.
        """
        if self.dialect:
            raise ModelUnavailable(no_lens(self.name, self.dialect))
        messages = None if system is None else conversation(system or None)
        yield ServedLens(self.receive, self._about(image, messages), self._address)

    def decide(self, images: Sequence[Image], text: str) -> list[float | None]:
        """See `Monitor.decide`; one request for each picture, none for a model with a dialect of its own."""
        if self.dialect:
            return [None] * len(images)
        found: list[float | None] = []
        for image in images:
            with self.lens(image) as lens:
                found += lens.probe(text, [len(text)])
        return found

    def _about(self, image: Image, messages: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """The conversation about a picture, in the size of training where that is known."""
        return with_picture(messages or self._messages, self._sight.shown(image) if self._sight else image)

    def first_tokens(self, image: Image, limit: int) -> Received:
        """How the model begins its likeliest answer: as many tokens, with what else could stand in their places."""
        messages = self._about(image)
        *_, received = self.receive(messages, seed=0, temperature=0.0, cancelled=never, limit=limit)
        assert isinstance(received, Received), "it comes last"
        return received

    def prompt_tokens(self, image: Image | None) -> int | None:
        """How many tokens the server counts for the question, with a picture or without; None: it does not say."""
        try:
            said = self._client.chat.completions.create(
                model=self._model,
                messages=self._about(image) if image else without_picture(self._messages),  # type: ignore[arg-type]
                max_tokens=1,
            )
        except openai.OpenAIError as error:
            raise unavailable(self._address, error) from error
        return said.usage.prompt_tokens if said.usage else None

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
            "logprobs": True,
            "top_logprobs": ALTERNATIVES,
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
            if isinstance(error, openai.NotFoundError) and self._sight:
                raise ModelUnavailable(
                    f"{self._address} has no {self.name} (any more): it was restarted, or the model was unloaded. "
                    "Serve it again, in Judge or with `model serve`."
                ) from error
            raise unavailable(self._address, error) from error
        except (OSError, ValueError) as error:
            raise ModelUnavailable(f"The answer from {self._address} broke off ({error}). Try again.") from error
        if piece := received.close():
            yield piece

    def _request(self, request: dict[str, Any]) -> Any:
        """The open stream of chunks; asked more plainly as long as the server refuses and says of what.

        What helped is kept for the next request. Raises what the server said to the last one.
        """
        refused = self._refused
        while True:
            try:
                chunks = self._client.chat.completions.create(**worded(request, refused))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                more = plainer(error.response.text, refused)
                if more is None:
                    raise
                refused = more
            else:
                self._refused = refused
                return chunks


def _system(source: Source, folder: Path | None) -> str | None:
    """The system prompt: a model whose files are on this machine may have a monitor.json."""
    if folder and (card := read_card(folder)):
        return card.system
    return None if source.bare else SYSTEM
