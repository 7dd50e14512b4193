"""Tokens while transformers' own `generate` writes them, in a thread of its own that ends when nobody reads on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import torch
from transformers import StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer


class _Handing(BaseStreamer):
    """Hands over each token; the first thing that `generate` puts is the prompt."""

    def __init__(self, queue: SimpleQueue[int | BaseException | None]) -> None:
        self._queue = queue
        self._prompt = True

    def put(self, value: torch.Tensor) -> None:
        """One token, or the prompt."""
        if not self._prompt:
            self._queue.put(int(value))
        self._prompt = False

    def end(self) -> None:
        """The thread itself tells that it is done."""


def tokens_as_written(generate: Callable[..., Any]) -> Iterator[int]:
    """The tokens of one row; `generate` is called with `streamer` and `stopping_criteria`, and its errors are raised.

    When the iterator is closed or left, `generate` ends with the token it is at, before this returns.
    """
    queue: SimpleQueue[int | BaseException | None] = SimpleQueue()
    left = threading.Event()

    def stop(ids: torch.Tensor, scores: Any, **options: Any) -> torch.Tensor:
        return torch.full((ids.shape[0],), left.is_set(), dtype=torch.bool, device=ids.device)

    def work() -> None:
        try:
            generate(streamer=_Handing(queue), stopping_criteria=StoppingCriteriaList([stop]))
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    thread = threading.Thread(target=work, name="generate", daemon=True)
    thread.start()
    try:
        while (token := queue.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token
    finally:
        left.set()
        thread.join()
