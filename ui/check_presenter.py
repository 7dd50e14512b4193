"""What the check of examples does, without gradio: open one, approve, save edits, send back; say what a conflict is.

Answers are plain JSON for `static/example_desk.js`: `{"serial", "kind": "example" | "empty" | "conflict" | "refused",
"words", ...}`. Texts that are typed and not saved stay in the browser: a refusal or a conflict never takes them away.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from db.example_rows import TO_CHECK, CaptionRevision, ExampleFilter, StoredExample
from db.store import Store
from m3ad.errors import M3ADError, StaleCaption
from m3ad.records import CaptionState
from training.captions import Caption
from training.checking import save_edit
from ui.annotation_words import verdict_lines
from ui.inspect_presenter import boxes, picture_value
from ui.pictures import picture_url

QUEUES: dict[str, tuple[str, ExampleFilter]] = {
    "check": ("to check", ExampleFilter(states=TO_CHECK, stale=False)),
    "approved": ("approved", ExampleFilter(states=(CaptionState.APPROVED,), stale=False)),
    "back": ("sent back", ExampleFilter(states=(CaptionState.SENT_BACK,), stale=False)),
    "stale": ("annotation changed since", ExampleFilter(stale=True)),
    "all": ("all examples", ExampleFilter()),
}
NOTHING = "There is no example yet. Have the examples of a snapshot written in Retrain."
NONE_HERE = "There is no example in this list."


@dataclass(frozen=True, slots=True)
class Check:
    """What a person asks for, as one request carries it.

    Attributes:
        serial: number of the request; the answer repeats it.
        command: "open", "approve", "save" or "back".
        example_id, based_on: the example on the screen and the revision that was shown; 0: none is.
        caption: the texts as they stand in the fields; None where nothing was typed.
        note: why it is sent back.
        queue: which examples "next" goes through, a key of `QUEUES`.
        step: 1 next, -1 previous, 0 stay; `target` goes to one example instead.
    """

    serial: int
    command: str
    example_id: int
    based_on: int
    caption: Caption | None
    note: str
    queue: str
    step: int
    target: int | None


def answer(store: Store, check: Check, user: str) -> dict[str, Any]:
    """Do what was asked and show what comes next, or say why not."""
    try:
        words = COMMANDS[check.command](store, check, user)
        return go_on(store, check, user, words)
    except StaleCaption as error:
        return _conflict(store, check, user, error)
    except M3ADError as error:
        return {"serial": check.serial, "kind": "refused", "words": str(error)}


# -- what a person can do --------------------------------------------------------------------------------------------


def _open(store: Store, check: Check, user: str) -> str:
    return ""


def _approve(store: Store, check: Check, user: str) -> str:
    """Approves what is on the screen: what was typed is saved first."""
    based_on, words = check.based_on, "Approved."
    if check.caption is not None:
        saved = save_edit(store, check.example_id, check.caption, author=user, based_on=based_on)
        based_on, words = saved.caption.revision, "Saved and approved."
    store.examples.approve(check.example_id, author=user, based_on=based_on)
    return words


def _save(store: Store, check: Check, user: str) -> str:
    if check.caption is None:
        return "Nothing to save: the texts are as they were."
    saved = save_edit(store, check.example_id, check.caption, author=user, based_on=check.based_on)
    return f"Saved as r{saved.caption.revision}. It waits to be approved."


def _back(store: Store, check: Check, user: str) -> str:
    store.examples.send_back(check.example_id, author=user, based_on=check.based_on, note=check.note.strip())
    return "Sent back: the next captioning writes it again."


COMMANDS: dict[str, Callable[[Store, Check, str], str]] = {
    "open": _open,
    "approve": _approve,
    "save": _save,
    "back": _back,
}


def go_on(store: Store, check: Check, user: str, words: str) -> dict[str, Any]:
    """The example to show now, or that there is none."""
    queue = check.queue if check.queue in QUEUES else "check"
    ids = store.examples.ids(QUEUES[queue][1])
    frame = {"serial": check.serial, "queue": queue, "queues": queue_words(store), "desk": desk_name(store, user)}
    target, more = _target(check, ids)
    words = f"{words} {more}".strip()
    if target is None:
        none = NONE_HERE if store.examples.ids() else NOTHING
        return {**frame, "kind": "empty", "words": words or none, "viewer": {"notice": none}}
    example = store.examples.one(target)
    return {**frame, "kind": "example", "words": words, **_shown(store, example, ids)}


def _target(check: Check, ids: list[int]) -> tuple[int | None, str]:
    """The example to show, and what is to say about that; the first again behind the last where work is left."""
    if check.target is not None:
        return check.target, ""
    if check.step and (found := neighbour(ids, check.example_id, check.step)) is not None:
        return found, ""
    if check.command in ("approve", "back") and check.step:
        left = [each for each in ids if each != check.example_id]
        return (left[0], "") if left else (check.example_id, "That was the last of this list.")
    if check.step and check.example_id:
        return check.example_id, f"This is the {'last' if check.step > 0 else 'first'} of this list."
    stays = check.example_id in ids or check.command != "open"
    return (check.example_id if stays and check.example_id else ids[0] if ids else None), ""


def _conflict(store: Store, check: Check, user: str, error: StaleCaption) -> dict[str, Any]:
    """Both versions where something was typed; else the new one, to be looked at before anything is decided."""
    theirs = store.examples.one(check.example_id).caption
    if check.caption is None:
        words = f"{theirs.author} changed this example meanwhile ({theirs.state}): look again."
        stay = Check(check.serial, "open", check.example_id, 0, None, "", check.queue, 0, check.example_id)
        return {**go_on(store, stay, user, words), "alarm": True}
    return {"serial": check.serial, "kind": "conflict", "words": str(error), "theirs": _revision(theirs)}


# -- what is shown of an example -------------------------------------------------------------------------------------


def queue_words(store: Store) -> list[tuple[str, str, int]]:
    """(name, words, how many) of every list."""
    return [(name, words, sum(store.examples.counts(wanted).values())) for name, (words, wanted) in QUEUES.items()]


def desk_name(store: Store, user: str) -> str:
    """Under which name the browser keeps texts that are not saved: of this workspace and this person."""
    return hashlib.sha256(f"{store.workspace}\n{user}".encode()).hexdigest()[:16]


def _shown(store: Store, example: StoredExample, ids: list[int]) -> dict[str, Any]:
    around = [found for step in (1, -1) if (found := neighbour(ids, example.id, step)) is not None]
    at = bisect_left(ids, example.id)
    place = f"{at + 1} of {len(ids)}" if example.id in ids[at : at + 1] else f"not in this list of {len(ids)}"
    return {
        "place": place,
        "sheet": sheet(store, example),
        "viewer": viewer(store, example),
        "ahead": [picture_url(store.case(one.case_id).primary.id) for one in map(store.examples.one, around)],
    }


def sheet(store: Store, example: StoredExample) -> dict[str, Any]:
    """The texts of an example and what is to know of them."""
    pictures = store.case(example.case_id).pictures
    lines = {
        "truth": verdict_lines(example.truth, pictures),
        "initial": verdict_lines(example.initial, pictures) if example.initial else [],
    }
    return {
        "id": example.id,
        "title": example.category,
        "chips": [example.mode.value, example.difficulty or "not answered"],
        "state": example.caption.state.value,
        "stale": "Its case was annotated anew since: it cannot be approved." if example.stale else "",
        "about": f"case {example.case_id} · {example.scenario.value} · for {example.model} · by {example.writer}",
        "history": [_revision(one) for one in reversed(store.examples.revisions(example.id))],
        **lines,
        **_revision(example.caption),
    }


def viewer(store: Store, example: StoredExample) -> dict[str, Any]:
    """The picture with the boxes of the truth and those of the initial decision that they reflect on."""
    found = [*boxes(example.truth, "truth", ""), *boxes(example.initial, "initial", "initial: ")]
    return {**picture_value(store.case(example.case_id)), "boxes": found}


def _revision(one: CaptionRevision) -> dict[str, Any]:
    return {
        "revision": one.revision,
        "think": one.think,
        "reflection": one.reflection,
        "did": f"{one.state} by {one.author}",
        "note": one.note,
        "created": one.created.isoformat(),
    }


def neighbour(ids: list[int], example_id: int, step: int) -> int | None:
    """The id after (`step` > 0) or before one in the rising list `ids`, which may lack it; None at the end."""
    at = bisect_right(ids, example_id) if step > 0 else bisect_left(ids, example_id) - 1
    return ids[at] if 0 <= at < len(ids) else None
