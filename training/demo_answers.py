"""What a model says of drawn parts: as the page inspects them, or as it decodes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL.Image import Image

from m3ad.images import open_image
from m3ad.monitor.base import Answer
from m3ad.monitor.names import resolve
from m3ad.records import Mode
from training.modes import LabelledCase

if TYPE_CHECKING:
    from m3ad.monitor.local import LocalMonitor

BATCH, MAX_TOKENS = 32, 260


def inspect_parts(monitor: LocalMonitor, cases: Sequence[LabelledCase], mode: Mode = Mode.AUTO) -> list[Answer]:
    """What a model says of parts as the page inspects them: greedily, and reflecting where mode or threshold ask it."""
    return [answer for images in _batches(cases) for answer in monitor.inspect_batch(images, mode=mode)]


def answers(model: Path, cases: Sequence[LabelledCase], kept: Path | None = None, *, sample: bool = False) -> list[str]:
    """What a model answers by itself, greedily or drawn at temperature 1.

    `kept` keeps the answers so far, so that a cut-off stage goes on.
    """
    texts = [json.loads(line) for line in kept.read_text().splitlines()] if kept and kept.exists() else []
    for batch in _answer(model, cases[len(texts) :], sample):
        texts += batch
        if kept:
            with kept.open("a") as file:
                file.write("".join(json.dumps(text) + "\n" for text in batch))
    return texts[: len(cases)]


def _answer(model: Path, cases: Sequence[LabelledCase], sample: bool) -> Iterator[list[str]]:
    if cases:
        monitor = open_model(model)
        for number, images in enumerate(_batches(cases)):
            yield monitor.answer_batch(images, sample=sample, seed=number * BATCH)


def _batches(cases: Sequence[LabelledCase]) -> Iterator[list[Image]]:
    for start in range(0, len(cases), BATCH):
        yield [open_image(case.image) for case in cases[start : start + BATCH]]


def open_model(model: Path, threshold: float | None = None) -> LocalMonitor:
    """`threshold`: P(<reflection>) from which it reflects; None: its own."""
    from m3ad.monitor.local import LocalMonitor

    monitor = LocalMonitor.open(resolve(str(model)), name="demo", max_new_tokens=MAX_TOKENS)
    if threshold is not None:
        monitor.threshold = threshold
    return monitor
