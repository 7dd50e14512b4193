from __future__ import annotations

import dataclasses
import json

import pytest

from m3ad.errors import M3ADError, RunError
from m3ad.records import Stage
from m3ad.rewards import RewardConfig
from training.config import PRESETS, SETTINGS, RawsSettings, RcrlSettings, settings_from_json


@pytest.mark.parametrize("stage", list(Stage))
def test_every_setting_has_a_help_and_says_where_its_default_comes_from(stage: Stage) -> None:
    for field in dataclasses.fields(SETTINGS[stage]):
        assert field.metadata["help"].endswith("."), field.name
        assert field.metadata["source"] == "paper" or field.metadata["source"].startswith("ours: "), field.name


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("stage", list(Stage))
def test_every_preset_can_run_and_survives_json(preset: str, stage: Stage) -> None:
    settings = PRESETS[preset][stage]
    assert settings.check() == []
    assert settings_from_json(stage, json.loads(json.dumps(settings.to_json()))) == settings


def test_the_paper_preset_is_the_papers() -> None:
    raws, rcrl = PRESETS["paper"][Stage.RAWS], PRESETS["paper"][Stage.RCRL]
    assert isinstance(rcrl, RcrlSettings)
    assert (raws.method, raws.schedule, raws.warmup_steps, raws.batch, raws.accumulation) == (
        "full",
        "cosine",
        100,
        1,
        2,
    )
    assert (rcrl.generations, rcrl.temperature, rcrl.top_p, rcrl.top_k, rcrl.beta) == (4, 1.0, 1.0, 0, 0.04)
    assert (rcrl.loss_type, rcrl.scale_rewards, rcrl.learning_rate, rcrl.iterations) == ("grpo", "group", 1e-6, 1)
    assert rcrl.reward == RewardConfig()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        (RawsSettings(method="magic"), "method"),
        (RawsSettings(batch=0), "batch"),
        (RawsSettings(learning_rate=0.0), "learning_rate"),
        (RawsSettings(learning_rate=float("nan")), "learning_rate"),
        (RawsSettings(max_steps=0, epochs=0.0), "epochs"),
        (RawsSettings(easy_reflective=1.5), "easy_reflective"),
        (RcrlSettings(generations=1), "generations"),
        (RcrlSettings(temperature=0.0), "temperature"),
        (RcrlSettings(top_p=0.0), "top_p"),
        (RcrlSettings(beta=-1.0), "beta"),
        (RcrlSettings(max_new_tokens=1), "max_new_tokens"),
    ],
)
def test_a_setting_that_cannot_work_is_named_in_one_sentence(settings: RawsSettings, word: str) -> None:
    problems = settings.check()
    assert len(problems) == 1
    assert word in problems[0]
    assert problems[0].endswith(".")


@pytest.mark.parametrize(
    "data",
    [
        {"batch": "two"},
        {"batch": 1.5},
        {"learning_rate": "fast"},
        {"freeze_vision": 1},
        {"epochs": True},
        {"colour": "red"},
    ],
)
def test_a_value_of_the_wrong_kind_or_an_unknown_setting_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(RunError, match=next(iter(data))):
        RawsSettings.from_json(data)


def test_a_whole_number_is_taken_for_a_number() -> None:
    assert RawsSettings.from_json({"epochs": 2}).epochs == 2.0


def test_a_reward_table_that_does_not_exist_is_refused() -> None:
    with pytest.raises(M3ADError, match="table"):
        RcrlSettings.from_json({"reward": {"reflection_table": "z"}})
