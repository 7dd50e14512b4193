"""Words in what models wrote: SQLite's full-text index over the latest inspection of each case; LIKE elsewhere.

The index has one row a case and none of the text, which stays in `inspections`: to take a row out, SQLite has to be
told the text that is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, and_, bindparam, column, table, text, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

INDEX = table("reasoning", column("rowid"), column("reasoning"))


def ours(name: str | None, kind: str, _parents: Any = None) -> bool:
    """False for the tables that SQLite itself keeps for the index, which no schema declares; for Alembic."""
    return kind != "table" or not (name or "").startswith(INDEX.name)


class _Says(FunctionElement[bool]):
    """says(case id, full-text query, LIKE pattern)."""

    type = Boolean()
    inherit_cache = True


@compiles(_Says, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    case_id, query, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"{case_id} IN (SELECT rowid FROM reasoning WHERE reasoning MATCH {query})"


@compiles(_Says)
def _other(element: Any, compiler: Any, **options: Any) -> str:
    case_id, _, pattern = (compiler.process(each, **options) for each in element.clauses)
    return (
        "EXISTS (SELECT 1 FROM standings said JOIN inspections ON inspections.id = said.inspection_id "
        f"WHERE said.model = '' AND said.case_id = {case_id} AND inspections.text ILIKE {pattern})"
    )


def match(words: str) -> str:
    """The full-text query for all of these words, each the beginning of a word of the text; quotes make it harmless."""
    return " ".join('"{}"*'.format(word.replace('"', '""')) for word in words.split())


def says(case_id: Any, words: str) -> ColumnElement[bool]:
    """The condition that the latest inspection of the case, by any model, has all of these words."""
    if not words.split():
        return true()
    return and_(
        *(
            _Says(case_id, bindparam(None, match(word), String), bindparam(None, f"%{_escaped(word)}%", String))
            for word in words.split()
        )
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def indexed(session: Session) -> bool:
    """Is there an index here?"""
    return session.get_bind().dialect.name == "sqlite"


def replace_texts(session: Session, before: Mapping[int, str], after: Mapping[int, str]) -> None:
    """Put the texts in the index, by case, in the place of those that are there."""
    if not indexed(session):
        return
    if before:
        take = text("INSERT INTO reasoning (reasoning, rowid, text) VALUES ('delete', :case_id, :text)")
        session.execute(take, [{"case_id": case_id, "text": old} for case_id, old in before.items()])
    if after:
        put = text("INSERT INTO reasoning (rowid, text) VALUES (:case_id, :text)")
        session.execute(put, [{"case_id": case_id, "text": new} for case_id, new in after.items()])


def clear(session: Session) -> None:
    """Take everything out of the index."""
    if indexed(session):
        session.execute(text("INSERT INTO reasoning (reasoning) VALUES ('delete-all')"))
