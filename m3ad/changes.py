"""What one verdict changed in another: which defects were added, removed, moved, retyped, or kept as they were."""

from __future__ import annotations

from dataclasses import dataclass

from m3ad.geometry import best_assignment
from m3ad.records import Defect, Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One defect before and after; None before: it was added, None after: it was removed."""

    before: Defect | None
    after: Defect | None

    @property
    def kind(self) -> str:
        """added, removed, retyped (moved or not), moved or kept."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        if self.before.type != self.after.type:
            return "retyped"
        return "moved" if self.moved else "kept"

    @property
    def moved(self) -> bool:
        """True when it is there in both, with another box, or on another picture."""
        if self.before is None or self.after is None:
            return False
        return (self.before.box, self.before.picture) != (self.after.box, self.after.picture)


def changes(before: Verdict | None, after: Verdict) -> list[Change]:
    """Every defect of both verdicts, once: those of `after` in their order, then the removed ones in theirs.

    Defects are matched one to one by overlap first, then by type. `before` None is a verdict without defects.
    """
    old, new = before.defects if before else (), after.defects
    scores = [[_likeness(a, b) for b in new] for a in old]
    origin = {column: row for row, column in best_assignment(scores)}
    found = [Change(old[origin[n]] if n in origin else None, defect) for n, defect in enumerate(new)]
    left = set(range(len(old))) - set(origin.values())
    return found + [Change(old[n], None) for n in sorted(left)]


def _likeness(a: Defect, b: Defect) -> float:
    return a.overlap(b) + (0.1 if a.type == b.type else 0.0) + (1.0 if a == b else 0.0)
