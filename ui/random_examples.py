"""A handful of random examples as the start model will see them, before a run learns from them. Knows no Gradio.

Only the pictures that are shown are opened, however large the snapshot is.
"""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from db.store import Store
from m3ad.errors import BadImage, M3ADError
from m3ad.images import encode
from training.config import RawsSettings
from training.examples import Example
from training.held import held_examples
from training.loop import start_source
from training.snapshots import snapshot_examples

if TYPE_CHECKING:
    from training.seen import Eyes

SHOWN = 6


class RandomExamples:
    """Draws examples of one workspace; keeps the last model's processor."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._eyes: tuple[tuple[str, RawsSettings], Eyes] | None = None

    def draw(
        self, snapshot_id: int, start_model: str, settings: RawsSettings, before: Collection[str] = ()
    ) -> dict[str, Any]:
        """The value of `example_parts.example_sheet`: some examples; others than those of the cases `before`.

        What cannot be shown is said in its place: the sheet lies over everything that could say it otherwise.
        """
        try:
            eyes = self._eyes_of(start_source(self._store, start_model), settings)
            every = snapshot_examples(self._store, snapshot_id, start_model, settings)
            drawn = held_examples(self._store, some(every, before))
        except M3ADError as error:
            return {"says": str(error)}
        rows = [row(each, eyes) for each in drawn]
        return {
            "says": f"{len(rows)} of {len(every)} examples"
            if rows
            else "There is no example: all cases are kept back.",
            "prompt": eyes.prompt,
            "rows": rows,
        }

    def _eyes_of(self, source: str, settings: RawsSettings) -> Eyes:
        from training.seen import Eyes

        with self._lock:
            if self._eyes is None or self._eyes[0] != (source, settings):
                self._eyes = (source, settings), Eyes(source, settings)
            return self._eyes[1]


def some(every: list[Example], before: Collection[str]) -> list[Example]:
    """At most SHOWN of the examples, by chance; of the cases `before` only where there are too few others."""
    others = [each for each in every if each.case not in before]
    return random.sample(others if len(others) >= SHOWN else every, min(SHOWN, len(every)))


def row(example: Example, eyes: Eyes) -> dict[str, Any]:
    """One example as the sheet shows it."""
    words = " · ".join(example_words(example))
    value = {"case": example.case, "title": example.category, "words": words, "text": example.completion}
    try:
        seen = eyes.look(example)
    except BadImage as error:
        return {**value, "problem": f"Left out: {error}"}
    data = base64.b64encode(encode(seen.image, "PNG")).decode()
    size = f"{seen.image.width} × {seen.image.height} px · {seen.image_tokens} image tokens, {seen.tokens} in all"
    return {
        **value,
        "picture": f"data:image/png;base64,{data}",
        "size": size,
        "problem": f"Left out: {seen.problem}" if seen.problem else "",
    }


def example_words(example: Example) -> Iterator[str]:
    """Mode, difficulty and case of an example."""
    yield example.mode.value
    yield example.difficulty or "not answered"
    yield f"case {example.case}"
