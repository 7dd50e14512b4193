"""Words in what models wrote: a full-text index over the latest inspection of each case.

The index has one row a case and none of the text, which stays in `inspections`: to take a row out, SQLite has to be
told the text that is in it. What counts as a word is the same everywhere: letters and digits that stand together, in
any case, without their accents. SQLite reads a text so itself; PostgreSQL is told the words, as its own reading would
depend on how the server is set up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, TextClause, bindparam, column, select, table, text, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from db.schema import SafeText

INDEX = table("reasoning", column("rowid"))
READ = 100_000  # characters of a text that PostgreSQL can be told the words of, whatever they are
LONGEST = 256  # characters of a word, likewise


def ours(name: str | None, kind: str, _parents: Any = None) -> bool:
    """False for the index and the tables that SQLite keeps for it, which no schema declares; for Alembic."""
    return kind != "table" or not (name or "").startswith(INDEX.name)


class _Matches(FunctionElement[bool]):
    """matches(SQLite's query, PostgreSQL's query): a condition on the rows of the index.

    It has no type: a Boolean would be compared with 1 in SQLite, whose MATCH bears no comparison.
    """

    inherit_cache = True


@compiles(_Matches, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    query, _ = element.clauses
    return f"reasoning MATCH {compiler.process(query, **options)}"


@compiles(_Matches, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    _, query = element.clauses
    return f"reasoning.words @@ CAST({compiler.process(query, **options)} AS tsquery)"


def matches(words: str) -> ColumnElement[bool]:
    """The condition on `INDEX` that all of these words are there, each the beginning of a word of the text."""
    return _Matches(*(bindparam(None, query, SafeText) for query in (_sqlite_query(words), _postgresql_query(words))))


def says(case_id: Any, words: str) -> ColumnElement[bool]:
    """The condition that the latest inspection of the case, by any model, has all of these words."""
    if not words.split():
        return true()
    return case_id.in_(select(INDEX.c.rowid).where(matches(words)))


def _sqlite_query(words: str) -> str:
    """Quotes make whatever a person wrote harmless."""
    return " ".join('"{}"*'.format(word.replace('"', '""')) for word in words.split())


def _postgresql_query(words: str) -> str:
    """What has several words in one (dark-grey) is there when they follow one another, as SQLite has it."""
    parts = [_words(word) for word in words.split()]
    phrases = (" <-> ".join(f"'{word}'" for word in part) for part in parts if part)
    return " & ".join(f"({phrase}:*)" for phrase in phrases)


def _vector(written: str) -> str:
    return " ".join(f"'{word}':{place}" for place, word in enumerate(_words(written[:READ]), start=1))


def _words(written: str) -> list[str]:
    """Letters and digits that stand together; no quote can be among them."""
    plain = unicodedata.normalize("NFD", written.lower())
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return [word[:LONGEST] for word in re.findall(r"[^\W_]+", plain)]


_PUT = text("INSERT INTO reasoning (rowid, words) VALUES (:case_id, CAST(:text AS tsvector))")
# To take a text out, to put one in, to clear; a text is told as it is, or (in `_PUT`) as its words.
_SQLITE = (
    text("INSERT INTO reasoning (reasoning, rowid, text) VALUES ('delete', :case_id, :text)"),
    text("INSERT INTO reasoning (rowid, text) VALUES (:case_id, :text)"),
    text("INSERT INTO reasoning (reasoning) VALUES ('delete-all')"),
)
_POSTGRESQL = (text("DELETE FROM reasoning WHERE rowid = :case_id"), _PUT, text("DELETE FROM reasoning"))


def _changes(session: Session) -> tuple[TextClause, TextClause, TextClause]:
    return _SQLITE if session.get_bind().dialect.name == "sqlite" else _POSTGRESQL


def replace_texts(session: Session, before: Mapping[int, str], after: Mapping[int, str]) -> None:
    """Put the texts in the index, by case, in the place of those that are there."""
    take, put, _ = _changes(session)
    if before:
        session.execute(take, [{"case_id": case_id, "text": old} for case_id, old in before.items()])
    if after:
        read = _vector if put is _PUT else str
        session.execute(put, [{"case_id": case_id, "text": read(new)} for case_id, new in after.items()])


def clear(session: Session) -> None:
    """Take everything out of the index."""
    *_, clear = _changes(session)
    session.execute(clear)
