"""What the Annotate tab does, without gradio: open a case, keep a draft, save a revision, say what a conflict is about.

Answers are plain JSON for `static/box_editor.js`: `{"serial", "kind": "case" | "draft" | "conflict" | "refused", ...}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from db.reasons import Reason
from db.store import Store
from m3ad.errors import M3ADError, StaleRevision
from m3ad.records import Annotation, Verdict
from m3ad.taxonomy import Taxonomy, normalise
from m3ad.trace_fields import UNKNOWN_TYPE
from ui.annotate_queue import SECOND, following, menu, preceding
from ui.annotate_sheet import sheet, theirs
from ui.type_keys import short_keys


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
        queue: which cases "next" goes through; see `ui.annotate_queue`.
        step: 1 next, -1 previous, 0 stay; `target` goes to one case instead: with step 1 the one that was sent ahead,
            which is left out when somebody else has it by now.
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


# The row of the picker that asks a reviewer; it is found by its name alone.
ASK_ROW: dict[str, Any] = {
    "name": UNKNOWN_TYPE,
    "short": "",
    "path": "asks the reviewer",
    "definition": "The type is not clear: the note is the question.",
    "keys": [UNKNOWN_TYPE],
    "where": "",
    "meaning": "",
}


def type_rows(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """The types for the picker, with the normalised words it searches in (see `Taxonomy.search`)."""
    short = short_keys(taxonomy)
    return [
        {
            "name": node.name,
            "short": short.get(node.name, ""),
            "path": f"{node.classname.removesuffix(' Anomaly')} › {node.group}",
            "definition": node.definition,
            "keys": [normalise(text) for text in (node.name, *node.aliases)],
            "where": normalise(f"{node.group} {node.classname}"),
            "meaning": normalise(node.definition),
        }
        for node in taxonomy.types
    ]


def open_case(
    store: Store, case_id: int, user: str, model: str | None, queue: str, serial: int = 0, *, claims: bool = True
) -> dict[str, Any]:
    """The answer that shows a case; `serial` 0 when the editor did not ask for it. Raises NotFound.

    "next" is the sheet of the case after it, sent ahead: the editor shows it without waiting for an answer. Both are
    claimed for the user, where nobody else has them; `claims` False: the person only looks.
    """
    with store.at_once(changes=claims):
        ahead = _take(store, case_id, user, queue, claims=claims)
    return _shown(store, case_id, ahead, user, model, queue, serial)


def _take(store: Store, case_id: int, user: str, queue: str, *, claims: bool) -> int | None:
    """Claim a case and the one after it, which is returned."""
    reason = store.queue.standing(case_id).reason
    if claims:
        store.queue.claim(case_id, user)
    return following(store, queue, user, case_id, reason, claims=claims)


def _shown(
    store: Store, case_id: int, ahead: int | None, user: str, model: str | None, queue: str, serial: int
) -> dict[str, Any]:
    with store.at_once():
        coming = sheet(store, ahead, user, model, queue) if ahead else None
        return {
            "serial": serial,
            "kind": "case",
            "words": "",
            "sheet": sheet(store, case_id, user, model, queue, coming),
            "next": coming,
            "menu": menu(store, user, filters=serial == 0),
        }


def keep(store: Store, work: Work, user: str) -> dict[str, Any]:
    """Keep the document as the user's draft (or drop the draft when nothing is left of it)."""
    try:
        kept = _keep(store, work, user)
        if is_second_look(store, work, user):  # whose revisions it is not shown
            return {"serial": work.serial, "kind": "draft", "kept": kept, "theirs": None}
        latest = store.latest_annotation(work.case_id)
    except M3ADError as error:
        return _refused(work, error)
    stale = latest if latest is not None and latest.revision > work.based_on else None
    if _says_the_same(stale, work, user):  # it was saved, and only the answer was lost on its way
        store.delete_draft(work.case_id, user)
        kept, stale = False, None
    return {"serial": work.serial, "kind": "draft", "kept": kept, "theirs": theirs(store, stale)}


def move(store: Store, work: Work, user: str, model: str | None, *, keeps: bool = True) -> dict[str, Any]:
    """Keep the document of the present case and open another: `target`, or the one `step` further in the queue.

    `keeps` False: the person may not annotate, so nothing is kept.
    """
    try:
        reason = _reason(store, work)
        if keeps:
            _keep(store, work, user)
        with store.at_once(changes=keeps):
            place = _advance(store, work, user, reason, claims=keeps)
        return _arrived(store, work, user, model, place, "")
    except M3ADError as error:
        return _refused(work, error)


def save(store: Store, work: Work, user: str, model: str | None) -> dict[str, Any]:
    """Save the document as the next revision of its own case and go on by `step`; or show the conflict."""
    if work.verdict is None:
        return {"serial": work.serial, "kind": "refused", "words": "Choose Anomalous or Normal first."}
    verdict = work.verdict if work.verdict.anomalous else Verdict(False)
    try:
        with store.at_once(changes=True):  # one wait for the disk; refused as a whole, or not at all
            reason = _reason(store, work)
            try:
                words = _save(store, work, verdict, user, reason)
            except StaleRevision as error:  # what was saved in its place, the person's draft, stays
                latest = store.latest_annotation(work.case_id)
                return {"serial": work.serial, "kind": "conflict", "theirs": theirs(store, latest), "words": str(error)}
            store.settle()  # the queue goes on from where the case now stands
            place = _advance(store, work, user, reason, claims=True)
        return _arrived(store, work, user, model, place, words)
    except M3ADError as error:
        return _refused(work, error)


def _reason(store: Store, work: Work) -> Reason | None:
    """Why the case is in the queue, before anything is changed. Raises NotFound."""
    return store.queue.standing(work.case_id).reason


def _refused(work: Work, error: M3ADError) -> dict[str, Any]:
    return {"serial": work.serial, "kind": "refused", "words": str(error)}


def is_second_look(store: Store, work: Work, user: str) -> bool:
    """Whether the work is a blind second look, which makes no revision and whose draft is based on none."""
    return work.queue == SECOND and work.case_id in store.second_looks.waiting_for(user)


def _keep(store: Store, work: Work, user: str) -> bool:
    draft = store.draft(work.case_id, user)
    if is_second_look(store, work, user) and draft is not None and draft.based_on:
        return False  # of the person's ordinary work on the case, which is not to be lost
    if work.verdict is None or not work.dirty:
        if draft is not None:
            store.delete_draft(work.case_id, user)
        return False
    store.save_draft(work.case_id, user, work.verdict, based_on=work.based_on, note=work.note)
    return True


def _save(store: Store, work: Work, verdict: Verdict, user: str, reason: Reason | None) -> str:
    if is_second_look(store, work, user):
        store.second_looks.answer(work.case_id, user, verdict, work.note)
        draft = store.draft(work.case_id, user)
        if draft is not None and not draft.based_on:
            store.delete_draft(work.case_id, user)
        return "Second look saved."
    latest = store.latest_annotation(work.case_id)
    # Where a model said otherwise meanwhile, the same verdict once more is the person's answer to that.
    unmoved = latest is not None and reason is None and work.based_on == latest.revision
    if unmoved and latest is not None and _says_the_same(latest, work, user):
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


def _says_the_same(latest: Annotation | None, work: Work, user: str) -> bool:
    """Whether the work is the user's own revision word for word."""
    if latest is None or work.verdict is None:
        return False
    verdict = work.verdict if work.verdict.anomalous else Verdict(False)
    return (latest.author, latest.verdict, latest.note) == (user, verdict, work.note)


@dataclass(frozen=True, slots=True)
class _Place:
    """The case that is shown next, None at the end of the list, and the one after it."""

    target: int | None
    ahead: int | None


def _advance(store: Store, work: Work, user: str, reason: Reason | None, *, claims: bool) -> _Place:
    """Claim the next case and the one after it, and let the present one go."""
    target = work.target
    if work.step > 0 and (target is None or (claims and not store.queue.claim(target, user))):
        target = following(store, work.queue, user, work.case_id, reason, claims=claims)
    elif work.step < 0 and target is None:
        target = preceding(store, work.queue, user, work.case_id)
    if claims and target is not None and target != work.case_id:
        store.queue.release(work.case_id, user)
    return _Place(target, _take(store, target or work.case_id, user, work.queue, claims=claims))


def _arrived(store: Store, work: Work, user: str, model: str | None, place: _Place, words: str) -> dict[str, Any]:
    if work.step and place.target is None:
        words = f"{words} That was the {'last' if work.step > 0 else 'first'} case of this list.".strip()
    shown = _shown(store, place.target or work.case_id, place.ahead, user, model, work.queue, work.serial)
    return {**shown, "words": words}
