"""Which case of the store an annotated picture belongs to, or would be.

A case is known again by what `cases.csv` or the file itself says, by the hash in the picture's name, or by its name in
the data set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import cases as _cases
from db.authors import IMPORTED_AUTHOR
from db.schema import PictureTable
from m3ad.errors import Conflict
from m3ad.formats.base import AnnotatedPicture
from m3ad.records import NewCase, Scenario

if TYPE_CHECKING:
    from db.store import Store

TAG = re.compile(r"-([0-9a-f]{12})$")  # what an export adds to a picture's stem: the beginning of its hash


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


def find_case(store: Store, into: Into, entry: AnnotatedPicture) -> Revision | None:
    """The case that is there already; None when there is none.

    Raises Conflict when it has another picture, BadImage when the picture that came along cannot be read.
    """
    origin = entry.origin
    with store.reading() as session:
        if origin is not None:
            case_id = _cases.find(session, origin.dataset, origin.key)
            if case_id is None:
                return None
            return Revision(case_id, _of_same_size(session, case_id, entry, origin.sha256), origin.revision)
        case_id = _tagged(session, entry.name)
        if case_id is None and entry.picture is None:
            case_id = _cases.find(session, into.dataset, entry.name)
        if case_id is not None:
            return Revision(case_id, _of_same_size(session, case_id, entry), None)
    return _with_its_picture(store, into, entry) if entry.picture else None


def _with_its_picture(store: Store, into: Into, entry: AnnotatedPicture) -> Revision | None:
    """The case of this name in the data set; its picture is compared by its bytes, and followed where it was moved."""
    new = new_case(into, entry)
    with store.reading() as session:
        present = _cases.find_same(session, store.places, new)
    if present is None:
        return None
    if not present.complete and not into.copy:
        with store.changing() as session:
            _cases.follow(session, store.places, present.case_id, new, into.actor)
    return Revision(present.case_id, entry, None)


def new_case(into: Into, entry: AnnotatedPicture) -> NewCase:
    """The case that the picture would be."""
    origin, images = entry.origin, (entry.picture,) if entry.picture else ()
    if origin is not None:
        names = (origin.dataset, origin.key, origin.scenario, origin.category)
        return NewCase(*names, images, origin.split, entry.verdict)
    return NewCase(into.dataset, entry.name, into.scenario, into.category, images, "", entry.verdict)


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
