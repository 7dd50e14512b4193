from __future__ import annotations

from typing import Any

import pytest

from training.alarm import FALL, HOLD, WINDOW, alarm


def run(*windows: tuple[float, float]) -> list[dict[str, Any]]:
    """Log events with the given (initial, final) accuracies, a window of each; with what else a run writes between."""
    points = [pair for pair in windows for _ in range(WINDOW)]
    logs: list[dict[str, Any]] = [
        {"kind": "log", "step": step, "accuracy/initial": initial, "accuracy/final": final}
        for step, (initial, final) in enumerate(points, start=1)
    ]
    return [{"kind": "start"}, *logs, {"kind": "log", "train_loss": 0.1}, {"kind": "sample", "case": "1"}]


def test_a_first_look_that_gets_worse_while_the_answer_holds_raises_the_alarm() -> None:
    words = alarm(run((0.9, 0.9), (0.8, 0.9), (0.7, 0.91)))
    assert words is not None
    assert "by step 30 its initial accuracy fell from 0.90 to 0.70 while the final one held (0.90 to 0.91)" in words


@pytest.mark.parametrize(
    "windows",
    [
        [(0.9, 0.9)],  # too short to tell
        [(0.9, 0.9), (0.9 - FALL + 0.01, 0.9)],  # not far enough
        [(0.9, 0.9), (0.7, 0.9 - HOLD - 0.01)],  # both fall: a worse model, not a sly one
        [(0.7, 0.9), (0.9, 0.9)],
        [(0.9, 0.9), (0.7, 0.9), (0.9, 0.9)],  # the latest counts
    ],
)
def test_everything_else_is_silent(windows: list[tuple[float, float]]) -> None:
    assert alarm(run(*windows)) is None


def test_points_without_a_number_are_left_out() -> None:
    events = run((0.9, 0.9), (0.7, 0.9))
    assert alarm([*events, {"kind": "log", "step": 99, "accuracy/initial": None, "accuracy/final": 0.9}]) is not None
    assert alarm([]) is None
