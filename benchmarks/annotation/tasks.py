"""The tasks that both programs are given: pictures, and for each case boxes as a model predicted them.

The same count gives the same tasks. Few pictures serve many cases, as the links in a list of tasks may.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from db.cases import MeasuredCase, insert
from db.importing import MEASURED_AT_ONCE
from db.inspections import add_inspection
from db.pictures import measure
from db.store import Store
from m3ad.formats.base import batches
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import Defect, Mode, NewCase, Probability, Scenario, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.trace import read, render

WIDTH, HEIGHT = 1600, 1200  # pixels
PICTURES = 50
BOXES = 3
MODEL = "demo"  # the name that the app shows inspections of without being told
BATCH = 500


@dataclass(frozen=True, slots=True)
class Task:
    """One case. `score` is the prediction's, 0..1."""

    number: int
    picture: Path
    predicted: Verdict
    score: float


def type_names() -> list[str]:
    """All defect types."""
    return [node.name for node in default_taxonomy().types]


def make_tasks(folder: Path, count: int) -> list[Task]:
    """`count` tasks over PICTURES pictures of 1600 x 1200 pixels, which are written into `folder`."""
    pictures, types = _pictures(folder), type_names()
    return [_task(number, pictures[number % PICTURES], types) for number in range(1, count + 1)]


def _pictures(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.jpg" for number in range(PICTURES)]
    for number, path in enumerate(paths):
        grain = Image.effect_noise((WIDTH, HEIGHT), 12).convert("RGB")
        grain.paste((60 + number, 90, 120), (number * 20, 300, number * 20 + 200, 500))
        grain.save(path, quality=80)
    return paths


def _task(number: int, picture: Path, types: Sequence[str]) -> Task:
    chance = random.Random(number)
    defects = []
    for _ in range(BOXES):
        x, y = chance.uniform(0, 0.7), chance.uniform(0, 0.7)
        box = Box(x, y, x + chance.uniform(0.05, 0.3), y + chance.uniform(0.05, 0.3))
        defects.append(Defect(chance.choice(types), box))
    return Task(number, picture, Verdict(True, tuple(defects)), (number * 37 % 100) / 100)


def take_in(store: Store, tasks: Sequence[Task]) -> None:
    """Tasks as cases with an inspection each, into a store; every picture file is opened once, as imports open them."""
    paths = list({task.picture for task in tasks})
    with ThreadPoolExecutor(MEASURED_AT_ONCE) as pool:
        files = pool.map(lambda path: measure(path, store.places, copy=False), paths)
        measured = dict(zip(paths, files, strict=True))
    for some in batches(tasks, BATCH):
        with store.changing() as session:
            for task in some:
                new = NewCase("line", f"{task.number:07}", Scenario.WORKPIECE, "part", (task.picture,))
                case_id, _ = insert(session, MeasuredCase(new, (measured[task.picture],)), "benchmark")
                add_inspection(session, case_id, MODEL, Mode.AUTO, 0, _answer(task), actor="benchmark")


def _answer(task: Task) -> Answer:
    text = render(task.predicted, "Three places differ from the rest.")
    return Answer(text, read(text), Probability(final=task.score), 1.0, 80, False)
