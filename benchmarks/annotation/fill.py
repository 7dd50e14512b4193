"""A store of any number of invented cases, written straight into its tables: one picture file is shared by all.

Every tenth case has no inspection; three of ten came with a verdict, and some were annotated by people. The same number
gives the same store.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from db.authors import SOURCE_AUTHOR
from db.inspections import said
from db.schema import AnnotationTable, CaseTable, InspectionTable, NamedTypeTable, PictureTable, StandingTable
from db.standings import rebuild
from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import Defect, Mode, Probability, Scenario, Verdict
from m3ad.trace import read, render

SIDE = 64
BATCH = 5000
MODEL = "demo"  # the name that the app shows inspections of without being told
TYPES = ("scratch", "dent", "crack", "stain", "hole", "burr", "bent", "missing", "rust", "chip")
PROSE = (
    "The surface is even and the edges are where they should be. Nothing stands out.",
    "A long thin mark crosses the lower half. It looks like a scratch and not like a reflection of the lamp.",
    "One corner is darker than the others; this may be a stain or the shadow of the holder.",
    "The rim is broken off at one place, and a small crack runs from there towards the middle.",
)
PATTERN = 100_000  # cases that are made one by one
# Columns whose numbers are other ones in a copy. Inspections and annotations have the numbers of their cases here.
SHIFTED: dict[Any, tuple[str, ...]] = {
    CaseTable: ("id",),
    PictureTable: ("id", "case_id"),
    InspectionTable: ("id", "case_id"),
    AnnotationTable: ("id", "case_id"),
    StandingTable: ("case_id", "annotation_id", "inspection_id"),
    NamedTypeTable: ("case_id",),
}
START = datetime(2026, 1, 1, tzinfo=UTC)


def fill(store: Store, count: int) -> None:
    """Write cases 1 to `count` into an empty store, with what lists need; above PATTERN, whole copies of those."""
    picture = store.workspace / "images" / "bench.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (SIDE, SIDE), (120, 124, 130)).save(picture)
    texts = list(_texts())
    pattern = min(count, PATTERN)
    for first in range(1, pattern + 1, BATCH):
        numbers = range(first, min(first + BATCH, pattern + 1))
        with store.changing() as session:
            for table, rows in _rows(numbers, random.Random(first), texts).items():
                session.connection().execute(table.__table__.insert(), rows)
    with store.changing() as session:
        rebuild(session)
    copies = count // pattern
    if copies > 1:
        with store.changing() as session:
            _multiply(session.connection().exec_driver_sql, pattern, copies)


def _multiply(run: Callable[[str], Any], pattern: int, copies: int) -> None:
    """Copy the rows of the first `pattern` cases with other numbers, as the store would have written them."""
    for table, shifted in SHIFTED.items():
        columns = [column.name for column in table.__table__.columns]
        for copy in range(1, copies):
            values = [f"{name} + {pattern * copy}" if name in shifted else name for name in columns]
            if table is CaseTable:
                values[columns.index("key")] = f"category || printf('/%07d.png', id + {pattern * copy})"
            run(
                f"INSERT INTO {table.__tablename__} ({', '.join(columns)}) SELECT {', '.join(values)} "
                f"FROM {table.__tablename__} WHERE {'id' if table is CaseTable else 'case_id'} <= {pattern}"
            )
    run(f"UPDATE tallies SET count = count * {copies}")
    run(f"INSERT INTO reasoning (rowid, text) SELECT case_id, text FROM inspections WHERE case_id > {pattern}")


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
        **said(answer.trace),
    }


def _annotation(number: int, chance: random.Random) -> dict[str, Any]:
    verdict = _verdict(chance, chance.random() < 0.4)
    by_person = chance.random() < 0.2
    return {
        "id": number,
        "case_id": number,
        "revision": 1,
        "anomalous": verdict.anomalous,
        "verdict": verdict.to_json(),
        "author": f"person {number % 4}" if by_person else SOURCE_AUTHOR,
        "note": "",
        "inspection_id": None,
        "created": START + timedelta(days=2 if by_person else 0),
    }
