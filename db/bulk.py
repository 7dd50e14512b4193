"""Changes of many cases at once: a type of defect becomes another, cases change category; each taken back as one.

A retyping is one new revision for each case, by the person who asked for it, with the note "bulk N: …". It is written
in pieces, so that others can save meanwhile; what is cut off is finished by asking for the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.annotations import revision_row
from db.events import log, now
from db.schema import AnnotationTable, BulkKind, BulkRowTable, BulkTable, CaseTable, NamedTypeTable, StandingTable
from db.splits import bench_categories
from db.standings import ANY, touch, type_name
from m3ad.errors import Conflict, NotFound
from m3ad.records import Verdict
from m3ad.taxonomy import normalise

if TYPE_CHECKING:
    from db.store import Store

PIECE = 1000  # cases in one transaction
SHOWN = 12  # examples in a preview

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk change would do: how many cases and defects it is about, and the first few cases."""

    cases: int
    defects: int
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A bulk change that was made.

    Attributes:
        undoes: the one that it takes back; None for a change of its own.
        cases: how many it changed.
    """

    id: int
    kind: BulkKind
    old: str
    new: str
    author: str
    undoes: int | None
    cases: int


@dataclass(frozen=True, slots=True)
class Done:
    """How a bulk change ended: what it is, and the cases it left alone because somebody changed them meanwhile."""

    bulk: Bulk
    left: tuple[int, ...] = ()


def preview(store: Store, kind: BulkKind, old: str, new: str) -> Preview:
    """What the change would do now. Raises Conflict when it makes no sense."""
    _require_sense(old, new)
    with store.reading() as session:
        if kind is BulkKind.CATEGORY:
            ids = _in_category(session, old)
            return Preview(len(ids), 0, tuple(ids[:SHOWN]))
        found = dict(_with_type(session, old, new))
    return Preview(len(found), sum(found.values()), tuple(list(found)[:SHOWN]))


def change(
    store: Store, kind: BulkKind, old: str, new: str, *, author: str, progress: Progress = lambda done, total: None
) -> Done:
    """Do it. Raises Conflict when it makes no sense or there is nothing to change."""
    _require_sense(old, new)
    with store.reading() as session:
        _keep_the_bench(session, kind, old, new)
        retyped = kind is BulkKind.RETYPE
        ids = [case_id for case_id, _ in _with_type(session, old, new)] if retyped else _in_category(session, old)
    if not ids:
        raise Conflict(f"No {'annotation has the type' if retyped else 'case is of the category'} {old}.")
    bulk = _begin(store, kind, old, new, author, None)
    write = _retype if retyped else _move
    return _in_pieces(store, bulk, ids, write, progress)


def undo(store: Store, number: int, *, author: str, progress: Progress = lambda done, total: None) -> Done:
    """Take a bulk change back, as one of its own: revisions again. Cases that were changed since are left alone.

    Raises Conflict when nothing of it stands any more, NotFound when there is no such bulk change.
    """
    with store.reading() as session:
        made = session.get(BulkTable, number)
        if made is None:
            raise NotFound(f"There is no bulk change {number}.")
        kind, old, new = made.kind, made.old, made.new
        standing, left = _standing(session, made)
    if not standing:
        raise Conflict(f"Nothing of bulk change {number} stands any more: there is nothing to take back.")
    bulk = _begin(store, kind, new, old, author, number)
    write = _take_back(number) if kind is BulkKind.RETYPE else _move
    done = _in_pieces(store, bulk, standing, write, progress)
    return replace(done, left=(*left, *done.left))


def bulks(store: Store) -> list[Bulk]:
    """All bulk changes, newest first."""
    rows = select(func.count()).where(BulkRowTable.bulk_id == BulkTable.id).scalar_subquery()
    with store.reading() as session:
        found = session.execute(select(BulkTable, rows).order_by(BulkTable.id.desc()))
        return [Bulk(one.id, one.kind, one.old, one.new, one.author, one.undoes, count) for one, count in found]


def retyped(verdict: Verdict, old: str, new: str) -> tuple[Verdict, int]:
    """The verdict with `new` wherever `old` is written, in any spelling that `normalise` knows; how often it was."""
    wanted = normalise(old)
    hits = [normalise(one.type) == wanted and one.type != new for one in verdict.defects]
    defects = (replace(one, type=new) if hit else one for one, hit in zip(verdict.defects, hits, strict=True))
    return replace(verdict, defects=tuple(defects)), sum(hits)


def _require_sense(old: str, new: str) -> None:
    if not old.strip() or not new.strip():
        raise Conflict("Name both: what there is, and what it becomes.")
    if old == new:
        raise Conflict(f"{old} is {new} already.")


def _keep_the_bench(session: Session, kind: BulkKind, old: str, new: str) -> None:
    bench = bench_categories(session) if kind is BulkKind.CATEGORY else set()
    if old in bench and new not in bench:
        raise Conflict(
            f"{old} is kept back from training whole, {new} is not: moved there, its cases could be trained on. "
            "Choose another category that is kept back."
        )


def _with_type(session: Session, old: str, new: str) -> Iterator[tuple[int, int]]:
    """(case, how many defects) of the newest annotations that have the type."""
    named = select(NamedTypeTable.case_id).where(NamedTypeTable.type == type_name(old))
    query = (
        select(AnnotationTable.case_id, AnnotationTable.verdict)
        .join(StandingTable, StandingTable.annotation_id == AnnotationTable.id)
        .where(StandingTable.model == ANY, AnnotationTable.case_id.in_(named))
    )
    for case_id, verdict in session.execute(query.order_by(AnnotationTable.case_id)):
        if hits := retyped(Verdict.from_json(verdict), old, new)[1]:
            yield case_id, hits


def _in_category(session: Session, category: str) -> list[int]:
    query = select(CaseTable.id).where(CaseTable.category == category)
    return list(session.scalars(query.order_by(CaseTable.id)))


def _begin(store: Store, kind: BulkKind, old: str, new: str, author: str, undoes: int | None) -> Bulk:
    with store.changing() as session:
        row = BulkTable(kind=kind, old=old, new=new, author=author, undoes=undoes, created=now())
        session.add(row)
        session.flush()
        log(session, "bulk.begun", author, bulk=row.id, kind=kind, old=old, new=new, undoes=undoes)
        return Bulk(row.id, kind, old, new, author, undoes, 0)


Write = Callable[[Session, Bulk, list[int]], list[int]]  # changes some cases; gives those that it changed
Planned = tuple[AnnotationTable, Verdict]  # the newest revision of a case, and what comes after it


def _in_pieces(store: Store, bulk: Bulk, ids: list[int], write: Write, progress: Progress) -> Done:
    left: list[int] = []
    for start in range(0, len(ids), PIECE):
        piece = ids[start : start + PIECE]
        with store.changing() as session:
            changed = set(write(session, bulk, piece))
            for case_id in changed:
                touch(session, case_id)
        left += [case_id for case_id in piece if case_id not in changed]
        progress(start + len(piece), len(ids))
    return Done(replace(bulk, cases=len(ids) - len(left)), tuple(left))


def _retype(session: Session, bulk: Bulk, ids: list[int]) -> list[int]:
    planned: list[Planned] = []
    for newest in _newest(session, ids):
        verdict, hits = retyped(Verdict.from_json(newest.verdict), bulk.old, bulk.new)
        if hits:
            planned.append((newest, verdict))
    return _revise(session, bulk, planned, f"bulk {bulk.id}: {bulk.old} → {bulk.new}")


def _take_back(number: int) -> Write:
    def write(session: Session, bulk: Bulk, ids: list[int]) -> list[int]:
        query = (
            select(BulkRowTable.after_id, AnnotationTable.verdict)
            .join(AnnotationTable, AnnotationTable.id == BulkRowTable.before_id)
            .where(BulkRowTable.bulk_id == number, BulkRowTable.case_id.in_(ids))
        )
        before = {row.after_id: row.verdict for row in session.execute(query)}
        newest = [one for one in _newest(session, ids) if one.id in before]
        planned = [(one, Verdict.from_json(before[one.id])) for one in newest]
        return _revise(session, bulk, planned, f"bulk {bulk.id}: takes bulk {number} back")

    return write


def _newest(session: Session, ids: list[int]) -> list[AnnotationTable]:
    newest = select(func.max(AnnotationTable.id)).where(AnnotationTable.case_id.in_(ids))
    return list(
        session.scalars(select(AnnotationTable).where(AnnotationTable.id.in_(newest.group_by(AnnotationTable.case_id))))
    )


def _revise(session: Session, bulk: Bulk, planned: list[Planned], note: str) -> list[int]:
    """One new revision for each, written together: a row at a time would keep others from saving for long."""
    rows = [
        revision_row(
            before.case_id,
            before.revision + 1,
            verdict,
            author=bulk.author,
            note=note,
            inspection_id=before.inspection_id,
        )
        for before, verdict in planned
    ]
    session.add_all(rows)
    session.flush()
    for (before, _), after in zip(planned, rows, strict=True):
        session.add(BulkRowTable(bulk_id=bulk.id, case_id=after.case_id, before_id=before.id, after_id=after.id))
        log(session, "annotation.saved", bulk.author, after.case_id, revision=after.revision)
    return [after.case_id for after in rows]


def _move(session: Session, bulk: Bulk, ids: list[int]) -> list[int]:
    """To the other category; a case that is in another one by now is left where it is."""
    cases = session.scalars(select(CaseTable).where(CaseTable.id.in_(ids), CaseTable.category == bulk.old)).all()
    for case in cases:
        case.category = bulk.new
        session.add(BulkRowTable(bulk_id=bulk.id, case_id=case.id, before_id=None, after_id=None))
        log(session, "case.category", bulk.author, case.id, bulk=bulk.id, old=bulk.old, new=bulk.new)
    return [case.id for case in cases]


def _standing(session: Session, made: BulkTable) -> tuple[list[int], list[int]]:
    """The cases of a bulk change that are as it left them, and those that somebody else changed since."""
    ids = set(session.scalars(select(BulkRowTable.case_id).where(BulkRowTable.bulk_id == made.id)))
    taken_back = select(BulkRowTable.case_id).join(BulkTable, BulkTable.id == BulkRowTable.bulk_id)
    ids -= set(session.scalars(taken_back.where(BulkTable.undoes == made.id)))
    rows = select(BulkRowTable.case_id).where(BulkRowTable.bulk_id == made.id)
    standing: Iterable[int]
    if made.kind is BulkKind.CATEGORY:
        standing = session.scalars(
            rows.join(CaseTable, CaseTable.id == BulkRowTable.case_id).where(CaseTable.category == made.new)
        )
    else:
        now_there = select(StandingTable.annotation_id).where(
            StandingTable.model == ANY, StandingTable.case_id == BulkRowTable.case_id
        )
        standing = session.scalars(rows.where(BulkRowTable.after_id == now_there.scalar_subquery()))
    found = ids & set(standing)
    return sorted(found), sorted(ids - found)
