"""What differs between two decisions, or two whole traces: in words, and defect by defect for the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from m3ad.changes import Change, changes
from m3ad.records import Trace, Verdict
from m3ad.trace_problems import quoted

_SENTENCE = re.compile(r"\S.*?(?:[.!?]+(?=\s|$)|$)", re.DOTALL)
NOTHING = Verdict(False)


@dataclass(frozen=True, slots=True)
class Differences:
    """How something became something else.

    Attributes:
        turned: the decision is another one, or only one of the two can be read.
        words: sentences for people, the decision first; never empty.
        changes: every defect of both, before and after; boxes are fractions of the picture.
    """

    turned: bool
    words: tuple[str, ...]
    changes: tuple[Change, ...]


def reflected(trace: Trace) -> Differences | None:
    """From the first decision to the final one of the same trace; None without a reflection."""
    return _verdicts(trace.initial, trace.verdict) if trace.reflected else None


def between(parent: Trace, branch: Trace) -> Differences:
    """From a trace to one that goes off it: the final decisions, then where the prose parts."""
    found = _verdicts(parent.verdict, branch.verdict)
    prose = (
        *_prose("thinking", parent.think, branch.think),
        *_prose("reflection", parent.reflection, branch.reflection),
    )
    return Differences(found.turned, (*found.words, *prose), found.changes)


def _verdicts(before: Verdict | None, after: Verdict | None) -> Differences:
    found = tuple(changes(before, after or NOTHING))
    old, new = _decision(before), _decision(after)
    head = f"The decision stays {new}." if old == new else f"The decision turns from {old} to {new}."
    return Differences(old != new, (head, *(words for change in found if (words := change_words(change)))), found)


def _decision(verdict: Verdict | None) -> str:
    return "unreadable" if verdict is None else "anomalous" if verdict.anomalous else "normal"


def change_words(change: Change) -> str:
    """What happened to one defect, as a sentence; "" where it was kept as it is."""
    old, new = change.before, change.after
    if old is None or new is None:
        one, verb = (new, "is new") if new else (old, "is gone")
        return f"{quoted(one.type)} {verb}." if one else ""
    words = [f"{quoted(old.type)} is called {quoted(new.type)} now"] if old.type != new.type else []
    if old.box is None and new.box is not None:
        words.append("it has a place now" if words else f"{quoted(new.type)} has a place now")
    elif change.moved:
        how = "has no place any more" if new.box is None else f"lies elsewhere (IoU {old.overlap(new):.2f})"
        words.append(f"it {how}" if words else f"{quoted(new.type)} {how}")
    return f"{', and '.join(words)}." if words else ""


def _prose(name: str, before: str | None, after: str | None) -> Iterator[str]:
    if before == after:
        return
    if before is None or after is None:
        yield f"There is a {name} now." if before is None else f"There is no {name} any more."
        return
    old, new = _SENTENCE.findall(before), _SENTENCE.findall(after)
    same = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    yield f"The {name} parts at its sentence {same + 1}." if same else f"The {name} is another one from its beginning."
