"""What the store keeps of a text is what the text says, whether it was kept or has to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from db.briefs import briefs
from db.schema import InspectionTable, table_of
from db.store import Store
from m3ad.contradictions import all_problems
from tests.ui.scripted import BENT, FIXED, NORMAL, UNREADABLE, add_case, add_inspection

TEXTS = (FIXED, NORMAL, UNREADABLE, "<think>I see no defects.</think><type>dent</type><answer>yes</answer>", "")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        for number, text in enumerate(TEXTS):
            add_inspection(opened, add_case(opened, str(number), BENT), text)
        yield opened


def test_a_brief_says_what_its_inspection_says(store: Store) -> None:
    with store.reading() as session:
        found = briefs(session, range(1, len(TEXTS) + 1))
    assert len(found) == len(TEXTS)
    for number, brief in found.items():
        inspection = store.inspection(number)
        trace = inspection.trace
        assert (brief.initial, brief.verdict, brief.reflected) == (trace.initial, trace.verdict, trace.reflected)
        assert brief.problems == all_problems(trace)
        assert brief.words == len(f"{trace.think} {trace.reflection or ''}".split())
        assert brief.probability == inspection.probability
        assert (brief.trace.initial, brief.trace.verdict, brief.trace.reflected) == (
            trace.initial,
            trace.verdict,
            trace.reflected,
        )
    assert "text-against-answer" in {problem.code for problem in found[4].problems}


def test_texts_of_before_are_read_when_they_are_wanted(store: Store) -> None:
    count = len(TEXTS)
    table = table_of(InspectionTable)
    with store.changing() as session:
        for row in session.execute(select(*table.c).order_by(table.c.id)).all():
            unread = {"id": row.id + count, "initial": None, "problems": None, "words": None}
            session.execute(insert(table).values({**row._mapping, **unread}))
    with store.reading() as session:
        found = briefs(session, range(1, 2 * count + 1))
    for number in range(1, count + 1):
        assert replace(found[number + count], inspection_id=number) == found[number]
