"""Annotations from other programs into the store: new cases, new revisions, or neither, and an account of all.

A revision of the import is by "imported from FORMAT by NAME". It follows a revision of the data set or of
the same source, and anybody else's only when the export was made from that very revision: otherwise the two clash, and
the imported one is left out and reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from db import cases as _cases
from db.annotation_cases import Into, Revision, find_case, new_case
from db.annotations import add_revision, latest_annotation
from db.authors import SOURCE_AUTHOR
from db.cases import MeasuredCase
from db.importing import MEASURED_AT_ONCE
from db.verdicts import sound
from m3ad.datasets.account import Account, Refused
from m3ad.errors import BadData, BadImage, Conflict
from m3ad.formats import FORMATS
from m3ad.formats.base import AnnotatedPicture, Entry, Format, Unused, batches
from m3ad.formats.comparing import completed, unchanged
from m3ad.records import NORMAL, NewCase, Verdict
from m3ad.taxonomy import default_taxonomy

if TYPE_CHECKING:
    from db.store import Store

BATCH = 50  # pictures per transaction
MOST_UNKNOWN = 20  # types outside the taxonomy that the account names


class AnnotationImport:
    """One import as it goes: what was seen, and the account so far. `unused` may be the reader's own counter."""

    def __init__(self, store: Store, into: Into, unused: Unused) -> None:
        self._store = store
        self._into = into
        self._format: Format = FORMATS[into.format]
        self._unused = unused
        self._seen: set[object] = set()
        self._counts: Counter[str] = Counter()
        self._refused: list[Refused] = []
        self._clashes: list[Refused] = []
        self._unknown: Counter[str] = Counter()

    def take(self, entries: Iterable[Entry]) -> None:
        """A few entries: looked up and measured outside of, then written in one transaction."""
        work: list[tuple[AnnotatedPicture, Future[MeasuredCase] | Revision]] = []
        with ThreadPoolExecutor(MEASURED_AT_ONCE) as pool:
            for entry in entries:
                if isinstance(entry, Refused):
                    self._refused.append(entry)
                    continue
                with self._refusing(entry):
                    if entry.url:
                        entry = replace(entry, picture=self._store.places.buckets.at(entry.url))
                    if (one := self._prepare(entry)) is not None:
                        measured = pool.submit(self._measured, entry, one) if isinstance(one, NewCase) else one
                        work.append((entry, measured))
        ready: list[tuple[AnnotatedPicture, MeasuredCase | Revision]] = []
        for entry, found in work:
            with self._refusing(entry):
                ready.append((entry, found.result() if isinstance(found, Future) else found))
        if ready:
            self._write(ready)

    @contextmanager
    def _refusing(self, entry: AnnotatedPicture) -> Iterator[None]:
        try:
            yield
        except (BadData, BadImage, Conflict) as error:
            self._refused.append(Refused(entry.name, str(error)))

    def _decided(self, entry: AnnotatedPicture, pictures: int) -> AnnotatedPicture:
        """The entry with a verdict that is sound for a case of so many pictures; types that are unknown are counted."""
        verdict = entry.verdict
        if verdict is None:
            verdict = NORMAL if self._into.empty_is_normal else None
        else:
            verdict = sound(verdict, pictures)
            for defect in verdict.defects:
                if default_taxonomy().find(defect.type) is None:
                    self._unknown[defect.type] += 1
        return replace(entry, verdict=verdict)

    def _prepare(self, entry: AnnotatedPicture) -> NewCase | Revision | None:
        """What has to be written; None when there is nothing. Raises BadData, BadImage, Conflict."""
        found = find_case(self._store, self._into, entry)
        if found is None:
            return self._new(self._decided(entry, 1))
        pictures = len(self._store.case(found.case_id).pictures) if entry.verdict and entry.verdict.further else 1
        decided = self._decided(found.picture, pictures)
        self._once(found.case_id)
        if decided.verdict is None:
            self._counts["present"] += 1
            return None
        return replace(found, picture=decided)

    def _once(self, case: object) -> None:
        if case in self._seen:
            raise BadData("its case came before in this import: one picture can have one annotation only")
        self._seen.add(case)

    def _new(self, entry: AnnotatedPicture) -> NewCase:
        """A case to add. Raises BadData without its picture."""
        if entry.picture is None:
            raise BadData("its picture is not there, and the store has no case that it could belong to")
        new = new_case(self._into, entry)
        self._once((new.dataset, new.key))
        return new

    def _measured(self, entry: AnnotatedPicture, new: NewCase) -> MeasuredCase:
        """The case with its pictures opened. Raises BadImage, and BadData where the entry says another size."""
        measured = _cases.measure_case(new, self._store.places, copy=self._into.copy)
        if entry.width and (entry.width, entry.height) != (measured.pictures[0].width, measured.pictures[0].height):
            raise BadData("its size is not that of its picture")
        return measured

    def _write(self, work: list[tuple[AnnotatedPicture, MeasuredCase | Revision]]) -> None:
        done: Counter[str] = Counter()
        clashes, refused = [], []
        with self._store.changing() as session:
            for entry, one in work:
                if isinstance(one, Revision):
                    ended = self._revise(session, one)
                    if ended.startswith("clash"):
                        clashes.append(Refused(entry.name, ended))
                    else:
                        done[ended] += 1
                    continue
                note = entry.origin.note if entry.origin else ""
                try:
                    _, added = _cases.insert(session, one, self._into.actor, author=self._into.author, note=note)
                except Conflict as error:  # raised before anything of this case is written
                    refused.append(Refused(entry.name, str(error)))
                    continue
                done["added" if added else "present"] += 1
        self._counts += done
        self._clashes += clashes
        self._refused += refused

    def _revise(self, session: Session, one: Revision) -> str:
        """Write the revision unless there is nothing new or somebody else's stands: "revised", "present" or a clash."""
        verdict = one.picture.verdict
        assert verdict is not None
        latest = latest_annotation(session, one.case_id)
        if latest is not None:
            if unchanged(latest.verdict, one.picture, self._format):
                return "present"
            ours = latest.author in (SOURCE_AUTHOR, self._into.author)
            if not ours and (one.based_on is None or one.based_on < latest.revision):
                return f"clash: revision {latest.revision} by {latest.author} says otherwise and was kept"
            verdict = completed(verdict, latest.verdict, self._format)
            if verdict == latest.verdict:
                return "present"
        self._add(session, one, verdict, latest.revision + 1 if latest else 1)
        return "revised"

    def _add(self, session: Session, one: Revision, verdict: Verdict, revision: int) -> None:
        note = one.picture.origin.note if one.picture.origin else ""
        author = self._into.author
        add_revision(session, one.case_id, revision, verdict, author=author, note=note, inspection_id=None)

    def account(self) -> Account:
        """What became of every entry."""
        unknown = {
            f"defects of type '{name}', which the taxonomy does not know: kept as written": count
            for name, count in self._unknown.most_common(MOST_UNKNOWN)
        }
        return Account(
            self._counts["added"],
            self._counts["present"],
            tuple(self._refused),
            self._counts["revised"],
            tuple(self._clashes),
            {words: count for words, count in self._unused.items() if count} | unknown,
        )


def import_annotations(
    store: Store,
    entries: Iterable[Entry],
    into: Into,
    unused: Unused,
    progress: Callable[[int], None] = lambda done: None,
) -> Account:
    """Take all entries in, a few in each transaction; `progress(done)` is called after each few.

    What was taken before an interruption stays, and is "present" the next time. `unused` is the counter that the
    entries' reader counts in. Raises BadData where the files end being readable.
    """
    running = AnnotationImport(store, into, unused)
    done = 0
    for some in batches(entries, BATCH):
        running.take(some)
        done += len(some)
        progress(done)
    return running.account()
