"""The queue: claims, assignments, saved filters, progress; and that no two people are ever given the same case."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from db.events import now
from db.filters import CaseFilter
from db.progress import PAUSE, active_hours, progress
from db.reasons import Reason
from db.store import Store
from m3ad.errors import Conflict, NotFound
from m3ad.records import NORMAL, NewCase, Scenario, Verdict
from tests.db.conftest import url_of

ROOT = Path(__file__).resolve().parents[2]
MANY = 40


@pytest.fixture
def cases(store: Store, paint: Callable[..., Path]) -> list[int]:
    """New cases that share a picture."""
    path = paint("shared.png")
    made = (NewCase("set", str(number), Scenario.TEXTURE, "tile", (path,)) for number in range(MANY))
    store.import_cases(made)
    return store.case_ids()


def work_through(store: Store, user: str) -> list[int]:
    """Take and save cases until none is left."""
    done = []
    while (case_id := store.queue.next(user)) is not None:
        store.save_annotation(case_id, NORMAL, author=user, based_on=0)
        done.append(case_id)
    return done


def test_threads_never_get_the_same_case(store: Store, cases: list[int]) -> None:
    start = threading.Barrier(8)

    def person(number: int) -> list[int]:
        start.wait()
        return work_through(store, f"person {number}")

    with ThreadPoolExecutor(8) as pool:
        given = [case_id for done in pool.map(person, range(8)) for case_id in done]
    assert sorted(given) == cases


CODE = """
import sys
from pathlib import Path
from db.store import Store
from tests.db.test_queue import work_through
with Store.open(Path(sys.argv[1]), sys.argv[2]) as store:
    print(*work_through(store, sys.argv[3]))
"""


def test_programs_never_get_the_same_case(store: Store, cases: list[int]) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CODE, str(store.workspace), url_of(store), name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("ann", "bob")
    ]
    given = [int(word) for process in started for word in process.communicate(timeout=120)[0].split()]
    assert sorted(given) == cases


def test_a_claim_ends_by_itself_and_is_renewed_by_a_draft(store: Store, cases: list[int]) -> None:
    first, second = cases[:2]
    assert store.queue.next("ann") == first
    assert store.queue.next("bob") == second
    store.queue.minutes = -1.0  # whatever is claimed now has ended
    assert store.queue.claim(first, "ann")
    assert store.queue.standing(first).holder == ""
    assert store.queue.next("bob", after=(Reason.NEW, second)) == cases[2]
    store.queue.minutes = 10.0
    store.save_draft(first, "ann", NORMAL, based_on=0)
    assert store.queue.standing(first).holder == "ann"
    assert not store.queue.claim(first, "bob")


def test_a_save_ends_the_claim(store: Store, cases: list[int]) -> None:
    case_id = store.queue.next("ann")
    assert case_id is not None
    store.save_annotation(case_id, NORMAL, author="ann", based_on=0)
    assert store.queue.standing(case_id).holder == ""
    assert store.queue.standing(case_id).reason is None


def test_what_is_assigned_is_given_to_that_person_only(store: Store, cases: list[int]) -> None:
    assert store.queue.assign(CaseFilter(ids=tuple(cases[:2])), "ann", actor="boss") == 2
    assert store.queue.next("bob") == cases[2]
    assert store.queue.next("ann") == cases[0]
    assert store.queue.counts("bob")[Reason.NEW] == MANY - 2
    assert store.case_ids(CaseFilter(assigned="ann")) == cases[:2]
    assert store.events(event="cases.assigned")[0].data["count"] == 2
    store.queue.assign(CaseFilter(assigned="ann"), None, actor="boss")
    assert store.queue.counts("bob")[Reason.NEW] == MANY


def test_a_filters_cases_are_given_one_by_one(store: Store, cases: list[int]) -> None:
    wanted = CaseFilter(text="3")
    passing = store.case_ids(wanted)
    assert store.queue.next_of("ann", wanted, 0) == passing[0]
    assert store.queue.next_of("bob", wanted, 0) == passing[1]
    assert store.queue.next_of("ann", wanted, passing[-1]) is None


def test_a_case_that_is_not_there_can_be_neither_claimed_nor_looked_up(store: Store) -> None:
    for act in (lambda: store.queue.claim(7, "ann"), lambda: store.queue.standing(7)):
        with pytest.raises(NotFound):
            act()


def test_saved_filters_have_names_of_their_own(store: Store) -> None:
    wanted = CaseFilter(scenario=Scenario.LOGICAL, reason=Reason.UNSURE, probability=(0.25, 0.75), reasoning="crack")
    saved = store.filters.add("  odd   ones ", wanted, actor="ann")
    assert (saved.name, saved.filter) == ("odd ones", wanted)
    assert store.filters.get("odd ones") == store.filters.get(saved.id) == store.filters.all()[0]
    for name in ("odd ones", " ", "x" * 61):
        with pytest.raises(Conflict):
            store.filters.add(name, wanted, actor="bob")
    store.filters.remove(saved.id, actor="bob")
    with pytest.raises(NotFound):
        store.filters.remove(saved.id, actor="bob")


def test_pauses_are_no_work() -> None:
    start = now()
    minutes = [start + timedelta(minutes=at) for at in (0, 1, 3, 60, 62)]
    assert active_hours(minutes) == pytest.approx(5 / 60)
    assert active_hours([start, start + PAUSE]) == pytest.approx(5 / 60)
    assert active_hours([]) == 0.0


def test_progress_tells_who_did_how_much_and_what_is_left(
    store: Store, cases: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = now().astimezone().replace(hour=12)
    minutes = iter(range(100))
    monkeypatch.setattr("db.annotations.now", lambda: noon + timedelta(minutes=next(minutes)))
    for case_id in cases[:3]:
        store.save_annotation(case_id, NORMAL, author="ann", based_on=0)
    assert progress(store, noon)[0][0].pace is None, "two minutes are too few to say"
    store.save_annotation(cases[0], Verdict(True), author="ann", based_on=1)
    store.save_annotation(cases[3], NORMAL, author="imported from x by bob", based_on=0)
    persons, (dataset,) = progress(store, noon)
    (ann,) = persons
    assert (ann.person, ann.today, ann.total) == ("ann", 3, 3)
    assert (dataset.dataset, dataset.total, dataset.done, dataset.remaining) == ("set", MANY, 3, MANY - 4)
    assert ann.pace == pytest.approx(2 / 3 * 60)  # two more cases, and one of them again, in three minutes
    assert dataset.hours == pytest.approx(dataset.remaining / ann.pace)
    persons, _ = progress(store, noon + timedelta(days=2))
    assert (persons[0].today, persons[0].total, persons[0].pace) == (0, 3, None)
