from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from db.schema import Base
from db.store import Store
from m3ad.errors import Conflict, NotFound, StaleRevision
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Mode, NewCase, Verdict
from tests.db.conftest import open_again


@pytest.fixture
def case_id(store: Store, new_case: Callable[..., NewCase]) -> int:
    return store.add_case(new_case())[0]


def test_revisions_count_from_one_and_keep_everything(store: Store, case_id: int, scratched: Verdict) -> None:
    assert store.latest_annotation(case_id) is None
    first = store.save_annotation(case_id, scratched, author="ann", based_on=0, note="left edge")
    second = store.save_annotation(case_id, NORMAL, author="bob", based_on=1)
    assert store.annotations(case_id) == [first, second]
    assert (first.revision, first.verdict, first.author, first.note) == (1, scratched, "ann", "left edge")
    assert store.latest_annotation(case_id) == second
    assert first.created.utcoffset() is not None
    assert first.created <= second.created


def test_saving_on_a_stale_revision_is_refused_with_both_and_kept_as_a_draft(
    store: Store, case_id: int, scratched: Verdict
) -> None:
    store.save_annotation(case_id, NORMAL, author="ann", based_on=0)
    theirs = store.save_annotation(case_id, NORMAL, author="ann", based_on=1)
    with pytest.raises(StaleRevision) as refusal:
        store.save_annotation(case_id, scratched, author="bob", based_on=1, note="mine")
    assert refusal.value.yours == scratched
    assert refusal.value.theirs == theirs
    assert store.latest_annotation(case_id) == theirs
    draft = store.draft(case_id, "bob")
    assert draft is not None
    assert (draft.verdict, draft.note, draft.based_on) == (scratched, "mine", 1)
    saved = store.save_annotation(case_id, scratched, author="bob", based_on=theirs.revision)
    assert saved.revision == 3
    assert store.draft(case_id, "bob") is None


def test_the_same_work_sent_again_is_answered_and_not_written_again(store: Store, case_id: int) -> None:
    first = store.save_annotation(case_id, NORMAL, author="ann", based_on=0, note="clean")
    store.save_draft(case_id, "ann", NORMAL, based_on=0, note="clean")
    assert store.save_annotation(case_id, NORMAL, author="ann", based_on=0, note="clean") == first
    assert store.annotations(case_id) == [first]
    assert store.draft(case_id, "ann") is None
    assert len(store.events(event="annotation.saved")) == 1
    for author, note in (("bob", "clean"), ("ann", "other words")):
        with pytest.raises(StaleRevision):
            store.save_annotation(case_id, NORMAL, author=author, based_on=0, note=note)


def test_saving_on_a_revision_that_does_not_exist_is_refused(store: Store, case_id: int) -> None:
    with pytest.raises(Conflict, match="no revision 3"):
        store.save_annotation(case_id, NORMAL, author="ann", based_on=3)


def test_saving_removes_only_the_authors_own_draft(store: Store, case_id: int, scratched: Verdict) -> None:
    store.save_draft(case_id, "ann", scratched, based_on=0)
    store.save_draft(case_id, "bob", scratched, based_on=0)
    store.save_annotation(case_id, scratched, author="ann", based_on=0)
    assert store.draft(case_id, "ann") is None
    assert store.draft(case_id, "bob") is not None


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (Verdict(False, (Defect("scratch", Box(0, 0, 1, 1)),)), "normal part has no defects"),
        (Verdict(True, (Defect(" ", Box(0, 0, 1, 1)),)), "Defect 1 has no type"),
        (Verdict(True, (Defect("hole"), Defect("scratch", Box(0.5, 0.5, 0.5, 0.9)))), "box of defect 2"),
        (Verdict(True, (Defect("scratch", Box(1.2, 1.2, 1.5, 1.5)),)), "no area inside the image"),
        (Verdict(True, (Defect("scratch", Box(math.nan, 0, 1, 1)),)), "no area inside the image"),
        (Verdict(True, (Defect("scratch", Box(0, 0, math.inf, 1)),)), "no area inside the image"),
    ],
)
def test_a_verdict_that_contradicts_itself_changes_nothing(
    store: Store, case_id: int, verdict: Verdict, why: str
) -> None:
    store.save_draft(case_id, "ann", NORMAL, based_on=0)
    with pytest.raises(Conflict, match=why):
        store.save_annotation(case_id, verdict, author="ann", based_on=0)
    assert store.annotations(case_id) == []
    assert store.draft(case_id, "ann") is not None


def test_boxes_are_clipped_to_the_image_and_defects_may_lack_a_box(store: Store, case_id: int) -> None:
    verdict = Verdict(True, (Defect("scratch", Box(-0.1, 0.9, 0.2, 1.0000001)), Defect("bent")))
    saved = store.save_annotation(case_id, verdict, author="ann", based_on=0)
    assert saved.verdict.defects == (Defect("scratch", Box(0, 0.9, 0.2, 1)), Defect("bent"))


def test_hostile_text_is_kept_as_it_is(store: Store, case_id: int) -> None:
    text = "<img src=x onerror=alert(1)>'; drop table cases; -- \N{SNOWMAN}\n{{7*7}}"
    saved = store.save_annotation(case_id, Verdict(True, (Defect(text),)), author=text, based_on=0, note=text)
    assert store.latest_annotation(case_id) == saved
    assert (saved.author, saved.note, saved.verdict.defects[0].type) == (text, text, text)


def test_half_a_surrogate_pair_does_not_stop_a_save(store: Store, case_id: int) -> None:
    saved = store.save_annotation(
        case_id, Verdict(True, (Defect("a\ud800"),)), author="ann", based_on=0, note="b\ud800"
    )
    latest = store.latest_annotation(case_id)
    assert latest.id == saved.id
    assert latest.note == "b?"


def test_an_annotation_of_an_unknown_case_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no case 5"):
        store.save_annotation(5, NORMAL, author="ann", based_on=0)
    with pytest.raises(NotFound, match="no case 5"):
        store.save_draft(5, "ann", NORMAL, based_on=0)


def test_an_annotation_names_the_inspection_it_came_from(
    store: Store, case_id: int, new_case: Callable[..., NewCase], answer: Callable[..., object]
) -> None:
    inspection = store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True))
    saved = store.save_annotation(case_id, NORMAL, author="ann", based_on=0, inspection_id=inspection.id)
    assert saved.inspection_id == inspection.id
    other, _ = store.add_case(new_case("other.png"))
    with pytest.raises(Conflict, match=f"is of case {case_id}"):
        store.save_annotation(other, NORMAL, author="ann", based_on=0, inspection_id=inspection.id)
    with pytest.raises(NotFound, match="no inspection 99"):
        store.save_annotation(other, NORMAL, author="ann", based_on=0, inspection_id=99)


def test_a_draft_replaces_the_same_persons_earlier_one(store: Store, case_id: int, scratched: Verdict) -> None:
    assert store.draft(case_id, "ann") is None
    store.save_draft(case_id, "ann", NORMAL, based_on=0)
    second = store.save_draft(case_id, "ann", scratched, based_on=0, note="more")
    assert store.draft(case_id, "ann") == second
    assert store.drafts("ann") == [second]
    store.delete_draft(case_id, "ann")
    store.delete_draft(case_id, "ann")
    assert store.drafts("ann") == []


def test_a_draft_may_be_half_done(store: Store, case_id: int) -> None:
    half = Verdict(True, (Defect("", Box(0.5, 0.5, 0.5, 0.5)),))
    assert store.save_draft(case_id, "ann", half, based_on=0).verdict == half


def test_drafts_survive_a_closed_program(store: Store, case_id: int, scratched: Verdict) -> None:
    kept = store.save_draft(case_id, "ann", scratched, based_on=0)
    store.close()
    with open_again(store) as again:
        assert again.draft(case_id, "ann") == kept


@pytest.mark.parametrize("table", ["annotations", "inspections", "snapshots", "snapshot_rows", "events"])
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_the_database_itself_refuses_to_change_what_is_append_only(
    store: Store, case_id: int, answer: Callable[..., object], table: str, change: str
) -> None:
    store.save_annotation(case_id, NORMAL, author="ann", based_on=0)
    store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer(True, True))
    store.create_snapshot("first")
    with pytest.raises(IntegrityError, match="append-only"), store.changing() as session:
        session.connection().exec_driver_sql(change.format(table, Base.metadata.tables[table].columns.keys()[0]))
    with store.reading() as session:
        assert session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() > 0


def test_every_change_is_in_the_log(store: Store, new_case: Callable[..., NewCase], scratched: Verdict) -> None:
    case_id, _ = store.add_case(new_case("logged.png", verdict=NORMAL), actor="ann")
    store.save_annotation(case_id, scratched, author="bob", based_on=1)
    with pytest.raises(StaleRevision):
        store.save_annotation(case_id, scratched, author="eve", based_on=1)
    store.log("case.opened", "eve", case_id=case_id, screen="annotate")
    found = [(event.event, event.actor) for event in reversed(store.events(case_id=case_id))]
    assert found == [
        ("case.added", "ann"),
        ("annotation.saved", "data set"),
        ("annotation.saved", "bob"),
        ("annotation.refused", "eve"),
        ("case.opened", "eve"),
    ]
    assert store.events(event="case.opened")[0].data == {"screen": "annotate"}
    assert len(store.events(limit=2)) == 2


def test_a_box_belongs_to_a_picture_that_the_case_has(
    store: Store, paint: Callable[..., Path], new_case: Callable[..., NewCase]
) -> None:
    two = store.add_case(new_case("two", images=(paint("a.png", 1), paint("b.png", 2))))[0]
    box = Box(0.1, 0.1, 0.2, 0.2)
    there, beyond = (Verdict(True, (Defect("dent", box, at),)) for at in (1, 2))
    assert store.save_annotation(two, there, author="ann", based_on=0).verdict == there
    assert store.annotations(two)[-1].verdict == there
    assert store.save_draft(two, "ann", there, based_on=1).verdict == there
    for verdict in (beyond, Verdict(True, (Defect("dent", box, -1),))):
        with pytest.raises(Conflict, match="of a case that has"):
            store.save_annotation(two, verdict, author="ann", based_on=1)
        with pytest.raises(Conflict, match="a picture that the case does not have"):
            store.save_draft(two, "ann", verdict, based_on=1)
    with pytest.raises(Conflict, match="picture 2 of a case that has 1"):
        store.add_case(new_case("one", verdict=there))
    placeless = Verdict(True, (Defect("dent", None, 1),))
    assert store.save_annotation(two, placeless, author="ann", based_on=1).verdict == Verdict(True, (Defect("dent"),))
