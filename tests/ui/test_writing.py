"""Rounds of writing: the texts of a snapshot's examples come into the store, whoever watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.example_rows import ExampleFilter
from db.schema import Role
from db.store import Store
from m3ad.errors import Conflict, ModelUnavailable, RunError
from m3ad.records import NORMAL, CaptionState, Stage
from tests.ui.scripted import BENT, add_case, add_inspection
from training.config import RawsSettings
from training.loop import create_run
from training.run import RunFolder
from training.snapshots import unanswered_cases
from ui.access import Person
from ui.retrain_service import Retraining
from ui.writing import Writing, Writings, require_teacher_rights, teacher_source, writing_words

SETTINGS = RawsSettings(max_steps=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace") as opened:
        for number in range(8):
            add_case(opened, f"{number:03}", BENT if number % 2 else NORMAL)
        opened.create_snapshot("first")
        yield opened


def over(round_: Writing) -> Writing:
    end = time.monotonic() + 30
    while round_.running:
        assert time.monotonic() < end
        time.sleep(0.01)
    return round_


def answered(store: Store) -> list[int]:
    cases = unanswered_cases(store, 1, "demo")
    for case_id in cases:
        add_inspection(store, case_id)
    return cases


def test_what_the_model_has_answered_is_written_and_nothing_twice(store: Store) -> None:
    cases = unanswered_cases(store, 1, "demo")
    add_inspection(store, cases[0])
    writings = Writings(store)
    first = over(writings.start(1, "demo", SETTINGS))
    assert writing_words(first) == (
        f"template wrote 1 of 1 texts. {len(cases) - 1} cases wait until demo has answered them."
    )
    answered(store)
    assert over(writings.start(1, "demo", SETTINGS)).progress.written == len(cases) - 1
    assert len(store.examples.find(ExampleFilter(snapshot=1, model="demo"))) == len(cases)
    assert over(writings.start(1, "demo", SETTINGS)).progress.total == 0


def test_only_approved_texts_enter_a_run_unless_it_is_asked_for_more(store: Store) -> None:
    cases = answered(store)
    over(Writings(store).start(1, "demo", SETTINGS))
    chosen = store.examples.find()[0]
    store.examples.approve(chosen.id, author="ann", based_on=1)

    def learnt(settings: RawsSettings) -> list[str]:
        run = create_run(store, store.workspace, stage=Stage.RAWS, start_model="demo", snapshot_id=1, settings=settings)
        return [example.case for example in RunFolder(run.folder).examples()]

    assert learnt(SETTINGS) == [str(chosen.case_id)]
    assert len(learnt(RawsSettings(max_steps=1, unchecked=True))) == len(cases)
    found = Retraining(store, store.workspace).weigh(1, "demo", SETTINGS)
    assert (found.mix.total, found.source.approved, found.source.unchecked, found.unanswered) == (
        1, 1, len(cases) - 1, 0,
    )  # fmt: skip
    assert store.examples.counts()[CaptionState.APPROVED] == 1


def test_a_teacher_that_is_no_server_is_refused_and_only_admins_may_name_one(store: Store) -> None:
    assert teacher_source(" http://127.0.0.1:8000/v1 ", " big ") == "served:http://127.0.0.1:8000/v1#big"
    with pytest.raises(RunError, match="Give the address"):
        teacher_source("  ", "big")
    with pytest.raises(ModelUnavailable, match="not the address of a server"):
        Writings(store).start(1, "demo", SETTINGS, "served:file:///etc/passwd#x")
    with pytest.raises(Conflict, match="bob may not name a teacher's server"):
        require_teacher_rights(Person("bob", Role.REVIEWER))
    require_teacher_rights(Person("ann", Role.ADMIN))
