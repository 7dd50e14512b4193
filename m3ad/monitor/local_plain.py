"""A model on this machine with a dialect of its own: it writes by itself, and its text is read in that dialect.

Nothing steers or measures it: the places where RA-Monitor decides are not in its answers. Any class that transformers
loads as a model of pictures and text will do.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from PIL.Image import Image

from m3ad.dialects import Dialect
from m3ad.dialects.base import Size, no_lens, no_mode
from m3ad.errors import ModelUnavailable
from m3ad.monitor.base import MAX_NEW_TOKENS, Answer, Lens, never
from m3ad.monitor.local_common import end_tokens, held, taken, vision_tokens
from m3ad.monitor.local_load import Loaded, load
from m3ad.monitor.local_stream import tokens_as_written
from m3ad.monitor.names import Quantization, Source
from m3ad.records import Mode, Probability, Problem

# The folder's own sampling settings would mix with ours.
GREEDY = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None, "repetition_penalty": 1.0}
OPENED = "<think>"


class PlainMonitor:
    """A `Monitor` (and `BatchMonitor`) in this process. `open` loads one; its methods hold its lock while they run.

    Attributes:
        dialect: how it is asked and read.
    """

    def __init__(
        self,
        loaded: Loaded,
        name: str,
        dialect: Dialect,
        *,
        max_new_tokens: int | None = None,
        temperature: float = 0.0,
    ) -> None:
        self.name = name
        self.device = loaded.where
        self.dialect = dialect
        self.prompt = dialect.prompt
        self.weights = loaded.weights
        self._model = loaded.model
        self._processor = loaded.processor
        self._tokenizer = loaded.processor.tokenizer
        self._limit = max_new_tokens or dialect.max_new_tokens or MAX_NEW_TOKENS
        self._drawn = {"do_sample": True, "temperature": temperature, "top_p": 1.0, "top_k": 0}
        self._greedy = temperature <= 0
        self._prompt = str(
            loaded.processor.apply_chat_template(dialect.messages, tokenize=False, add_generation_prompt=True)
        )
        self._banned = vision_tokens(loaded.model.config)
        self._ends = end_tokens(loaded)
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        source: Source,
        dialect: Dialect,
        *,
        name: str,
        device: str = "auto",
        quantization: Quantization | None = None,
        max_new_tokens: int | None = None,
        temperature: float = 0.0,
    ) -> PlainMonitor:
        """Loads the model that `names.resolve` found. Raises ModelUnavailable."""
        loaded = load(source, device, quantization)
        return cls(loaded, name, dialect, max_new_tokens=max_new_tokens, temperature=temperature)

    def stream(
        self, image: Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """See `Monitor.stream`; thinking and reflective raise ModelUnavailable."""
        self._refuse(mode)
        with self._held():
            started = time.monotonic()
            inputs = self._inputs([image])
            ids: list[int] = []
            shown, stopped = "", cancelled()
            if not stopped:
                for token in tokens_as_written(lambda **watching: self._generate(inputs, seed, **watching)):
                    ids.append(token)
                    ready = self._said(ids).rstrip("\ufffd")
                    if len(ready) > len(shown):
                        yield ready[len(shown) :]
                        shown = ready
                    if stopped := cancelled():
                        break
            answer = self._answer(ids, self._seen(inputs, 0), time.monotonic() - started, cancelled=stopped)
            if rest := answer.text[len(shown) :]:
                yield rest
            yield answer

    def lens(self, image: Image, *, system: str | None = None) -> AbstractContextManager[Lens]:
        """See `Monitor.lens`; always raises ModelUnavailable."""
        raise ModelUnavailable(no_lens(self.name, self.dialect))

    def decide(self, images: Sequence[Image], text: str) -> list[float | None]:
        """See `Monitor.decide`: never known."""
        return [None] * len(images)

    def inspect_batch(self, images: Sequence[Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        """What `stream` gives for several pictures, greedily and together; `seconds` are those of the whole batch.

        Raises BadImage, MemoryExhausted, and ModelUnavailable as `stream`.
        """
        self._refuse(mode)
        if not images:
            return []
        with self._held():
            started = time.monotonic()
            inputs = self._inputs(images)
            rows = self._generate(inputs, None).tolist()
            seconds = time.monotonic() - started
            return [
                self._answer(self._up_to_end(ids), self._seen(inputs, row), seconds) for row, ids in enumerate(rows)
            ]

    def _refuse(self, mode: Mode) -> None:
        if mode is not Mode.AUTO:
            raise ModelUnavailable(no_mode(self.name, self.dialect, mode))

    def _held(self) -> AbstractContextManager[None]:
        """The model to oneself."""
        return held(self._lock, self.device)

    def _inputs(self, images: Sequence[Image]) -> Any:
        """The processor's tensors for the pictures, a row each, on the model's device."""
        pictures = [taken(image) for image in images]
        # A list of lists: some processors would take a flat one for the pictures of one conversation.
        inputs = self._processor(
            images=[[picture] for picture in pictures],
            text=[self._prompt] * len(pictures),
            padding=True,
            return_tensors="pt",
        )
        inputs.pop("token_type_ids", None)
        return inputs.to(self._model.device, dtype=self._model.dtype)

    def _generate(self, inputs: Any, seed: int | None, **watching: Any) -> torch.Tensor:
        """The new tokens, (rows, tokens); `seed` None: greedily whatever the temperature."""
        drawn = not self._greedy and seed is not None
        stops = {"stop_strings": [self.dialect.end], "tokenizer": self._tokenizer} if self.dialect.end else {}
        with torch.random.fork_rng() if drawn else nullcontext():
            if drawn:
                torch.manual_seed(seed or 0)
            written = self._model.generate(
                **inputs,
                max_new_tokens=self._limit,
                **(self._drawn if drawn else GREEDY),
                suppress_tokens=self._banned or None,
                eos_token_id=sorted(self._ends),
                **stops,
                **watching,
            )
        return written[:, inputs["input_ids"].shape[1] :]

    def _up_to_end(self, ids: list[int]) -> list[int]:
        """Without what fills a row of a batch after its end: up to the token that ends the turn, or the end's words."""
        turn = next((count for count, token in enumerate(ids, 1) if token in self._ends), len(ids))
        ids = ids[:turn]
        end = self.dialect.end
        if not end:
            return ids
        last = bisect_left(range(len(ids)), True, key=lambda place: end in self._said(ids[: place + 1]))
        return ids[: last + 1]

    def _said(self, ids: list[int]) -> str:
        """What tokens say, with the family's own signs and without what ends a turn; up to the dialect's end."""
        words = [token for token in ids if token not in self._ends]
        text = str(self._tokenizer.decode(words, skip_special_tokens=False, clean_up_tokenization_spaces=False))
        head, end, _ = text.partition(self.dialect.end) if self.dialect.end else (text, "", "")
        # The template has opened it in the model's place.
        return (OPENED if self._prompt.rstrip().endswith(OPENED) else "") + head + end

    def _answer(self, ids: list[int], seen: Size | None, seconds: float, *, cancelled: bool = False) -> Answer:
        text = self._said(ids)
        read = self.dialect.read(text, seen)
        ended = bool(ids) and (ids[-1] in self._ends or (self.dialect.end != "" and self.dialect.end in text))
        if not ended and not cancelled:
            note = Problem("cut-off", f"The answer was cut off after {len(ids)} tokens.")
            read = replace(read, problems=(*read.problems, note))
        reading = self.dialect.reading(seen)
        return Answer(text, read, Probability(), seconds, len(ids), cancelled, reading=reading)

    def _seen(self, inputs: Any, row: int) -> Size | None:
        """The size in pixels to which the processor brought a picture, where it tells."""
        grid = inputs.get("image_grid_thw")
        if grid is None:
            return None
        _, high, wide = grid[row].tolist()
        patch = self._processor.image_processor.patch_size
        return wide * patch, high * patch
