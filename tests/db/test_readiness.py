"""What there is to train on, counted over stores made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from db.readiness import readiness
from db.schema import Decision
from db.store import Store
from m3ad.geometry import Box
from m3ad.records import HELD_OUT, NORMAL, Defect, NewCase, Scenario, Verdict
from tests.db.lineage_made import made_run

Make = Callable[..., NewCase]
BOX = Box(0.1, 0.1, 0.4, 0.4)


def defects(*types: str) -> Verdict:
    return Verdict(True, tuple(Defect(name, BOX) for name in types))


@pytest.fixture
def learnt(store: Store, new_case: Make) -> list[int]:
    """Four cases of a run: two normal textures, two scratched workpieces."""
    kinds = [(Scenario.TEXTURE, NORMAL), (Scenario.WORKPIECE, defects("scratch"))] * 2
    ids = [
        store.add_case(new_case(f"{n}.png", seed=n, scenario=scenario, verdict=verdict))[0]
        for n, (scenario, verdict) in enumerate(kinds)
    ]
    made_run(store, store.create_snapshot("first", frozen_share=0))
    return ids


def test_an_empty_store_has_nothing(store: Store) -> None:
    found = readiness(store)
    assert (found.run, found.model, found.new.total, found.older.total, found.frozen) == (None, None, 0, 0, 0)
    assert (found.unreviewed, found.waiting, found.compared, found.alike) == (0, 0, 0, 0)


def test_new_is_what_no_model_has_learnt_from(store: Store, learnt: list[int], new_case: Make) -> None:
    store.add_case(new_case("bare.png", seed=50))
    store.add_case(new_case("new.png", seed=51, verdict=defects("dent", "dent", "scratch")))
    store.save_annotation(learnt[0], defects("hole"), author="ann", based_on=1)
    found = readiness(store)
    assert (found.run, found.model) == ("raws-1", "raws-1-model")
    assert (found.new.anomalous, found.new.normal, found.older.anomalous, found.older.normal) == (2, 0, 2, 1)
    assert found.new.types == {"dent": 1, "scratch": 1, "hole": 1}
    assert found.older.types == {"scratch": 2}
    assert found.new.scenarios == {"texture": 2}
    assert found.older.scenarios == {"texture": 1, "workpiece": 2}


def test_a_run_without_a_model_leaves_all_new(store: Store, new_case: Make) -> None:
    store.add_case(new_case(verdict=NORMAL))
    made_run(store, store.create_snapshot("first", frozen_share=0), model=False)
    found = readiness(store)
    assert (found.run, found.new.total, found.older.total) == (None, 1, 0)


def test_unreviewed_is_what_a_person_said_and_nobody_looked_at(store: Store, new_case: Make) -> None:
    ids = [store.add_case(new_case(f"{n}.png", seed=n, verdict=NORMAL))[0] for n in range(5)]
    for case_id in ids[1:]:
        store.save_annotation(case_id, defects("scratch"), author="ann", based_on=1)
    store.reviews.add(ids[2], 2, Decision.APPROVE, reviewer="bob")
    store.reviews.add(ids[3], 2, Decision.SEND_BACK, reviewer="bob", reason="too wide")
    store.reviews.add(ids[4], 2, Decision.ASK, reviewer="ann", reason="which type?")
    found = readiness(store)
    assert (found.new.total, found.new.normal, found.unreviewed, found.waiting) == (3, 1, 1, 2)
    assert found.new.types == {"scratch": 2}


def test_frozen_cases_and_kept_back_categories_are_not_new(store: Store, new_case: Make) -> None:
    for n, category in enumerate(("bottle", "bottle", "tile", "cable")):
        split = HELD_OUT if category == "cable" else ""
        store.add_case(new_case(f"{n}.png", seed=n, category=category, verdict=defects("scratch"), split=split))
    assert readiness(store).new.total == 3
    store.create_snapshot("bench", frozen_share=0, frozen_categories=["bottle"])
    found = readiness(store)
    assert (found.new.total, found.new.types, found.frozen) == (1, {"scratch": 1}, 3)
    store.add_case(new_case("later.png", seed=9, category="bottle", verdict=defects("dent")))
    assert readiness(store).new.total == 1


def test_pictures_like_frozen_ones_are_counted(
    store: Store, new_case: Make, paint: Callable[..., Path], tmp_path: Path
) -> None:
    first = paint("a.png", 1)
    store.add_case(new_case("a", images=(first,), verdict=NORMAL))
    store.create_snapshot("bench", frozen_share=1)
    saved_again, copied, other = tmp_path / "again.jpg", paint("copy/a.png", 1), paint("b.png", 2)
    Image.open(first).save(saved_again, quality=95)
    for path in (saved_again, copied, other):
        store.add_case(new_case(str(path), images=(path,), verdict=NORMAL))
    found = readiness(store)
    assert (found.new.total, found.compared, found.alike) == (3, 3, 2)
    made = store.create_snapshot("second", frozen_share=0)
    assert made.account is not None
    assert made.account.moved == found.alike


def test_only_the_latest_are_compared_where_there_are_many(
    store: Store, new_case: Make, paint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_case(new_case("a", images=(paint("a.png", 1),), verdict=NORMAL))
    store.create_snapshot("bench", frozen_share=1)
    for n in (1, 2, 3):
        store.add_case(new_case(f"n{n}", images=(paint(f"n{n}.png", n),), verdict=NORMAL))
    monkeypatch.setattr("db.readiness.COMPARED", 2)
    found = readiness(store)
    assert (found.new.total, found.compared, found.alike) == (3, 2, 0)
