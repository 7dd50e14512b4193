"""Reviews: who may say what of which revision, what it does to lists and snapshots, and that it is never changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.filters import CaseFilter, Status
from db.reasons import Reason
from db.schema import Decision
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.geometry import Box
from m3ad.records import Defect, NewCase, Verdict

UNKNOWN = Verdict(True, (Defect("Unknown", Box(0.1, 0.2, 0.3, 0.4)),))
NORMAL = Verdict(False)
APPROVE, SEND_BACK, ASK = Decision.APPROVE, Decision.SEND_BACK, Decision.ASK


@pytest.fixture
def case_id(store: Store, new_case: Callable[..., NewCase], scratched: Verdict) -> int:
    """A case with one revision of ann's."""
    found, _ = store.add_case(new_case())
    store.save_annotation(found, scratched, author="ann", based_on=0)
    return found


def asked(store: Store, case_id: int) -> bool:
    return store.case_ids(CaseFilter(status=Status.ASKED)) == [case_id]


def test_a_review_is_kept_with_its_reason_and_its_pin(store: Store, case_id: int) -> None:
    made = store.reviews.add(case_id, 1, SEND_BACK, reviewer="bob", reason=" too wide ", pin=(0.25, 0.75))
    assert store.reviews.of_case(case_id) == [made]
    assert (made.revision, made.reviewer, made.reason, made.pin) == (1, "bob", "too wide", (0.25, 0.75))
    assert store.events(event="annotation.reviewed")[0].data == {"revision": 1, "decision": "send back"}


def test_who_has_reviewed_a_case_does_not_keep_it_from_the_annotator(store: Store, case_id: int) -> None:
    sent_back = CaseFilter(status=Status.SENT_BACK)
    assert store.queue.next_of("bob", CaseFilter(status=Status.TO_REVIEW), 0) == case_id
    store.reviews.add(case_id, 1, SEND_BACK, reviewer="bob", reason="too wide")
    assert store.queue.next_of("ann", sent_back, 0) == case_id


@pytest.mark.parametrize(
    ("decision", "reason", "pin", "words"),
    [
        (SEND_BACK, "  ", None, "Say why"),
        (ASK, "", None, "want to know"),
        (SEND_BACK, "here", (1.2, 0.5), "outside the picture"),
        (SEND_BACK, "here", (float("nan"), 0.5), "outside the picture"),
    ],
)
def test_what_makes_no_sense_is_refused(
    store: Store, case_id: int, decision: Decision, reason: str, pin: tuple[float, float] | None, words: str
) -> None:
    with pytest.raises(Conflict, match=words):
        store.reviews.add(case_id, 1, decision, reviewer="bob", reason=reason, pin=pin)
    assert store.reviews.of_case(case_id) == []


def test_only_the_newest_revision_can_be_reviewed(store: Store, case_id: int) -> None:
    store.save_annotation(case_id, NORMAL, author="eve", based_on=1)
    with pytest.raises(Conflict, match="eve saved revision 2"):
        store.reviews.add(case_id, 1, APPROVE, reviewer="bob")
    for case, revision in ((case_id, 3), (case_id, 0), (99, 1)):
        with pytest.raises(NotFound):
            store.reviews.add(case, revision, APPROVE, reviewer="bob")


def test_nobody_approves_their_own_where_people_log_in(store: Store, case_id: int) -> None:
    with pytest.raises(Conflict, match="somebody else"):
        store.reviews.add(case_id, 1, APPROVE, reviewer="ann", own=False)
    store.reviews.add(case_id, 1, ASK, reviewer="ann", reason="is it one?", own=False)
    assert store.reviews.add(case_id, 1, APPROVE, reviewer="bob", own=False).decision is APPROVE
    assert store.reviews.add(case_id, 1, APPROVE, reviewer="ann", own=True).decision is APPROVE


def test_an_unknown_type_needs_a_question_and_asks_it(store: Store, case_id: int) -> None:
    with pytest.raises(Conflict, match="the note"):
        store.save_annotation(case_id, UNKNOWN, author="ann", based_on=1)
    store.save_annotation(case_id, UNKNOWN, author="ann", based_on=1, note="burr or scratch?")
    [question] = store.reviews.of_case(case_id)
    assert (question.decision, question.reason, question.revision) == (ASK, "burr or scratch?", 2)
    assert asked(store, case_id)
    with pytest.raises(Conflict, match="still"):
        store.reviews.add(case_id, 2, APPROVE, reviewer="bob")
    assert asked(store, case_id)


def test_an_answer_closes_the_question(store: Store, case_id: int) -> None:
    store.reviews.add(case_id, 1, ASK, reviewer="ann", reason="is it one?")
    assert asked(store, case_id)
    store.reviews.add(case_id, 1, APPROVE, reviewer="bob")
    assert not asked(store, case_id)
    store.reviews.add(case_id, 1, ASK, reviewer="ann", reason="really?")
    store.save_annotation(case_id, NORMAL, author="bob", based_on=1)
    assert not asked(store, case_id), "a new revision is the answer"


def test_questions_of_many_cases_are_found_at_once(store: Store, new_case: Callable[..., NewCase]) -> None:
    ids = [store.add_case(new_case(f"{n}.png"))[0] for n in range(3)]
    for one in ids:
        store.save_annotation(one, NORMAL, author="ann", based_on=0)
    store.reviews.add(ids[1], 1, ASK, reviewer="ann", reason="?")
    assert store.case_ids(CaseFilter(status=Status.ASKED)) == [ids[1]]
    assert store.queue.standing(ids[1]).reason is Reason.REVIEW


def test_lists_by_where_the_newest_revision_stands(store: Store, new_case: Callable[..., NewCase]) -> None:
    ids = [store.add_case(new_case(f"{n}.png"))[0] for n in range(5)]
    truth, _ = store.add_case(new_case("truth.png", verdict=NORMAL))
    for one in ids[:4]:
        store.save_annotation(one, NORMAL, author="ann", based_on=0)
    store.reviews.add(ids[0], 1, APPROVE, reviewer="bob")
    store.reviews.add(ids[1], 1, SEND_BACK, reviewer="bob", reason="no")
    store.reviews.add(ids[2], 1, ASK, reviewer="ann", reason="?")

    def found(status: Status) -> list[int]:
        return store.case_ids(CaseFilter(status=status))

    assert found(Status.APPROVED) == [ids[0]]
    assert found(Status.SENT_BACK) == [ids[1]]
    assert found(Status.ASKED) == [ids[2]]
    assert found(Status.TO_REVIEW) == [ids[2], ids[3]], "not the data set's own truth, nor what nobody annotated"
    store.save_annotation(ids[1], NORMAL, author="ann", based_on=1, note="done")
    store.save_annotation(ids[0], NORMAL, author="ann", based_on=1, note="changed")
    assert (found(Status.APPROVED), found(Status.SENT_BACK)) == ([], [])
    assert found(Status.TO_REVIEW) == ids[:4]
    assert truth not in found(Status.TO_REVIEW)


def test_snapshots_leave_out_what_waits_and_say_so(
    store: Store, new_case: Callable[..., NewCase], scratched: Verdict
) -> None:
    good, back, question, unknown, fixed = (
        store.add_case(new_case(f"{n}.png", verdict=scratched))[0] for n in range(5)
    )
    store.reviews.add(back, 1, SEND_BACK, reviewer="bob", reason="no")
    store.reviews.add(question, 1, ASK, reviewer="ann", reason="?")
    store.save_annotation(unknown, UNKNOWN, author="ann", based_on=1, note="?")
    store.reviews.add(unknown, 2, SEND_BACK, reviewer="bob", reason="look closer")
    store.reviews.add(fixed, 1, SEND_BACK, reviewer="bob", reason="no")
    store.save_annotation(fixed, NORMAL, author="ann", based_on=1)
    made = store.create_snapshot("first")
    assert [row.case.id for row in store.snapshot_rows(made.id)] == [good, fixed]
    assert made.account is not None
    assert made.account.waiting == 3
    assert "3 cases left out: sent back, or with an open question." in made.account.sentences()
    store.reviews.add(good, 1, APPROVE, reviewer="bob")
    approved = store.create_snapshot("approved", CaseFilter(status=Status.APPROVED))
    assert [row.case.id for row in store.snapshot_rows(approved.id)] == [good]
    with pytest.raises(Conflict, match="waits for a reviewer"):
        store.create_snapshot("none", CaseFilter(ids=(back, question, unknown)))


@pytest.mark.parametrize("change", ["UPDATE reviews SET decision = 'approve'", "DELETE FROM reviews"])
def test_a_review_is_never_changed(store: Store, case_id: int, change: str) -> None:
    store.reviews.add(case_id, 1, SEND_BACK, reviewer="bob", reason="no")
    with pytest.raises(IntegrityError, match="append-only"), store.changing() as session:
        session.execute(text(change))


def approved(store: Store, kind: str, **options: int) -> list[tuple[int, int]]:
    """Case and revision of what is found."""
    return [(found.case_id, found.revision) for found in store.reviews.latest_approved(kind, **options)]


def test_the_latest_approved_of_a_type_comes_first_and_only_while_it_stands(
    store: Store, new_case: Callable[..., NewCase], scratched: Verdict
) -> None:
    first, second, third = (store.add_case(new_case(key, verdict=scratched))[0] for key in "abc")
    assert approved(store, "scratch", most=5) == []
    for case_id in (second, first):
        store.reviews.add(case_id, 1, APPROVE, reviewer="bob")
    assert approved(store, "Scratch", most=5) == [(first, 1), (second, 1)], "the last to be approved, not to be made"
    assert approved(store, "scratch") == [(first, 1)]
    assert approved(store, "scratch", besides=first) == [(second, 1)]
    assert approved(store, "dent", most=5) == []
    store.reviews.add(first, 1, SEND_BACK, reviewer="bob", reason="no")
    assert approved(store, "scratch", most=5) == [(second, 1)]
    store.save_annotation(second, NORMAL, author="ann", based_on=1)
    assert approved(store, "scratch", most=5) == [], "a newer revision is not approved"
    store.reviews.add(third, 1, APPROVE, reviewer="bob")
    assert approved(store, "scratch", most=5) == [(third, 1)]
