"""Annotations from other programs into the store: new cases, new revisions, or neither, and an account of all.

A case is known again by what `cases.csv` or the file itself says, by the hash in the picture's name, or by its name in
the data set. A revision of the import is by "imported from FORMAT by NAME". It follows a revision of the data set or of
the same source, and anybody else's only when the export was made from that very revision: otherwise the two clash, and
the imported one is left out and reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import cases as _cases
from db.annotations import add_revision, latest_annotation
from db.cases import MeasuredCase
from db.filters import IMPORTED_AUTHOR, SOURCE_AUTHOR
from db.schema import PictureTable
from db.verdicts import sound
from m3ad.datasets.account import Account, Refused
from m3ad.errors import BadData, BadImage, Conflict
from m3ad.formats import FORMATS
from m3ad.formats.base import AnnotatedPicture, Entry, Format, Unused, batches
from m3ad.formats.comparing import completed, unchanged
from m3ad.records import NORMAL, NewCase, Scenario, Verdict
from m3ad.taxonomy import default_taxonomy

if TYPE_CHECKING:
    from db.store import Store

BATCH = 50  # pictures per transaction
TAG = re.compile(r"-([0-9a-f]{12})$")  # what an export adds to a picture's stem: the beginning of its hash
MOST_UNKNOWN = 20  # types outside the taxonomy that the account names


@dataclass(frozen=True, slots=True)
class Into:
    """Where annotations go.

    Attributes:
        format: a name of `m3ad.formats.FORMATS`.
        dataset, scenario, category: of new cases, where the file does not name them.
        actor: who imports.
        copy: copy the pictures into the workspace.
        empty_is_normal: a picture of which the file says nothing was looked at and is normal.
    """

    format: str
    dataset: str
    scenario: Scenario
    category: str
    actor: str
    copy: bool = False
    empty_is_normal: bool = False

    @property
    def author(self) -> str:
        """The author of the revisions."""
        return f"{IMPORTED_AUTHOR}{self.format} by {self.actor}"


@dataclass(frozen=True, slots=True)
class Revision:
    """An annotation for a case that is there. `based_on`: the revision that was exported; None: not known."""

    case_id: int
    picture: AnnotatedPicture
    based_on: int | None


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
        work: list[tuple[AnnotatedPicture, MeasuredCase | Revision]] = []
        for entry in entries:
            if isinstance(entry, Refused):
                self._refused.append(entry)
                continue
            try:
                if (one := self._prepare(self._decided(entry))) is not None:
                    work.append((entry, one))
            except (BadData, BadImage, Conflict) as error:
                self._refused.append(Refused(entry.name, str(error)))
        if work:
            self._write(work)

    def _decided(self, entry: AnnotatedPicture) -> AnnotatedPicture:
        """The entry with a verdict that is sound, by the taxonomy's knowledge of its types counted."""
        verdict = entry.verdict
        if verdict is None:
            verdict = NORMAL if self._into.empty_is_normal else None
        else:
            verdict = sound(verdict)
            for defect in verdict.defects:
                if default_taxonomy().find(defect.type) is None:
                    self._unknown[defect.type] += 1
        return replace(entry, verdict=verdict)

    def _prepare(self, entry: AnnotatedPicture) -> MeasuredCase | Revision | None:
        """What has to be written; None when there is nothing. Raises BadData, BadImage, Conflict."""
        with self._store.reading() as session:
            found = self._find(session, entry)
        if found is None:
            return self._new(entry)
        self._once(found.case_id)
        if entry.verdict is None:
            self._counts["present"] += 1
            return None
        return found

    def _once(self, case: object) -> None:
        if case in self._seen:
            raise BadData("its case came before in this import: one picture can have one annotation only")
        self._seen.add(case)

    def _find(self, session: Session, entry: AnnotatedPicture) -> Revision | None:
        """The case that is there already. Raises Conflict when it has another picture."""
        origin = entry.origin
        if origin is not None:
            case_id = _cases.find(session, origin.dataset, origin.key)
            if case_id is None:
                return None
            return Revision(case_id, _of_same_size(session, case_id, entry, origin.sha256), origin.revision)
        if (case_id := _tagged(session, entry.name)) is not None:
            return Revision(case_id, _of_same_size(session, case_id, entry), None)
        return self._named(session, entry)

    def _named(self, session: Session, entry: AnnotatedPicture) -> Revision | None:
        """The case of this name in the data set; the picture is compared by its bytes where it came along."""
        into = self._into
        if entry.picture is None:
            case_id = _cases.find(session, into.dataset, entry.name)
            if case_id is None:
                return None
            return Revision(case_id, _of_same_size(session, case_id, entry), None)
        present = _cases.find_same(session, self._store.workspace, self._case(entry))
        if present is None:
            return None
        if not present.complete and not into.copy:
            with self._store.changing() as changing:
                _cases.follow(changing, self._store.workspace, present.case_id, self._case(entry), into.actor)
        return Revision(present.case_id, entry, None)

    def _case(self, entry: AnnotatedPicture) -> NewCase:
        into, origin = self._into, entry.origin
        images = (entry.picture,) if entry.picture else ()
        if origin is not None:
            names = (origin.dataset, origin.key, origin.scenario, origin.category)
            return NewCase(*names, images, origin.split, entry.verdict)
        return NewCase(into.dataset, entry.name, into.scenario, into.category, images, "", entry.verdict)

    def _new(self, entry: AnnotatedPicture) -> MeasuredCase:
        """A case to add, measured. Raises BadData without its picture, BadImage."""
        if entry.picture is None:
            raise BadData("its picture is not there, and the store has no case that it could belong to")
        new = self._case(entry)
        self._once((new.dataset, new.key))
        measured = _cases.measure_case(new, self._store.workspace, copy=self._into.copy)
        if (entry.width, entry.height) != (measured.pictures[0].width, measured.pictures[0].height):
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


def _of_same_size(session: Session, case_id: int, entry: AnnotatedPicture, sha256: str = "") -> AnnotatedPicture:
    """The entry with the size of the case's picture. Raises Conflict when it is for another size, or another file."""
    query = select(PictureTable.width, PictureTable.height, PictureTable.sha256)
    width, height, stored = session.execute(
        query.where(PictureTable.case_id == case_id, PictureTable.position == 0)
    ).one()
    if sha256 and sha256 != stored:
        raise Conflict("The store has a case of this name with another picture.")
    if entry.width and (entry.width, entry.height) != (width, height):
        raise Conflict(
            f"It is for {entry.width} x {entry.height} pixels, but the picture in the store has {width} x {height}."
        )
    return replace(entry, width=width, height=height)


def _tagged(session: Session, name: str) -> int | None:
    """The one case whose picture's hash begins as the name's end says; None for none and for several."""
    if (tag := TAG.search(PurePosixPath(name).stem)) is None:
        return None
    query = select(PictureTable.case_id).where(
        PictureTable.sha256 >= tag[1], PictureTable.sha256 < tag[1] + "g", PictureTable.position == 0
    )
    found = session.scalars(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


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
