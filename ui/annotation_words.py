"""Annotations in words: a verdict in a few lines, and what one revision changed in the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from db.store import Store
from m3ad import changes as change
from m3ad.records import Annotation, Defect, Picture, Verdict

WORDY = 4  # more changes than this are counted, not named


def verdict_lines(verdict: Verdict, pictures: Sequence[Picture]) -> list[str]:
    """A verdict in a few words, one line for each defect; sizes in pixels of that of the case's pictures it is on."""
    if not verdict.anomalous:
        return ["normal"]
    return [f"{defect.type}, {_size(defect, pictures)}" for defect in verdict.defects] or ["anomalous, no boxes"]


def _size(defect: Defect, pictures: Sequence[Picture]) -> str:
    if defect.box is None:
        return "no place"
    picture = pictures[defect.picture]
    x1, y1, x2, y2 = (round(value) for value in defect.box.to_pixels(picture.width, picture.height))
    return f"{x2 - x1} × {y2 - y1} px{_where(defect)}"


def _where(defect: Defect) -> str:
    return f" on picture {defect.picture + 1}" if defect.picture else ""


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
        return [verdict_words(after)]
    if before.anomalous != after.anomalous:
        return [f"{'anomalous' if before.anomalous else 'normal'} → {verdict_words(after)}"]
    found = change.changes(before, after)
    pairs = [(one.before, one.after, one.moved) for one in found if one.before and one.after]
    retyped = [f"{a.type} → {b.type}" for a, b, _ in pairs if a.type != b.type]
    placed = [f"{b.type}: box changed{_where(b)}" for _, b, moved in pairs if moved]
    gone = [f"{one.before.type} removed{_where(one.before)}" for one in found if one.before and not one.after]
    new = [f"{one.after.type} added{_where(one.after)}" for one in found if one.after and not one.before]
    words = [*retyped, *placed, *gone, *new]
    if len(words) <= WORDY:
        return words
    counted = ((retyped, "retyped"), (placed, "boxes changed"), (gone, "removed"), (new, "added"))
    return [f"{len(group)} {what}" for group, what in counted if group]


def verdict_words(verdict: Verdict) -> str:
    """A verdict in a few words, without places."""
    if not verdict.anomalous:
        return "normal"
    counts = Counter(defect.type for defect in verdict.defects)
    names = ", ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())
    return f"anomalous: {names}" if names else "anomalous"
