"""What differs between decisions and between traces is said in words and counted defect by defect."""

from __future__ import annotations

from m3ad.differences import between, reflected
from m3ad.geometry import Box
from m3ad.records import Defect, Trace, Verdict
from m3ad.trace import read, render

BOX, FAR = Box(0.5, 0.2, 0.6, 0.4), Box(0.1, 0.7, 0.2, 0.9)
BENT = Verdict(True, (Defect("bent", BOX),))
NORMAL = Verdict(False)


def written(verdict: Verdict, think: str, reflection: str | None = None) -> Trace:
    return read(render(verdict, think, reflection))


def test_a_reflection_that_turns_the_decision_and_adds_a_box() -> None:
    trace = written(BENT, "The board is whole. There is no defect.", "One pin leans. It is bent.")
    found = reflected(trace)
    assert found is not None
    assert found.turned
    assert found.words == ("The decision turns from normal to anomalous.", '"bent" is new.')
    assert [(one.before, one.after) for one in found.changes] == [(None, Defect("bent", BOX))]
    assert reflected(written(BENT, "One pin is bent.")) is None


def test_a_reflection_that_keeps_gives_the_type_a_place() -> None:
    found = reflected(written(BENT, "One pin leans. There is a bent pin.", "It is bent. The decision is kept."))
    assert found is not None
    assert not found.turned
    assert found.words == ("The decision stays anomalous.", '"bent" has a place now.')


def test_every_change_of_a_branch_is_said() -> None:
    parent = written(Verdict(True, (Defect("bent", BOX), Defect("scratch", FAR), Defect("dent"))), "Three. Bent.")
    branch = written(
        Verdict(True, (Defect("missing", BOX), Defect("scratch", Box(0.1, 0.7, 0.2, 0.8)))), "Three. Bent."
    )
    found = between(parent, branch)
    assert found.words == (
        "The decision stays anomalous.",
        '"bent" is called "missing" now.',
        '"scratch" lies elsewhere (IoU 0.50).',
        '"dent" is gone.',
    )
    assert len(found.changes) == 3


def test_where_the_prose_parts_is_said() -> None:
    parent = written(BENT, "The board is whole. One pin leans. It is bent.", "It is bent.")
    other = written(NORMAL, "The board is whole. All is straight. There is no defect.")
    assert between(parent, other).words == (
        "The decision turns from anomalous to normal.",
        '"bent" is gone.',
        "The thinking parts at its sentence 2.",
        "There is no reflection any more.",
    )
    back = between(other, parent).words
    assert back[-1] == "There is a reflection now."
    longer = written(BENT, "The board is whole. One pin leans. It is bent. It is broken.", "It is bent.")
    assert between(parent, longer).words[-1] == "The thinking parts at its sentence 4."
    assert between(parent, written(BENT, "No. It is bent.", "It is bent.")).words[-1] == (
        "The thinking is another one from its beginning."
    )
    assert between(parent, parent).words == ("The decision stays anomalous.",)


def test_what_cannot_be_read_is_never_a_no() -> None:
    parent, odd = written(NORMAL, "There is no defect."), read("<think>It might be")
    found = between(parent, odd)
    assert found.turned
    assert found.words[0] == "The decision turns from normal to unreadable."
