"""A model on this machine (transformers, peft, bitsandbytes): streams its answer and probes its decisions.

Loading is in local_load, one answer's tokens in local_decode, many answers in local_batch; how the format's tags steer
an answer is in local_steer, and many questions about one picture in local_lens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from PIL.Image import Image

from m3ad.monitor.base import MAX_NEW_TOKENS, Answer, never
from m3ad.monitor.local_batch import Batch, decide_all, inspect_all
from m3ad.monitor.local_common import end_tokens, held, taken, vision_tokens
from m3ad.monitor.local_decode import Decoding
from m3ad.monitor.local_lens import LocalLens
from m3ad.monitor.local_load import Loaded, check_cache, load
from m3ad.monitor.local_spelling import Spelling
from m3ad.monitor.local_steer import Steering, until_end
from m3ad.monitor.local_write import write
from m3ad.monitor.names import Quantization, Source
from m3ad.monitor.prompt import system_of
from m3ad.prompts import conversation, prompt_version
from m3ad.records import Mode
from m3ad.sentences import closed

REFLECT_THRESHOLD = 0.5
# Pictures that are decided on together. [U]
TOGETHER = 16


class LocalMonitor:
    """A `Monitor` in this process. `open` loads one; its other methods hold its lock while they run.

    Attributes:
        threshold: P(`<reflection>`) from which auto mode reflects; None leaves it to the likelier word.
    """

    def __init__(
        self,
        loaded: Loaded,
        name: str,
        *,
        system: str | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        temperature: float = 0.0,
    ) -> None:
        check_cache(loaded.model, name)
        self.name = name
        self.device = loaded.where
        self.prompt = prompt_version(system)
        self.weights = loaded.weights
        self._model = loaded.model
        self._processor = loaded.processor
        self._spelling = Spelling(loaded.processor.tokenizer)
        self._max_new_tokens = max_new_tokens
        self._temperature = temperature
        self.threshold: float | None = loaded.card.reflect_threshold if loaded.card else REFLECT_THRESHOLD
        self._prompt = self._prompt_of(system)
        self._banned = vision_tokens(loaded.model.config)
        self._ends = end_tokens(loaded)
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        source: Source,
        *,
        name: str,
        device: str = "auto",
        quantization: Quantization | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        temperature: float = 0.0,
    ) -> LocalMonitor:
        """Loads the model that `names.resolve` found; its own monitor.json decides on name and system prompt."""
        loaded = load(source, device, quantization)
        system = system_of(source, loaded.card)
        called = (loaded.card.name if loaded.card else "") or name
        return cls(loaded, called, system=system, max_new_tokens=max_new_tokens, temperature=temperature)

    def stream(
        self, image: Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """See `Monitor.stream`."""
        with self._held():
            yield from self._answer(image, mode, seed, cancelled)

    @contextmanager
    def lens(self, image: Image, *, system: str | None = None) -> Iterator[LocalLens]:
        """See `Monitor.lens`. The picture's keys and values stay in memory until the end of the `with`."""
        prompt = None if system is None else self._prompt_of(system)
        with self._held():
            decoding = self._begun(image, prompt)
        yield LocalLens(decoding, self._held, ends=self._ends, limit=self._max_new_tokens, threshold=self.threshold)

    def decide(self, images: Sequence[Image], text: str) -> list[float | None]:
        """See `Monitor.decide`."""
        (start,) = closed(text, [len(text)])
        if start is None:
            return [None] * len(images)
        found: list[float | None] = []
        for first in range(0, len(images), TOGETHER):
            some = images[first : first + TOGETHER]
            with self._held():
                found += decide_all(self._batch(some), len(some), start)
        return found

    def inspect_batch(self, images: Sequence[Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        """What `stream` gives for several pictures, greedily and together, so that each takes a small part of the time.

        Texts and probabilities are those of `stream` to within the rounding of a batch, which may tip a choice that is
        even; `seconds` are those of the whole batch. Raises BadImage, MemoryExhausted.
        """
        if not images:
            return []
        with self._held():
            return inspect_all(self._batch(images), len(images), mode, self.threshold)

    def answer_batch(self, images: Sequence[Image], *, sample: bool = False, seed: int = 0) -> list[str]:
        """The texts for several pictures, written together as the model decodes by itself: no mode, no threshold.

        Args:
            sample: draw at temperature 1 in place of greedy; each picture draws on its own.
        """
        if not images:
            return []
        with self._lock, torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(seed)
            answers = self._batch(images).write({row: [] for row in range(len(images))}, sample=sample)
        return [until_end(self._spelling.text_of(ids)) for ids in answers.values()]

    def _answer(self, image: Image, mode: Mode, seed: int, cancelled: Callable[[], bool]) -> Iterator[str | Answer]:
        """The pieces and the Answer of `stream`; the caller holds the lock."""
        started = time.monotonic()
        decoding = self._begun(image, seed=seed)
        steering = Steering(decoding, mode, self.threshold if self._temperature <= 0 else None)
        limit = self._max_new_tokens
        yield from write(decoding, steering, ends=self._ends, limit=limit, started=started, cancelled=cancelled)

    def _held(self) -> AbstractContextManager[None]:
        """The model to oneself."""
        return held(self._lock, self.device)

    def _begun(self, image: Image, prompt: str | None = None, seed: int = 0) -> Decoding:
        """The picture, read with a prompt; nothing is answered yet."""
        return Decoding(
            self._model,
            self._spelling,
            self._inputs(image, prompt),
            banned=self._banned,
            temperature=self._temperature,
            seed=seed,
        )

    def _prompt_of(self, system: str | None) -> str:
        """The conversation as the model reads it; no system prompt for "" or None."""
        template = self._processor.apply_chat_template
        return str(template(conversation(system or None), tokenize=False, add_generation_prompt=True))

    def _batch(self, images: Sequence[Image]) -> Batch:
        rows = [self._inputs(image) for image in images]
        limit = self._max_new_tokens
        return Batch(self._model, self._spelling, rows, banned=self._banned, ends=self._ends, limit=limit)

    def _inputs(self, image: Image, prompt: str | None = None) -> Any:
        """The processor's tensors for a picture and a prompt (None: the model's own), on the model's device."""
        inputs = self._processor(images=[taken(image)], text=[prompt or self._prompt], return_tensors="pt")
        return inputs.to(self._model.device)
