"""Annotations out of the store into the format of another program: a filter's cases, a few at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sqlalchemy import select

from db.annotations import to_annotation
from db.cases import cases
from db.filters import CaseFilter, join_latest
from db.schema import AnnotationTable, CaseTable, InspectionTable
from m3ad.errors import ExportError
from m3ad.formats import FORMATS
from m3ad.formats.base import AnnotatedPicture, Origin, batches
from m3ad.formats.carrying import ExportedAccount, export
from m3ad.formats.sink import pack
from m3ad.images import EXTENSIONS
from m3ad.records import Annotation, Case
from m3ad.trace_fields import UNKNOWN_TYPE

if TYPE_CHECKING:
    from db.store import Store

BATCH = 500
LONGEST_STEM = 60
UNDECIDED = "defects whose type is undecided: other programs take 'unknown' for a type like any"
_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


def export_annotations(
    store: Store,
    format: str,
    target: Path,
    wanted: CaseFilter,
    *,
    copy: bool,
    user: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportedAccount:
    """Write the newest annotations of the cases that pass, as the folder or ZIP file `target`.

    Args:
        format: a name of `m3ad.formats.FORMATS`.
        copy: with the pictures.
        progress: called with (done, total).

    Raises ExportError: nothing passes, the target is there already or cannot be written, or it was cancelled; there is
    no `target` then.
    """
    ids = store.case_ids(wanted, user=user)
    if not ids:
        raise ExportError("There is nothing to export: no case passes the filter.")
    lost: Counter[str] = Counter()
    pictures = _annotated(store, ids, lost, progress, cancelled)
    with pack(target) as sink:
        return export(FORMATS[format], pictures, sink, copy=copy, lost=lost)


def _annotated(
    store: Store,
    ids: list[int],
    lost: Counter[str],
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Iterator[AnnotatedPicture]:
    taken: set[str] = set()
    done = 0
    for some in batches(ids, BATCH):
        for case, annotation in _newest(store, some, lost):
            if cancelled():
                raise ExportError("The export was cancelled: nothing was written.")
            yield _picture(case, annotation, taken)
            done += 1
        progress(done, len(ids))


def _newest(store: Store, ids: list[int], lost: Counter[str]) -> list[tuple[Case, Annotation | None]]:
    """The cases with their newest annotation; what every format leaves behind is counted."""
    query = join_latest(
        select(CaseTable.id, InspectionTable.id, AnnotationTable).select_from(CaseTable), model=None, user=None
    )
    with store.reading() as session:
        found = session.execute(query.where(CaseTable.id.in_(ids))).all()
        newest = {case_id: to_annotation(row) for case_id, _, row in found if row is not None}
        inspected = sum(inspection is not None for _, inspection, _ in found)
        listed = cases(session, store.places, CaseFilter(ids=tuple(ids)))
    lost["cases with inspections: reasoning, reflection and probabilities stay here"] += inspected
    lost["further pictures of cases (views, templates)"] += sum(len(case.pictures) - 1 for case in listed)
    undecided = sum(defect.type == UNKNOWN_TYPE for one in newest.values() for defect in one.verdict.defects)
    lost[UNDECIDED] += undecided
    return [(case, newest.get(case.id)) for case in listed]


def _picture(case: Case, annotation: Annotation | None, taken: set[str]) -> AnnotatedPicture:
    primary = case.primary
    known = (annotation.revision, "", annotation.author, annotation.note) if annotation else ()
    origin = Origin(case.dataset, case.key, case.scenario, case.category, case.split, primary.sha256, *known)
    verdict = annotation.verdict if annotation else None
    return AnnotatedPicture(_name(case, taken), primary.width, primary.height, verdict, primary.path, origin)


def _name(case: Case, taken: set[str]) -> str:
    """A file name that is safe anywhere, unique in the export, and ends in the beginning of the picture's hash."""
    suffix = primary_suffix if (primary_suffix := case.primary.path.suffix.lower()) in EXTENSIONS else ".png"
    stem = _UNSAFE.sub("-", PurePosixPath(case.key).stem)[:LONGEST_STEM].strip("-") or "picture"
    name = f"{stem}-{case.primary.sha256[:12]}"
    number = 2
    while name in taken:
        name, number = f"{stem}-{case.id}-{number}-{case.primary.sha256[:12]}", number + 1
    taken.add(name)
    return name + suffix
