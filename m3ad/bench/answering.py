"""Many pictures and one model: which are shown to it together, and what came of each, whatever happens to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL.Image import Image

from m3ad.errors import BadImage, MemoryExhausted
from m3ad.images import open_image
from m3ad.monitor.base import MAX_PIXELS, Answer, BatchMonitor
from m3ad.records import Mode

# Pictures in a batch. On a CPU more gain nothing; a card whose memory is too small for them gets half, and half again.
BATCH = 32
Outcome = Answer | str  # a str says why there is no answer


def plan(sizes: Mapping[int, tuple[int, int]], batch: int = BATCH) -> list[list[int]]:
    """The ids of `sizes` (width, height in pixels) in batches: like sizes together, so that little is padded.

    The largest come first: where memory is short, it shows at once. It depends on `sizes` and `batch` alone, so that an
    evaluation that was cut off asks for the same batches again, and gets the same answers.
    """
    ordered = sorted(sizes, key=lambda one: (-min(sizes[one][0] * sizes[one][1], MAX_PIXELS), sizes[one], one))
    return [ordered[start : start + batch] for start in range(0, len(ordered), batch)]


def answer_together(monitor: BatchMonitor, pictures: Mapping[int, Path], mode: Mode) -> dict[int, Outcome]:
    """What the model says of each picture, by id. A picture that cannot be opened or taken does not touch the others.

    Raises:
        ModelUnavailable: the model cannot answer at all; MemoryExhausted when a single picture is too much.
    """
    opened: dict[int, Image] = {}
    outcomes: dict[int, Outcome] = {}
    for name, path in pictures.items():
        try:
            opened[name] = open_image(path)
        except BadImage as error:
            outcomes[name] = str(error)
    answers = _together(monitor, list(opened.values()), mode)
    return outcomes | dict(zip(opened, answers, strict=True))


def _together(monitor: BatchMonitor, images: Sequence[Image], mode: Mode) -> list[Outcome]:
    """As one batch, or in halves where that fails."""
    try:
        answers = monitor.inspect_batch(images, mode=mode)
    except (BadImage, MemoryExhausted) as error:
        if len(images) == 1:
            if isinstance(error, BadImage):
                return [str(error)]
            raise
    else:
        return [replace(answer, seconds=answer.seconds / len(images)) for answer in answers]
    half = len(images) // 2
    return _together(monitor, images[:half], mode) + _together(monitor, images[half:], mode)
