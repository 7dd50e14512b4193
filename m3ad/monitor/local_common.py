"""What all models of this process share: the device to oneself, pictures they take, tokens that end or break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from PIL.Image import Image

from m3ad.errors import BadImage, MemoryExhausted
from m3ad.monitor.base import fit
from m3ad.monitor.local_load import Loaded

MAX_ASPECT = 200  # Qwen's image processor takes nothing longer


@contextmanager
def held(lock: threading.Lock, device: str) -> Iterator[None]:
    """The model to oneself; if it has no memory left, in words."""
    with lock:
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise MemoryExhausted(
                f"{device} ran out of memory while answering. Close other programs that use it, "
                "load the model in 4bit, or use a smaller one."
            ) from error


def taken(image: Image) -> Image:
    """The picture as models are given it; BadImage for one that none of them takes."""
    image = fit(image)
    if max(image.size) > MAX_ASPECT * min(image.size):
        raise BadImage(f"The picture is more than {MAX_ASPECT} times as long as wide. Crop it for the model.")
    return image


def vision_tokens(config: Any) -> list[int]:
    """Tokens that stand for pictures and videos: written by a model they would break the next reading of its text."""
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    return sorted({token for name in names if isinstance(token := getattr(config, name, None), int)})


def end_tokens(loaded: Loaded) -> set[int]:
    """Tokens that end the model's turn."""
    ends = loaded.model.generation_config.eos_token_id
    found = {ends} if isinstance(ends, int) else set(ends or ())
    own = loaded.processor.tokenizer.eos_token_id
    return found | ({own} if own is not None else set())
