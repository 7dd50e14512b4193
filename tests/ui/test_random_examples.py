"""Random examples before a run: only what is shown is opened, and what cannot be shown says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.store import Store
from tests.ui.scripted import BENT, add_case
from training.config import RawsSettings
from training.snapshots import unanswered_cases
from ui.random_examples import SHOWN, RandomExamples


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        for number in range(20):
            add_case(opened, f"{number:03}", BENT, size=(96, 64))
        opened.create_snapshot("first")
        yield opened


def test_others_are_other_cases_and_a_picture_that_is_gone_is_told(store: Store) -> None:
    examples = RandomExamples(store)
    trained = {str(case_id) for case_id in unanswered_cases(store, 1, "demo")}
    first = examples.draw(1, "demo", RawsSettings())
    cases = {row["case"] for row in first["rows"]}
    assert (len(cases), first["says"]) == (SHOWN, f"{SHOWN} of {len(trained)} examples")
    assert cases <= trained
    (sizes,) = {row["size"].split(" px")[0] for row in first["rows"]}
    assert sizes == "288 × 192"  # as the bundled model's processor scales 96 x 64
    assert all(row["text"].endswith("<answer>yes</answer>") for row in first["rows"])
    for case_id in trained - cases:
        store.case(int(case_id)).primary.path.unlink()
    others = examples.draw(1, "demo", RawsSettings(), cases)
    assert {row["case"] for row in others["rows"]} <= trained - cases
    assert all(row["problem"].startswith("Left out: ") and "picture" not in row for row in others["rows"])


def test_a_model_that_cannot_be_trained_is_told_in_the_sheet(store: Store) -> None:
    said = RandomExamples(store).draw(1, "served:http://127.0.0.1:1/v1#x", RawsSettings())
    assert said == {"says": said["says"]}
    assert said["says"].startswith("A served model cannot be trained from here")
