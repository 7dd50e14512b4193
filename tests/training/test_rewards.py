from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m3ad.geometry import Box
from m3ad.records import NORMAL, Defect, Verdict
from m3ad.rewards import RewardConfig, rewards
from m3ad.trace import read, render
from training.rewards import Judge, figures

SCRATCH = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.2)),))
DEFAULT = RewardConfig()
YES, NO = "I see a scratch. It is abnormal with scratch.", "The part is clean. There is no defect."
REVISED = 'A second look. I revise from "no defect" to "abnormal with scratch".'


def pay(
    texts: list[str], truths: list[Verdict], config: RewardConfig = DEFAULT
) -> tuple[list[list[float]], dict[str, float], list[Any]]:
    """Call the three functions as TRL does; returns their rewards, the logged figures and the samples."""
    logged: dict[str, float] = {}
    samples: list[Any] = []
    judge = Judge(config, lambda step, what: samples.append((step, what)))
    columns = {
        "completions": [[{"role": "assistant", "content": text}] for text in texts],
        "completion_ids": [[1] for _ in texts],
        "prompts": ["p" for _ in texts],
        "truth": [json.dumps(truth.to_json()) for truth in truths],
        "case": [str(number) for number in range(len(texts))],
        "images": [None for _ in texts],
        "trainer_state": SimpleNamespace(global_step=7),
        "log_metric": logged.__setitem__,
        "log_extra": lambda name, values: None,
    }
    return [function(**columns) for function in judge.functions()], logged, samples


def test_the_functions_have_the_names_of_the_curves() -> None:
    assert [f.__name__ for f in Judge(RewardConfig(), print).functions()] == ["consistency", "accuracy", "reflection"]


def test_a_corrected_answer_earns_the_figures_three_point_seven() -> None:
    half = Verdict(True, (Defect("scratch", Box(0.1, 0.1, 0.2, 0.14)),))  # IoU 0.4 with the truth
    paid, _, _ = pay([render(half, NO, REVISED)], [SCRATCH])
    assert [values[0] for values in paid] == [1.0, pytest.approx(1.7, abs=0.01), 1.0]


def test_the_rewards_are_those_of_the_domain() -> None:
    texts = [render(SCRATCH, YES), render(NORMAL, NO), render(NORMAL, YES, REVISED), "garbage", ""]
    truths = [SCRATCH, SCRATCH, NORMAL, NORMAL, SCRATCH]
    paid, _, _ = pay(texts, truths)
    for number, (text, truth) in enumerate(zip(texts, truths, strict=True)):
        expected = rewards(truth, read(text), RewardConfig())
        assert [values[number] for values in paid] == [expected.consistency, expected.accuracy, expected.reflection]


def test_the_same_texts_with_another_truth_are_paid_anew() -> None:
    judge = Judge(RewardConfig(), lambda step, what: None)
    completions = [[{"role": "assistant", "content": render(NORMAL, NO)}]]
    assert judge.accuracy(completions, [json.dumps(NORMAL.to_json())]) == [1.0]
    assert judge.accuracy(completions, [json.dumps(SCRATCH.to_json())]) == [0.0]


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.text(max_size=200), min_size=1, max_size=4), anomalous=st.booleans())
def test_any_text_gets_three_numbers(texts: list[str], anomalous: bool) -> None:
    paid, logged, _ = pay(texts, [SCRATCH if anomalous else NORMAL] * len(texts))
    assert all(len(values) == len(texts) and all(isinstance(v, float) for v in values) for values in paid)
    assert set(logged) == set(figures([(NORMAL, read("x"))]))


def test_figures_are_shares_of_the_batch() -> None:
    texts = [render(SCRATCH, NO, REVISED), render(NORMAL, YES, REVISED), render(SCRATCH, YES), "garbage"]
    _, logged, _ = pay(texts, [SCRATCH] * 4)
    assert logged["reflection/rate"] == 0.5
    assert (logged["reflection/fixed"], logged["reflection/broke"]) == (0.25, 0.25)
    assert logged["unreadable"] == 0.25
    assert (logged["accuracy/initial"], logged["accuracy/final"]) == (0.5, 0.5)


def test_a_sample_carries_everything_the_page_shows() -> None:
    _, _, samples = pay([render(SCRATCH, NO, REVISED), "x"], [SCRATCH] * 2)
    ((step, sample),) = samples
    assert step == 7
    assert sample["case"] == "0"
    assert sample["completion"] == render(SCRATCH, NO, REVISED)
    assert sample["reward"] == sample["consistency"] + sample["accuracy"] + sample["reflection"] == 4.0
    assert Verdict.from_json(sample["truth"]) == SCRATCH
    json.dumps(sample, allow_nan=False)


def test_weights_are_given_to_the_trainer_and_not_applied_twice() -> None:
    config = RewardConfig(consistency_weight=2.0, reflection_weight=0.0)
    assert Judge(config, print).weights() == [2.0, 1.0, 0.0]
    paid, _, _ = pay([render(NORMAL, NO)], [NORMAL], config)
    assert paid[0] == [1.0]
