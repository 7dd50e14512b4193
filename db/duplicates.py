"""Which cases belong together because they share a picture, or have pictures that look alike (`m3ad.duplicates`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.places import Places
from db.schema import PictureTable
from m3ad.duplicates import near_groups, perceptual_hash
from m3ad.errors import BadImage
from m3ad.images import load_image

if TYPE_CHECKING:
    from db.store import Store

BATCH = 50  # pictures per transaction: one wait for the disk for all of them


@dataclass(slots=True)
class Prints:
    """What the pictures of one case can be recognised by.

    Attributes:
        files: the SHA-256 of each file, in the order of the pictures.
        exact: the hashes of files and of pixels; copies share one.
        near: numbers of groups of perceptual hashes; near-duplicates share one.
        unseen: a picture has no perceptual hash, because its file is gone: only exact copies of it are known.
        late: a picture came after the perceptual hashes were compared.
    """

    files: list[str] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)
    near: set[int] = field(default_factory=set)
    unseen: bool = False
    late: bool = False


def hash_pictures(store: Store) -> None:
    """Give a perceptual hash to pictures without one, which an earlier version imported; files that are gone wait."""
    with store.reading() as session:
        query = select(PictureTable.id, PictureTable.path, PictureTable.sha256)
        waiting = [(*row,) for row in session.execute(query.where(PictureTable.perceptual.is_(None)))]
    for start in range(0, len(waiting), BATCH):
        found = _hashes(store.places, waiting[start : start + BATCH])
        if found:
            with store.changing() as session:
                session.execute(update(PictureTable), found)


def _hashes(places: Places, pictures: Sequence[tuple[int, str, str]]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for picture_id, path, sha256 in pictures:
        with suppress(BadImage):
            image, facts = load_image(places.path(path))
            if facts.sha256 == sha256:  # another file under the old name says nothing about this picture
                found.append({"id": picture_id, "perceptual": perceptual_hash(image)})
    return found


def near_hashes(session: Session) -> dict[str, int]:
    """The group number of every perceptual hash in the store. Seconds for 40,000: outside a writing transaction."""
    query = select(PictureTable.perceptual).where(PictureTable.perceptual.is_not(None), PictureTable.perceptual != "")
    hashes = [value for value in session.scalars(query.distinct()) if value]
    return dict(zip(hashes, near_groups(hashes), strict=True))


def case_prints(session: Session, near: Mapping[str, int]) -> dict[int, Prints]:
    """The prints of every case of the store; `near` is what `near_hashes` gave."""
    prints: dict[int, Prints] = {}
    query = select(PictureTable.case_id, PictureTable.sha256, PictureTable.pixels, PictureTable.perceptual)
    for case_id, sha256, pixels, perceptual in session.execute(
        query.order_by(PictureTable.case_id, PictureTable.position)
    ):
        one = prints.setdefault(case_id, Prints())
        one.files.append(sha256)
        one.exact |= {sha256, pixels}
        one.unseen |= perceptual is None
        if perceptual:
            one.late |= perceptual not in near
            one.near |= {near[perceptual]} if perceptual in near else set()
    return prints


def group_copies(prints: Mapping[int, Collection[str | int]]) -> dict[int, int]:
    """For each case the oldest case of its group (the smallest id); cases that share any print are one group."""
    parent: dict[str | int, str | int] = {}

    def root(name: str | int) -> str | int:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for shared in prints.values():
        first, *others = (root(name) for name in shared)
        for other in others:
            parent[root(other)] = root(first)
    roots = {case_id: root(next(iter(shared))) for case_id, shared in prints.items()}
    oldest: dict[str | int, int] = {}
    for case_id in sorted(roots):
        oldest.setdefault(roots[case_id], case_id)
    return {case_id: oldest[name] for case_id, name in roots.items()}
