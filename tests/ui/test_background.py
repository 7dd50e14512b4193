"""A task of its own thread always comes to an end that a page can show."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from m3ad.errors import BadData
from ui.background import Task, begin

PATIENCE = 10


def ended(work: Callable[[], None]) -> Task:
    task = Task()
    begin(task, work)
    assert task.over.wait(PATIENCE)
    return task


def test_a_task_runs_until_its_work_is_done() -> None:
    task, gate = Task(), threading.Event()

    def work() -> None:
        gate.wait(PATIENCE)

    begin(task, work)
    assert task.running
    gate.set()
    assert task.over.wait(PATIENCE)
    assert not task.running
    assert task.error == ""


def test_an_expected_error_is_told_as_it_is() -> None:
    def work() -> None:
        raise BadData("The file holds no boxes.")

    assert ended(work).error == "The file holds no boxes."


def test_a_fault_of_the_program_ends_the_task_too_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def work() -> None:
        raise ZeroDivisionError("division by zero")

    task = ended(work)
    assert not task.running
    assert "ZeroDivisionError" in task.error
    assert "ended unexpectedly" in caplog.text
