from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Mode, Scenario, Verdict
from m3ad.trace import read, render
from training.examples import Example, Mix, build_examples, read_examples, write_examples
from training.modes import LabelledCase, difficulty

SCRATCH = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),))
CASE = LabelledCase("7", Path("/pictures/7.png"), "hex bolt", Scenario.WORKPIECE, SCRATCH)
SAYS_YES = read(render(SCRATCH, "I see a scratch. It is abnormal with scratch."))
SAYS_NO = read(render(NORMAL, "The bolt is clean. There is no defect."))
UNREADABLE = read("the quick brown fox")


def many(case: LabelledCase, count: int = 2000) -> list[Example]:
    return build_examples([replace(case, case=str(n)) for n in range(count)], seed=3)


def test_without_an_answer_of_the_start_model_there_are_only_thinking_examples() -> None:
    assert {(e.mode, e.difficulty) for e in many(CASE, 100)} == {(Mode.THINKING, None)}


@pytest.mark.parametrize(
    ("truth", "base", "level"),
    [
        (SCRATCH, SAYS_YES, "easy"),
        (SCRATCH, SAYS_NO, "hard"),
        (NORMAL, SAYS_YES, "hard"),
        (NORMAL, SAYS_NO, "easy"),
        (SCRATCH, UNREADABLE, "hard"),
        (SCRATCH, None, None),
    ],
)
def test_only_the_yes_or_no_of_the_start_model_makes_a_case_easy_or_hard(truth, base, level) -> None:  # type: ignore[no-untyped-def]
    assert difficulty(truth, base) == level


def test_a_wrong_type_or_box_does_not_make_a_case_hard() -> None:
    other = read(render(Verdict(True, (Defect("dent", Box(0.8, 0.8, 0.9, 0.9)),)), "It is abnormal with dent."))
    assert difficulty(SCRATCH, other) == "easy"


def test_a_mix_counts_difficulties_and_reflective_examples() -> None:
    cases = [replace(CASE, case=str(n), base=base) for n, base in enumerate([SAYS_YES, SAYS_NO, None] * 4)]
    assert Mix.of(build_examples(cases, easy_reflective=0, hard_reflective=1)) == Mix(4, 0, 4, 4, 4)
    assert Mix.of(build_examples(cases, easy_reflective=1, hard_reflective=0)) == Mix(4, 4, 4, 0, 4)
    assert Mix.of([]).total == 0


def test_a_reflective_hard_example_carries_the_start_models_wrong_decision() -> None:
    dent = Verdict(True, (Defect("dent", Box(0.8, 0.8, 0.9, 0.9)),))
    base = read(render(dent, "The bolt has a dent at (0.800,0.800) (0.900,0.900). It is abnormal with dent."))
    reflective = [e for e in many(replace(CASE, truth=NORMAL, base=base), 50) if e.mode is Mode.REFLECTIVE]
    for example in reflective:
        trace = read(example.completion)
        assert trace.initial == dent
        assert trace.verdict == NORMAL
    assert reflective


def test_the_words_of_think_do_not_give_away_whether_a_reflection_follows() -> None:
    made = many(replace(CASE, truth=NORMAL, base=SAYS_NO))
    texts = {mode: {read(e.completion).think for e in made if e.mode is mode} for mode in Mode if mode is not Mode.AUTO}
    assert texts[Mode.THINKING] == texts[Mode.REFLECTIVE]


def test_a_decision_that_only_the_answer_shows_is_put_in_words() -> None:
    silent = read("<think>Hm.</think><answer>no</answer>")
    assert silent.initial is None
    reflective = [e for e in many(replace(CASE, base=silent), 50) if e.mode is Mode.REFLECTIVE]
    initial = read(reflective[0].completion).initial
    assert initial is not None
    assert not initial.anomalous


def test_an_unreadable_answer_is_hard_but_leaves_nothing_to_reflect_on() -> None:
    made = many(replace(CASE, base=UNREADABLE), 50)
    assert {(e.mode, e.difficulty) for e in made} == {(Mode.THINKING, "hard")}


def test_every_completion_says_the_truth_in_the_end() -> None:
    for base in (None, SAYS_YES, SAYS_NO, UNREADABLE):
        for truth in (SCRATCH, NORMAL):
            for example in many(replace(CASE, truth=truth, base=base), 40):
                trace = read(example.completion)
                assert trace.verdict == truth
                assert trace.problems == ()
                assert trace.reflected == (example.mode is Mode.REFLECTIVE)


def test_the_same_seed_gives_the_same_examples_and_a_new_case_changes_no_other_ones_words() -> None:
    cases = [replace(CASE, case=str(n), base=SAYS_NO) for n in range(20)]
    assert build_examples(cases, 5) == build_examples(cases, 5)
    for one, other in zip(build_examples(cases, 5)[10:], build_examples(cases[10:], 5), strict=True):
        assert one == other or one.mode != other.mode
    assert build_examples(cases, 5) != build_examples(cases, 6)


def test_the_template_writer_gives_for_a_seed_what_it_always_gave() -> None:
    """Runs are repeated from their seed; a change of the template's words or of its random numbers must be meant."""
    bases = (None, SAYS_YES, SAYS_NO)
    cases = [replace(CASE, case=str(n), truth=(SCRATCH, NORMAL)[n % 2], base=bases[n % 3]) for n in range(120)]
    rows = json.dumps([example.to_json() for example in build_examples(cases, 11)])
    assert hashlib.sha256(rows.encode()).hexdigest() == (
        "6d42929ffde1023ea178b166356b2b004d3de35e5eac87d5810004535722e8a9"
    )


def test_rows_survive_the_file_with_any_text_in_them(tmp_path: Path) -> None:
    odd = replace(CASE, case='é\u2028\n"<script>', category="Überwurf\u0000mutter")
    examples = build_examples([odd, replace(CASE, truth=NORMAL)], 0)
    assert write_examples(tmp_path / "data.jsonl", examples) == 2
    assert read_examples(tmp_path / "data.jsonl") == examples
