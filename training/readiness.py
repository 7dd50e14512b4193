"""Whether there is enough to train on, in words: what is new since the last run, and what the data cannot support."""

from __future__ import annotations

from db.readiness import Readiness

# All ours: the paper trains once, on everything.
FEW = 20  # new annotations below which a run has little to learn from
RARE = 5  # cases of a type below which a model can hardly learn it
UNREVIEWED = 0.5  # of the new annotations
ONE_SIDED = 0.1  # of them are normal, or anomalous


def headline(found: Readiness) -> str:
    """What is new, in a few words."""
    return f"{_annotations(found.new.total)} new" + (f" since {found.run}" if found.run else "")


def details(found: Readiness) -> str:
    """Balance, what is left out, and what earlier runs had, in a line or two."""
    new, older = found.new, found.older
    parts = [
        (new.total, f"{new.anomalous} anomalous, {new.normal} normal"),
        (found.unreviewed, f"{found.unreviewed} not reviewed"),
        (found.waiting, f"{found.waiting} more wait for an answer"),
        (older.total, f"{older.total} older ones ({older.anomalous} anomalous) were in earlier runs"),
        (found.frozen, f"{found.frozen} frozen"),
    ]
    return " · ".join(words for wanted, words in parts if wanted)


def warnings(found: Readiness) -> list[str]:
    """What the data cannot support, a sentence each, the gravest first; empty when nothing speaks against a run."""
    return [*_amount(found), *_balance(found), *_trust(found)]


def _amount(found: Readiness) -> list[str]:
    if not found.new.total:
        if not found.older.total:
            return ["Nothing is annotated that a model could learn from: annotate some cases first."]
        return [f"Nothing is new since {found.run}: a run would learn the same again. Correct some cases first."]
    if found.new.total < FEW:
        return [
            f"{_annotations(found.new.total)} new: with fewer than {FEW} a run learns little that holds for other "
            "cases, and chance decides whether it gets better."
        ]
    return []


def _balance(found: Readiness) -> list[str]:
    new, older = found.new, found.older
    anomalous, total = new.anomalous + older.anomalous, new.total + older.total
    said = []
    if total and anomalous in (0, total):
        kind, other = ("anomalous", "normal") if anomalous else ("normal", "anomalous")
        said.append(
            f"Every annotation is {kind}: a model that says so without looking would be right. Add {other} cases."
        )
    elif new.total and min(new.anomalous, new.normal) < ONE_SIDED * new.total:
        kind = "anomalous" if new.anomalous > new.normal else "normal"
        said.append(
            f"Nearly all that is new is {kind}: take older cases along in the snapshot, or the model leans to that."
        )
    counts = {name: new.types[name] + older.types[name] for name in new.types}
    if rare := sorted((count, name) for name, count in counts.items() if count < RARE):
        names = ", ".join(f"{name} ({count})" for count, name in rare)
        said.append(f"Fewer than {RARE} cases in all of {names}: too few to learn the type from.")
    return said


def _trust(found: Readiness) -> list[str]:
    said = []
    if found.new.total and found.unreviewed > UNREVIEWED * found.new.total:
        said.append(
            f"{found.unreviewed} of {found.new.total} new annotations have been reviewed by nobody: a mistake in them "
            "is learnt as truth."
        )
    if not found.frozen:
        said.append(
            "No frozen set: nothing is kept back yet to judge the new model on. A snapshot keeps back a fifth of the "
            "cases, when there are enough of them."
        )
    if found.alike:
        among = f" (of the {found.compared} annotated last)" if found.compared < found.new.total else ""
        said.append(
            f"{found.alike} new{among} look like frozen cases: a snapshot keeps them back too, and no run learns from "
            "them."
        )
    return said


def _annotations(count: int) -> str:
    return f"{count} annotation{'' if count == 1 else 's'}"
