"""The queue of runs: which wait, in which order and for which devices, and which device belongs to which run.

It knows neither folders nor processes: who calls says which runs have ended (`training.run_queue`). What must not
happen twice is held by constraints, so that any number of programs can work on one store.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.events import log, now
from db.schema import BusyDeviceTable, QueuedRunTable
from m3ad.errors import Conflict, NotFound

if TYPE_CHECKING:
    from db.store import Store


class Move(StrEnum):
    """Where a waiting run goes among those that wait for the same device."""

    FIRST = "first"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class QueuedRun:
    """A run that waits: for which devices, and who gave it to the queue."""

    run: str
    devices: tuple[str, ...]
    author: str
    created: datetime


class RunQueue:
    """The queue of a store's runs; callers use `Store.run_queue`. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- what is asked

    def waiting(self) -> list[QueuedRun]:
        """The runs that wait, the next one first."""
        with self._store.reading() as session:
            return [QueuedRun(row.run, tuple(row.devices), row.author, row.created) for row in _rows(session)]

    def busy(self) -> dict[str, str]:
        """Device -> the run that has it."""
        with self._store.reading() as session:
            rows = session.scalars(select(BusyDeviceTable).order_by(BusyDeviceTable.device))
            return {row.device: row.run for row in rows}

    def next(self, closed: Collection[str] = ()) -> QueuedRun | None:
        """The first run whose devices are all free and wanted by none before it; None when there is none.

        Args:
            closed: devices that nothing can be started on for now.
        """
        taken = {*self.busy(), *closed}
        for one in self.waiting():
            if taken.isdisjoint(one.devices):
                return one
            taken.update(one.devices)
        return None

    def of_key(self, key: str) -> str | None:
        """The run that was started from a form, whatever became of it."""
        with self._store.reading() as session:
            return session.scalar(select(QueuedRunTable.run).where(QueuedRunTable.key == key))

    def of_twin(self, twin: str) -> str | None:
        """The run of just this content that waits or is under way."""
        with self._store.reading() as session:
            return session.scalar(select(QueuedRunTable.run).where(QueuedRunTable.twin == twin))

    # -- what people change

    def add(self, run: str, devices: tuple[str, ...], *, twin: str, key: str | None = None, actor: str) -> None:
        """Let a run wait, behind all others. Raises Conflict when it waits, or has a device, or came before."""
        with self._store.changing() as session:
            known = session.get(QueuedRunTable, run)
            if known is not None and known.twin is not None:
                raise Conflict(f"Run {run} is in the queue already.")
            last = session.scalar(select(func.max(QueuedRunTable.place)))
            row = known or QueuedRunTable(run=run, key=key)
            row.devices, row.place, row.twin = list(devices), (last or 0) + 1, twin
            row.author, row.created = actor, now()
            session.add(row)
            _flush(session, f"Run {run} was not queued: another one from the same form, or for the same, came first.")
            log(session, "run.queued", actor, name=run, devices=list(devices))

    def move(self, run: str, to: Move, *, actor: str) -> None:
        """Change the order. Nothing happens where there is nobody to pass; NotFound when the run does not wait."""
        with self._store.changing() as session:
            rows = _rows(session, lock=True)
            mine = _waiting(rows, run)
            near = [row for row in rows if row is mine or not set(row.devices).isdisjoint(mine.devices)]
            at = near.index(mine)
            goal = {Move.FIRST: 0, Move.UP: max(0, at - 1), Move.DOWN: min(len(near) - 1, at + 1)}[to]
            if goal == at:
                return
            places = [row.place for row in near]
            near.insert(goal, near.pop(at))
            for row, place in zip(near, places, strict=True):
                row.place = place
            log(session, "run.moved", actor, name=run, to=to.value)

    def remove(self, run: str, *, actor: str) -> None:
        """Take a waiting run out of the queue; the run itself stays. NotFound when it does not wait."""
        with self._store.changing() as session:
            session.delete(_waiting(_rows(session, lock=True), run))
            log(session, "run.unqueued", actor, name=run)

    # -- what the worker changes

    def hold(self, run: str) -> None:
        """Give a waiting run its devices. Raises Conflict when one of them belongs to another run by now."""
        with self._store.changing() as session:
            row = _waiting(_rows(session, lock=True), run)
            row.place = None
            session.add_all(BusyDeviceTable(device=device, run=run) for device in row.devices)
            _flush(session, f"Another program has just given a device of run {run} away.")

    def release(self, run: str) -> None:
        """Free the devices of a run that has ended; the same thing may be trained again from now on."""
        with self._store.changing() as session:
            session.execute(delete(BusyDeviceTable).where(BusyDeviceTable.run == run))
            session.execute(update(QueuedRunTable).where(QueuedRunTable.run == run).values(place=None, twin=None))


def _rows(session: Session, *, lock: bool = False) -> list[QueuedRunTable]:
    query = select(QueuedRunTable).where(QueuedRunTable.place.is_not(None))
    query = query.order_by(QueuedRunTable.place, QueuedRunTable.run)
    return list(session.scalars(query.with_for_update() if lock else query))


def _waiting(rows: list[QueuedRunTable], run: str) -> QueuedRunTable:
    found = next((row for row in rows if row.run == run), None)
    if found is None:
        raise NotFound(f"Run {run} does not wait in the queue (any more).")
    return found


def _flush(session: Session, refused: str) -> None:
    """Send what was changed to the database now: a constraint that it breaks becomes a Conflict."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(refused) from error
