"""Models of other families on this machine: the real classes, smallest size, through the one interface."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from m3ad.dialects import DIALECTS, read_as
from m3ad.errors import BadImage, ModelUnavailable
from m3ad.geometry import Box
from m3ad.monitor import inspect, open_monitor, resolve
from m3ad.monitor.base import BatchMonitor
from m3ad.monitor.local import LocalMonitor
from m3ad.monitor.local_plain import PlainMonitor
from m3ad.monitor.names import dialect_of
from m3ad.records import Mode
from tests.m3ad.dialect_models import BUILDERS, build, build_qwen3, teach

PICTURE = Image.new("RGB", (200, 90), (90, 90, 90))
OTHER = Image.new("RGB", (60, 60), (200, 10, 10))
# The same box for each, in its own notation; Qwen2.5-VL here sees 140 x 56 pixels of the picture.
PLACES = {
    "qwen2_vl": "<|box_start|>(100,250),(300,500)<|box_end|>",
    "qwen2_5_vl": '[{"bbox_2d": [14, 14, 42, 28], "label": "scratch"}]',
    "internvl": "<ref>scratch</ref><box>[[100, 250, 300, 500]]</box>",
    "llava_onevision": "[0.100, 0.250, 0.300, 0.500]",
}
LONG = 150


def answer_in(kind: str) -> str:
    return (
        f"<think>There is a scratch.</think><type>scratch</type><location>{PLACES[kind]}</location><answer>yes</answer>"
    )


@pytest.fixture(scope="module", params=BUILDERS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights."""
    return build(kind, tmp_path_factory.mktemp(kind) / "model", (answer_in(kind),))


@pytest.fixture(scope="module")
def monitor(folder: Path) -> PlainMonitor:
    opened = open_monitor(str(folder), device="cpu", max_new_tokens=8)
    assert isinstance(opened, PlainMonitor)
    return opened


def test_random_weights_answer_alone_and_together(kind: str, monitor: PlainMonitor) -> None:
    assert isinstance(monitor, BatchMonitor)
    assert monitor.prompt == monitor.dialect.prompt
    *pieces, answer = monitor.stream(PICTURE)
    assert "".join(pieces) == answer.text == answer.trace.text
    assert 0 < answer.tokens <= 8
    assert answer.reading.split(" ")[0] == monitor.dialect.name == kind.replace("2_5", "2.5").replace("_", "-")
    assert (answer.probability.final, answer.doubt) == (None, None)
    together = monitor.inspect_batch([OTHER, PICTURE])
    assert [one.text for one in together] == [inspect(monitor, OTHER).text, answer.text]
    assert monitor.inspect_batch([]) == []


def test_it_is_told_the_words_of_its_dialect(monitor: PlainMonitor) -> None:
    (said,) = monitor._processor.tokenizer.batch_decode(monitor._inputs([PICTURE])["input_ids"])
    assert DIALECTS[monitor.dialect.name].system in said
    assert "Are there any defects in the test image?" in said


def test_a_taught_answer_is_read_with_its_box(kind: str, folder: Path, tmp_path: Path) -> None:
    taught = teach(build(kind, tmp_path / "taught", (answer_in(kind),)), PICTURE, answer_in(kind))
    monitor = open_monitor(str(taught), device="cpu", max_new_tokens=LONG)
    for answer in (inspect(monitor, PICTURE), *monitor.inspect_batch([PICTURE, PICTURE])):
        assert answer.text == answer_in(kind)
        (defect,) = answer.trace.verdict.defects
        assert (defect.type, defect.box) == ("scratch", Box(0.1, 0.25, 0.3, 0.5))
        assert answer.trace.problems == ()
        assert read_as(answer.reading, answer.text) == answer.trace


def test_cancelling_ends_the_answer_and_frees_the_model(monitor: PlainMonitor) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    *_, answer = monitor.stream(PICTURE, cancelled=cancelled)
    assert answer.cancelled
    assert answer.tokens == 3
    assert "cut-off" not in {problem.code for problem in answer.trace.problems}
    left = monitor.stream(PICTURE)
    next(left)
    left.close()
    assert not inspect(monitor, PICTURE).cancelled


def test_what_only_ra_monitor_has_is_refused_with_the_way_to_it(monitor: PlainMonitor) -> None:
    for mode in (Mode.THINKING, Mode.REFLECTIVE):
        with pytest.raises(ModelUnavailable, match=r"mode .* means nothing.*\?dialect=ra-monitor"):
            inspect(monitor, PICTURE, mode=mode)
        with pytest.raises(ModelUnavailable, match="mode"):
            monitor.inspect_batch([PICTURE], mode=mode)
    with pytest.raises(ModelUnavailable, match="nothing to look into"):
        monitor.lens(PICTURE)
    assert monitor.decide([PICTURE, OTHER], "<think>A plate.</think>") == [None, None]


def test_a_picture_that_is_too_long_is_refused(monitor: PlainMonitor) -> None:
    with pytest.raises(BadImage, match="200 times"):
        inspect(monitor, Image.new("RGB", (4001, 20)))


def test_sampling_follows_the_seed(kind: str, folder: Path) -> None:
    drawn = open_monitor(str(folder), device="cpu", max_new_tokens=8, temperature=5.0)
    before = torch.get_rng_state()
    texts = [inspect(drawn, PICTURE, seed=seed).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert torch.equal(torch.get_rng_state(), before)


# Which way a model is asked


def test_thinking_is_opened_by_the_template_and_given_back(tmp_path: Path) -> None:
    folder = build_qwen3(tmp_path / "Qwen3-VL-4B-Thinking", thinking=True)
    monitor = open_monitor(str(folder), device="cpu", max_new_tokens=6)
    assert monitor.dialect.name == "qwen3-vl-thinking"
    *pieces, answer = monitor.stream(PICTURE)
    assert answer.text.startswith("<think>")
    assert "".join(pieces) == answer.text
    assert answer.trace.verdict is None  # cut off while thinking
    assert answer.tokens == 6


def test_a_qwen3_is_compared_by_its_name_and_else_ra_monitor(tmp_path: Path) -> None:
    compared = build_qwen3(tmp_path / "Qwen3-VL-4B-Instruct")
    own = build_qwen3(tmp_path / "mine")
    assert open_monitor(str(compared), device="cpu").dialect.name == "qwen3-vl"
    assert isinstance(open_monitor(str(own), device="cpu"), LocalMonitor)
    assert isinstance(open_monitor(f"{compared}?dialect=ra-monitor", device="cpu"), LocalMonitor)
    assert open_monitor(f"{own}?dialect=qwen3-vl", device="cpu").dialect.name == "qwen3-vl"
    (compared / "monitor.json").write_text(json.dumps({"name": "trained", "system": None}))
    assert isinstance(open_monitor(str(compared), device="cpu"), LocalMonitor)


def test_a_dialect_is_chosen_at_the_end_of_any_source(tmp_path: Path) -> None:
    for source in (str(tmp_path), "owner/name", "served:http://127.0.0.1:9/v1#best"):
        assert dialect_of(resolve(f"{source}?dialect=internvl")) is DIALECTS["internvl"]
        assert dialect_of(resolve(source)) is None
    with pytest.raises(ModelUnavailable, match="no dialect 'klingon'"):
        resolve(f"{tmp_path}?dialect=klingon")


def test_an_error_while_writing_is_the_callers(monitor: PlainMonitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**options: object) -> None:
        raise RuntimeError("the device fell off")

    monkeypatch.setattr(monitor._model, "generate", broken)
    with pytest.raises(RuntimeError, match="fell off"):
        inspect(monitor, PICTURE)
