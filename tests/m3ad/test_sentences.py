"""Sentences of a trace's prose, and texts whose prose is closed at a place."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.prompts import EXAMPLES
from m3ad.sentences import closed, sentences
from m3ad.trace import read

THINK = "<think>A plate. It is even."
WHOLE = THINK + "</think>\n<reflection>Look again! 0.5 mm, approx. two.\nIt stays. </reflection><answer>no</answer>"


def test_each_sentence_of_the_prose_is_found_with_its_place() -> None:
    found = [(WHOLE[one.start : one.end], one.section) for one in sentences(WHOLE)]
    assert found == [
        ("A plate.", "think"),
        ("It is even.", "think"),
        ("Look again!", "reflection"),
        ("0.5 mm, approx. two.", "reflection"),
        ("It stays.", "reflection"),
    ]


def test_a_sentence_that_is_not_finished_ends_with_the_text() -> None:
    assert sentences("<think>One. Tw")[-1] == (12, 14, "think")
    assert sentences("") == sentences("<think>") == sentences("<answer>yes</answer>") == []


def test_a_text_is_closed_with_its_own_tags_at_the_end_and_the_same_before_it() -> None:
    first, second, *_, last = sentences(WHOLE)
    assert closed(WHOLE, [first.end]) == ["<think>A plate.</think>\n"]
    assert closed(WHOLE, [second.end]) == [THINK + "</think>\n"]
    assert closed(WHOLE, [last.end]) == [WHOLE[: WHOLE.index("<answer>")]]
    assert closed("<think>", [7]) == ["<think></think>"]


def test_a_place_outside_of_the_prose_is_none_and_one_right_after_it_is_closed_already() -> None:
    assert closed(WHOLE, [0, 3, len(WHOLE), len(WHOLE) + 1, -1]) == [None] * 5
    after = WHOLE.index("\n<reflection>")
    assert closed(WHOLE, [after, after + 1]) == [WHOLE[:after], WHOLE[: after + 1]]


@pytest.mark.parametrize("example", EXAMPLES)
def test_closing_at_the_last_sentence_of_the_thinking_leaves_its_decision_as_it_was(example: str) -> None:
    last = [one for one in sentences(example) if one.section == "think"][-1]
    (start,) = closed(example, [last.end])
    assert example.startswith(start)
    assert start.endswith("</think>")
    assert read(start).initial == read(example).initial is not None


scraps = st.sampled_from(
    ["<think>", "</think>", "<reflection>", "</reflection>", "<answer>", "A b. ", "...", "\n", " ", "x"]
)


@given(st.one_of(st.text(), st.lists(scraps, max_size=20).map("".join)), st.integers(-3, 200))
def test_any_text_and_any_place_give_ordered_sentences_and_a_beginning_of_the_text(text: str, place: int) -> None:
    found = sentences(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(text[one.start : one.end].strip() == text[one.start : one.end] != "" for one in found)
    (start,) = closed(text, [place])
    assert start is None or start.startswith(text[:place])


def test_long_hostile_texts_take_no_time() -> None:
    begun = time.monotonic()
    for piece in (".", ". ", '!"', "<think>", "</think> ", " "):
        sentences("<think>" + piece * 50_000)
    assert time.monotonic() - begun < 20
