"""What the workbench shows of a case: picture, annotation, draft, the model's suggestion, place in the queue.

Boxes are fractions of the picture in full precision, so that one pixel of an 8000 pixel wide picture survives.
"""

from __future__ import annotations

from typing import Any

from db.store import Store
from m3ad.records import Annotation, Case, Draft, Inspection
from ui.annotate_queue import held, place, why
from ui.annotation_words import history, verdict_lines
from ui.pictures import picture_url

PREVIEW = 1536  # pixels of the longer side; larger pictures load their file only when somebody zooms in


def sheet(
    store: Store, case_id: int, user: str, model: str | None, queue: str, following: int | None = None
) -> dict[str, Any]:
    """All that the editor shows of a case; NotFound when there is none. `following` is the case after it, if known."""
    case = store.case(case_id)
    standing = store.queue.standing(case_id)
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
        "theirs": theirs(store, stale),
        "queue": queue,
        "why": why(standing, user),
        "held": held(standing, user),
        "next": following,
        "ahead": [_picture(store.case(following))["preview"]] if following else [],
        **place(store, queue, user, case_id),
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


def theirs(store: Store, annotation: Annotation | None) -> dict[str, Any] | None:
    """The version of somebody else that the editor shows beside one's own; None for none."""
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
