"""Importing many cases: pictures are opened outside transactions, rows are written in batches, all is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from db import cases as _cases
from db.cases import MeasuredCase
from m3ad.datasets.account import Account, Refused
from m3ad.errors import BadData, BadImage, Conflict
from m3ad.records import NewCase

if TYPE_CHECKING:
    from db.store import Store

BATCH = 50  # cases per transaction: one wait for the disk for all of them


class Import:
    """One import as it goes: what waits to be written, and the account so far."""

    def __init__(self, store: Store, *, copy: bool, actor: str) -> None:
        self._store = store
        self._copy = copy
        self._actor = actor
        self._waiting: list[MeasuredCase] = []
        self._added = 0
        self._present = 0
        self._refused: list[Refused] = []

    def take(self, entry: NewCase | Refused) -> str:
        """Measure a case, or note that it is there or refused; returns its name for the progress line."""
        if isinstance(entry, Refused):
            self._refused.append(entry)
            return entry.file
        try:
            self._take_case(entry)
        except (BadImage, BadData, Conflict) as error:
            self._refuse(entry, str(error))
        if len(self._waiting) >= BATCH:
            self.write()
        return entry.key

    def _take_case(self, new: NewCase) -> None:
        workspace = self._store.workspace
        with self._store.reading() as session:
            present = _cases.find_same(session, workspace, new)
        if present is None:
            self._waiting.append(_cases.measure_case(new, workspace, copy=self._copy))
            return
        self._present += 1
        if not present.complete:
            with self._store.changing() as session:
                _cases.follow(session, workspace, present.case_id, new, self._actor)

    def write(self) -> None:
        """Write what waits, in one transaction."""
        added = present = 0
        refused: list[tuple[NewCase, str]] = []
        with self._store.changing() as session:
            for measured in self._waiting:
                try:
                    _, new = _cases.insert(session, measured, self._actor)
                except Conflict as error:  # raised before anything of this case is written
                    refused.append((measured.new, str(error)))
                    continue
                added += new
                present += not new
        self._waiting.clear()
        self._added += added
        self._present += present
        for new_case, why in refused:
            self._refuse(new_case, why)

    def _refuse(self, new: NewCase, why: str) -> None:
        self._refused.append(Refused(str(new.images[0]) if new.images else new.key, why))

    def account(self) -> Account:
        """What became of every case."""
        return Account(self._added, self._present, tuple(self._refused))


def import_cases(
    store: Store,
    entries: Iterable[NewCase | Refused],
    progress: Callable[[int, str], None] | None,
    *,
    copy: bool,
    actor: str,
) -> Account:
    """See `db.store.Store.import_cases`."""
    running = Import(store, copy=copy, actor=actor)
    for done, entry in enumerate(entries, start=1):
        name = running.take(entry)
        if progress is not None:
            progress(done, Path(name).name)
    running.write()
    return running.account()
