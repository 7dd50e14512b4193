"""Against forgetting: how much of a training side is older cases, those that a model of this store has learnt from.

What is new always takes part. Of the older ones so many are drawn that they make up the asked share of both together;
the draw goes by the content of the pictures, so that the same seed draws the same cases whatever came meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, select
from sqlalchemy.orm import Session

from db.schema import ModelTable, RunRowTable
from m3ad.errors import Conflict
from m3ad.formats.base import batches

BATCH = 500


def was_learnt(annotation_id: SQLColumnExpression[int | None]) -> ColumnElement[bool]:
    """Whether a model came of a run that had this annotation among its examples: a run that failed taught nothing."""
    return exists().where(RunRowTable.annotation_id == annotation_id, ModelTable.run == RunRowTable.run)


def learnt(session: Session, annotation_ids: Collection[int]) -> set[int]:
    """Those of the annotations that a model has learnt from."""
    found: set[int] = set()
    for some in batches(annotation_ids, BATCH):
        query = select(RunRowTable.annotation_id).join(ModelTable, ModelTable.run == RunRowTable.run)
        found |= set(session.scalars(query.where(RunRowTable.annotation_id.in_(some))))
    return found


def require_share(replay: float | None) -> None:
    """Conflict unless older cases can make up this part of a whole."""
    if replay is not None and not 0 <= replay < 1:
        raise Conflict(
            f"The share of older cases is at least 0 and below 1; {replay} is not. Leave it away to take all of them."
        )


def rested(older: Mapping[int, str], new: int, replay: float, seed: int) -> set[int]:
    """The older cases that are left out, so that at most `replay` of the training side is older.

    Args:
        older: the content hash of each older case, by its id.
        new: how many cases are new.

    Raises:
        Conflict: nothing is new, so that there is nothing to have a share of.
    """
    if older and not new:
        raise Conflict(
            "Every case to train on has been in an earlier run: there is nothing new that older cases could be added "
            "to. Correct some cases first, or take all of the older ones."
        )
    most = int(new * replay / (1 - replay) + 1e-9)  # 9 new and a share of 0.1 allow one, whatever 0.1 is in binary
    drawn = sorted(older, key=lambda case_id: (_draw(older[case_id], seed), case_id))
    return set(drawn[most:])


def _draw(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"replay:{seed}:{name}".encode()).digest()
