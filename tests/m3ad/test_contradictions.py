from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m3ad.contradictions import all_problems, contradictions
from m3ad.trace import read
from m3ad.trace_problems import SENTENCES

SCRATCH = "<type>scratch</type><location>(0.100,0.100) (0.200,0.200)</location><answer>yes</answer>"
NO = "<answer>no</answer>"


def codes(text: str) -> list[str]:
    return [problem.code for problem in contradictions(read(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # the last prose against the answer
        (f"<think>A plate. There is a scratch.</think>{SCRATCH}", []),
        (f"<think>A plate. I see no defects.</think>{SCRATCH}", ["text-against-answer"]),
        (f"<think>A plate. There is a scratch.</think>{NO}", ["text-against-answer"]),
        (f"<think>A plate.</think>{SCRATCH}", []),  # it decides nothing
        # the reflection is the last prose; what it revises is not what it decides
        (
            "<think>I see no defects.</think><reflection>There is a thin line. The decision is revised from "
            f'"no defect" to "abnormal with scratch".</reflection>{SCRATCH}',
            [],
        ),
        (f"<think>There is a scratch.</think><reflection>It is dust. There is no defect.</reflection>{NO}", []),
        (
            f"<think>There is a scratch.</think><reflection>It is dust. There is no defect.</reflection>{SCRATCH}",
            ["text-against-answer"],
        ),
        # types: an alias is the type, another type is not
        (f"<think>There is a dent.</think>{SCRATCH}", ["text-names-other-type"]),
        (f"<think>There is a dent and a scratch.</think>{SCRATCH}", []),
        # places
        (f"<think>There is a scratch in the upper left.</think>{SCRATCH}", []),
        (f"<think>There is a scratch in the lower right.</think>{SCRATCH}", ["text-names-other-place"]),
        (f"<think>There is a scratch on the right.</think>{SCRATCH}", ["text-names-other-place"]),
        (f"<think>The label on the right is clean. There is a scratch.</think>{SCRATCH}", []),
        (f"<think>There is a scratch from the left to the right.</think>{SCRATCH}", []),
        (f"<think>There is a scratch in the centre.</think>{SCRATCH}", []),  # one cannot say how large a centre is
        # what the reflection says it did
        (
            "<think>There is a scratch.</think><reflection>The decision is revised: there is a scratch."
            f"</reflection>{SCRATCH}",
            ["revises-but-keeps"],
        ),
        (
            "<think>I see no defects.</think><reflection>The decision is kept. There is a scratch."
            f"</reflection>{SCRATCH}",
            ["keeps-but-revises"],
        ),
        (f"<think>There is a scratch.</think><reflection>I keep it: a scratch.</reflection>{SCRATCH}", []),
        # a verdict that cannot be read contradicts nothing
        ("<think>There is a scratch.</think><answer>perhaps</answer>", []),
    ],
)
def test_what_does_not_go_together_is_named(text: str, found: list[str]) -> None:
    assert codes(text) == found


def test_the_problems_of_the_form_come_first() -> None:
    trace = read("<think>I see no defects.</think><type>scratch</type><location></location><answer>yes</answer>")
    listed = [problem.code for problem in all_problems(trace)]
    assert listed[-1] == "text-against-answer"
    assert listed[:-1] == [problem.code for problem in trace.problems] != []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_gets_an_answer(think: str, reflection: str) -> None:
    found = codes(f"<think>{think}</think><reflection>{reflection}</reflection>{SCRATCH}")
    assert SENTENCES.keys() >= set(found)
