"""How the cases of a snapshot are divided: "train", or "frozen", which no training may ever see.

Whole groups of copies and near-duplicates go to one side, over all cases of the store, in the snapshot or not. A group
is frozen when any of its cases is of a category that is kept for the bench, or was frozen in an earlier snapshot;
otherwise it is drawn by the content of its oldest case, so that a case which comes later changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.duplicates import Prints, group_copies
from db.schema import CaseTable, SnapshotRowTable, SnapshotTable
from m3ad.records import HELD_OUT, SplitAccount

TRAIN = "train"
FROZEN = "frozen"  # kept back from all training


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How cases are divided into "train" and "frozen".

    Attributes:
        frozen_share: the part of the cases that is kept back, 0..1, on average over many cases.
        frozen_categories: categories that are kept back whole, as M3-AD-Bench does (SPEC), here and in every later
            snapshot.
        seed: another seed, another division of the cases that no earlier snapshot froze.
        replay: the largest part of the training side that a model has learnt from before, 0 up to below 1 (see
            `db.replay`); None: no limit.
    """

    frozen_share: float = 0.2
    frozen_categories: tuple[str, ...] = ()
    seed: int = 0
    replay: float | None = None


@dataclass(frozen=True, slots=True)
class Division:
    """Every case of the store with its side.

    Attributes:
        splits: by case id.
        alone: the side each case would be on without its copies and near-duplicates.
        categories: of each case.
        kept: the categories that are kept back whole.
    """

    splits: dict[int, str]
    alone: dict[int, str]
    categories: dict[int, str]
    kept: frozenset[str]


def split_of(name: str, rule: SplitRule) -> str:
    """The side that the content hash `name` is drawn to: whatever else there is, it is always the same."""
    digest = hashlib.sha256(f"{rule.seed}:{name}".encode()).digest()
    return FROZEN if int.from_bytes(digest[:8]) < rule.frozen_share * 2**64 else TRAIN


def divide(session: Session, prints: Mapping[int, Prints], rule: SplitRule) -> Division:
    """The side of every case of the store."""
    categories = {row.id: row.category for row in session.execute(select(CaseTable.id, CaseTable.category))}
    kept = bench_categories(session) | set(rule.frozen_categories)
    frozen = _earlier(session, FROZEN) | {case_id for case_id, category in categories.items() if category in kept}
    drawn = {case_id: split_of(min(one.exact), rule) for case_id, one in prints.items()}
    oldest = group_copies({case_id: one.exact | one.near for case_id, one in prints.items()})
    frozen_groups = {oldest[case_id] for case_id in frozen}
    return Division(
        {case_id: FROZEN if first in frozen_groups else drawn[first] for case_id, first in oldest.items()},
        {case_id: FROZEN if case_id in frozen else drawn[case_id] for case_id in prints},
        categories,
        frozenset(kept),
    )


def bench_categories(session: Session) -> set[str]:
    """Categories that no training may see: held out by their data set, or kept back whole by any snapshot."""
    held_out = session.scalars(select(CaseTable.category).where(CaseTable.split == HELD_OUT).distinct())
    filters = session.scalars(select(SnapshotTable.filter))
    return set(held_out) | {category for made in filters for category in made.get("frozen_categories", ())}


def _earlier(session: Session, split: str) -> set[int]:
    """The cases that any snapshot so far has on this side."""
    query = select(SnapshotRowTable.case_id).where(SnapshotRowTable.split == split)
    return set(session.scalars(query.distinct()))


def account_of(
    session: Session, division: Division, prints: Mapping[int, Prints], chosen: Collection[int]
) -> SplitAccount:
    """What the division did to the chosen cases; to be asked before they are written as a snapshot."""
    frozen = {case_id for case_id in chosen if division.splits[case_id] == FROZEN}
    return SplitAccount(
        frozen=len(frozen),
        categories=tuple(sorted(division.kept & {division.categories[case_id] for case_id in chosen})),
        moved=sum(division.splits[case_id] != division.alone[case_id] for case_id in chosen),
        trained=len(frozen & _earlier(session, TRAIN)),
        unseen=sum(prints[case_id].unseen for case_id in chosen),
    )
