"""Operating points and calibrators are kept for ever; what is known of a model's decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.store import Store
from db.trust import FittedCalibrator
from m3ad.errors import Conflict
from m3ad.images import open_image
from m3ad.records import Mode, Model, NewCase, Probability, Run, Stage, Verdict
from m3ad.reliability.bounds import Rate
from m3ad.reliability.calibrators import Isotonic, Logistic
from m3ad.reliability.operating import Cost, Point
from m3ad.reliability.properties import measure
from m3ad.trace import read
from tests.db.conftest import Answer

COST = Cost(Rate(1, 30), Rate(2, 40), Rate(9, 70), Rate(5, 40))
FOUND = (
    "<think>There is a scratch.</think><type>scratch</type><location>(0.2,0.2) (0.4,0.4)</location><answer>yes</answer>"
)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def fitted(*case_ids: int, numbers: Isotonic | Logistic = Logistic(0.5, -0.1)) -> FittedCalibrator:  # noqa: B008
    return FittedCalibrator("demo", numbers, "all", case_ids, (0.21, 0.18), (0.1, 0.04), "ann", NOW)


def test_the_newest_point_is_in_use_and_the_others_are_its_history(store: Store) -> None:
    assert store.trust.point("demo") is None
    store.trust.use_point("demo", Point(0.1, 0.9, 0.3), "all", COST, actor="ann")
    store.trust.use_point("other", Point(0.5, 0.5), "all", COST, actor="ann")
    store.trust.use_point("demo", Point(0.2, 0.8), "filter-1", COST, actor="ben")
    newest, first = store.trust.points("demo")
    assert store.trust.point("demo") == newest.point == Point(0.2, 0.8)
    assert (first.point, first.author, first.cases, first.cost) == (Point(0.1, 0.9, 0.3), "ann", "all", COST)
    assert [event.actor for event in store.events(event="point.chosen")] == ["ben", "ann", "ann"]


@pytest.mark.parametrize("table", ["operating_points", "calibrators"])
def test_nobody_changes_them_afterwards(store: Store, table: str) -> None:
    store.trust.use_point("demo", Point(0.1, 0.9), "all", COST, actor="ann")
    store.trust.keep_calibrator(fitted())
    for change in (f"UPDATE {table} SET author = 'eve'", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"), store.changing() as session:
            session.execute(text(change))


def test_the_database_too_refuses_thresholds_that_cross(store: Store) -> None:
    row = "INSERT INTO operating_points VALUES (1, 'demo', 0.9, 0.1, NULL, 'all', '{}', 'eve', '2026-11-22')"
    with pytest.raises(IntegrityError, match="order"), store.changing() as session:
        session.execute(text(row))


@pytest.mark.parametrize("numbers", [Logistic(1.5, -0.25), Isotonic(((0.1, 0.0), (0.9, 1.0)))])
def test_a_calibrator_is_kept_with_what_it_was_fitted_on(store: Store, numbers: Isotonic | Logistic) -> None:
    kept = fitted(3, 5, 8, numbers=numbers)
    store.trust.keep_calibrator(kept)
    assert store.trust.calibrators("demo") == [kept]
    assert store.trust.calibrators("other") == []


def test_frozen_cases_refuse(store: Store, new_case: Callable[..., NewCase], scratched: Verdict) -> None:
    ids = [store.add_case(new_case(f"{n}.png", verdict=scratched))[0] for n in range(4)]
    store.create_snapshot("first", frozen_share=0.5)
    frozen = store.trust.frozen()
    assert 0 < len(frozen) < 4
    with pytest.raises(Conflict, match="tests alone"):
        store.trust.keep_calibrator(fitted(*ids))
    store.trust.keep_calibrator(fitted(*set(ids) - frozen))
    assert len(store.trust.calibrators("demo")) == 1


def test_what_a_model_learnt_from_is_known_through_its_parents(
    store: Store, new_case: Callable[..., NewCase], scratched: Verdict
) -> None:
    ids = [store.add_case(new_case(f"{n}.png", verdict=scratched))[0] for n in range(4)]
    snapshot = store.create_snapshot("first", frozen_share=0.5)
    store.add_run(Run("raws-1", Stage.RAWS, snapshot.id, "demo", store.workspace, NOW))
    store.add_model(Model("raws-1", "folder", parent="demo", run="raws-1"))
    store.add_model(Model("later", "folder 2", parent="raws-1"))
    trained = set(ids) - store.trust.frozen()
    for model, expected in (("raws-1", trained), ("later", trained), ("demo", set())):
        assert store.trust.learnt(model, ids) == expected
    assert store.trust.learnt("raws-1", []) == frozenset()


@pytest.fixture
def twelve(store: Store, new_case: Callable[..., NewCase]) -> list[int]:
    """Twelve cases called anomalous, of which the last three are normal; one more that nobody annotated."""
    truths = [Verdict(True)] * 9 + [Verdict(False)] * 3 + [None]
    ids = [store.add_case(new_case(f"{n}.png", verdict=truth))[0] for n, truth in enumerate(truths)]
    for case_id in ids:
        store.add_inspection(case_id, "demo", Mode.AUTO, 0, Answer(read(FOUND), Probability(0.2, 0.9)))
    return ids


def test_a_new_case_is_compared_with_the_annotated_ones(store: Store, twelve: list[int]) -> None:
    inspection = store.latest_inspection(twelve[-1], "demo")
    assert inspection is not None
    found = store.evidence.alike(inspection)
    assert found is not None
    features, likeness = found
    assert (features.confidence, features.category, features.properties) == (0.9, "tile", None)
    assert likeness is not None
    assert len(likeness.nearest) == 10
    assert {one.case_id for one in likeness.nearest} < set(twelve[:12])


def test_a_case_is_not_compared_with_itself(store: Store, twelve: list[int]) -> None:
    inspection = store.latest_inspection(twelve[0], "demo")
    assert inspection is not None
    found = store.evidence.alike(inspection)
    assert found is not None
    assert found[1] is not None
    assert twelve[0] not in {one.case_id for one in found[1].nearest}


def test_an_unreadable_answer_is_compared_with_nothing(
    store: Store, twelve: list[int], answer: Callable[..., object]
) -> None:
    assert store.evidence.alike(store.add_inspection(twelve[0], "demo", Mode.AUTO, 0, answer(True, None))) is None
    assert twelve[0] not in {one.case_id for one in store.evidence.known("demo")}


def test_agreement_is_of_all_answers_of_the_model(
    store: Store, twelve: list[int], answer: Callable[..., object]
) -> None:
    for decision in (False, True, True):
        store.add_inspection(twelve[0], "demo", Mode.AUTO, 1, answer(decision, decision))
    store.add_inspection(twelve[0], "other", Mode.AUTO, 1, answer(False, False))
    agreements = {one.case_id: one.features.agreement for one in store.evidence.known("demo")}
    assert agreements.pop(twelve[0]) == 0.75
    assert set(agreements.values()) == {None}


def test_pictures_are_measured_once(store: Store, twelve: list[int]) -> None:
    first, second = (store.case(case_id).primary for case_id in twelve[:2])
    assert store.evidence.unmeasured("demo", 2) == [first.id, second.id]
    assert store.evidence.unmeasured("other", 2) == []
    measured = measure(open_image(first.path))
    for _ in range(2):
        store.evidence.keep(first.sha256, measured)
    assert store.evidence.unmeasured("demo", 1) == [second.id]
    by_case = {one.case_id: one.features.properties for one in store.evidence.known("demo")}
    assert by_case[twelve[0]] == measured
    assert by_case[twelve[1]] is None
