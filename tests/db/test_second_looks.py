"""Second looks: who is given which case, that they never touch the truth, and what comes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from db.filters import EVERYTHING, CaseFilter
from db.schema import Decision
from db.store import Store
from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Verdict

NORMAL = Verdict(False)
DENT = Verdict(True, (Defect("dent", Box(0.1, 0.2, 0.3, 0.4)),))


@pytest.fixture
def cases(store: Store, new_case: Callable[..., NewCase]) -> list[int]:
    """Ten cases of ann's, the last two approved, and one with the data set's truth only."""
    ids = [store.add_case(new_case(f"{n}.png"))[0] for n in range(10)]
    for one in ids:
        store.save_annotation(one, DENT, author="ann", based_on=0)
    for one in ids[8:]:
        store.reviews.add(one, 1, Decision.APPROVE, reviewer="eve")
    store.add_case(new_case("truth.png", verdict=DENT))
    return ids


def test_a_share_is_drawn_and_known_answers_are_mixed_in(store: Store, cases: list[int]) -> None:
    assert store.second_looks.draw("first", EVERYTHING, share=0.5, known=0.5, seed=3) == (4, 1)
    drawn = store.second_looks.waiting_for("bob")
    assert len(drawn) == 5
    assert len(set(drawn) & set(cases[8:])) == 1
    assert store.second_looks.waiting_for("ann") == [], "nobody looks at their own"
    assert store.second_looks.draw("rest", EVERYTHING, share=1, known=1) == (4, 1), "nothing is drawn twice"
    assert store.second_looks.waiting_for("bob") == cases
    with pytest.raises(Conflict, match="Nothing was drawn"):
        store.second_looks.draw("more", EVERYTHING, share=1, known=1)


def test_one_other_person_looks_but_everybody_at_known_answers(store: Store, cases: list[int]) -> None:
    store.second_looks.draw("all", EVERYTHING, share=1, known=1)
    for one in cases:
        store.second_looks.answer(one, "bob", NORMAL, "seen")
    assert store.second_looks.waiting_for("bob") == []
    assert store.second_looks.waiting_for("eve") == cases[8:]
    with pytest.raises(Conflict, match="not asked"):
        store.second_looks.answer(cases[0], "eve", NORMAL)
    with pytest.raises(Conflict, match="not asked"):
        store.second_looks.answer(cases[9], "ann", NORMAL)
    store.second_looks.answer(cases[9], "eve", DENT)
    done = store.second_looks.done(case_id=cases[9])
    assert [(one.known, one.author, one.person, one.second) for one in done] == [
        (True, "ann", "bob", NORMAL),
        (True, "ann", "eve", DENT),
    ]
    assert (done[0].first, done[0].note, done[0].revision) == (DENT, "seen", 1)
    assert len(store.second_looks.done(batch="all")) == 11
    assert store.second_looks.done(batch="other") == []


def test_the_truth_is_not_touched(store: Store, cases: list[int]) -> None:
    store.second_looks.draw("all", EVERYTHING, share=1)
    store.second_looks.answer(cases[0], "bob", NORMAL)
    assert [one.verdict for one in store.annotations(cases[0])] == [DENT]
    assert store.draft(cases[0], "bob") is None


def test_only_cases_that_pass_are_drawn_and_the_same_seed_draws_the_same(
    store: Store, cases: list[int], new_case: Callable[..., NewCase]
) -> None:
    with pytest.raises(Conflict, match="Nothing was drawn"):
        store.second_looks.draw("lids", CaseFilter(category="lid"), share=1)
    store.second_looks.draw("some", CaseFilter(ids=tuple(cases[:2])), share=1)
    assert store.second_looks.waiting_for("bob") == cases[:2]


@pytest.mark.parametrize(
    ("batch", "share", "known"), [("", 0.5, 0), ("a", 1.5, 0), ("a", 0.5, -0.1), ("a", float("nan"), 0), ("a", 0, 0)]
)
def test_what_makes_no_sense_is_refused(store: Store, cases: list[int], batch: str, share: float, known: float) -> None:
    with pytest.raises(Conflict):
        store.second_looks.draw(batch, EVERYTHING, share=share, known=known)


def test_a_verdict_that_contradicts_itself_or_asks_is_refused(store: Store, cases: list[int]) -> None:
    store.second_looks.draw("all", EVERYTHING, share=1)
    unknown = Verdict(True, (Defect("unknown", Box(0.1, 0.2, 0.3, 0.4)),))
    for wrong in (Verdict(False, DENT.defects), unknown):
        with pytest.raises(Conflict):
            store.second_looks.answer(cases[0], "bob", wrong)
    assert store.second_looks.done() == []
