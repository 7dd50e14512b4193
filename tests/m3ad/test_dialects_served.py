"""Served models of other families, asked over loopback: their requests, their refusals, their answers."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from m3ad.dialects import DIALECTS, read_as
from m3ad.errors import ModelUnavailable
from m3ad.geometry import Box
from m3ad.monitor import Monitor, inspect, open_monitor
from m3ad.monitor.served_request import plainer, worded
from m3ad.records import Mode
from tests.server_process import free_port, started

SERVER = Path(__file__).with_name("family_server.py")
PICTURE = Image.new("RGB", (610, 290), (90, 90, 90))  # Qwen2.5-VL sees 616 x 280 pixels of it
SCRATCH = Box(0.1, 0.25, 0.3, 0.5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    process = started([sys.executable, str(SERVER), str(port)], f"{root}/seen", log)
    yield root
    process.kill()
    process.wait()


def opened(server: str, model: str) -> Monitor:
    return open_monitor(f"served:{server}/v1#{model}")


def seen(server: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server}/seen") as reply:
        return json.load(reply)


@pytest.mark.parametrize(
    ("model", "reading"),
    [
        ("gpt-5.1-mini", "openai"),
        ("gemini-2.5-flash-lite", "gemini"),
        ("Qwen2.5-VL-7B-Instruct", "qwen2.5-vl 616x280"),
        ("Qwen3-VL-8B-Thinking", "qwen3-vl-thinking"),
        ("InternVL3_5-8B", "internvl"),
        ("best?dialect=internvl", "internvl"),
    ],
)
def test_each_familys_answer_gives_the_same_box(server: str, model: str, reading: str) -> None:
    monitor = opened(server, model)
    *pieces, answer = monitor.stream(PICTURE)
    assert "".join(pieces) == answer.text
    assert answer.reading == reading
    assert answer.trace == read_as(reading, answer.text)
    (defect,) = answer.trace.verdict.defects
    assert defect.type == "scratch"
    assert defect.box.as_tuple() == pytest.approx(SCRATCH.as_tuple(), abs=0.003)
    assert "no-logprobs" not in {problem.code for problem in answer.trace.problems}
    assert answer.probability.final is None


def test_the_request_has_the_words_of_the_dialect(server: str) -> None:
    monitor = opened(server, "InternVL3_5-8B")
    inspect(monitor, PICTURE, seed=7)
    body = seen(server)["body"]
    dialect = DIALECTS["internvl"]
    assert body["messages"][0] == {"role": "system", "content": dialect.system}
    assert body["messages"][1]["content"][1]["text"] == "Are there any defects in the test image?"
    assert (body["seed"], body["temperature"], body["max_tokens"]) == (7, 0.0, 1024)
    assert "logprobs" not in body
    assert monitor.prompt == dialect.prompt


def test_a_question_of_choice_is_answered_with_a_letter(server: str) -> None:
    answer = inspect(opened(server, "anomaly-r1-3b"), PICTURE)
    (user,) = seen(server)["body"]["messages"]
    assert "A. Yes.\nB. No." in user["content"][1]["text"]
    assert answer.trace.verdict.anomalous
    assert answer.trace.problems == ()


def test_what_openais_models_refuse_is_left_out_and_not_tried_again(server: str) -> None:
    monitor = opened(server, "gpt-5.1-mini")
    before = seen(server).get("requests", 0)
    inspect(monitor, PICTURE)
    body = seen(server)["body"]
    assert body["max_completion_tokens"] == 8192
    assert not {"max_tokens", "temperature", "logprobs", "top_logprobs"} & set(body)
    assert "seed" in body
    assert seen(server)["requests"] - before == 3  # logprobs are never asked for
    inspect(monitor, PICTURE)
    assert seen(server)["requests"] - before == 4


def test_what_geminis_endpoint_refuses_is_left_out(server: str) -> None:
    inspect(opened(server, "gemini-2.5-flash-lite"), PICTURE)
    body = seen(server)["body"]
    assert "seed" not in body
    assert (body["temperature"], body["max_tokens"]) == (0.0, 8192)


def test_what_geminis_endpoint_says_is_told(server: str) -> None:
    with pytest.raises(ModelUnavailable, match="no longer available"):
        inspect(opened(server, "gemini-none"), PICTURE)


def test_ra_monitors_words_are_sent_where_they_are_asked_for(server: str) -> None:
    inspect(opened(server, "gpt-5.1-mini?dialect=ra-monitor"), PICTURE)
    assert "<reflection>" in seen(server)["body"]["messages"][0]["content"]


def test_what_only_ra_monitor_has_is_refused(server: str) -> None:
    monitor = opened(server, "gemini-2.5-flash-lite")
    with pytest.raises(ModelUnavailable, match=r"nothing to look into.*\?dialect=ra-monitor"), monitor.lens(PICTURE):
        pass
    with pytest.raises(ModelUnavailable, match=r"\?dialect=ra-monitor"):
        inspect(monitor, PICTURE, mode=Mode.REFLECTIVE)
    assert monitor.decide([PICTURE], "<think>A plate.</think>") == [None]


REQUEST = {"model": "m", "max_tokens": 5, "temperature": 0.0, "seed": 1, "logprobs": True, "top_logprobs": 20}


def test_a_request_without_what_is_refused() -> None:
    assert worded(REQUEST, frozenset()) == REQUEST
    assert worded(REQUEST, frozenset({"max_tokens", "temperature", "seed", "logprobs"})) == {
        "model": "m",
        "max_completion_tokens": 5,
    }


@pytest.mark.parametrize(
    ("words", "refused", "more"),
    [
        ("top_logprobs must be less than 5", set(), {"logprobs"}),
        ("Unsupported value: 'temperature' does not support 0.0", {"logprobs"}, {"logprobs", "temperature"}),
        ("the picture is too large", set(), {"logprobs"}),
        ("the picture is too large", {"logprobs"}, None),
        ("max_tokens is too large", {"max_tokens"}, None),
        ("go at full speed", {"logprobs"}, None),
    ],
)
def test_a_refusal_is_answered_with_less(words: str, refused: set[str], more: set[str] | None) -> None:
    assert plainer(words, frozenset(refused)) == (frozenset(more) if more else None)
