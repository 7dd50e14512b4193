"""Snapshots: frozen lists of (case, annotation revision, split), and how the split keeps copies together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotations import to_annotation
from db.events import log, now
from db.filters import CaseFilter, conditions, join_latest
from db.pictures import pictures_of
from db.schema import AnnotationTable, CaseTable, PictureTable, SnapshotRowTable, SnapshotTable
from m3ad.errors import Conflict, NotFound
from m3ad.records import Case, Snapshot, SnapshotRow

TRAIN = "train"
FROZEN = "frozen"  # kept back from all training


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How cases are divided into "train" and "frozen".

    Attributes:
        frozen_share: the part of the cases that is kept back, 0..1, on average over many cases.
        frozen_categories: categories that are kept back whole, as M3-AD-Bench does (SPEC).
        seed: another seed, another division.
    """

    frozen_share: float = 0.2
    frozen_categories: tuple[str, ...] = ()
    seed: int = 0


def group_copies(prints: Mapping[int, Collection[str]]) -> dict[int, str]:
    """For each case the smallest fingerprint of its group; cases that share any fingerprint are one group.

    Args:
        prints: the content hashes of all pictures of each case.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for shared in prints.values():
        roots = sorted({root(name) for name in shared})
        for other in roots[1:]:
            parent[other] = roots[0]
    return {case_id: root(min(shared)) for case_id, shared in prints.items()}


def split_of(group: str, rule: SplitRule) -> str:
    """The split of a group by its own hash: whatever else is in the snapshot, a frozen case stays frozen."""
    digest = hashlib.sha256(f"{rule.seed}:{group}".encode()).digest()
    return FROZEN if int.from_bytes(digest[:8]) < rule.frozen_share * 2**64 else TRAIN


def create_snapshot(session: Session, name: str, wanted: CaseFilter, rule: SplitRule, actor: str) -> Snapshot:
    """Freeze the latest annotation of every case that `wanted` lets through; cases without one are left out.

    Raises:
        Conflict: the name is empty or taken, or no annotated case is left.
    """
    if not name.strip():
        raise Conflict("A snapshot needs a name.")
    if not 0 <= rule.frozen_share <= 1:
        raise Conflict(f"The frozen share is a part of the cases, between 0 and 1; {rule.frozen_share} is not.")
    if session.scalar(select(SnapshotTable.id).where(SnapshotTable.name == name)):
        raise Conflict(f"There is a snapshot named {name} already. Choose another name.")
    query = join_latest(select(CaseTable.id, CaseTable.category, AnnotationTable), model=wanted.model, user=None)
    query = query.where(AnnotationTable.id.is_not(None), *conditions(wanted)).order_by(CaseTable.id)
    found = [(case_id, category, annotation) for case_id, category, annotation in session.execute(query)]
    if not found:
        raise Conflict(
            "No annotated case passes this filter: there is nothing to freeze. Annotate first, or filter less."
        )
    prints, hashes = _fingerprints(session, [case_id for case_id, _, _ in found])
    splits = _splits({case_id: category for case_id, category, _ in found}, prints, rule)
    row = SnapshotTable(
        name=name,
        hash=_hash((hashes[case_id], annotation, splits[case_id]) for case_id, _, annotation in found),
        size=len(found),
        anomalous=sum(annotation.anomalous for _, _, annotation in found),
        filter={
            **wanted.to_json(),
            "frozen_share": rule.frozen_share,
            "frozen_categories": list(rule.frozen_categories),
            "seed": rule.seed,
        },
        created=now(),
    )
    session.add(row)
    session.flush()
    session.add_all(
        SnapshotRowTable(snapshot_id=row.id, case_id=case_id, annotation_id=annotation.id, split=splits[case_id])
        for case_id, _, annotation in found
    )
    log(session, "snapshot.created", actor, name=name, hash=row.hash, size=row.size)
    return _to_snapshot(row)


def _fingerprints(session: Session, case_ids: list[int]) -> tuple[dict[int, set[str]], dict[int, list[str]]]:
    """Per case: everything that makes two pictures copies of one another; and the file hashes in order."""
    wanted = set(case_ids)
    prints: dict[int, set[str]] = {case_id: set() for case_id in case_ids}
    hashes: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
    query = select(PictureTable.case_id, PictureTable.sha256, PictureTable.pixels)
    for case_id, sha256, pixels in session.execute(query.order_by(PictureTable.case_id, PictureTable.position)):
        if case_id in wanted:
            prints[case_id] |= {sha256, pixels}
            hashes[case_id].append(sha256)
    return prints, hashes


def _splits(categories: dict[int, str], prints: dict[int, set[str]], rule: SplitRule) -> dict[int, str]:
    groups = group_copies(prints)
    # A category that is kept back takes the copies of its pictures in other categories along.
    kept = {groups[case_id] for case_id, category in categories.items() if category in rule.frozen_categories}
    return {case_id: FROZEN if group in kept else split_of(group, rule) for case_id, group in groups.items()}


def _hash(rows: Iterable[tuple[list[str], AnnotationTable, str]]) -> str:
    """SHA-256 over picture bytes, verdicts and splits; free of ids and order: equal data, equal hash."""
    lines = sorted(
        json.dumps([hashes, annotation.verdict, split], sort_keys=True) for hashes, annotation, split in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _to_snapshot(row: SnapshotTable) -> Snapshot:
    return Snapshot(row.id, row.name, row.hash, row.size, row.anomalous, row.created, row.filter)


def snapshots(session: Session) -> list[Snapshot]:
    """All snapshots, newest first."""
    return [_to_snapshot(row) for row in session.scalars(select(SnapshotTable).order_by(SnapshotTable.id.desc()))]


def snapshot(session: Session, snapshot_id: int) -> Snapshot:
    """One snapshot; NotFound when there is none with this id."""
    row = session.get(SnapshotTable, snapshot_id)
    if row is None:
        raise NotFound(f"The store has no snapshot {snapshot_id}.")
    return _to_snapshot(row)


def snapshot_named(session: Session, name: str) -> Snapshot:
    """One snapshot; NotFound when there is none with this name."""
    row = session.scalar(select(SnapshotTable).where(SnapshotTable.name == name))
    if row is None:
        raise NotFound(f"The store has no snapshot named {name}.")
    return _to_snapshot(row)


def snapshot_rows(session: Session, workspace: Path, snapshot_id: int) -> list[SnapshotRow]:
    """What was frozen, in the order of the cases; two queries."""
    snapshot(session, snapshot_id)
    query = (
        select(CaseTable, AnnotationTable, SnapshotRowTable.split)
        .join(SnapshotRowTable, SnapshotRowTable.case_id == CaseTable.id)
        .join(AnnotationTable, AnnotationTable.id == SnapshotRowTable.annotation_id)
        .where(SnapshotRowTable.snapshot_id == snapshot_id)
        .order_by(CaseTable.id)
    )
    found = session.execute(query).all()
    pictures = pictures_of(session, workspace, [row.id for row, _, _ in found])
    return [
        SnapshotRow(
            Case(row.id, row.dataset, row.key, row.scenario, row.category, row.split, tuple(pictures[row.id])),
            to_annotation(annotation),
            split,
        )
        for row, annotation, split in found
    ]
