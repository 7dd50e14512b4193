"""Served models, asked over loopback: a small server of our own in vLLM's form, and `transformers serve`."""

from __future__ import annotations

import base64
import io
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from m3ad.errors import ModelUnavailable
from m3ad.monitor import Answer, Monitor, inspect, open_monitor
from m3ad.monitor.base import MAX_PIXELS
from m3ad.monitor.served_probe import Token, probability
from m3ad.prompts import QUESTION, SYSTEM
from m3ad.records import Mode, Probability
from tests.server_process import free_port, started

SERVER = Path(__file__).with_name("vllm_like_server.py")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of the server in vLLM's form."""
    root = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    process = started([sys.executable, str(SERVER), str(port)], f"{root}/seen", log)
    yield root
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def transformers_serve(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of `transformers serve`."""
    root = f"http://127.0.0.1:{(port := free_port())}"
    folder = tmp_path_factory.mktemp("serve")
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(tiny_model), "--port", str(port)]
    options = ["--host", "127.0.0.1", "--device", "cpu", "--dtype", "float32"]
    environment = {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = started(command + options, f"{root}/health", folder / "log.txt", **environment)
    yield root
    process.kill()
    process.wait()


def opened(server: str, model: str) -> Monitor:
    return open_monitor(f"served:{server}/v1#{model}")


def seen(server: str) -> dict:
    with urllib.request.urlopen(f"{server}/seen") as reply:
        return json.load(reply)


def codes(answer: Answer) -> list[str]:
    return [problem.code for problem in answer.trace.problems]


# The way of asking


def test_the_text_streams_and_the_answer_comes_last(server: str, plates: tuple) -> None:
    *pieces, answer = opened(server, "whole-tags").stream(plates[1])
    assert pieces[:3] == ["<think>", "A dent.", "</think>"]
    assert "".join(pieces) == answer.text == answer.trace.text
    assert answer.trace.verdict.anomalous
    assert answer.tokens == 12
    assert answer.seconds > 0
    assert codes(answer) == []


def test_the_request_holds_picture_question_format_and_settings(server: str, plates: tuple) -> None:
    monitor = open_monitor(f"served:{server}/v1#whole-tags", max_new_tokens=77)
    inspect(monitor, plates[1], seed=5)
    body = seen(server)["body"]
    system, user = body["messages"]
    assert system["role"] == "system"
    assert system["content"] == SYSTEM
    picture, question = user["content"]
    assert question == {"type": "text", "text": QUESTION}
    kind, _, data = picture["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64"
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sent.tobytes() == plates[1].tobytes()
    assert (body["max_tokens"], body["temperature"], body["seed"], body["stream"]) == (77, 0.0, 5, True)


def test_a_large_picture_is_shrunk_before_it_is_sent(server: str) -> None:
    inspect(opened(server, "whole-tags"), Image.new("L", (4000, 1000), 9))
    url = seen(server)["body"]["messages"][1]["content"][0]["image_url"]["url"]
    sent = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert sent.mode == "RGB"
    assert 0.9 * MAX_PIXELS < sent.width * sent.height <= MAX_PIXELS
    assert sent.width / sent.height == pytest.approx(4, rel=0.01)


def test_a_published_model_is_asked_without_instructions(server: str, plates: tuple) -> None:
    with pytest.raises(ModelUnavailable):
        inspect(opened(server, "RA-Monitor-8B"), plates[0])
    assert [message["role"] for message in seen(server)["body"]["messages"]] == ["user"]


def test_the_key_comes_from_its_own_variable_only(server: str, plates: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "open sesame")
    monkeypatch.setenv("OPENAI_ORG_ID", "our house")
    with pytest.raises(ModelUnavailable, match="M3AD_API_KEY"):
        inspect(opened(server, "needs-key"), plates[0])
    assert "our house" not in json.dumps(seen(server)["headers"])
    monkeypatch.setenv("M3AD_API_KEY", "open sesame")
    assert inspect(opened(server, "needs-key"), plates[0]).trace.verdict.anomalous


def test_the_only_model_of_a_server_needs_no_name(server: str, plates: tuple) -> None:
    monitor = open_monitor(f"served:{server}/one/v1")
    assert monitor.name == "whole-tags"
    assert inspect(monitor, plates[0]).trace.verdict.anomalous


def test_of_several_models_one_must_be_named(server: str) -> None:
    with pytest.raises(ModelUnavailable, match="spelled-tags, whole-tags"):
        open_monitor(f"served:{server}/v1")


def test_the_device_names_the_server_without_user_and_password() -> None:
    assert open_monitor("served:http://me:secret@127.0.0.1:9/v1#m").device == "served by 127.0.0.1:9"


@pytest.mark.parametrize("mode", [Mode.THINKING, Mode.REFLECTIVE])
def test_modes_that_a_server_cannot_force_are_refused(server: str, plates: tuple, mode: Mode) -> None:
    with pytest.raises(ModelUnavailable, match=f"the mode {mode.value} cannot be forced"):
        inspect(opened(server, "whole-tags"), plates[0], mode=mode)


def test_a_cancelled_answer_stops_at_the_next_token(server: str, plates: tuple) -> None:
    shown: list[str] = []
    begun = time.monotonic()
    for item in opened(server, "slow").stream(plates[0], cancelled=lambda: len(shown) >= 1):
        if isinstance(item, str):
            shown.append(item)
    assert item.cancelled
    assert item.text == "<think>"
    assert time.monotonic() - begun < 2  # the whole answer takes 2.4 seconds
    assert next(opened(server, "slow").stream(plates[0], cancelled=lambda: True)).cancelled


def test_reasoning_that_the_server_cuts_out_is_put_back(server: str, plates: tuple) -> None:
    *pieces, answer = opened(server, "reasoning").stream(plates[0])
    assert answer.text == "".join(pieces) == "<think>The part is even.</think><answer>no</answer>"


def test_an_answer_that_hit_the_limit_is_said_to_be_cut_off(server: str, plates: tuple) -> None:
    assert "cut-off" in codes(inspect(opened(server, "cut"), plates[0]))


# What goes wrong


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("unknown", "has no model of that name"),
        ("refuses-all", "the picture is too large"),
        ("fails", "refused the request"),
        ("broken", "the engine died"),
        ("torn", "broke off"),
    ],
)
def test_a_failure_of_the_server_is_a_sentence(server: str, plates: tuple, model: str, says: str) -> None:
    with pytest.raises(ModelUnavailable, match=says):
        inspect(opened(server, model), plates[0])


def test_after_a_failure_the_model_can_be_asked_again(server: str, plates: tuple) -> None:
    monitor = opened(server, "fails")
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="refused the request"):
            inspect(monitor, plates[0])


def test_a_server_that_is_not_there_is_said_to_be_missing(plates: tuple) -> None:
    address = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ModelUnavailable, match=f"Nothing answers at {address}"):
        inspect(open_monitor(f"served:{address}#m"), plates[0])


def test_a_server_that_accepts_and_stays_silent_is_given_up(plates: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    from m3ad.monitor import served

    monkeypatch.setattr(served, "SILENCE_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        monitor = open_monitor(f"served:http://127.0.0.1:{silent.getsockname()[1]}/v1#m")
        with pytest.raises(ModelUnavailable, match="did not answer in time"):
            inspect(monitor, plates[0])


def test_without_the_client_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['openai'] = None\nfrom m3ad.errors import ModelUnavailable\n"
        "from m3ad.monitor import open_monitor\n"
        "try: open_monitor('served:http://127.0.0.1:9/v1#m')\nexcept ModelUnavailable as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--extra served" in result.stdout


# Probabilities


@pytest.mark.parametrize(
    ("model", "initial", "final"),
    [
        ("whole-tags", 0.3 / 0.4, 0.8),
        # At "><" nothing is decided yet; 0.6 and 0.15 of what follows it are.
        ("spelled-tags", 0.6 / 0.75, 0.6 / 0.75),
        ("few-alternatives", None, None),
        ("sure", 1.0, 1.0),
        ("free-form", None, None),
    ],
)
def test_probabilities_are_read_where_the_model_decides(server: str, plates: tuple, model, initial, final) -> None:
    answer = inspect(opened(server, model), plates[1])
    assert answer.probability == Probability(
        pytest.approx(initial) if initial else None, pytest.approx(final) if final else None
    )
    assert "no-logprobs" not in codes(answer)


def test_a_server_that_refuses_logprobs_is_asked_without_and_only_once(server: str, plates: tuple) -> None:
    monitor = opened(server, "refuses-logprobs")
    before = seen(server)["requests"]
    answers = [inspect(monitor, plates[0]) for _ in range(2)]
    assert seen(server)["requests"] == before + 3
    assert [answer.probability for answer in answers] == [Probability()] * 2
    assert [codes(answer) for answer in answers] == [["no-logprobs"]] * 2
    assert answers[0].trace.verdict.anomalous


pieces = st.sampled_from(
    ["<", ">", "><", "</", "think", "type", "answer", "reflection", "</think>", "<type>", "<answer>", "a", ""]
)
steps = st.builds(
    Token.from_logprobs, pieces, st.lists(st.tuples(pieces, st.floats(-9999.0, 0.1)), max_size=4).map(tuple)
)


@given(st.lists(steps, max_size=12))
def test_whatever_a_server_sends_a_probability_is_one_or_absent(tokens: list[Token]) -> None:
    for value in (probability(tokens).initial, probability(tokens).final):
        assert value is None or 0.0 <= value <= 1.0


# transformers serve, with a real model


@pytest.mark.slow
def test_transformers_serve_gives_the_text_of_the_local_model_and_no_probabilities(
    transformers_serve: str, tiny_model: Path, plates: tuple
) -> None:
    served = open_monitor(f"served:{transformers_serve}/v1#{tiny_model}", max_new_tokens=120)
    local = open_monitor(str(tiny_model), device="cpu", max_new_tokens=120)
    for image in plates:
        *pieces, answer = served.stream(image)
        assert len(pieces) > 5
        assert answer.text == inspect(local, image).text
        assert answer.probability == Probability()
        assert codes(answer) == ["no-logprobs"]
