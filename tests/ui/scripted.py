"""A monitor that says what a test wrote down, word by word: a real implementation of the Protocol, without a model."""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from db.example_rows import NewExample, StoredExample
from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor.base import Answer, never
from m3ad.records import Defect, Inspection, Mode, NewCase, Probability, Scenario, Verdict
from m3ad.settings import Settings
from m3ad.trace import read
from training.captions import write_caption
from ui.context import Context, Opener

FIXED = (
    "<think>The image shows a sensor board with connectors. There are no visible defects; the board appears intact."
    "</think><reflection>The first look missed a defect: two pins in the upper centre curve away from the vertical. "
    'That is a bent component, so the decision is revised from "no defect" to "abnormal with bent components".'
    "</reflection>"
    "<type>bent</type><location>(0.520,0.198) (0.632,0.370)</location><answer>yes</answer>"
)
NORMAL = "<think>The part is complete and its surface is even. There is no visible defect.</think><answer>no</answer>"
UNREADABLE = "<think>The part looks odd. It might be</think> perhaps something is wrong, or not"
BENT = Verdict(True, (Defect("bent", Box(0.51, 0.19, 0.63, 0.38)),))
KNOWN = Probability(0.21, 0.93)


class Gate:
    """Lets words pass: as many as it was told, or all. Shut at first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._permits = 0.0

    def allow(self, words: float = math.inf) -> None:
        """Let so many more words pass."""
        with self._changed:
            self._permits += words
            self._changed.notify_all()

    def shut(self) -> None:
        """Let nothing pass until it is allowed again."""
        with self._changed:
            self._permits = 0.0

    def wait(self) -> None:
        """Pass, or wait until it is allowed."""
        with self._changed:
            self._changed.wait_for(lambda: self._permits >= 1)
            self._permits -= 1


class ScriptedMonitor:
    """Speaks `text`. With a `gate`, it waits there before each word."""

    name = "scripted"
    device = "CPU, scripted"
    prompt = "scripted"
    weights = "scripted"

    def __init__(self, text: str = FIXED, *, probability: Probability = KNOWN, gate: Gate | None = None) -> None:
        self.text = text
        self.probability = probability
        self.gate = gate
        self.asked: list[Mode] = []

    def stream(
        self, image: Image.Image, *, mode: Mode = Mode.AUTO, seed: int = 0, cancelled: Callable[[], bool] = never
    ) -> Iterator[str | Answer]:
        """Words of the text, then the Answer; stops between two words when cancelled."""
        self.asked.append(mode)
        said = ""
        for word in re.findall(r"\S+\s*", self.text):
            if self.gate is not None:
                self.gate.wait()
            if cancelled():
                yield self._answer(said, cancelled=True)
                return
            said += word
            yield word
        yield self._answer(said)

    def inspect_batch(self, images: Sequence[Image.Image], *, mode: Mode = Mode.AUTO) -> list[Answer]:
        """The text for each; with a gate, a batch is one word."""
        self.asked.append(mode)
        if self.gate is not None:
            self.gate.wait()
        return [self._answer(self.text) for _ in images]

    def _answer(self, said: str, *, cancelled: bool = False) -> Answer:
        probability = Probability() if cancelled else self.probability
        return Answer(said, read(said), probability, 1.9, len(said.split()), cancelled)


def make_context(store: Store, opener: Opener | None = None, **settings: object) -> Context:
    """The app's context for the person "ann", with a scripted monitor unless another opener is given."""
    told = Settings(workspace=store.workspace, user="ann", demo=False, **settings)  # type: ignore[arg-type]
    return Context.make(told, store, opener or (lambda source: ScriptedMonitor()))


def add_case(
    store: Store,
    key: str,
    verdict: Verdict | None = None,
    *,
    category: str = "sensor board",
    size: tuple[int, int] = (64, 48),
) -> int:
    """A case with a small picture of its own; its id."""
    path = store.workspace / "source" / f"{key}.png"
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (sum(key.encode()) % 200, 90, 60)).save(path)
    new = NewCase("made", key, Scenario.ELECTRONIC, category, (path,), verdict=verdict)
    return store.add_case(new)[0]


def add_inspection(
    store: Store, case_id: int, text: str = FIXED, *, model: str = "demo", probability: Probability = KNOWN
) -> Inspection:
    """A stored inspection that wrote `text`."""
    answer = Answer(text, read(text), probability, 1.9, len(text.split()), False)
    return store.add_inspection(case_id, model, Mode.AUTO, 0, answer)


def add_example(store: Store, case_id: int, initial: Verdict | None = None, *, model: str = "demo") -> StoredExample:
    """A stored example of the case's latest annotation, in the template's words; reflective with an initial verdict."""
    annotation, case = store.latest_annotation(case_id), store.case(case_id)
    assert annotation is not None
    mode = Mode.THINKING if initial is None else Mode.REFLECTIVE
    caption = write_caption(annotation.verdict, initial, case.category, random.Random(case_id))
    new = NewExample(annotation.id, model, mode, "hard" if initial else "easy", initial)
    return store.examples.add(new, caption.think, caption.reflection, author="template")


def png(folder: Path, size: tuple[int, int] = (40, 30)) -> bytes:
    """The bytes of a small PNG."""
    path = folder / "made.png"
    Image.new("RGB", size, "teal").save(path)
    return path.read_bytes()
