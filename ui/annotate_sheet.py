"""What the workbench shows of a case: picture, annotation, draft, the model's suggestion, place in the queue.

Boxes are fractions of the picture in full precision, so that one pixel of an 8000 pixel wide picture survives.
"""

from __future__ import annotations

from typing import Any

from db.store import Store
from m3ad.records import Annotation, Draft, Inspection, Picture
from ui.annotate_queue import SECOND, held, place, why
from ui.annotation_words import verdict_lines
from ui.pictures import picture_url
from ui.review_presenter import history_with_reviews, standing

PREVIEW = 1536  # pixels of the longer side; larger pictures load their file only when somebody zooms in


def sheet(
    store: Store, case_id: int, user: str, model: str | None, queue: str, following: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All that the editor shows of a case; NotFound when there is none. `following`: that of the case after it."""
    case = store.case(case_id)
    stands = store.queue.standing(case_id)
    revisions = store.annotations(case_id)
    reviews = store.reviews.of_case(case_id) if revisions else []
    latest = revisions[-1] if revisions else None
    draft = _useful_draft(store, case_id, user, latest)
    inspection = store.latest_inspection(case_id, model)
    stale = latest if latest and draft and draft.based_on < latest.revision else None
    shown = {
        "case_id": case.id,
        "name": case.name,
        "dataset": case.dataset,
        "scenario": case.scenario.value,
        "pictures": [{"role": one.role, **_picture(one)} for one in case.pictures],
        "revision": latest.revision if latest else 0,
        "saved": _document(latest),
        "draft": _draft(draft),
        "suggestion": _suggestion(inspection),
        "suggestion_words": _suggestion_words(inspection),
        "history": history_with_reviews(store, revisions, reviews),
        "review": standing(reviews, latest.revision) if latest else None,
        "theirs": theirs(store, stale),
        "queue": queue,
        "blind": False,
        "why": why(stands, user),
        "held": held(stands, user),
        "next": following["case_id"] if following else None,
        "ahead": [one["preview"] for one in following["pictures"]] if following else [],
        **place(store, queue, user, case_id),
    }
    blind = queue == SECOND and case_id in store.second_looks.waiting_for(user)
    return _blind(shown, store.draft(case_id, user)) if blind else shown


def _blind(shown: dict[str, Any], draft: Draft | None) -> dict[str, Any]:
    """The sheet of a second look: the picture, the person's own draft of it, and nothing that others or a model said.

    A draft of their ordinary work is based on a revision: it is of somebody who has seen it.
    """
    nothing = {
        "revision": 0,
        "saved": _document(None),
        "draft": _draft(draft) if draft is not None and not draft.based_on else None,
        "theirs": None,
        "history": [],
        "review": None,
        "why": "",
    }
    words = "A second look: nobody's boxes are shown, and yours change no revision."
    return {**shown, **nothing, "suggestion": None, "suggestion_words": words, "blind": True}


def _draft(draft: Draft | None) -> dict[str, Any] | None:
    if draft is None:
        return None
    return {**_document(draft), "based_on": draft.based_on, "kept_at": draft.saved.isoformat()}


def _useful_draft(store: Store, case_id: int, user: str, latest: Annotation | None) -> Draft | None:
    draft = store.draft(case_id, user)
    if draft and latest and (draft.verdict, draft.note) == (latest.verdict, latest.note):
        return None
    return draft


def _picture(picture: Picture) -> dict[str, Any]:
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
    return {
        **_document(annotation),
        "revision": annotation.revision,
        "author": annotation.author,
        "created": annotation.created.isoformat(),
        "lines": verdict_lines(annotation.verdict, store.case(annotation.case_id).pictures),
        "history": history_with_reviews(
            store, store.annotations(annotation.case_id), store.reviews.of_case(annotation.case_id)
        ),
    }
