"""Words in reasoning are found alike by SQLite, which reads texts itself, and PostgreSQL, which is told the words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.reasoning import INDEX, clear, matches, replace_texts
from db.store import Store

LETTERS = st.sampled_from("abAZéÜß0 9  -_.,'\"\\<>&|!:*()\n²中")
TEXTS = st.text(LETTERS, max_size=12)
LONG = "".join(chr(0x4E00 + n % 20000) + " " for n in range(200_000))


def found(store: Store, texts: list[str], words: list[str]) -> list[list[int]]:
    """By words, the texts in which they are found."""
    with store.changing() as session:
        clear(session)
        replace_texts(session, {}, dict(enumerate(texts)))
        return [sorted(session.scalars(select(INDEX.c.rowid).where(matches(each)))) for each in words if each.split()]


# Each example puts other texts in the place of those before.
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, max_size=6), words=st.lists(st.text(LETTERS, max_size=6), max_size=6))
def test_both_databases_find_the_same(
    sqlite_store: Store, postgresql_store: Store, texts: list[str], words: list[str]
) -> None:
    assert found(sqlite_store, texts, words) == found(postgresql_store, texts, words)


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("dark", True),
        ("DARK squ", True),
        ("dark-squ", True),
        ("squ-is", False),
        ("grosse", False),
        ("uber", True),
        ("0.25", True),
        ("' | 'x", False),
        ("--- dark", True),
        ("---", False),
        ("dark\0", True),
        ("square nothing", False),
    ],
)
def test_a_text_is_found_by_the_beginnings_of_its_words(store: Store, words: str, there: bool) -> None:
    assert found(store, ["The dark-square is Über größe, 0.250"], [words]) == [[0] if there else []]


def test_a_text_of_any_length_can_be_put_in_and_taken_out(store: Store) -> None:
    assert found(store, [LONG, "x" * 5000], ["\u4e01", "xxx"]) == [[0], [1]]
    with store.changing() as session:
        replace_texts(session, {0: LONG}, {0: "short"})
        assert list(session.scalars(select(INDEX.c.rowid).where(matches("\u4e01")))) == []
