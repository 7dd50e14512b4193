"""The curves of a run: every metric has its panel, and no peak is lost on the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.records import Stage
from ui.retrain_curves import HEALTH, LEARNING, MAX_POINTS, PANELS, curves, thinned

PARTS = [(stage, part) for stage in Stage for part in (LEARNING, HEALTH)]


@pytest.mark.parametrize(("stage", "part"), PARTS)
def test_curves_show_every_metric_and_leave_out_what_is_missing(stage: Stage, part: str) -> None:
    metrics = [metric for _, lines in PANELS[stage][part] for metric, _ in lines.values()]
    events = [{"kind": "log", "step": n, **dict.fromkeys(metrics, 0.5)} for n in range(3)]
    events += [{"kind": "log", "step": 3, metrics[0]: None}, {"kind": "note", "text": "x"}]
    figure = curves(events, stage, part)
    assert [list(line.x) for line in figure.data] == [[0, 1, 2]] * len(metrics)
    assert len(curves([], stage, part).data) == len(metrics)


@given(st.lists(st.floats(-1e6, 1e6), max_size=3 * MAX_POINTS))
def test_thinned_curves_keep_first_last_and_every_extreme(values: list[float]) -> None:
    points = list(enumerate(values))
    kept = thinned(points)
    assert len(kept) <= MAX_POINTS
    assert kept == sorted(set(kept))
    assert set(kept) <= set(points)
    assert (kept[:1], kept[-1:]) == (points[:1], points[-1:])
    if points:
        assert (min(v for _, v in kept), max(v for _, v in kept)) == (min(values), max(values))


def test_a_spike_of_one_step_in_a_long_run_is_drawn() -> None:
    points = [(float(n), 0.0) for n in range(50_000)]
    points[31_111] = (31_111.0, 9.0)
    assert (31_111.0, 9.0) in thinned(points)


def test_initial_and_final_accuracy_share_a_panel_whose_title_is_the_legend() -> None:
    panels = dict(PANELS[Stage.RCRL][LEARNING])
    assert [metric for metric, _ in panels["accuracy"].values()] == ["accuracy/initial", "accuracy/final"]
    titles = [annotation.text for annotation in curves([], Stage.RCRL).layout.annotations]
    (title,) = (text for text in titles if text.startswith("accuracy<br>"))
    assert ">initial</span>" in title
    assert ">final</span>" in title


@pytest.mark.parametrize("stage", Stage)
def test_panels_without_points_have_no_axes(stage: Stage) -> None:
    empty = curves([], stage)
    assert not any(axis.visible for axis in (*empty.select_xaxes(), *empty.select_yaxes()))
    metric = next(iter(PANELS[stage][LEARNING][0][1].values()))[0]
    drawn = [axis.visible for axis in curves([{"kind": "log", "step": 1, metric: 1.0}], stage).select_xaxes()]
    assert drawn == [None] + [False] * (len(drawn) - 1)
