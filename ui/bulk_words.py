"""Bulk changes in words and rows: what one would do, what it did, and those that were made."""

from __future__ import annotations

from typing import Any

from db.bulk import Bulk, Done, Preview
from db.schema import BulkKind
from db.store import Store
from m3ad.taxonomy import default_taxonomy

LISTED = 12  # cases that are named


def preview_words(kind: BulkKind, old: str, new: str, found: Preview) -> str:
    """What a change would do, in a sentence or two."""
    if not found.cases:
        return f"Nothing to change: no {'annotation has the type' if kind is BulkKind.RETYPE else 'case is of'} {old}."
    if kind is BulkKind.CATEGORY:
        return f"{_cases(found.cases)} would move from {old} to {new}."
    defects = f"{found.defects} defect{'' if found.defects == 1 else 's'}"
    words = f"{defects} in {_cases(found.cases)} would become {new}, as one new revision each."
    if default_taxonomy().find(new) is None:
        words += f" {new} is not in the taxonomy."
    return words


def done_words(done: Done) -> str:
    """What was done, in a sentence or two."""
    bulk = done.bulk
    what = f"Took bulk change {bulk.undoes} back" if bulk.undoes else f"{bulk.old} → {bulk.new}"
    words = f"Bulk change {bulk.id}: {what} in {_cases(bulk.cases)}."
    if not done.left:
        return words
    named = ", ".join(str(case_id) for case_id in done.left[:LISTED]) + (", …" if len(done.left) > LISTED else "")
    return f"{words} Left alone, because somebody changed them since: {_cases(len(done.left))} ({named})."


def bulk_rows(bulks: list[Bulk]) -> list[list[Any]]:
    """(number, what, how many) of every bulk change."""
    return [
        [
            str(one.id),
            [f"{one.old} → {one.new}", f"{one.author}, {_kind(one)}{_undone(one)}"],
            str(one.cases),
        ]
        for one in bulks
    ]


def example_rows(store: Store, found: Preview) -> list[list[Any]]:
    """The first cases of a preview, each a link into Annotate."""
    return [[case_cell(store, case_id)] for case_id in found.examples]


def case_cell(store: Store, case_id: int) -> list[str]:
    """A table's cell that names a case and leads to it."""
    return [store.case(case_id).name, "", f"?tab=annotate&case={case_id}"]


def _undone(bulk: Bulk) -> str:
    return f", takes {bulk.undoes} back" if bulk.undoes else ""


def _kind(bulk: Bulk) -> str:
    return "type" if bulk.kind is BulkKind.RETYPE else "category"


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"
