"""Several answers to one picture and what RCRL pays them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.geometry import Box
from m3ad.records import Defect, Verdict
from m3ad.rewards import REFLECTION_TABLES, RewardConfig
from m3ad.trace import read, render
from m3ad.trajectories import Tally, advantages, paid, tally

BOX = Box(0.1, 0.1, 0.3, 0.3)
TRUTH = Verdict(True, (Defect("scratch", BOX),))
NORMAL = Verdict(False)
SEEN, NOTHING = "There is a scratch.", "There is no defect."
RIGHT = read(render(TRUTH, SEEN))
FIXED = read(render(TRUTH, NOTHING, "The decision is revised."))
KEPT = read(render(TRUTH, SEEN, "It stays."))
BROKE = read(render(NORMAL, SEEN, "The decision is revised."))
WRONG = read(render(NORMAL, NOTHING))
MAYBE = read("<think>Perhaps")


def test_the_tally_counts_decisions_and_tells_how_far_they_agree() -> None:
    verdicts = [trace.verdict for trace in (RIGHT, FIXED, KEPT, WRONG, MAYBE)]
    assert tally(verdicts) == Tally(3, 1, 1)
    assert tally(verdicts).agreement == pytest.approx(3 / 5)
    assert tally([None]).agreement == 0
    assert tally([]).agreement is None


def test_each_answer_is_paid_as_by_rcrl_with_its_parts() -> None:
    right, fixed, kept, broke, wrong, maybe = paid(TRUTH, [RIGHT, FIXED, KEPT, BROKE, WRONG, MAYBE], RewardConfig())
    assert [one.rewards.total for one in (right, fixed, kept, broke, wrong, maybe)] == [3, 4, 2.5, 0, 1, 0]
    assert (right.type, right.location) == (1, 1)
    assert (wrong.type, wrong.location) == (None, None)
    assert fixed.advantage == max(one.advantage for one in (right, fixed, kept, broke, wrong, maybe))
    assert sum(one.advantage for one in (right, fixed, kept, broke, wrong, maybe)) == pytest.approx(0)


def test_another_table_pays_the_same_answers_otherwise() -> None:
    totals = {
        table: [one.rewards.total for one in paid(TRUTH, [FIXED, KEPT, BROKE], RewardConfig(reflection_table=table))]
        for table in REFLECTION_TABLES
    }
    assert totals == {"a": [4, 3.2, 1], "b": [4, 3.2, 0], "c": [4, 3, 0], "d": [4, 2.5, 0]}


def test_a_truth_without_a_box_has_no_place_to_score() -> None:
    (one,) = paid(Verdict(True, (Defect("scratch", None),)), [RIGHT], RewardConfig())
    assert (one.type, one.location) == (1, None)
    assert paid(TRUTH, [], RewardConfig()) == []


@pytest.mark.slow
@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, 3.0, 4.0]), min_size=2, max_size=16))
def test_advantages_are_those_of_the_trainer(totals: list[float]) -> None:
    import torch
    from trl.trainer.utils import nanstd

    group = torch.tensor(totals, dtype=torch.float64)
    expected = (group - group.nanmean()) / (nanstd(group) + 1e-4)
    assert advantages(totals) == pytest.approx(expected.tolist(), abs=1e-6)


def test_equal_rewards_and_a_single_answer_have_no_advantage() -> None:
    assert advantages([3.0, 3.0, 3.0]) == [0, 0, 0]
    assert advantages([3.0]) == [0]
    assert advantages([]) == []
