"""Snapshots: frozen lists of (case, annotation revision, split). How they are divided is in `db.splits`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotations import to_annotation
from db.duplicates import Prints, case_prints
from db.events import log, now
from db.filters import CaseFilter, conditions, join_latest
from db.pictures import pictures_of
from db.places import Places
from db.replay import learnt, require_share, rested
from db.reviews import held_back
from db.schema import AnnotationTable, CaseTable, SnapshotRowTable, SnapshotTable
from db.splits import TRAIN, SplitRule, account_of, divide
from db.verdicts import undecided
from m3ad.errors import Conflict, NotFound
from m3ad.records import Case, Snapshot, SnapshotRow, SplitAccount, Verdict


def create_snapshot(
    session: Session, name: str, wanted: CaseFilter, rule: SplitRule, near: Mapping[str, int], actor: str
) -> Snapshot:
    """Freeze the latest annotation of every case that `wanted` lets through; cases without one are left out.

    Left out and counted are those with an open question, a defect of unknown type, or a revision that was sent back.

    Args:
        near: what `db.duplicates.near_hashes` gave just before; cases that came since are left to the next snapshot.

    Raises:
        Conflict: the name is empty or taken, or no annotated case is left.
    """
    require_new(session, name, rule)
    prints = case_prints(session, near)
    annotated = {case_id: one for case_id, one in _annotated(session, wanted).items() if not prints[case_id].late}
    held = held_back(session)
    found = {
        case_id: one
        for case_id, one in annotated.items()
        if one.id not in held and not undecided(Verdict.from_json(one.verdict))
    }
    if annotated and not found:
        raise Conflict("Every annotated case that passes waits for a reviewer's answer or was sent back.")
    if not found:
        raise Conflict(
            "No annotated case passes this filter: there is nothing to freeze. Annotate first, or filter less."
        )
    division = divide(session, prints, rule)
    splits = division.splits
    waiting = len(annotated) - len(found)
    older, left = _older(session, found, prints, splits, rule)
    found = {case_id: one for case_id, one in found.items() if case_id not in left}
    row = SnapshotTable(
        name=name,
        hash=_hash((prints[case_id].files, annotation, splits[case_id]) for case_id, annotation in found.items()),
        size=len(found),
        anomalous=sum(annotation.anomalous for annotation in found.values()),
        filter={
            **wanted.to_json(),
            "frozen_share": rule.frozen_share,
            "frozen_categories": list(rule.frozen_categories),
            "seed": rule.seed,
            **({} if rule.replay is None else {"replay": rule.replay}),
        },
        account=replace(
            account_of(session, division, prints, found), waiting=waiting, older=len(older - left), rested=len(left)
        ).to_json(),
        created=now(),
    )
    session.add(row)
    session.flush()
    session.add_all(
        SnapshotRowTable(snapshot_id=row.id, case_id=case_id, annotation_id=annotation.id, split=splits[case_id])
        for case_id, annotation in found.items()
    )
    log(session, "snapshot.created", actor, name=name, hash=row.hash, size=row.size)
    return _to_snapshot(row)


def _older(
    session: Session,
    found: Mapping[int, AnnotationTable],
    prints: Mapping[int, Prints],
    splits: Mapping[int, str],
    rule: SplitRule,
) -> tuple[set[int], set[int]]:
    """The cases of the training side whose annotation a model has learnt from, and those of them that stay out."""
    training = {case_id: one.id for case_id, one in found.items() if splits[case_id] == TRAIN}
    known = learnt(session, training.values())
    older = {case_id: min(prints[case_id].exact) for case_id, annotation in training.items() if annotation in known}
    if rule.replay is None:
        return set(older), set()
    return set(older), rested(older, len(training) - len(older), rule.replay, rule.seed)


def require_new(session: Session, name: str, rule: SplitRule) -> None:
    """Conflict when the name is empty or taken, or a share is none."""
    require_share(rule.replay)
    if not name.strip():
        raise Conflict("A snapshot needs a name.")
    if not 0 <= rule.frozen_share <= 1:
        raise Conflict(f"The frozen share is a part of the cases, between 0 and 1; {rule.frozen_share} is not.")
    if session.scalar(select(SnapshotTable.id).where(SnapshotTable.name == name)):
        raise Conflict(f"There is a snapshot named {name} already. Choose another name.")


def _annotated(session: Session, wanted: CaseFilter) -> dict[int, AnnotationTable]:
    """The latest annotation of each case that passes and has one, in the order of the cases."""
    query = join_latest(select(AnnotationTable).select_from(CaseTable), model=wanted.model, user=None)
    query = query.where(AnnotationTable.id.is_not(None), *conditions(wanted)).order_by(CaseTable.id)
    return {annotation.case_id: annotation for annotation in session.scalars(query)}


def _hash(rows: Iterable[tuple[list[str], AnnotationTable, str]]) -> str:
    """SHA-256 over picture bytes, verdicts and splits; free of ids and order: equal data, equal hash."""
    lines = sorted(
        json.dumps([hashes, annotation.verdict, split], sort_keys=True) for hashes, annotation, split in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _to_snapshot(row: SnapshotTable) -> Snapshot:
    account = SplitAccount.from_json(row.account) if row.account else None
    return Snapshot(row.id, row.name, row.hash, row.size, row.anomalous, row.created, row.filter, account)


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


def snapshot_rows(session: Session, places: Places, snapshot_id: int) -> list[SnapshotRow]:
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
    pictures = pictures_of(session, places, [row.id for row, _, _ in found])
    return [
        SnapshotRow(
            Case(row.id, row.dataset, row.key, row.scenario, row.category, row.split, tuple(pictures[row.id])),
            to_annotation(annotation),
            split,
        )
        for row, annotation, split in found
    ]
