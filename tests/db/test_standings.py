"""Standings, tallies, types and the index of reasoning: kept by every change, they equal what is made anew."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import delete, select

from db import lists
from db.bulk import change as change_many
from db.cases import case_ids
from db.filters import CaseFilter, Status
from db.lists import Within
from db.reasoning import INDEX, clear, matches
from db.reasons import Reason, reason_of
from db.schema import WAYS, BulkKind, Decision, NamedTypeTable, StandingTable, TallyTable
from db.standings import ANY, rebuild
from db.store import Store
from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Mode, NewCase, Outcome, Probability, Scenario, Trace, Verdict
from tests.db.conftest import Answer, open_again

WORDS = ("crack", "stain", "edge")


def state(store: Store) -> tuple[object, ...]:
    """Everything that is kept, free of the tallies' ids."""
    with store.reading() as session:
        columns = [getattr(TallyTable, name) for name in WAYS]
        query = select(
            StandingTable.model,
            StandingTable.case_id,
            StandingTable.annotation_id,
            StandingTable.inspection_id,
            StandingTable.final_probability,
            *columns,
        ).join(TallyTable, TallyTable.id == StandingTable.tally_id)
        rows = sorted(session.execute(query).all(), key=str)
        counts = {tuple(way): n for *way, n in session.execute(select(*columns, TallyTable.count)) if n}
        types = set(session.execute(select(NamedTypeTable.type, NamedTypeTable.case_id)).all())
        found = {word: sorted(session.scalars(select(INDEX.c.rowid).where(matches(word)))) for word in WORDS}
    assert counts == Counter(tuple(row[5:]) for row in rows), "the counts are not those of the rows"
    return tuple(map(tuple, rows)), counts, types, found


def made(initial: bool | None, final: bool | None, reflected: bool, probability: float | None, words: str) -> Answer:
    verdicts = [None if one is None else Verdict(one, (Defect("scratch"),) if one else ()) for one in (initial, final)]
    trace = Trace(words, "", "again" if reflected else None, *verdicts)
    return Answer(trace, Probability(None, probability))


DECISIONS = st.sampled_from([True, False, None])
ANSWERS = st.builds(
    made,
    DECISIONS,
    DECISIONS,
    st.booleans(),
    st.sampled_from([None, 0.1, 0.2, 0.5, 0.8, 0.95]),
    st.sampled_from(["a crack", "a crack at the edge", "a stain", ""]),
)
VERDICTS = st.sampled_from([NORMAL, Verdict(True, (Defect("bent", Box(0, 0, 0.5, 0.5)),)), Verdict(True)])
CASES = st.integers(1, 4)
CHANGES = st.one_of(
    st.tuples(st.just("annotate"), CASES, VERDICTS, st.sampled_from(["ann", "data set", "imported from x by y"])),
    st.tuples(st.just("inspect"), CASES, ANSWERS, st.sampled_from(["one", "two"]), st.booleans()),
    st.tuples(st.just("add"), st.none() | VERDICTS),
    st.tuples(st.just("assign"), CASES, st.sampled_from(["ann", None])),
    st.tuples(st.just("review"), CASES, st.sampled_from(Decision)),
    st.tuples(st.just("retype"), st.integers(0, 0), st.sampled_from(["bent", "dent"])),
)


class Sequence:
    """Applies changes to a store that begins with two cases."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder, self._store, self._keys = folder, store, itertools.count(1)
        self.apply(("add", None))
        self.apply(("add", NORMAL))

    def apply(self, change: tuple[object, ...]) -> None:
        store, (kind, *rest) = self._store, change
        known = store.count_cases()
        if kind == "add":
            number = next(self._keys)
            path = self._folder / f"{number}.png"
            Image.new("RGB", (8, 8), (number, 9, 9)).save(path)
            names = (f"set {number % 2}", f"{number}.png", list(Scenario)[number % 4], f"tile {number % 3}")
            store.add_case(NewCase(*names, (path,), verdict=rest[0]))
        elif rest[0] > known:
            return
        elif kind == "annotate":
            case_id, verdict, author = rest
            latest = store.latest_annotation(case_id)
            store.save_annotation(case_id, verdict, author=author, based_on=latest.revision if latest else 0)
        elif kind == "inspect":
            case_id, answer, model, cancelled = rest
            answer = Answer(answer.trace, answer.probability, cancelled=cancelled)
            store.add_inspection(case_id, model, Mode.AUTO, 0, answer)
        elif kind == "review":
            case_id, decision = rest
            if latest := store.latest_annotation(case_id):
                store.reviews.add(case_id, latest.revision, decision, reviewer="eve", reason="why")
        elif kind == "retype":
            old = rest[1]
            with suppress(Conflict):  # nothing of that type
                change_many(store, BulkKind.RETYPE, old, {"bent": "dent", "dent": "bent"}[old], author="eve")
        else:
            case_id, person = rest
            store.queue.assign(CaseFilter(ids=(case_id,)), person, actor="boss")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, max_size=14))
def test_what_is_kept_equals_what_is_made_anew(
    new_database: Callable[[], str | None], changes: list[tuple[object, ...]]
) -> None:
    with TemporaryDirectory() as folder, Store.open(Path(folder, "workspace"), new_database()) as store:
        sequence = Sequence(Path(folder), store)
        for change in changes:
            sequence.apply(change)
        kept = state(store)
        with store.changing() as session:
            rebuild(session)
        assert state(store) == kept


FILTERS = st.builds(
    CaseFilter,
    scenario=st.none() | st.sampled_from(Scenario),
    dataset=st.none() | st.sampled_from(["set 0", "set 1"]),
    text=st.sampled_from(["", "TILE", "1", "2.p"]),
    status=st.none() | st.sampled_from(Status),
    verdict=st.none() | st.sampled_from(["anomalous", "normal"]),
    outcome=st.none() | st.sampled_from(Outcome),
    model=st.none() | st.sampled_from(["one", "two", "none"]),
    reason=st.none() | st.sampled_from(Reason),
    type=st.none() | st.sampled_from(["scratch", "Bent"]),
    probability=st.none() | st.sampled_from([(0.0, 0.5), (0.2, 0.8)]),
    reasoning=st.sampled_from(["", "crack", "cra edge"]),
    assigned=st.none() | st.just("ann"),
)
# Mostly one or two conditions at once: with more, nothing passes.
FEW = st.tuples(FILTERS, st.sets(st.sampled_from([*CaseFilter.__dataclass_fields__]), min_size=1, max_size=3)).map(
    lambda pair: CaseFilter(**{name: getattr(pair[0], name) for name in pair[1]})
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, min_size=4, max_size=14), filters=st.lists(FEW, min_size=12, max_size=12))
def test_lists_and_counts_are_those_of_looking_at_every_case(
    new_database: Callable[[], str | None], changes: list[tuple[object, ...]], filters: list[CaseFilter]
) -> None:
    with TemporaryDirectory() as folder, Store.open(Path(folder, "workspace"), new_database()) as store:
        sequence = Sequence(Path(folder), store)
        for change in changes:
            sequence.apply(change)
        store.save_draft(2, "ann", NORMAL, based_on=0)
        with store.reading() as session:
            for wanted in filters:
                looked = case_ids(session, wanted, user="ann")
                assert lists.count(session, wanted, user="ann").number == len(looked), wanted
                for within, part in (
                    (Within(), looked),
                    (Within(limit=2), looked[:2]),
                    (Within(limit=1, after=1), [one for one in looked if one > 1][:1]),
                    (Within(before=3, limit=1), [one for one in looked if one < 3][-1:]),
                    (Within(skip=1, limit=2), looked[1:3]),
                ):
                    assert lists.stretch(session, wanted, within, user="ann") == part, (wanted, within)
                for place, case_id in enumerate(looked, start=1):
                    assert lists.position(session, wanted, case_id, user="ann", at_most=99) == place


def test_a_store_without_rows_is_filled_when_it_is_opened(store: Store, new_case: Callable[..., NewCase]) -> None:
    store.add_case(new_case(verdict=NORMAL))
    before = state(store)
    with store.changing() as session:
        session.execute(delete(StandingTable))
        session.execute(delete(TallyTable))
        clear(session)
    with open_again(store) as again:
        assert state(again) == before


PLAIN = {
    "truth": "normal",
    "settled": False,
    "initial": "normal",
    "decision": "normal",
    "reflected": False,
    "unsure": False,
    "problems": False,
    "asked": False,
}


@pytest.mark.parametrize(
    ("stands", "reason"),
    [
        ({}, ""),
        ({"truth": "anomalous", "unsure": True}, Reason.DISAGREE),
        ({"truth": "anomalous", "unsure": True, "settled": True}, ""),
        ({"truth": "", "unsure": True, "problems": True}, Reason.UNSURE),
        ({"truth": "", "initial": "anomalous", "reflected": True}, Reason.REFLECTION),
        ({"initial": "", "reflected": True}, ""),
        ({"truth": "anomalous", "decision": "unreadable", "problems": True}, Reason.UNREADABLE),
        ({"problems": True, "asked": True}, Reason.PROBLEMS),
        ({"problems": True, "asked": True, "settled": True}, Reason.REVIEW),
        ({"truth": "", "decision": "", "initial": ""}, Reason.NEW),
    ],
)
def test_of_several_reasons_a_case_has_the_first(stands: dict[str, object], reason: str) -> None:
    assert reason_of(**(PLAIN | stands)) == reason  # type: ignore[arg-type]


def test_a_persons_word_after_the_answer_ends_the_reason(store: Store, new_case: Callable[..., NewCase]) -> None:
    case_id, _ = store.add_case(new_case(verdict=NORMAL))
    says_anomalous = made(True, True, False, 0.95, "text")
    store.add_inspection(case_id, "one", Mode.AUTO, 0, says_anomalous)
    assert store.queue.standing(case_id).reason is Reason.DISAGREE
    store.save_annotation(case_id, NORMAL, author="ann", based_on=1)
    assert store.queue.standing(case_id).reason is None
    store.add_inspection(case_id, "two", Mode.AUTO, 0, says_anomalous)
    assert store.queue.standing(case_id).reason is Reason.DISAGREE, "a later answer that disagrees is a new one"


def test_reasoning_words_are_text_and_never_a_query(store: Store, new_case: Callable[..., NewCase]) -> None:
    case_id, _ = store.add_case(new_case())
    store.add_inspection(case_id, "one", Mode.AUTO, 0, made(None, None, False, None, 'a "crack" AND NOT (edge'))
    for words in ('"crack"', "AND NOT", "(edge", "crack*", "text:crack", '"'):
        assert isinstance(store.count_cases(CaseFilter(reasoning=words)), int)
    assert store.case_ids(CaseFilter(reasoning="CRA edge")) == [case_id]
    assert store.case_ids(CaseFilter(reasoning="crack stain")) == []
    assert store.count_cases(CaseFilter(model=ANY, reasoning="stain")) == 0
