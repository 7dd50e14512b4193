from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m3ad.contradictions import contradictions
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.trace import read, render, write_box
from m3ad.verdict_text import initial_verdict
from training.captions import decision, place, rough, write_reflection, write_think

TYPES = [node.name for node in default_taxonomy().types]
CATEGORIES = ["woven fabric", "hex_bolt", "circuit board", "toolbox", "wood board"]
fractions = st.floats(0.0, 0.8)
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h), fractions, fractions, st.floats(0.01, 0.2), st.floats(0.01, 0.2)
)
anomalous = st.lists(st.builds(Defect, st.sampled_from(TYPES), boxes), min_size=1, max_size=3, unique=True).map(
    lambda defects: Verdict(True, tuple(defects))
)
verdicts = st.one_of(st.just(NORMAL), anomalous)


def said(verdict: Verdict | None) -> tuple[bool, set[str]] | None:
    return None if verdict is None else (verdict.anomalous, {defect.type for defect in verdict.defects})


def placed(verdict: Verdict | None) -> set[tuple[str, str]] | None:
    """Types with their boxes as they stand."""
    return verdict and {(defect.type, write_box(defect.box)) for defect in verdict.defects if defect.box}


def roughly(verdict: Verdict) -> Verdict:
    """With the boxes of a first look."""
    return replace(verdict, defects=tuple(replace(d, box=d.box and rough(d.box)) for d in verdict.defects))


@settings(max_examples=1500, deadline=None)
@given(verdict=verdicts, category=st.sampled_from(CATEGORIES), seed=st.integers(0, 10_000))
def test_the_decision_of_every_think_text_is_read_back(verdict: Verdict, category: str, seed: int) -> None:
    text = write_think(verdict, category, random.Random(seed))
    assert said(initial_verdict(text)) == said(verdict), text
    assert placed(initial_verdict(text)) == placed(roughly(verdict)), text


@settings(max_examples=800, deadline=None)
@given(initial=verdicts, final=verdicts, seed=st.integers(0, 10_000))
def test_an_answer_with_both_texts_is_read_back_without_a_problem(initial: Verdict, final: Verdict, seed: int) -> None:
    rng = random.Random(seed)
    text = render(final, write_think(initial, "hex bolt", rng), write_reflection(initial, final, rng))
    trace = read(text)
    assert trace.problems == ()
    # Texts that keep the types may say that they revise: the boxes are new.
    assert {found.code for found in contradictions(trace)} <= {"revises-but-keeps"}, text
    assert said(trace.initial) == said(initial)
    assert said(trace.verdict) == said(final)


def test_every_type_of_the_taxonomy_can_be_said() -> None:
    for name in TYPES:
        text = write_think(Verdict(True, (Defect(name, Box(0.1, 0.1, 0.3, 0.3)),)), "tile", random.Random(0))
        assert said(initial_verdict(text)) == (True, {name}), text


def test_normal_captions_have_no_numbers_and_no_places() -> None:
    for seed in range(200):
        text = write_think(NORMAL, "tile", random.Random(seed))
        assert not any(sign.isdigit() for sign in text)
        assert not any(word in text for word in ("upper", "lower", "left", "right", "middle"))


def test_one_defect_takes_at_most_27_words() -> None:
    one = Verdict(True, (Defect("oxidation corrosion", Box(0.0, 0.0, 0.05, 0.05)),))
    assert max(len(write_think(one, "printed circuit board", random.Random(s)).split()) for s in range(200)) <= 27


@given(box=boxes)
def test_a_rough_box_lies_on_twentieths_has_an_area_and_stays_near(box: Box) -> None:
    found = rough(box)
    assert not found.degenerate
    for value, exact in zip(found.as_tuple(), box.as_tuple(), strict=True):
        assert value * 20 == pytest.approx(round(value * 20))
        assert 0 <= value <= 1
        assert abs(value - min(1.0, exact)) <= 0.05 + 1e-9


def test_the_digits_of_a_first_look_do_not_tell_the_truth_from_a_models_own_box() -> None:
    exact, own = Verdict(True, (Defect("dent", Box(0.43, 0.28, 0.59, 0.41)),)), Box(0.45, 0.3, 0.6, 0.4)
    near = Verdict(True, (Defect("dent", own),))
    for seed in range(50):
        assert write_think(exact, "tile", random.Random(seed)) == write_think(near, "tile", random.Random(seed))


def test_the_same_seed_writes_the_same_text_and_seeds_vary() -> None:
    texts = {write_think(NORMAL, "tile", random.Random(seed)) for seed in range(50)}
    assert len(texts) > 5
    assert write_think(NORMAL, "tile", random.Random(3)) == write_think(NORMAL, "tile", random.Random(3))


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (Box(0, 0, 0.1, 0.1), "in the upper left"),
        (Box(0.9, 0.9, 1, 1), "in the lower right"),
        (Box(0.4, 0.4, 0.6, 0.6), "in the middle"),
        (Box(0.4, 0, 0.6, 0.1), "in the upper middle"),
        (Box(0, 0.4, 0.1, 0.6), "on the left"),
        (Box(0.9, 0.4, 1.0, 0.6), "on the right"),
    ],
)
def test_a_place_is_said_in_words(box: Box, words: str) -> None:
    assert place(box) == words


def test_a_reflection_says_what_is_kept_or_revised() -> None:
    scratch = Verdict(True, (Defect("scratch", Box(0, 0, 0.1, 0.1)),))
    assert decision(NORMAL) == "no defect"
    revised = write_reflection(NORMAL, scratch, random.Random(0))
    assert revised.index('"no defect"') < revised.index('"abnormal with scratch"')
    kept = write_reflection(scratch, scratch, random.Random(0))
    assert '"abnormal with scratch"' in kept
    assert "keep" in kept or "kept" in kept


def test_kinds_of_text_begin_alike_in_pairs_so_that_no_kind_wins_by_its_number_of_ways_to_begin() -> None:
    scratch = Verdict(True, (Defect("scratch", Box(0, 0, 0.1, 0.1)),))

    def begins(write: Callable[[random.Random], str]) -> set[str]:
        return {" ".join(write(random.Random(seed)).split()[:2]) for seed in range(60)}

    assert begins(lambda r: write_think(NORMAL, "tile", r)) == begins(lambda r: write_think(scratch, "tile", r))
    for initial in (NORMAL, scratch):
        kept = begins(lambda r, one=initial: write_reflection(one, one, r))
        revised = begins(lambda r, one=initial: write_reflection(one, NORMAL if one.anomalous else scratch, r))
        assert kept == revised
