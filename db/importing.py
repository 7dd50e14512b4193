"""Importing many cases: pictures are opened outside transactions, rows are written in batches, all is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from db import cases as _cases
from db.cases import MeasuredCase, Present
from m3ad.datasets.account import Account, Refused
from m3ad.errors import BadData, BadImage, Conflict
from m3ad.formats.base import batches
from m3ad.records import NewCase

if TYPE_CHECKING:
    from db.store import Store

BATCH = 50  # cases per transaction: one wait for the disk for all of them
# Decoding and hashing a picture is most of an import's work, and both let other threads run meanwhile; each holds a
# decoded picture, so not as many as there are cores. [U]
MEASURED_AT_ONCE = 4


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

    def take(self, entries: Sequence[NewCase | Refused]) -> None:
        """A few entries: looked up and measured several at once, outside of any transaction; then written in one."""
        with ThreadPoolExecutor(MEASURED_AT_ONCE) as pool:
            prepared = [None if isinstance(entry, Refused) else pool.submit(self._prepare, entry) for entry in entries]
            for entry, ready in zip(entries, prepared, strict=True):
                if isinstance(entry, Refused):
                    self._refused.append(entry)
                    continue
                assert ready is not None
                try:
                    self._keep(entry, ready.result())
                except (BadImage, BadData, Conflict) as error:
                    self._refuse(entry, str(error))
        self._write()

    def _prepare(self, new: NewCase) -> MeasuredCase | Present:
        with self._store.reading() as session:
            present = _cases.find_same(session, self._store.places, new)
        return present or _cases.measure_case(new, self._store.places, copy=self._copy)

    def _keep(self, new: NewCase, found: MeasuredCase | Present) -> None:
        if isinstance(found, MeasuredCase):
            self._waiting.append(found)
            return
        self._present += 1
        if not found.complete:
            with self._store.changing() as session:
                _cases.follow(session, self._store.places, found.case_id, new, self._actor)

    def _write(self) -> None:
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
    done = 0
    for some in batches(entries, BATCH):
        running.take(some)
        for entry in some:
            done += 1
            if progress is not None:
                progress(done, Path(entry.file if isinstance(entry, Refused) else entry.key).name)
    return running.account()
