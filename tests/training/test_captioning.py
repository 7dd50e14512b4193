from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from m3ad.errors import CaseRefused, ModelUnavailable
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Scenario, Verdict
from m3ad.trace import read, render
from training.captioning import LeftOut, Progress, build_examples_with
from training.captions import Caption
from training.examples import build_examples, template
from training.modes import LabelledCase

SCRATCH = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),))
SAYS_NO = read(render(NORMAL, "The bolt is clean. There is no defect."))
CASES = [
    LabelledCase(str(n), Path(f"/pictures/{n}.png"), "hex bolt", Scenario.WORKPIECE, SCRATCH, SAYS_NO)
    for n in range(30)
]


def test_with_the_template_writer_the_examples_are_those_of_build_examples() -> None:
    done = build_examples_with(template, CASES, 5, hard_reflective=0.5)
    assert list(done.examples) == build_examples(CASES, 5, hard_reflective=0.5)
    assert (done.left_out, done.stopped) == ((), "")


def test_a_refused_case_is_left_out_with_its_reason_and_the_others_go_on() -> None:
    def write(case: LabelledCase, initial: Verdict | None, rng: random.Random) -> Caption:
        if case.case in ("3", "17"):
            raise CaseRefused(f"no words for {case.case}")
        return template(case, initial, rng)

    seen: list[Progress] = []
    done = build_examples_with(write, CASES, tell=seen.append)
    assert done.left_out == (LeftOut("3", "no words for 3"), LeftOut("17", "no words for 17"))
    assert [example.case for example in done.examples] == [c.case for c in CASES if c.case not in ("3", "17")]
    assert seen[-1] == Progress(30, 28, 2)
    assert len(seen) == 30


def test_after_a_stop_what_needs_no_new_answer_is_still_there() -> None:
    def write(case: LabelledCase, initial: Verdict | None, rng: random.Random) -> Caption:
        if int(case.case) % 2:
            raise ModelUnavailable("the server is gone")
        return template(case, initial, rng)

    done = build_examples_with(write, CASES)
    assert (len(done.examples), done.left_out, done.stopped) == (15, (), "the server is gone")


def test_no_more_cases_are_worked_on_at_once_than_allowed() -> None:
    inside: list[int] = []
    most, lock, wait = [0], threading.Lock(), threading.Event()

    def write(case: LabelledCase, initial: Verdict | None, rng: random.Random) -> Caption:
        with lock:
            inside.append(1)
            most[0] = max(most[0], len(inside))
        wait.wait(0.01)
        with lock:
            inside.pop()
        return template(case, initial, rng)

    build_examples_with(write, CASES, at_once=3)
    assert most == [3]


def test_a_bug_in_a_writer_or_in_the_caller_is_loud_and_ends_the_work() -> None:
    written: list[str] = []

    def write(case: LabelledCase, initial: Verdict | None, rng: random.Random) -> Caption:
        written.append(case.case)
        if case.case == "4":
            raise KeyError("bug")
        threading.Event().wait(0.01)
        return template(case, initial, rng)

    with pytest.raises(KeyError):
        build_examples_with(write, CASES, at_once=2)
    assert len(written) < 20

    def tell(progress: Progress) -> None:
        raise ZeroDivisionError

    written.clear()
    with pytest.raises(ZeroDivisionError):
        build_examples_with(write, CASES[5:], at_once=2, tell=tell)
    assert len(written) < 20


def test_no_cases_give_no_examples() -> None:
    assert build_examples_with(template, []).examples == ()
