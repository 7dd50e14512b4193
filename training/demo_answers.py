"""What a model says of drawn parts: one after the other as the page inspects them, or in batches as it decodes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from m3ad.images import open_image
from m3ad.monitor.base import Answer, Monitor
from m3ad.monitor.names import resolve
from m3ad.records import Mode
from training.modes import LabelledCase

if TYPE_CHECKING:
    from m3ad.monitor.local import LocalMonitor

BATCH, MAX_TOKENS = 32, 260


def inspect(monitor: Monitor, case: LabelledCase, mode: Mode = Mode.AUTO) -> Answer:
    """What a model says of a part."""
    (answer,) = (item for item in monitor.stream(open_image(case.image), mode=mode) if isinstance(item, Answer))
    return answer


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
        for start in range(0, len(cases), BATCH):
            images = [open_image(case.image) for case in cases[start : start + BATCH]]
            yield monitor.answer_batch(images, max_new_tokens=MAX_TOKENS, sample=sample, seed=start)


def open_model(model: Path, threshold: float | None = None) -> LocalMonitor:
    """`threshold`: P(<reflection>) from which it reflects; None: its own."""
    from m3ad.monitor.local import LocalMonitor

    monitor = LocalMonitor.open(resolve(str(model)), name="demo", device="auto", quantization=None)
    if threshold is not None:
        monitor.threshold = threshold
    return monitor
