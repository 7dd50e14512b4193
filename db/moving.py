"""Copies a whole store into an empty one, on either kind of database: every row, checked by counts and checksums.

One transaction on each side. The source is held as by somebody who writes, and nothing is written to it: what others
save meanwhile would be acknowledged and missing in the copy, so they wait, or are told that nothing was saved. The
target gets everything or nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, func, insert, select, text
from sqlalchemy.orm import Session

from db import standings
from db.dialect import DIALECTS
from db.schema import Base, NamedTypeTable, StandingTable, TallyTable
from db.store import Store
from m3ad.errors import Conflict

BATCH = 1000  # rows
# What follows from other tables is made again in the copy, with the index of words.
FOLLOWING = {kind.__table__ for kind in (StandingTable, NamedTypeTable, TallyTable)}


@dataclass(frozen=True, slots=True)
class Copied:
    """One table of the copy: its rows, and the checksum that both sides have (64 hexadecimal digits)."""

    table: str
    rows: int
    checksum: str


def copy_store(source: Store, target: Store, told: Callable[[Copied], None]) -> list[Copied]:
    """Copy every row of `source` into `target`; `told` hears of each table when it is done.

    Raises:
        Conflict: the target holds something already; or what arrived differs from what was sent, and nothing is kept.
    """
    done = []
    with source.changing() as sent, target.changing() as arrived:
        _require_empty(arrived)
        for table in (table for table in Base.metadata.sorted_tables if table not in FOLLOWING):
            done.append(_copy_table(table, sent, arrived))
            told(done[-1])
        standings.rebuild(arrived)
        sent.rollback()
    return done


def _require_empty(arrived: Session) -> None:
    used = [table.name for table in Base.metadata.sorted_tables if arrived.scalar(select(table).limit(1)) is not None]
    if used:
        raise Conflict(
            f"The target is not empty: it has rows in {', '.join(used[:3])}. A store is copied into a new database "
            "only; make one, or empty this one yourself."
        )


def _copy_table(table: Table, sent: Session, arrived: Session) -> Copied:
    for batch in _batches(table, sent):
        arrived.execute(insert(table), batch)
    if (column := table.autoincrement_column) is not None:
        _go_on_counting(column, arrived)
    here, there = checksum(table, sent), checksum(table, arrived)
    if here != there:
        raise Conflict(
            f"Table {table.name} did not arrive as it was sent ({there.rows} of {here.rows} rows, or other contents): "
            "nothing was kept of the copy, and the source is as it was."
        )
    return here


def _go_on_counting(column: Column[Any], arrived: Session) -> None:
    """Number new rows after those that came with their numbers."""
    last = arrived.scalar(select(func.max(column)))
    for statement in DIALECTS[arrived.get_bind().dialect.name].count_on(column.table.name, column.name):
        arrived.execute(text(statement), {"last": last or 1, "used": last is not None})


def checksum(table: Table, session: Session) -> Copied:
    """Rows of a table and a checksum of all their values, the same on every kind of database and in any order."""
    rows = total = 0
    for batch in _batches(table, session):
        rows += len(batch)
        total += sum(int.from_bytes(hashlib.sha256(_told(row)).digest()) for row in batch)
    return Copied(table.name, rows, f"{total % 2**256:064x}")


def _batches(table: Table, session: Session) -> Iterable[list[Mapping[str, Any]]]:
    """All rows, those first that others of the same table may point to."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for batch in session.execute(query).mappings().partitions():
        yield [dict(row) for row in batch]


def _told(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, sort_keys=True, default=repr).encode()
