"""Annotators over the real HTTP interface while the server is killed: nothing is lost, no case is given twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.annotation.kills import run

pytestmark = pytest.mark.slow


def test_twenty_annotators_lose_nothing_when_the_server_is_killed(tmp_path: Path) -> None:
    found = run(tmp_path, people=20, seconds=30, kills=2, cases=2_000)
    assert found.kills >= 2
    assert found.acknowledged > 20  # they did get to work
    assert (found.missing, found.altered, found.lost_updates, found.held_by_two) == (0, 0, 0, 0)
