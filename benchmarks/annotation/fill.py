"""A store of any number of invented cases, written straight into its tables: one picture file is shared by all.

Every tenth case has no inspection; three of ten came with a verdict, and some were annotated by people. The same number
gives the same store.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from db.authors import SOURCE_AUTHOR
from db.schema import AnnotationTable, CaseTable, InspectionTable, PictureTable
from db.standings import refresh
from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import Defect, Mode, Probability, Scenario, Verdict
from m3ad.trace import read, render

SIDE = 64
BATCH = 5000
MODEL = "bench-model"
TYPES = ("scratch", "dent", "crack", "stain", "hole", "burr", "bent", "missing", "rust", "chip")
PROSE = (
    "The surface is even and the edges are where they should be. Nothing stands out.",
    "A long thin mark crosses the lower half. It looks like a scratch and not like a reflection of the lamp.",
    "One corner is darker than the others; this may be a stain or the shadow of the holder.",
    "The rim is broken off at one place, and a small crack runs from there towards the middle.",
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def fill(store: Store, count: int) -> None:
    """Write cases 1 to `count` into an empty store, with what their lists need."""
    picture = store.workspace / "images" / "bench.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (SIDE, SIDE), (120, 124, 130)).save(picture)
    texts = list(_texts())
    for first in range(1, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        chance = random.Random(first)
        with store.changing() as session:
            for table, rows in _rows(numbers, chance, texts).items():
                session.connection().execute(table.__table__.insert(), rows)  # type: ignore[attr-defined]
            refresh(session, numbers)


def _texts() -> Iterator[tuple[Answer, str]]:
    """Answers with their texts: (what is stored of it, the text); some have problems, some cannot be read."""
    for number in range(400):
        chance = random.Random(number)
        prose = f"{chance.choice(PROSE)} {chance.choice(PROSE)} Look {number}."
        text = render(_verdict(chance, chance.random() < 0.4), prose)
        if chance.random() < 0.03:
            text = text.replace("<answer>", "").replace("yes", "perhaps").replace("no", "perhaps")
        yield Answer(text, read(text), Probability(), 1.0, 80, False), text


def _verdict(chance: random.Random, anomalous: bool) -> Verdict:
    if not anomalous:
        return Verdict(False)
    x, y = chance.uniform(0, 0.7), chance.uniform(0, 0.7)
    return Verdict(True, (Defect(chance.choice(TYPES), Box(x, y, x + 0.2, y + 0.2)),))


def _rows(numbers: range, chance: random.Random, texts: list[tuple[Answer, str]]) -> dict[Any, list[dict[str, Any]]]:
    cases, pictures, inspections, annotations = [], [], [], []
    for number in numbers:
        category = f"part {number % 40:02}"
        cases.append(
            {
                "id": number,
                "dataset": f"line {number % 5}",
                "key": f"{category}/{number:07}.png",
                "scenario": list(Scenario)[number % 40 % 4],
                "category": category,
                "split": "",
                "created": START,
            }
        )
        pictures.append(_picture(number))
        if chance.random() < 0.9:
            inspections.append(_inspection(number, chance, *chance.choice(texts)))
        if chance.random() < 0.3:
            annotations.append(_annotation(number, chance))
    return {CaseTable: cases, PictureTable: pictures, InspectionTable: inspections, AnnotationTable: annotations}


def _picture(number: int) -> dict[str, Any]:
    digest = f"{number:064x}"
    facts = {"path": "images/bench.png", "sha256": digest, "pixels": digest, "perceptual": "", "role": "primary"}
    return {"id": number, "case_id": number, "position": 0, "width": SIDE, "height": SIDE} | facts


def _inspection(number: int, chance: random.Random, answer: Answer, text: str) -> dict[str, Any]:
    verdict = answer.trace.verdict
    final = None if verdict is None else verdict.anomalous
    reflected = chance.random() < 0.3
    sure = chance.betavariate(8, 2)
    return {
        "id": number,
        "case_id": number,
        "model": MODEL,
        "mode": Mode.AUTO,
        "seed": 0,
        "text": text,
        "verdict": verdict.to_json() if verdict else None,
        "initial_anomalous": (final if chance.random() < 0.8 else not final) if reflected else final,
        "final_anomalous": final,
        "reflected": reflected,
        "initial_probability": None,
        "final_probability": None if final is None else round(sure if final else 1 - sure, 3),
        "doubt": None,
        "seconds": 1.0,
        "tokens": 80,
        "cancelled": False,
        "created": START + timedelta(days=1),
    }


def _annotation(number: int, chance: random.Random) -> dict[str, Any]:
    verdict = _verdict(chance, chance.random() < 0.4)
    by_person = chance.random() < 0.2
    return {
        "case_id": number,
        "revision": 1,
        "anomalous": verdict.anomalous,
        "verdict": verdict.to_json(),
        "author": f"person {number % 4}" if by_person else SOURCE_AUTHOR,
        "note": "",
        "inspection_id": None,
        "created": START + timedelta(days=2 if by_person else 0),
    }
