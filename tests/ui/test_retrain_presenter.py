"""What the Retrain tab shows, without a page."""

from __future__ import annotations

import pytest

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from training.config import PRESETS, SETTINGS
from training.run import Progress
from ui.retrain_presenter import (
    MAX_FOLLOWED,
    alarm_words,
    command_words,
    duration,
    field_values,
    followed_rows,
    next_snapshot_name,
    progress_words,
    run_status,
    sample_rows,
    setting_fields,
    settings_from_fields,
)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_form_gives_back_the_settings_it_was_filled_with(stage: Stage, preset: str) -> None:
    settings = PRESETS[preset][stage]
    assert settings_from_fields(stage, field_values(settings)) == settings


@pytest.mark.parametrize("stage", Stage)
def test_every_setting_has_a_field_with_help(stage: Stage) -> None:
    fields = setting_fields(stage)
    assert all(field.help and field.label for field in fields)
    assert set(field_values(SETTINGS[stage]())) == {field.name for field in fields}


def test_numbers_of_the_page_become_the_settings_own_kind() -> None:
    values = field_values(SETTINGS[Stage.RAWS]()) | {"batch": 4.0, "epochs": 2}
    settings = settings_from_fields(Stage.RAWS, values)
    assert (settings.batch, type(settings.batch)) == (4, int)
    assert type(settings.epochs) is float


def test_an_empty_field_and_a_wrong_value_are_refused_in_words() -> None:
    values = field_values(SETTINGS[Stage.RCRL]())
    with pytest.raises(RunError, match="learning rate is empty"):
        settings_from_fields(Stage.RCRL, values | {"learning_rate": None})
    with pytest.raises(RunError, match="generations must be at least 2"):
        settings_from_fields(Stage.RCRL, values | {"generations": 1})


def test_samples_are_newest_first_with_their_rewards() -> None:
    events = [
        {"kind": "sample", "step": n, "case": "7", "completion": f"text {n}", "consistency": 1, "accuracy": 0.5}
        for n in range(20)
    ]
    rows = sample_rows(events)
    assert rows[0] == ["19", "7", "consistency +1.00  accuracy +0.50", "text 19"]
    assert len(rows) == 12


def test_the_answers_to_a_followed_case_stand_in_the_order_of_steps_and_long_runs_are_thinned() -> None:
    normal = {"anomalous": False, "defects": []}
    bent = {"anomalous": True, "defects": [{"type": "bent", "box": None}]}
    events = [
        {"kind": "sample", "followed": True, "step": n, "case": case, "truth": truth, "completion": f"{case} {n}"}
        for n in range(100)
        for case, truth in (("4", normal), ("7", bent))
    ]
    events.append({"kind": "sample", "step": 3, "case": "9", "completion": "drawn"})
    cases = followed_rows(events)
    assert list(cases) == ["case 4 · normal", "case 7 · bent"]
    steps = [int(row[0]) for row in cases["case 7 · bent"]]
    assert (steps[0], steps[-1], len(steps)) == (0, 99, MAX_FOLLOWED)
    assert steps == sorted(set(steps))
    assert sample_rows(events) == [["3", "9", "", "drawn"]]


def test_progress_says_steps_and_remaining_time() -> None:
    words = progress_words(RunState.RUNNING, Progress(5, 20, 200.0))
    assert words == "running · step 5 of 20 · about 3 min left"
    assert progress_words(RunState.FAILED, Progress(0, 0, None)) == "failed"


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (75, "75 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_run_is_shown_with_its_share_and_its_message_as_it_is() -> None:
    value = run_status("raws-1", RunState.FAILED, Progress(5, 20, None), "<b>x</b>")
    assert (value["share"], value["tone"], value["message"]) == (0.25, "bad", "<b>x</b>")
    assert run_status("raws-1", RunState.READY, Progress(0, 0, None), "")["share"] is None


def test_an_alarm_stands_beside_the_message_and_colours_the_dot() -> None:
    events = [{"kind": "note", "text": "3 left out"}, {"kind": "note", "text": "Errs first.", "alarm": True}]
    words = alarm_words(events)
    assert (words, alarm_words(events[:1])) == ("Errs first.", "")
    value = run_status("rcrl-1", RunState.FINISHED, Progress(20, 20, None), "Finished.", words)
    assert (value["tone"], value["message"]) == ("odd", "Finished. Errs first.")
    assert run_status("rcrl-1", RunState.FAILED, Progress(20, 20, None), "No.", words)["tone"] == "bad"


def test_the_proposed_snapshot_name_is_the_first_free_one() -> None:
    assert next_snapshot_name([]) == "corrections-1"
    assert next_snapshot_name({"corrections-1", "corrections-3"}) == "corrections-2"


def test_commands_can_be_pasted() -> None:
    assert command_words(["python", "-m", "x", "a b"]) == "python -m x 'a b'"
