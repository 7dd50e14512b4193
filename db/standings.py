"""Where each case stands now: kept beside the annotations and inspections it follows from, so that lists are look-ups.

A case has one row about the latest complete inspection of any model (`ANY`), and one for each model that inspected it.
Each row belongs to a tally: all cases that stand in the same way share one, and its count is kept with every change.
There are as many tallies as ways that occur, hundreds and not millions: a count is the sum of a few of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db.authors import PERSON, source_of
from db.latest import ANY, Key, assigned, last_words, latest_annotations, latest_inspections, texts
from db.reasoning import clear, replace_texts
from db.reasons import is_unsure, reason_of
from db.schema import (
    WAYS,
    CaseTable,
    Decision,
    NamedTypeTable,
    StandingTable,
    TallyTable,
    table_of,
)
from m3ad.contradictions import all_problems
from m3ad.formats.base import batches
from m3ad.taxonomy import default_taxonomy, normalise
from m3ad.trace import read

BATCH = 500

Way = tuple[Any, ...]  # the values of `WAYS`


# Statements are made once: making one costs more than running it.
_SAME_WAY = select(TallyTable.id).where(*(getattr(TallyTable, name) == bindparam(name) for name in WAYS))
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CASES = (
    select(CaseTable.id, CaseTable.dataset, CaseTable.scenario, CaseTable.category, CaseTable.split)
    .where(CaseTable.id.in_(_IDS))
    .with_for_update()
)
_BEFORE = (
    select(
        StandingTable.model,
        StandingTable.case_id,
        StandingTable.tally_id,
        StandingTable.annotation_id,
        StandingTable.inspection_id,
        TallyTable.problems,
    )
    .join(TallyTable, TallyTable.id == StandingTable.tally_id)
    .where(StandingTable.model.in_(bindparam("models", expanding=True)), StandingTable.case_id.in_(_IDS))
)
_rows, _tallies, _types = table_of(StandingTable), table_of(TallyTable), table_of(NamedTypeTable)
_MOVE = (
    update(_rows)
    .where(_rows.c.model == bindparam("of_model"), _rows.c.case_id == bindparam("of_case"))
    .values({name: bindparam(name) for name in ("tally_id", "annotation_id", "inspection_id", "final_probability")})
)
_COUNT = (
    update(_tallies).where(_tallies.c.id == bindparam("tally")).values(count=_tallies.c.count + bindparam("change"))
)
_FORGET_TYPES = delete(_types).where(_types.c.case_id.in_(_IDS))


class _Before(NamedTuple):
    """What a row says before it is refreshed."""

    tally_id: int
    annotation_id: int | None
    inspection_id: int | None
    problems: bool


@lru_cache(maxsize=4096)
def type_name(name: str) -> str:
    """The taxonomy's name of a type, or the type as it was written, in one form of its letters and spaces."""
    node = default_taxonomy().find(name)
    return node.name if node else normalise(name)


def touch(session: Session, case_id: int) -> None:
    """Something changed that the rows of this case follow from: `settle` makes them true at the end."""
    session.info.setdefault("touched", set()).add(case_id)


def settle(session: Session) -> None:
    """Make the rows of all cases true that were touched in this transaction."""
    refresh(session, session.info.pop("touched", ()))


def refresh(session: Session, case_ids: Iterable[int]) -> None:
    """Make the rows of these cases true."""
    tallies = _Tallies(session)
    for some in batches(sorted(set(case_ids)), BATCH):
        _Batch(session, some, tallies).write()
    tallies.write()


def rebuild(session: Session) -> None:
    """Make all rows again from what they follow from."""
    for kind in (StandingTable, NamedTypeTable, TallyTable):
        session.execute(delete(kind))
    clear(session)
    refresh(session, session.scalars(select(CaseTable.id)))


def missing(session: Session) -> bool:
    """True when there are cases and no rows: an earlier version wrote them, or a migration emptied the rows."""
    case = session.scalar(select(CaseTable.id).limit(1))
    return case is not None and session.scalar(select(StandingTable.case_id).limit(1)) is None


class _Tallies:
    """The tallies of one transaction: their ids by way, and by how much each count changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: dict[Way, int] = {}
        self._changes: Counter[int] = Counter()

    def id_of(self, way: Way) -> int:
        """The tally of a way, made when it is the first time."""
        if way not in self._ids:
            values = dict(zip(WAYS, way, strict=True))
            found = self._session.scalar(_SAME_WAY, values)
            if found is None:
                made = self._session.execute(insert(TallyTable).values(**values, count=0).returning(TallyTable.id))
                found = made.scalar_one()
            self._ids[way] = found
        return self._ids[way]

    def moved(self, before: int | None, after: int) -> None:
        """A row goes from one tally to another."""
        if before is not None:
            self._changes[before] -= 1
        self._changes[after] += 1

    def write(self) -> None:
        """Change the counts, in the order of their ids: two who do so at once never wait for one another for ever."""
        changes = [{"tally": tally, "change": change} for tally, change in sorted(self._changes.items()) if change]
        if changes:
            self._session.connection().execute(_COUNT, changes)
        self._changes.clear()


class _Batch:
    """A few cases with all that their rows follow from."""

    def __init__(self, session: Session, ids: Sequence[int], tallies: _Tallies) -> None:
        session.flush()
        self._session = session
        self._tallies = tallies
        self._annotations = latest_annotations(session, ids)
        self._inspections = latest_inspections(session, ids)
        self._before = _rows_before(session, ids, {model for model, _ in self._inspections} | {ANY})
        self._assigned = assigned(session, ids)
        self._reviews = last_words(session, [row.id for row in self._annotations.values()])
        # Locked, where a database has such locks: two changes of one case are refreshed one after the other.
        self._cases = session.execute(_CASES, {"ids": ids}).all()
        self._texts = self._new_texts()
        self._models: dict[int, list[str]] = {case.id: [ANY] for case in self._cases}
        for model, case_id in self._inspections:
            if model != ANY:
                self._models[case_id].append(model)

    def _new_texts(self) -> dict[int, str]:
        """The texts, by inspection, that rows tell of for the first time."""
        known = {before.inspection_id for before in self._before.values()}
        return texts(self._session, {row.id for row in self._inspections.values()} - known)

    def write(self) -> None:
        """Write the rows that changed."""
        made, changed = [], []
        for case in self._cases:
            for model in self._models[case.id]:
                row = self._row(case, model)
                before = self._before.get((model, case.id))
                if before is None:
                    made.append(row)
                elif before[:3] != (row["tally_id"], row["annotation_id"], row["inspection_id"]):
                    changed.append(row)
                else:
                    continue
                self._tallies.moved(before.tally_id if before else None, row["tally_id"])
        if made:
            self._session.execute(insert(StandingTable), made)
        if changed:
            keyed = [{**row, "of_model": row["model"], "of_case": row["case_id"]} for row in changed]
            self._session.connection().execute(_MOVE, keyed)
        renewed = [row for row in (*made, *changed) if row["model"] == ANY]
        self._write_types([row["case_id"] for row in renewed])
        self._write_texts(renewed)

    def _row(self, case: Any, model: str) -> dict[str, Any]:
        note, look = self._annotations.get(case.id), self._inspections.get((model, case.id))
        return {
            "model": model,
            "case_id": case.id,
            "tally_id": self._tallies.id_of(self._way(case, model, note, look)),
            "annotation_id": note.id if note else None,
            "inspection_id": look.id if look else None,
            "final_probability": look.final_probability if look else None,
        }

    def _way(self, case: Any, model: str, note: Any, look: Any) -> Way:
        source = source_of(note.author) if note else ""
        stands: dict[str, Any] = {
            "truth": _word(note.anomalous) if note else "",
            "initial": "" if look is None or look.initial_anomalous is None else _word(look.initial_anomalous),
            "decision": _word(look.final_anomalous) if look else "",
            "reflected": bool(look and look.reflected),
            "unsure": bool(look and is_unsure(look.final_probability)),
            "problems": bool(look and self._has_problems(model, case.id, look)),
        }
        settled = source == PERSON and (look is None or note.created >= look.created)
        review = self._reviews.get(note.id, "") if note else ""
        reason = reason_of(settled=settled, asked=review == Decision.ASK, **stands)
        values = stands | {
            "model": model,
            "dataset": case.dataset,
            "scenario": case.scenario.value,
            "category": case.category,
            "split": case.split,
            "source": source,
            "review": str(review),
            "reason": str(reason),
            "assigned": self._assigned.get(case.id, ""),
        }
        return tuple(values[name] for name in WAYS)

    def _has_problems(self, model: str, case_id: int, look: Any) -> bool:
        if look.problems is not None:
            return bool(look.problems)
        before = self._before.get((model, case_id))
        if before is not None and before.inspection_id == look.id:
            return before.problems
        return _problems(self._text(look.id))

    def _text(self, inspection_id: int) -> str:
        if inspection_id not in self._texts:  # another model's row told of it
            self._texts |= texts(self._session, {inspection_id})
        return self._texts[inspection_id]

    def _write_types(self, case_ids: Sequence[int]) -> None:
        if not case_ids:
            return
        self._session.connection().execute(_FORGET_TYPES, {"ids": case_ids})
        rows = []
        for case_id in case_ids:
            source = self._annotations.get(case_id) or self._inspections.get((ANY, case_id))
            defects = (source.verdict or {}).get("defects", ()) if source else ()
            names = {type_name(defect["type"]) for defect in defects}
            rows += [{"type": name, "case_id": case_id} for name in names]
        if rows:
            self._session.connection().execute(insert(_types), rows)

    def _write_texts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        old, new = {}, {}
        for row in rows:
            before = self._before.get((ANY, row["case_id"]))
            if before and before.inspection_id == row["inspection_id"]:
                continue
            if before and before.inspection_id is not None:
                old[row["case_id"]] = before.inspection_id
            if row["inspection_id"] is not None:
                new[row["case_id"]] = self._text(row["inspection_id"])
        gone = texts(self._session, set(old.values()))
        replace_texts(self._session, {case_id: gone[each] for case_id, each in old.items()}, new)


@lru_cache(maxsize=1024)
def _problems(text: str) -> bool:
    return bool(all_problems(read(text)))


def _word(anomalous: bool | None) -> str:
    if anomalous is None:
        return "unreadable"
    return "anomalous" if anomalous else "normal"


def _rows_before(session: Session, ids: Sequence[int], models: set[str]) -> dict[Key, _Before]:
    rows = session.execute(_BEFORE, {"models": list(models), "ids": ids})
    return {(row.model, row.case_id): _Before(*row[2:]) for row in rows}
