"""The rewards' truth tables, and the four rows of the paper's figure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.errors import Conflict
from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from m3ad.rewards import REFLECTION_TABLES, RewardConfig, accuracy, consistency, reflection, rewards
from m3ad.trace import read, render

BOX = Box(0.1, 0.2, 0.5, 0.6)
BENT = Verdict(True, (Defect("bent", BOX),))
SAYS_NO = "The pins stand straight. There is no visible defect."
SAYS_YES = "A pin is bent. The part is defective."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (render(NORMAL, SAYS_NO), 1),
        (render(BENT, SAYS_YES), 1),
        (render(BENT, SAYS_NO, "Looking again, a pin is bent."), 1),
        (render(NORMAL, SAYS_YES, "It is a shadow."), 1),
        ("<think>x</think><answer>yes</answer>", 0),  # anomalous without its fields
        ("<think>x</think><type>bent</type><location>(0.1,0.1) (0.2,0.2)</location><answer>no</answer>", 0),
        ("<think>x</think><type></type><location>(0.1,0.1) (0.2,0.2)</location><answer>yes</answer>", 0),  # empty type
        ("<think>x</think><type>bent</type><location> </location><answer>yes</answer>", 0),  # empty location
        ("<think></think><answer>no</answer>", 0),  # empty think
        ("<answer>no</answer>", 0),  # no think
        ("<think>x</think><reflection></reflection><answer>no</answer>", 0),  # empty reflection
        ("<think>x<answer>no</answer>", 0),  # broken tag
        ("<think>x</think><answer>no</answer> and more", 0),  # text after the end
        ("<think>x</think><think>y</think><answer>no</answer>", 0),  # twice
        ("<think>a<reflection>b</reflection></think><answer>no</answer>", 0),  # nested
        ("", 0),
    ],
)
def test_consistency(text: str, expected: float) -> None:
    assert consistency(read(text)) == expected


@pytest.mark.parametrize(
    ("truth", "text", "expected"),
    [
        (NORMAL, render(NORMAL, SAYS_NO), 1.0),
        (NORMAL, render(BENT, SAYS_YES), 0.0),  # overkill: the gate is shut, boxes earn nothing
        (BENT, render(NORMAL, SAYS_NO), 0.0),  # escape
        (BENT, "no idea", 0.0),  # unreadable
        (BENT, render(BENT, SAYS_YES), 2.0),  # answer, type, location
        (BENT, render(Verdict(True, (Defect("warping", BOX),)), SAYS_YES), 1.8),  # kin type 0.6
        (BENT, render(Verdict(True, (Defect("missing", BOX),)), SAYS_YES), 1.5),  # other class
        (BENT, render(Verdict(True, (Defect("bent", Box(0.8, 0.8, 0.9, 0.9)),)), SAYS_YES), 1.5),  # wrong place
        (BENT, render(Verdict(True, (Defect("bent", BOX), Defect("bent", BOX))), SAYS_YES), 1.5),  # many to one halves
        (Verdict(True, (Defect("bent"),)), render(BENT, SAYS_YES), 2.0),  # no true box: its share goes to the type
    ],
)
def test_accuracy(truth: Verdict, text: str, expected: float) -> None:
    assert accuracy(truth, read(text)) == pytest.approx(expected)


@pytest.mark.parametrize("table", REFLECTION_TABLES)
def test_reflection_truth_table(table: str) -> None:
    config = RewardConfig(reflection_table=table)
    correct, ineffective, erroneous = REFLECTION_TABLES[table]
    again = "Looking again at the pins."
    assert reflection(BENT, read(render(BENT, SAYS_NO, again)), config) == correct
    assert reflection(BENT, read(render(NORMAL, SAYS_YES, again)), config) == erroneous
    assert reflection(BENT, read(render(BENT, SAYS_YES, again)), config) == ineffective
    assert reflection(BENT, read(render(NORMAL, SAYS_NO, again)), config) == ineffective
    assert reflection(BENT, read(render(BENT, SAYS_NO)), config) == 0.0
    assert reflection(BENT, read(render(BENT, "Pins and solder.", again)), config) == 0.0  # unreadable first look


def test_totals_of_the_papers_figure() -> None:
    missed = rewards(BENT, read(render(NORMAL, SAYS_NO)))
    assert (missed.consistency, missed.accuracy, missed.reflection, missed.total) == (1, 0, 0, 1)
    wide = Box(0.1, 0.2, 0.5, 0.36)  # IoU 0.4 with the truth
    fixed = rewards(BENT, read(render(Verdict(True, (Defect("bent", wide),)), SAYS_NO, "A pin is bent.")))
    assert (fixed.accuracy, fixed.total) == (pytest.approx(1.7), pytest.approx(3.7))
    direct = rewards(BENT, read(render(Verdict(True, (Defect("crack", Box(0.1, 0.2, 0.5, 0.4)),)), SAYS_YES)))
    assert direct.total == pytest.approx(1 + 1 + 0.5 * 0 + 0.5 * 0.5, abs=0.2)
    broken = "<think>A pin is bent. The part is defective.</think><reflection>Yes.</reflection><answer>yes</answer>"
    kept = rewards(BENT, read(broken))
    assert (kept.consistency, kept.accuracy, kept.reflection, kept.total) == (0, 1, -0.5, 0.5)


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["<think>", "</think>", "<type>", "yes", "(0.1,0.2)", ";"])).map("".join)
)
def test_rewards_are_total(text: str) -> None:
    found = rewards(BENT, read(text))
    assert -2 <= found.total <= 4


def test_weights_scale_their_part() -> None:
    config = RewardConfig(consistency_weight=0.5, accuracy_weight=2, reflection_weight=3)
    found = rewards(BENT, read(render(BENT, SAYS_NO, "Looking again.")), config)
    assert found.total == pytest.approx(0.5 + 2 * 2 + 3)


def test_an_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Conflict, match="a, b, c, d"):
        RewardConfig(reflection_table="e")
