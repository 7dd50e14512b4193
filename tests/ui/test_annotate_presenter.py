"""The Annotate tab without a browser: opening, drafts, saving, conflicts, the order of cases, changes in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from db.filters import CaseFilter
from db.queue import ORDER
from db.reasons import Reason
from db.store import Store
from m3ad.geometry import Box
from m3ad.monitor.base import Answer
from m3ad.records import Defect, Mode, NewCase, Probability, Scenario, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.trace import read, render
from ui.annotate_presenter import Work, keep, move, open_case, save, type_rows
from ui.annotation_words import changes
from ui.arrival import arrive
from ui.inspect_presenter import viewer_value
from ui.revision_look import look

BENT = Verdict(True, (Defect("bent", Box(0.1, 0.2, 0.3, 0.4)),))
SCRATCH = Verdict(True, (Defect("scratch", Box(0.5, 0.5, 0.6, 0.7)),))
NORMAL = Verdict(False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three cases: the second has a revision that came with its data set."""
    with Store.open(tmp_path / "workspace") as opened:
        for number, verdict in enumerate((None, BENT, None)):
            path = tmp_path / f"{number}.png"
            Image.new("RGB", (800, 600), (40 * number, 90, 90)).save(path)
            opened.add_case(NewCase("toys", str(number), Scenario.WORKPIECE, "disc", (path,), verdict=verdict))
        yield opened


def work(case_id: int = 1, verdict: Verdict | None = SCRATCH, **values: object) -> Work:
    given = Work(1, case_id, 0, 1, True, verdict, "", None, "all", 0, None)
    return replace(given, **values)  # type: ignore[arg-type]


def inspected(store: Store, case_id: int, verdict: Verdict) -> int:
    text = render(verdict, "I looked at it closely.")
    answer = Answer(text, read(text), Probability(0.4, 0.61), 1.0, 50, False)
    return store.add_inspection(case_id, "demo", Mode.AUTO, 0, answer).id


def test_a_new_case_opens_undecided_with_its_picture_and_place(store: Store) -> None:
    sheet = open_case(store, 1, "ann", "demo", "all")["sheet"]
    assert sheet["saved"] == {"anomalous": None, "defects": [], "note": ""}
    assert (sheet["revision"], sheet["draft"], sheet["suggestion"], sheet["theirs"]) == (0, None, None, None)
    assert (sheet["position"], sheet["count"]) == (1, 3)
    assert [(one["role"], one["width"], one["height"]) for one in sheet["pictures"]] == [("primary", 800, 600)]
    assert len(sheet["ahead"]) == 1, "the next picture is named so that the browser can fetch it"


def test_the_answer_is_json_and_names_no_path(store: Store, tmp_path: Path) -> None:
    inspected(store, 2, BENT)
    text = json.dumps(open_case(store, 2, "ann", "demo", "all"), allow_nan=False)
    assert str(tmp_path) not in text


def test_a_model_suggests_its_boxes_and_says_how_sure_it_is(store: Store) -> None:
    number = inspected(store, 1, BENT)
    sheet = open_case(store, 1, "ann", "demo", "all")["sheet"]
    assert sheet["suggestion"]["inspection_id"] == number
    assert sheet["suggestion"]["defects"] == [{"type": "bent", "box": [0.1, 0.2, 0.3, 0.4]}]
    assert "0.61" in sheet["suggestion_words"]
    assert open_case(store, 1, "ann", "another model", "all")["sheet"]["suggestion"] is None


def test_a_draft_comes_back_for_its_owner_only(store: Store) -> None:
    answer = keep(store, work(note="left edge"), "ann")
    assert (answer["kind"], answer["kept"], answer["theirs"]) == ("draft", True, None)
    draft = open_case(store, 1, "ann", None, "all")["sheet"]["draft"]
    assert (draft["note"], draft["based_on"], draft["defects"][0]["type"]) == ("left edge", 0, "scratch")
    assert open_case(store, 1, "bob", None, "all")["sheet"]["draft"] is None


@pytest.mark.parametrize("nothing_left", [{"dirty": False}, {"verdict": None}])
def test_a_document_without_changes_drops_the_draft(store: Store, nothing_left: dict[str, object]) -> None:
    keep(store, work(), "ann")
    assert keep(store, work(**nothing_left), "ann")["kept"] is False
    assert store.draft(1, "ann") is None


def test_boxes_set_aside_stay_in_the_draft_and_not_in_the_annotation(store: Store) -> None:
    aside = Verdict(False, SCRATCH.defects)
    keep(store, work(verdict=aside), "ann")
    assert store.draft(1, "ann") is not None
    assert open_case(store, 1, "ann", None, "all")["sheet"]["draft"]["defects"][0]["type"] == "scratch"
    save(store, work(verdict=aside), "ann", None)
    latest = store.latest_annotation(1)
    assert latest is not None
    assert latest.verdict == NORMAL


def test_saving_writes_a_revision_drops_the_draft_and_opens_the_next_case(store: Store) -> None:
    keep(store, work(), "ann")
    number = inspected(store, 1, SCRATCH)
    answer = save(store, work(step=1, note="sure", inspection_id=number), "ann", "demo")
    assert (answer["kind"], answer["words"], answer["sheet"]["case_id"]) == ("case", "Saved as r1.", 2)
    saved = store.latest_annotation(1)
    assert saved is not None
    assert (saved.verdict, saved.author, saved.note, saved.inspection_id) == (SCRATCH, "ann", "sure", number)
    assert store.draft(1, "ann") is None


def test_one_pixel_of_a_very_wide_picture_survives(store: Store) -> None:
    box = Box.from_pixels(3999, 17, 4000, 18, 8000, 8000)
    save(store, work(verdict=Verdict(True, (Defect("hole", box),))), "ann", None)
    sent = open_case(store, 1, "ann", None, "all")["sheet"]["saved"]["defects"][0]["box"]
    assert [round(value * 8000, 6) for value in sent] == [3999, 17, 4000, 18]


def test_a_save_that_cannot_go_on_to_its_target_is_refused_as_a_whole(store: Store) -> None:
    answer = save(store, work(target=99), "ann", None)
    assert answer["kind"] == "refused"
    assert "99" in answer["words"]
    assert store.latest_annotation(1) is None


def test_saving_on_an_older_revision_shows_the_other_version_and_keeps_mine(store: Store) -> None:
    store.save_annotation(2, NORMAL, author="bob", based_on=1)
    answer = save(store, work(case_id=2, based_on=1), "ann", None)
    assert answer["kind"] == "conflict"
    theirs = answer["theirs"]
    assert (theirs["author"], theirs["revision"], theirs["lines"]) == ("bob", 2, ["normal"])
    assert store.latest_annotation(2).verdict == NORMAL  # type: ignore[union-attr]
    sheet = open_case(store, 2, "ann", None, "all")["sheet"]
    assert sheet["draft"]["defects"][0]["type"] == "scratch"
    assert sheet["theirs"]["revision"] == 2, "the conflict is still there after a reload"


def test_a_draft_learns_at_once_that_somebody_else_saved(store: Store) -> None:
    store.save_annotation(2, NORMAL, author="bob", based_on=1)
    assert keep(store, work(case_id=2, based_on=1), "ann")["theirs"]["revision"] == 2


def test_after_choosing_mine_the_save_goes_through(store: Store) -> None:
    store.save_annotation(2, NORMAL, author="bob", based_on=1)
    save(store, work(case_id=2, based_on=1), "ann", None)
    assert save(store, work(case_id=2, based_on=2), "ann", None)["words"] == "Saved as r3."


def test_a_save_that_comes_twice_is_one_revision(store: Store) -> None:
    first = save(store, work(note="n"), "ann", None)
    second = save(store, work(note="n"), "ann", None)
    assert (first["kind"], second["kind"]) == ("case", "case")
    assert len(store.annotations(1)) == 1
    assert store.draft(1, "ann") is None


def test_confirming_what_came_with_the_data_set_is_a_revision_of_its_own(store: Store) -> None:
    save(store, work(case_id=2, based_on=1, verdict=BENT, dirty=False), "ann", None)
    assert [one.author for one in store.annotations(2)][-1] == "ann"
    assert open_case(store, 2, "ann", None, "all")["sheet"]["history"][0]["words"] == "confirmed"


def test_a_save_never_lands_on_the_case_that_is_opened_next(store: Store) -> None:
    save(store, work(case_id=1, step=1), "ann", None)
    assert store.latest_annotation(1) is not None
    assert store.latest_annotation(2).verdict == BENT  # type: ignore[union-attr]


@pytest.mark.parametrize("case_id", [0, -1, 99])
def test_a_case_that_is_not_there_is_refused_in_words(store: Store, case_id: int) -> None:
    for act in (save, move):
        answer = act(store, work(case_id=case_id), "ann", None)
        assert answer["kind"] == "refused"
        assert "no case" in answer["words"]
    assert keep(store, work(case_id=case_id), "ann")["kind"] == "refused"


def test_an_undecided_document_or_a_box_without_type_is_refused(store: Store) -> None:
    assert save(store, work(verdict=None), "ann", None)["kind"] == "refused"
    answer = save(store, work(verdict=Verdict(True, (Defect("", Box(0, 0, 1, 1)),))), "ann", None)
    assert "type" in answer["words"]
    assert store.annotations(1) == []


def test_an_inspection_of_another_case_is_refused(store: Store) -> None:
    number = inspected(store, 2, BENT)
    assert save(store, work(inspection_id=number), "ann", None)["kind"] == "refused"
    assert store.annotations(1) == []


def test_moving_on_keeps_the_draft_and_stops_at_both_ends(store: Store) -> None:
    assert move(store, work(step=1), "ann", None)["sheet"]["case_id"] == 2
    assert store.draft(1, "ann") is not None
    last = move(store, work(case_id=3, step=1, verdict=None), "ann", None)
    assert (last["sheet"]["case_id"], "last case" in last["words"]) == (3, True)
    first = move(store, work(case_id=1, step=-1), "ann", None)
    assert (first["sheet"]["case_id"], "first case" in first["words"]) == (1, True)
    assert move(store, work(target=3), "ann", None)["sheet"]["case_id"] == 3


def test_the_queue_goes_on_after_the_saved_case_has_left_it(store: Store) -> None:
    answer = save(store, work(queue="new", step=1), "ann", None)
    assert answer["sheet"]["case_id"] == 3, "case 2 has its annotation from the data set"
    assert (answer["sheet"]["count"], answer["sheet"]["place"]) == (1, "1 to do")


def test_the_queue_by_priority_gives_disagreements_first_and_says_why(store: Store) -> None:
    inspected(store, 2, NORMAL)
    answer = save(store, work(queue="priority", step=1), "ann", "demo")
    assert answer["sheet"]["case_id"] == 3, "the queue goes on where one is ..."
    answer = save(store, work(case_id=3, queue="priority", step=1), "ann", "demo")
    assert answer["sheet"]["case_id"] == 2, "... and begins again at the top"
    assert answer["sheet"]["why"].startswith("Model and person disagree")
    assert "(demo)" in answer["sheet"]["why"]
    last = save(store, work(case_id=2, based_on=1, verdict=BENT, queue="priority", step=1), "ann", "demo")
    assert "last case" in last["words"]
    assert last["sheet"]["why"] == ""


def test_confirming_ones_own_word_answers_the_model_that_disagrees(store: Store) -> None:
    save(store, work(verdict=NORMAL), "ann", None)
    inspected(store, 1, BENT)
    assert open_case(store, 1, "ann", "demo", "disagree")["sheet"]["count"] == 1
    again = work(based_on=1, verdict=NORMAL, dirty=False)
    assert [save(store, again, "ann", None)["words"] for _ in range(2)] == ["Saved as r2."] * 2
    assert open_case(store, 1, "ann", "demo", "disagree")["sheet"]["count"] == 0


def test_a_draft_of_what_was_saved_without_an_answer_is_no_conflict(store: Store) -> None:
    lost = work(verdict=NORMAL)
    save(store, lost, "ann", None)
    assert keep(store, lost, "ann") == {"serial": lost.serial, "kind": "draft", "kept": False, "theirs": None}
    assert store.draft(1, "ann") is None
    assert keep(store, lost, "bob")["theirs"]["author"] == "ann"


def test_two_people_are_never_sent_the_same_case(store: Store) -> None:
    ann = open_case(store, 1, "ann", None, "priority")
    assert ann["next"]["case_id"] == 3, "the case that is sent ahead is claimed too"
    assert open_case(store, 2, "bob", None, "priority")["next"] is None
    seen = open_case(store, 1, "bob", None, "all")["sheet"]
    assert seen["held"].startswith("ann is working on this case")
    assert open_case(store, 1, "ann", None, "all")["sheet"]["held"] == ""


def test_going_on_gives_the_left_case_free_and_a_lost_one_is_replaced(store: Store) -> None:
    open_case(store, 1, "ann", None, "priority")
    move(store, work(queue="priority", step=1, target=3, verdict=None), "ann", None)
    assert store.queue.standing(3).holder == "ann"
    store.queue.release(1, "ann")  # it was sent ahead again: the queue had nothing else
    assert store.queue.next("bob") == 1
    answer = move(store, work(case_id=3, queue="priority", step=1, target=1, verdict=None), "ann", None)
    assert answer["sheet"]["case_id"] == 3, "the case that was sent ahead is somebody else's by now"


def test_back_from_the_queue_leads_to_the_case_annotated_before(store: Store) -> None:
    save(store, work(queue="priority", step=1), "ann", None)
    back = move(store, work(case_id=3, queue="priority", step=-1, verdict=None), "ann", None)
    assert back["sheet"]["case_id"] == 1
    first = move(store, work(case_id=1, queue="priority", step=-1, verdict=None), "ann", None)
    assert "first case" in first["words"]


def test_a_saved_filter_is_a_queue_with_its_count(store: Store) -> None:
    saved = store.filters.add("bent ones", CaseFilter(type="bent"), actor="bob")
    opened = open_case(store, 1, "ann", None, f"filter-{saved.id}")
    assert (opened["next"]["case_id"], opened["sheet"]["place"]) == (2, "– of 1")
    entry = opened["menu"][-1]
    assert (entry["words"], entry["count"], entry["group"]) == ("bent ones", "1", "Saved filters")
    store.filters.remove(saved.id, actor="bob")
    assert open_case(store, 1, "ann", None, f"filter-{saved.id}")["sheet"]["count"] == 3


def test_the_menu_says_of_every_queue_how_many_and_why(store: Store) -> None:
    entries = {entry["value"]: entry for entry in open_case(store, 1, "ann", None, "all")["menu"]}
    assert list(entries) == ["priority", *Reason, "all", "draft", "to-review", "sent-back", "second"]
    assert [entries[name]["count"] for name in ("priority", "new", "disagree", "all")] == ["2", "2", "0", "3"]
    assert all(entry["means"] for entry in entries.values())


def test_an_unknown_list_means_all_cases(store: Store) -> None:
    assert open_case(store, 1, "ann", None, "'; drop table cases")["sheet"]["count"] == 3


@pytest.mark.parametrize(
    ("link", "queue"),
    [
        ({"queue": "unsure"}, "unsure"),
        ({"filter": "bent ones"}, "filter-1"),
        ({"filter": "1"}, "filter-1"),
        ({"filter": "gone"}, None),
        ({"queue": "nonsense"}, None),
        ({}, None),
    ],
)
def test_a_link_names_a_queue_or_a_filter(store: Store, link: dict[str, str], queue: str | None) -> None:
    store.filters.add("bent ones", CaseFilter(type="bent"), actor="bob")
    place = arrive({"tab": "annotate", **link}, ["inspect", "annotate"], store, "ann")
    assert place.queue == queue
    assert place.case_id == (2 if queue == "filter-1" else 1)


def test_annotate_opens_with_what_is_to_do_and_claims_nothing_for_those_who_look(store: Store) -> None:
    to_do = store.queue.peek("ann", ORDER, after=None)
    assert to_do is not None
    looked = arrive({"tab": "annotate"}, ["inspect", "annotate"], store, "vic", claims=False)
    assert looked.case_id == to_do
    assert arrive({"tab": "annotate"}, ["inspect", "annotate"], store, "ann").case_id == to_do
    assert store.queue.peek("bob", ORDER, after=None) != to_do


def test_a_list_whose_cases_others_hold_still_shows_them(store: Store) -> None:
    store.filters.add("bent ones", CaseFilter(type="bent"), actor="bob")
    for user in ("ann", "bob"):
        assert arrive({"tab": "annotate", "filter": "bent ones"}, ["annotate"], store, user).case_id == 2


A, TALLER_A, B = Box(0.1, 0.1, 0.3, 0.3), Box(0.1, 0.1, 0.3, 0.31), Box(0.6, 0.6, 0.9, 0.9)
STRIPES = tuple(Defect("hole", Box(n / 10, 0, n / 10 + 0.05, 1)) for n in range(6))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, NORMAL, ["normal"]),
        (None, BENT, ["anomalous: bent"]),
        (None, Verdict(True), ["anomalous"]),
        (None, Verdict(True, (*STRIPES, Defect("bent", A))), ["anomalous: 6 × hole, bent"]),
        (BENT, NORMAL, ["anomalous → normal"]),
        (NORMAL, BENT, ["normal → anomalous: bent"]),
        (BENT, BENT, []),
        (Verdict(True, (Defect("crack", A),)), Verdict(True, (Defect("bent", A),)), ["crack → bent"]),
        (Verdict(True, (Defect("bent", A),)), Verdict(True, (Defect("bent", TALLER_A),)), ["bent: box changed"]),
        (Verdict(True, (Defect("bent", A),)), Verdict(True, (Defect("bent", A), Defect("hole", B))), ["hole added"]),
        (Verdict(True, (Defect("bent", A), Defect("hole", B))), Verdict(True, (Defect("hole", B),)), ["bent removed"]),
        (Verdict(True, (Defect("bent"),)), Verdict(True, (Defect("bent", A),)), ["bent: box changed"]),
        (Verdict(True, (Defect("bent", A), Defect("bent", A))), Verdict(True, (Defect("bent", A),)), ["bent removed"]),
        (Verdict(True), Verdict(True, STRIPES), ["6 added"]),
    ],
)
def test_a_change_is_said_in_words(before: Verdict | None, after: Verdict, words: list[str]) -> None:
    assert changes(before, after) == words


def test_history_tells_who_what_and_on_which_suggestion_newest_first(store: Store) -> None:
    number = inspected(store, 2, SCRATCH)
    save(store, work(case_id=2, based_on=1, inspection_id=number, note="<b>note</b>"), "ann", "demo")
    first, second = open_case(store, 2, "ann", "demo", "all")["sheet"]["history"]
    assert (first["revision"], first["author"], first["model"], first["note"]) == (2, "ann", "demo", "<b>note</b>")
    assert (second["revision"], second["author"], second["model"]) == (1, "data set", None)


def test_every_type_is_offered_with_path_definition_and_search_words() -> None:
    rows = type_rows(default_taxonomy())
    assert len(rows) == len(default_taxonomy().types)
    assert all(row["definition"] and row["keys"] and "›" in row["path"] for row in rows)


def test_what_changed_on_a_further_picture_is_said_and_shown_with_its_picture(store: Store, tmp_path: Path) -> None:
    paths = (tmp_path / "0.png", tmp_path / "tall.png")
    Image.new("RGB", (100, 400)).save(paths[1])
    before = Defect("dent", Box(0.1, 0.1, 0.5, 0.5), 1)
    after = replace(before, box=Box(0.1, 0.1, 0.5, 0.6))
    new = NewCase("toys", "two", Scenario.WORKPIECE, "disc", paths, verdict=Verdict(True, (before,)))
    case_id = store.add_case(new)[0]
    reply = save(store, work(case_id, Verdict(True, (after,)), based_on=1), "ann", None)
    assert reply["sheet"]["history"][0]["words"] == "dent: box changed on picture 2"
    assert reply["sheet"]["saved"]["defects"][0]["picture"] == 1
    shown = look(store, case_id, 2)["changed"]["items"][0]
    assert (shown["what"], shown["was"]["picture"], shown["now"]["picture"]) == ("moved", 1, 1)
    conflict = save(store, work(case_id, Verdict(True, (before,)), based_on=1), "bob", None)
    assert conflict["theirs"]["lines"] == ["dent, 40 × 200 px on picture 2"]
    viewer = viewer_value(store.case(case_id), Verdict(True, (after, *BENT.defects)), None)
    assert [one["label"] for one in viewer["boxes"]] == ["bent"], "Inspect draws what is on the picture it shows"
    assert (
        keep(store, work(case_id, Verdict(True, (replace(after, picture=2),)), based_on=2), "ann")["kind"] == "refused"
    )
