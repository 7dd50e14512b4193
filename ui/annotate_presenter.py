"""What the Annotate tab does, without gradio: open a case, keep a draft, save a revision, say what a conflict is about.

Answers are plain JSON for `static/box_editor.js`: `{"serial", "kind": "case" | "draft" | "conflict" | "refused", ...}`.
Boxes are fractions of the picture in full precision, so that one pixel of an 8000 pixel wide picture survives.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from db.filters import CaseFilter, Status
from db.store import Store
from m3ad.errors import M3ADError, StaleRevision
from m3ad.geometry import best_assignment, iou
from m3ad.records import Annotation, Case, Defect, Draft, Inspection, Verdict
from m3ad.taxonomy import Taxonomy, normalise
from ui.pictures import picture_url

PREVIEW = 1536  # pixels of the longer side; larger pictures load their file only when somebody zooms in
WORDY = 4  # more changes than this are counted, not named

QUEUES: dict[str, tuple[str, CaseFilter]] = {
    "all": ("all cases", CaseFilter()),
    "unannotated": ("not annotated yet", CaseFilter(status=Status.UNANNOTATED)),
    "wrong": ("model and annotation disagree", CaseFilter(status=Status.WRONG)),
    "unreadable": ("model's answer unreadable", CaseFilter(status=Status.UNREADABLE)),
    "draft": ("my drafts", CaseFilter(status=Status.DRAFT)),
}


@dataclass(frozen=True, slots=True)
class Work:
    """The document a person is working on, as one request carries it.

    Attributes:
        serial: number of the request; the answer repeats it.
        case_id, based_on: which case, and the revision that the work started from (0: none).
        rev: counts the changes in the browser.
        dirty: False when the document says the same as revision `based_on`.
        verdict: None while the person has not decided. A normal verdict may still hold boxes that were set aside.
        inspection_id: the inspection whose suggestions were adopted.
        queue: which cases "next" goes through, a key of `QUEUES`.
        step: 1 next, -1 previous, 0 stay; `target` goes to one case instead.
    """

    serial: int
    case_id: int
    based_on: int
    rev: int
    dirty: bool
    verdict: Verdict | None
    note: str
    inspection_id: int | None
    queue: str
    step: int
    target: int | None


def type_rows(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """The types for the picker, with the normalised words it searches in (see `Taxonomy.search`)."""
    return [
        {
            "name": node.name,
            "path": f"{node.classname.removesuffix(' Anomaly')} › {node.group}",
            "definition": node.definition,
            "keys": [normalise(text) for text in (node.name, *node.aliases)],
            "where": normalise(f"{node.group} {node.classname}"),
            "meaning": normalise(node.definition),
        }
        for node in taxonomy.types
    ]


# -- the four requests -----------------------------------------------------------------------------------------------


def open_case(store: Store, case_id: int, user: str, model: str | None, queue: str, serial: int = 0) -> dict[str, Any]:
    """The answer that shows a case; `serial` 0 when the editor did not ask for it. Raises NotFound."""
    return {"serial": serial, "kind": "case", "words": "", "sheet": _sheet(store, case_id, user, model, queue)}


def keep(store: Store, work: Work, user: str) -> dict[str, Any]:
    """Keep the document as the user's draft (or drop the draft when nothing is left of it)."""
    try:
        kept = _keep(store, work, user)
        latest = store.latest_annotation(work.case_id)
    except M3ADError as error:
        return _refused(work, error)
    stale = latest if latest is not None and latest.revision > work.based_on else None
    return {"serial": work.serial, "kind": "draft", "kept": kept, "theirs": _theirs(store, stale)}


def move(store: Store, work: Work, user: str, model: str | None) -> dict[str, Any]:
    """Keep the document of the present case and open another: `target`, or the one `step` further in the queue."""
    try:
        _keep(store, work, user)
        return _go_on(store, work, user, model, "")
    except M3ADError as error:
        return _refused(work, error)


def save(store: Store, work: Work, user: str, model: str | None) -> dict[str, Any]:
    """Save the document as the next revision of its own case and go on by `step`; or show the conflict."""
    if work.verdict is None:
        return {"serial": work.serial, "kind": "refused", "words": "Choose Anomalous (1) or Normal (0) first."}
    verdict = work.verdict if work.verdict.anomalous else Verdict(False)
    try:
        words = _save(store, work, verdict, user)
        return _go_on(store, work, user, model, words)
    except StaleRevision as error:
        theirs = store.latest_annotation(work.case_id)
        return {"serial": work.serial, "kind": "conflict", "theirs": _theirs(store, theirs), "words": str(error)}
    except M3ADError as error:
        return _refused(work, error)


def _refused(work: Work, error: M3ADError) -> dict[str, Any]:
    return {"serial": work.serial, "kind": "refused", "words": str(error)}


def _keep(store: Store, work: Work, user: str) -> bool:
    if work.verdict is None or not work.dirty:
        if store.draft(work.case_id, user) is not None:
            store.delete_draft(work.case_id, user)
        return False
    store.save_draft(work.case_id, user, work.verdict, based_on=work.based_on, note=work.note)
    return True


def _save(store: Store, work: Work, verdict: Verdict, user: str) -> str:
    latest = store.latest_annotation(work.case_id)
    if latest is not None and _says_the_same(latest, work, verdict, user):
        # Nothing to add, or the answer to this very save was lost on its way and it came a second time.
        store.delete_draft(work.case_id, user)
        return f"r{latest.revision} stands."
    saved = store.save_annotation(
        work.case_id,
        verdict,
        author=user,
        based_on=work.based_on,
        note=work.note,
        inspection_id=work.inspection_id,
    )
    return f"Saved as r{saved.revision}."


def _says_the_same(latest: Annotation, work: Work, verdict: Verdict, user: str) -> bool:
    same = latest.author == user and latest.verdict == verdict and latest.note == work.note
    return same and work.based_on in (latest.revision, latest.revision - 1)


def _go_on(store: Store, work: Work, user: str, model: str | None, words: str) -> dict[str, Any]:
    target = work.target
    if target is None and work.step:
        target = neighbour(_queue_ids(store, work.queue, user, model), work.case_id, work.step)
        if target is None:
            words = f"{words} That was the {'last' if work.step > 0 else 'first'} case of this list.".strip()
    answer = open_case(store, target or work.case_id, user, model, work.queue, work.serial)
    return {**answer, "words": words}


# -- what the editor shows of a case ---------------------------------------------------------------------------------


def _sheet(store: Store, case_id: int, user: str, model: str | None, queue: str) -> dict[str, Any]:
    case = store.case(case_id)
    revisions = store.annotations(case_id)
    latest = revisions[-1] if revisions else None
    draft = _useful_draft(store, case_id, user, latest)
    inspection = store.latest_inspection(case_id, model)
    stale = latest if latest and draft and draft.based_on < latest.revision else None
    return {
        "case_id": case.id,
        "name": case.name,
        "dataset": case.dataset,
        "scenario": case.scenario.value,
        "picture": _picture(case),
        "revision": latest.revision if latest else 0,
        "saved": _document(latest),
        "draft": _draft(draft),
        "suggestion": _suggestion(inspection),
        "suggestion_words": _suggestion_words(inspection),
        "history": history(store, revisions),
        "theirs": _theirs(store, stale),
        "queue": queue,
        **_place(store, case_id, _queue_ids(store, queue, user, model)),
    }


def _draft(draft: Draft | None) -> dict[str, Any] | None:
    if draft is None:
        return None
    return {**_document(draft), "based_on": draft.based_on, "kept_at": draft.saved.isoformat()}


def _useful_draft(store: Store, case_id: int, user: str, latest: Annotation | None) -> Draft | None:
    draft = store.draft(case_id, user)
    if draft and latest and (draft.verdict, draft.note) == (latest.verdict, latest.note):
        return None
    return draft


def _picture(case: Case) -> dict[str, Any]:
    picture = case.primary
    small = max(picture.width, picture.height) <= PREVIEW
    full = picture_url(picture.id)
    return {
        "width": picture.width,
        "height": picture.height,
        "preview": full if small else picture_url(picture.id, PREVIEW),
        "full": full,
    }


def _document(source: Annotation | Draft | None) -> dict[str, Any]:
    if source is None:
        return {"anomalous": None, "defects": [], "note": ""}
    return {**source.verdict.to_json(), "note": source.note}


def _suggestion(inspection: Inspection | None) -> dict[str, Any] | None:
    if inspection is None:
        return None
    verdict = inspection.trace.verdict
    found = verdict.to_json() if verdict else {"anomalous": None, "defects": []}
    return {"inspection_id": inspection.id, "model": inspection.model, **found}


def _suggestion_words(inspection: Inspection | None) -> str:
    if inspection is None:
        return ""
    verdict = inspection.trace.verdict
    if verdict is None:
        return f"{inspection.model}'s answer cannot be read."
    final = inspection.probability.final
    sure = "" if final is None else f", P(anomalous) {final:.2f}"
    return f"{inspection.model} says {'anomalous' if verdict.anomalous else 'normal'}{sure}."


def _theirs(store: Store, annotation: Annotation | None) -> dict[str, Any] | None:
    if annotation is None:
        return None
    picture = store.case(annotation.case_id).primary
    return {
        **_document(annotation),
        "revision": annotation.revision,
        "author": annotation.author,
        "created": annotation.created.isoformat(),
        "lines": verdict_lines(annotation.verdict, picture.width, picture.height),
        "history": history(store, store.annotations(annotation.case_id)),
    }


def _queue_ids(store: Store, queue: str, user: str, model: str | None) -> list[int]:
    _, wanted = QUEUES.get(queue, QUEUES["all"])
    return store.case_ids(replace(wanted, model=model), user=user)


def _place(store: Store, case_id: int, ids: list[int]) -> dict[str, Any]:
    at = bisect_left(ids, case_id)
    inside = at < len(ids) and ids[at] == case_id
    around = [found for step in (1, -1) if (found := neighbour(ids, case_id, step)) is not None]
    return {
        "position": at + 1 if inside else 0,
        "count": len(ids),
        "ahead": [_picture(store.case(each))["preview"] for each in around],
    }


def neighbour(ids: list[int], case_id: int, step: int) -> int | None:
    """The id after (`step` > 0) or before `case_id` in the rising list `ids`, which may lack it; None at the end."""
    at = bisect_right(ids, case_id) if step > 0 else bisect_left(ids, case_id) - 1
    return ids[at] if 0 <= at < len(ids) else None


# -- words about verdicts --------------------------------------------------------------------------------------------


def verdict_lines(verdict: Verdict, width: int, height: int) -> list[str]:
    """A verdict in a few words, one line for each defect; sizes in pixels of the picture."""
    if not verdict.anomalous:
        return ["normal"]
    return [f"{defect.type}, {_size(defect, width, height)}" for defect in verdict.defects] or ["anomalous, no boxes"]


def _size(defect: Defect, width: int, height: int) -> str:
    if defect.box is None:
        return "no place"
    x1, y1, x2, y2 = (round(value) for value in defect.box.to_pixels(width, height))
    return f"{x2 - x1} × {y2 - y1} px"


def history(store: Store, revisions: list[Annotation]) -> list[dict[str, Any]]:
    """The revisions, newest first: who, when, what changed in words, and on which model's suggestion."""
    rows = []
    for before, after in zip([None, *revisions], revisions, strict=False):
        words = changes(before.verdict if before else None, after.verdict)
        note_changed = after.note != (before.note if before else "")
        rows.append(
            {
                "revision": after.revision,
                "author": after.author,
                "created": after.created.isoformat(),
                "words": "; ".join(words) or ("note changed" if note_changed else "confirmed"),
                "note": after.note if note_changed else "",
                "model": store.inspection(after.inspection_id).model if after.inspection_id else None,
            }
        )
    return rows[::-1]


def changes(before: Verdict | None, after: Verdict) -> list[str]:
    """What a revision changed, in words; empty when nothing did."""
    if before is None:
        return [_summary(after)]
    if before.anomalous != after.anomalous:
        return [f"{'anomalous' if before.anomalous else 'normal'} → {_summary(after)}"]
    pairs = _same_defects(before.defects, after.defects)
    retyped = [f"{a.type} → {b.type}" for a, b in pairs if a.type != b.type]
    placed = [f"{b.type}: box changed" for a, b in pairs if a.box != b.box]
    gone = [f"{a.type} removed" for a in _unpaired(before.defects, [a for a, _ in pairs])]
    new = [f"{b.type} added" for b in _unpaired(after.defects, [b for _, b in pairs])]
    words = [*retyped, *placed, *gone, *new]
    if len(words) <= WORDY:
        return words
    counted = ((retyped, "retyped"), (placed, "boxes changed"), (gone, "removed"), (new, "added"))
    return [f"{len(group)} {what}" for group, what in counted if group]


def _summary(verdict: Verdict) -> str:
    if not verdict.anomalous:
        return "normal"
    counts = Counter(defect.type for defect in verdict.defects)
    names = ", ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())
    return f"anomalous: {names}" if names else "anomalous"


def _same_defects(before: tuple[Defect, ...], after: tuple[Defect, ...]) -> list[tuple[Defect, Defect]]:
    """Which defect became which: by overlap first, then by type; the rest was removed or added."""
    scores = [[_likeness(a, b) for b in after] for a in before]
    return [(before[row], after[column]) for row, column in best_assignment(scores)]


def _likeness(a: Defect, b: Defect) -> float:
    overlap = iou(a.box, b.box) if a.box and b.box else 0.0
    return overlap + (0.1 if a.type == b.type else 0.0) + (1.0 if a == b else 0.0)


def _unpaired(defects: tuple[Defect, ...], paired: list[Defect]) -> list[Defect]:
    left = list(defects)
    for defect in paired:
        left.remove(defect)
    return left
