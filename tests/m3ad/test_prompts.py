"""The texts sent to models are complete, and their own examples are readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from m3ad.prompts import EXAMPLES, QUESTION, SYSTEM, conversation, system_prompt
from m3ad.taxonomy import default_taxonomy, load_taxonomy
from m3ad.trace import read, render


def test_the_question_is_the_paper_s() -> None:
    assert QUESTION == "Are there any defects in the test image?"


@pytest.mark.parametrize("node", default_taxonomy().types, ids=lambda node: node.name)
def test_the_instructions_name_every_type_with_its_group_and_class(node) -> None:
    line = next(line for line in SYSTEM.splitlines() if line.startswith(f"- {node.classname}, {node.group}: "))
    assert node.name in line.split(": ")[1].split(", ")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_exactly_the_format_and_decides_at_its_end(example: str) -> None:
    trace = read(example)
    assert trace.problems == ()
    assert trace.verdict is not None
    assert trace.initial is not None
    assert render(trace.verdict, trace.think, trace.reflection) == example
    assert example in SYSTEM
    assert all(default_taxonomy().find(defect.type) for defect in trace.verdict.defects)


def test_the_examples_show_both_modes_and_both_answers() -> None:
    traces = [read(example) for example in EXAMPLES]
    assert {(trace.reflected, trace.verdict.anomalous) for trace in traces if trace.verdict} == {
        (False, True), (True, True), (False, False)
    }  # fmt: skip


def test_the_instructions_follow_an_extended_taxonomy(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[type]]\nname = "new {type}"\ngroup = "Damage"\ndefinition = "D."\ncolour = "#000000"\n')
    assert "new {type}" in system_prompt(load_taxonomy(own))


def test_a_conversation_has_one_image_and_the_question() -> None:
    user = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}
    assert conversation() == [user]
    assert conversation("Be brief.") == [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}, user
    ]  # fmt: skip
