"""Shares of reflective examples are held to within one example, in every scenario and class and in all."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ad.records import NORMAL, Defect, Mode, Scenario, Verdict
from m3ad.trace import read, render
from training.modes import EASY, HARD, LabelledCase, Plan, class_of, plan_modes

TRUTHS = (NORMAL, Verdict(True, (Defect("scratch"),)), Verdict(True, (Defect("bent"),)))
SHARES = {EASY: 0.3, HARD: 0.7}


def case(number: int, scenario: Scenario, truth: Verdict, right: bool = True) -> LabelledCase:
    said = read(render(truth if right else NORMAL if truth.anomalous else TRUTHS[1], "Seen."))
    return LabelledCase(str(number), Path(f"/pictures/{number}.png"), "part", scenario, truth, said)


def cases_of(count: int, scenarios: Sequence[Scenario] = tuple(Scenario)) -> list[LabelledCase]:
    """Scenarios, truths and right answers in every combination, unevenly many of each."""
    draw = random.Random(count)
    return [case(n, draw.choice(scenarios), draw.choice(TRUTHS), draw.random() < 0.6) for n in range(count)]


def assert_shares(plans: Sequence[Plan], shares: dict[str, float] = SHARES) -> None:
    strata = defaultdict(list)
    for plan in plans:
        one, level = plan.case, plan.difficulty
        for stratum in ((level,), (level, one.scenario), (level, one.scenario, class_of(one.truth))):
            strata[stratum].append(plan.mode is Mode.REFLECTIVE)
    for (level, *_), reflective in strata.items():
        assert level is not None
        assert abs(sum(reflective) - shares[level] * len(reflective)) < 1 + 1e-9


@pytest.mark.parametrize("count", [1, 5, 28, 29, 300])
@pytest.mark.parametrize("seed", range(5))
def test_every_scenario_and_class_holds_its_share_to_within_one(count: int, seed: int) -> None:
    plans = plan_modes(cases_of(count), seed)
    assert [plan.case for plan in plans] == cases_of(count)
    assert_shares(plans)


def test_28_cases_of_one_kind_give_exactly_the_share() -> None:
    for right, share in ((True, 0.25), (False, 0.75)):
        cases = [case(n, Scenario.TEXTURE, NORMAL, right) for n in range(28)]
        for seed in range(10):
            plans = plan_modes(cases, seed, easy_reflective=0.25, hard_reflective=0.75)
            assert sum(plan.mode is Mode.REFLECTIVE for plan in plans) == 28 * share


def test_the_order_of_the_cases_changes_nothing_and_another_seed_does() -> None:
    cases = cases_of(60)
    modes = {plan.case.case: plan.mode for plan in plan_modes(cases, 3)}
    mixed = random.Random(0).sample(cases, 60)
    assert {plan.case.case: plan.mode for plan in plan_modes(mixed, 3)} == modes
    assert {plan.case.case: plan.mode for plan in plan_modes(cases, 4)} != modes


def test_every_case_may_be_drawn() -> None:
    cases = cases_of(28)
    drawn = {plan.case.case for seed in range(60) for plan in plan_modes(cases, seed) if plan.initial}
    assert len(drawn) == 28


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_and_all_are_none_and_all(share: float) -> None:
    plans = plan_modes(cases_of(50), easy_reflective=share, hard_reflective=share)
    assert {plan.mode for plan in plans} == {Mode.REFLECTIVE if share else Mode.THINKING}


def test_what_leaves_nothing_to_reflect_on_takes_no_part_in_the_share() -> None:
    readable = [case(n, Scenario.LOGICAL, NORMAL, right=False) for n in range(10)]
    silent = [replace(one, case=f"u{one.case}", base=read("the quick brown fox")) for one in readable]
    never = [replace(one, case=f"n{one.case}", base=None) for one in readable]
    plans = plan_modes([*silent, *never, *readable])
    assert {plan.mode for plan in plans[:20]} == {Mode.THINKING}
    assert [plan.difficulty for plan in plans[:20]] == [HARD] * 10 + [None] * 10
    assert sum(plan.mode is Mode.REFLECTIVE for plan in plans[20:]) == 7


def test_settled_cases_keep_their_mode_and_the_others_even_it_out() -> None:
    cases = [case(n, Scenario.TEXTURE, NORMAL, right=False) for n in range(40)]
    settled = {str(n): False for n in range(10)}  # ten that think, where seven ought to reflect
    plans = plan_modes(cases, settled=settled)
    assert [plan.case.case for plan in plans] == [str(n) for n in range(10, 40)]
    assert sum(plan.mode is Mode.REFLECTIVE for plan in plans) == 28


def test_work_that_is_cut_off_and_taken_up_gives_the_same_shares() -> None:
    cases = cases_of(80)
    first = random.Random(1).sample(plan_modes(cases), 33)
    rest = plan_modes(cases, settled={plan.case.case: plan.mode is Mode.REFLECTIVE for plan in first})
    total = {level: [0, 0.0] for level in SHARES}
    for plan in (*first, *rest):
        assert plan.difficulty is not None
        total[plan.difficulty][0] += plan.mode is Mode.REFLECTIVE
        total[plan.difficulty][1] += SHARES[plan.difficulty]
    assert all(abs(reflective - due) < 1 + 1e-9 for reflective, due in total.values())


@given(st.lists(st.tuples(st.sampled_from(Scenario), st.sampled_from(TRUTHS), st.booleans()), max_size=60),
       st.integers(), st.floats(0, 1), st.floats(0, 1))  # fmt: skip
def test_shares_hold_for_any_set(
    kinds: list[tuple[Scenario, Verdict, bool]], seed: int, easy: float, hard: float
) -> None:
    cases = [case(number, *kind) for number, kind in enumerate(kinds)]
    plans = plan_modes(cases, seed, easy_reflective=easy, hard_reflective=hard)
    assert_shares(plans, {EASY: easy, HARD: hard})


def test_the_class_is_the_widest_of_the_taxonomy() -> None:
    assert [class_of(truth) for truth in TRUTHS] == ["normal", "Surface Anomaly", "Structural Anomaly"]
    assert class_of(Verdict(True, (Defect("never heard of"),))) == ""
    assert class_of(Verdict(True)) == ""
