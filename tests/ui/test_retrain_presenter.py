"""What the Retrain tab shows, without a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.errors import RunError
from m3ad.records import RunState, Stage
from training.config import PRESETS, SETTINGS
from training.run import Progress
from ui.retrain_presenter import (
    MAX_POINTS,
    PANELS,
    alarm_words,
    command_words,
    curves,
    duration,
    field_values,
    next_snapshot_name,
    progress_words,
    run_status,
    sample_rows,
    setting_fields,
    settings_from_fields,
    thinned,
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


@pytest.mark.parametrize("stage", Stage)
def test_curves_show_every_metric_and_leave_out_what_is_missing(stage: Stage) -> None:
    metrics = [metric for _, lines in PANELS[stage] for metric, _ in lines.values()]
    events = [{"kind": "log", "step": n, **dict.fromkeys(metrics, 0.5)} for n in range(3)]
    events += [{"kind": "log", "step": 3, metrics[0]: None}, {"kind": "note", "text": "x"}]
    figure = curves(events, stage)
    assert [list(line.x) for line in figure.data] == [[0, 1, 2]] * len(metrics)
    assert len(curves([], stage).data) == len(metrics)


@given(st.integers(0, 5 * MAX_POINTS))
def test_thinned_curves_keep_first_and_last(count: int) -> None:
    points = [(float(n), float(n)) for n in range(count)]
    kept = thinned(points)
    assert len(kept) <= MAX_POINTS + 1
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]


def test_samples_are_newest_first_with_their_rewards() -> None:
    events = [
        {"kind": "sample", "step": n, "case": "7", "completion": f"text {n}", "consistency": 1, "accuracy": 0.5}
        for n in range(20)
    ]
    rows = sample_rows(events)
    assert rows[0] == ["19", "7", "consistency +1.00  accuracy +0.50", "text 19"]
    assert len(rows) == 12


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


def test_initial_and_final_accuracy_share_a_panel_whose_title_is_the_legend() -> None:
    panels = dict(PANELS[Stage.RCRL])
    assert [metric for metric, _ in panels["accuracy"].values()] == ["accuracy/initial", "accuracy/final"]
    titles = [annotation.text for annotation in curves([], Stage.RCRL).layout.annotations]
    (title,) = (text for text in titles if text.startswith("accuracy<br>"))
    assert ">initial</span>" in title
    assert ">final</span>" in title


@pytest.mark.parametrize("stage", Stage)
def test_panels_without_points_have_no_axes(stage: Stage) -> None:
    empty = curves([], stage)
    assert not any(axis.visible for axis in (*empty.select_xaxes(), *empty.select_yaxes()))
    metric = next(iter(PANELS[stage][0][1].values()))[0]
    drawn = [axis.visible for axis in curves([{"kind": "log", "step": 1, metric: 1.0}], stage).select_xaxes()]
    assert drawn == [None] + [False] * (len(drawn) - 1)


def test_the_proposed_snapshot_name_is_the_first_free_one() -> None:
    assert next_snapshot_name([]) == "corrections-1"
    assert next_snapshot_name({"corrections-1", "corrections-3"}) == "corrections-2"


def test_commands_can_be_pasted() -> None:
    assert command_words(["python", "-m", "x", "a b"]) == "python -m x 'a b'"
