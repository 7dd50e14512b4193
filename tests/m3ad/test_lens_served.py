"""Questions about one picture to a served model: what its server can answer, and what not, in words."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from m3ad.errors import Conflict, ModelUnavailable
from m3ad.monitor import Answer, inspect, open_monitor
from m3ad.monitor.served_lens import ServedLens
from m3ad.occlusion import occlusion
from m3ad.records import Mode, Probability
from tests.server_process import free_port, started

SERVER = Path(__file__).with_name("vllm_like_server.py")
THINK = "<think>A dent."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of the server in vLLM's form."""
    root = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    process = started([sys.executable, str(SERVER), str(port)], f"{root}/seen", log)
    yield root
    process.kill()
    process.wait()


@pytest.fixture
def lens(server: str, plates: tuple) -> Callable[[str], ServedLens]:
    """The anomalous plate before a model of the server."""

    def opened(model: str) -> ServedLens:
        with open_monitor(f"served:{server}/v1#{model}").lens(plates[1]) as lens:
            return lens

    return opened


def seen(server: str) -> dict:
    with urllib.request.urlopen(f"{server}/seen") as reply:
        return json.load(reply)


def went_on(lens: ServedLens, text: str, **options: object) -> Answer:
    *pieces, answer = lens.go_on(text, **options)
    assert answer.text == text + "".join(pieces) == answer.trace.text
    return answer


def test_it_goes_on_from_a_text_as_the_last_message_with_the_picture_before_it(server: str, lens, plates) -> None:
    whole = inspect(open_monitor(f"served:{server}/v1#whole-tags"), plates[1])
    answer = went_on(lens("whole-tags"), THINK, seed=4, temperature=0.5)
    body = seen(server)["body"]
    assert body["messages"][-1] == {"role": "assistant", "content": THINK}
    assert body["messages"][-2]["content"][0]["type"] == "image_url"
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert (body["seed"], body["temperature"]) == (4, 0.5)
    assert (answer.text, answer.probability) == (whole.text, whole.probability)
    assert answer.tokens == whole.tokens - 2


def test_from_nothing_it_answers_as_in_an_inspection(server: str, lens, plates) -> None:
    whole = inspect(open_monitor(f"served:{server}/v1#whole-tags"), plates[1])
    assert went_on(lens("whole-tags"), "").text == whole.text
    assert "continue_final_message" not in seen(server)["body"]


def test_a_place_that_the_text_has_passed_has_no_probability_and_one_at_its_end_has(lens) -> None:
    at_its_end = went_on(lens("whole-tags"), THINK + "</think>")
    assert at_its_end.probability == Probability(pytest.approx(0.75), pytest.approx(0.8))
    passed = went_on(lens("whole-tags"), THINK + "</think><reflection>")
    assert passed.probability == Probability(None, pytest.approx(0.8))


def test_blanks_at_the_end_stay_and_are_not_sent(server: str, lens) -> None:
    answer = went_on(lens("whole-tags"), THINK + " \n")
    assert answer.text.startswith(THINK + " \n</think>")
    assert seen(server)["body"]["messages"][-1]["content"] == THINK


def test_a_probe_is_a_short_request_closed_at_the_place(server: str, lens) -> None:
    text = THINK + " It is deep.</think><reflection>It stays.</reflection><type>"
    places = [len(THINK), 0, text.index("</reflection>")]
    assert lens("whole-tags").probe(text, places) == [pytest.approx(0.75), None, pytest.approx(0.8)]
    body = seen(server)["body"]
    assert body["messages"][-1]["content"] == text.removesuffix("<type>")
    assert body["max_tokens"] < 10


def test_several_pictures_are_decided_on_and_a_map_is_made(server: str, plates) -> None:
    monitor = open_monitor(f"served:{server}/v1#whole-tags")
    assert monitor.decide(plates, THINK) == [pytest.approx(0.75)] * 2
    *_, found = occlusion(monitor, plates[1], text=THINK, rows=1, columns=2)
    assert found.change == [[0, 0]]


def test_samples_are_requests_with_seeds_of_their_own_that_repeat(server: str, lens) -> None:
    def asked() -> list[int]:
        seeds = []
        for answer in lens("whole-tags").sample(3, seed=7):
            assert answer.trace.verdict.anomalous
            seeds.append(seen(server)["body"]["seed"])
        return seeds

    first = asked()
    assert first == asked()
    assert len(set(first)) == 3
    assert seen(server)["body"]["temperature"] == 1.0
    assert list(lens("whole-tags").sample(3, cancelled=lambda: True)) == []
    with pytest.raises(Conflict, match="all samples would be the same"):
        list(lens("whole-tags").sample(3, temperature=0))


def test_the_tokens_of_its_own_answers_are_known_and_those_of_other_texts_are_not(lens) -> None:
    opened = lens("whole-tags")
    answer = went_on(opened, "")
    told = opened.tokens(answer.text, 2)
    assert "".join(one.text for one in told) == answer.text
    reflection = next(one for one in told if one.text == "<reflection>")
    assert answer.text[reflection.start :].startswith("<reflection>")
    assert reflection.probability == pytest.approx(0.5)
    assert [(one.text, one.probability) for one in reflection.alternatives] == [
        ("<reflection>", pytest.approx(0.5)),
        ("<type>", pytest.approx(0.3)),
    ]
    with pytest.raises(ModelUnavailable, match="only while it writes them"):
        opened.tokens(answer.text + "!")


def test_another_system_prompt_travels_in_place_of_the_models_own(server: str, plates) -> None:
    monitor = open_monitor(f"served:{server}/v1#whole-tags")
    for system, roles in (("Look for rust.", ["system", "user"]), ("", ["user"])):
        with monitor.lens(plates[0], system=system) as opened:
            went_on(opened, "")
        messages = seen(server)["body"]["messages"]
        assert [message["role"] for message in messages] == roles
        assert messages[0]["content"] == system or not system


def test_what_a_server_cannot_give_is_said_in_words(lens) -> None:
    with pytest.raises(ModelUnavailable, match="does not go on from a given text but answers anew"):
        went_on(lens("begins-anew"), THINK)
    with pytest.raises(ModelUnavailable, match="sends no log-probabilities"):
        lens("refuses-logprobs").probe(THINK, [len(THINK)])
    with pytest.raises(ModelUnavailable, match="mode reflective cannot be forced"):
        went_on(lens("whole-tags"), THINK, mode=Mode.REFLECTIVE)
