"""A model in this process: streaming, decisions, probabilities, modes, cancelling."""

from __future__ import annotations

import json
import math
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from m3ad.demo import architecture
from m3ad.demo.parts import CATEGORIES, draw
from m3ad.errors import BadImage
from m3ad.monitor import Answer, inspect, open_monitor
from m3ad.monitor.local import LocalMonitor
from m3ad.monitor.local_decode import Decoding
from m3ad.records import Mode, Probability

TOKENS = 120


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights: writes arbitrary tokens, single bytes of long characters among them."""
    folder = tmp_path_factory.mktemp("random") / "model"
    architecture.build_tiny(folder, ["a b c"], size=architecture.SMALLEST)
    tensors = load_file(folder / "model.safetensors")
    words = tensors["model.language_model.embed_tokens.weight"]
    # Tied to the output and small, they would have it repeat one token.
    words.normal_(generator=torch.Generator().manual_seed(1))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def monitors(tiny_model: Path, spelled_model: Path, random_model: Path) -> dict[str, LocalMonitor]:
    folders = {"tiny": tiny_model, "spelled": spelled_model, "random": random_model}
    return {name: open_monitor(str(path), device="cpu", max_new_tokens=TOKENS) for name, path in folders.items()}


@pytest.fixture(scope="module")
def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 150, 3), np.uint8))


def greedy(monitor: LocalMonitor, image: Image.Image) -> str:
    """What transformers' own `generate` writes for the picture."""
    inputs = monitor._inputs(image)
    ids = monitor._model.generate(**inputs, max_new_tokens=TOKENS, do_sample=False, suppress_tokens=monitor._banned)[
        0, inputs["input_ids"].shape[1] :
    ]
    text = monitor._processor.tokenizer.decode(ids, skip_special_tokens=True)
    return "".join(text.partition("</answer>")[:2])


def full_scores(monitor: LocalMonitor, image: Image.Image, before: str, branches: Sequence[str]) -> list[float]:
    """P of each branch after `before`, from one uncached forward pass over the whole text each."""
    tokenizer = monitor._processor.tokenizer
    start = tokenizer(before + "<")["input_ids"]
    found = []
    for branch in branches:
        ids = tokenizer(before + branch)["input_ids"]
        inputs = monitor._processor(images=[image], text=[monitor._prompt + before + branch], return_tensors="pt")
        assert inputs["input_ids"][0, -len(ids) :].tolist() == ids
        with torch.inference_mode():
            chances = torch.log_softmax(monitor._model(**inputs).logits[0].float(), -1)
        same = next((n for n, (a, b) in enumerate(zip(start, ids, strict=False)) if a != b), min(len(start), len(ids)))
        first = inputs["input_ids"].shape[1] - len(ids) + same
        written = inputs["input_ids"][0, first:]
        found.append(float(chances[range(first - 1, len(chances) - 1), written].sum()))
    return [math.exp(score) for score in found]


@pytest.fixture
def unsteered(monitors):
    """The monitors without the threshold: even where they are unsure they decode as they would by themselves."""
    own = {monitor: monitor.threshold for monitor in monitors.values()}
    for monitor in own:
        monitor.threshold = None
    yield monitors
    for monitor, threshold in own.items():
        monitor.threshold = threshold


def sampler(folder: Path) -> LocalMonitor:
    return open_monitor(str(folder), device="cpu", max_new_tokens=TOKENS, temperature=1.0)


# Streaming


@pytest.mark.parametrize("name", ["tiny", "spelled", "random"])
def test_the_streamed_text_is_what_generate_writes(unsteered, plates, noise, name: str) -> None:
    for image in (*plates, noise):
        answer = inspect(unsteered[name], image)
        assert answer.text == greedy(unsteered[name], image)
        assert len(answer.text) > 20


@pytest.mark.parametrize("name", ["tiny", "spelled", "random"])
def test_the_pieces_make_up_the_text_and_the_answer_comes_last_and_once(monitors, noise, name: str) -> None:
    *pieces, answer = monitors[name].stream(noise)
    assert isinstance(answer, Answer)
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert "".join(pieces) == answer.text == answer.trace.text
    assert len(pieces) > 5


def test_a_character_of_several_bytes_is_never_shown_half(tiny_model: Path, plates, monkeypatch) -> None:
    monitor = open_monitor(str(tiny_model), device="cpu")
    wanted = monitor._processor.tokenizer("a\u00e9\u65e5\U0001f600\ufffdb<|im_end|>")["input_ids"]
    assert len(wanted) > 8
    step = iter(wanted)
    monkeypatch.setattr(Decoding, "propose", lambda self: next(step))
    *pieces, answer = monitor.stream(plates[0])
    assert pieces == ["a", "\u00e9", "\u65e5", "\U0001f600", "\ufffdb"]
    assert answer.text == "a\u00e9\u65e5\U0001f600\ufffdb"


def test_the_answer_says_what_it_cost_and_is_read(monitors, plates) -> None:
    answer = inspect(monitors["tiny"], plates[1])
    assert 0 < answer.seconds < 60
    assert answer.tokens == len(monitors["tiny"]._processor.tokenizer(answer.text)["input_ids"])
    assert answer.trace.verdict is not None
    assert answer.trace.verdict.anomalous
    assert answer.trace.verdict.defects[0].type == "scratch"
    assert not answer.cancelled


def test_an_answer_that_is_too_long_is_cut_off_and_said_to_be(tiny_model: Path, plates) -> None:
    answer = inspect(open_monitor(str(tiny_model), device="cpu", max_new_tokens=5), plates[1])
    assert answer.tokens == 5
    assert not answer.cancelled
    assert "cut-off" in [problem.code for problem in answer.trace.problems]


def test_nothing_is_written_after_the_answer(tiny_model: Path, plates) -> None:
    monitor = open_monitor(str(tiny_model), device="cpu", max_new_tokens=60)
    monitor._ends = set()
    answer = inspect(monitor, plates[1])
    assert answer.text.endswith("<answer>yes</answer>")
    assert answer.tokens < 60


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_cancelled_answer_stops_at_the_next_token(monitors, plates, after: int) -> None:
    asked = iter(range(1000))
    *pieces, answer = monitors["tiny"].stream(plates[1], cancelled=lambda: next(asked) >= after)
    assert answer.cancelled
    assert answer.tokens == after
    assert "".join(pieces) == answer.text
    assert inspect(monitors["tiny"], plates[1]).text.startswith(answer.text)


def test_an_abandoned_stream_lets_the_next_caller_in(monitors, plates) -> None:
    stream = monitors["tiny"].stream(plates[1])
    next(stream)
    stream.close()
    assert inspect(monitors["tiny"], plates[0]).text.endswith("<answer>no</answer>")


def test_two_callers_at_once_get_their_own_answers(monitors, plates) -> None:
    alone = [inspect(monitors["tiny"], image) for image in plates]
    together: dict[int, Answer] = {}

    def ask(number: int) -> None:
        together[number] = inspect(monitors["tiny"], plates[number % 2])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n].text for n in range(6)] == [alone[n % 2].text for n in range(6)]
    assert [together[n].probability for n in range(6)] == [alone[n % 2].probability for n in range(6)]


def test_a_seed_decides_a_drawn_answer(tiny_model: Path, noise) -> None:
    monitor = sampler(tiny_model)
    texts = [inspect(monitor, noise, seed=seed).text for seed in (1, 2, 3, 4)]
    assert texts == [inspect(monitor, noise, seed=seed).text for seed in (1, 2, 3, 4)]
    assert len(set(texts)) > 1


def test_tokens_that_stand_for_pictures_are_never_written(tiny_model: Path, plates) -> None:
    monitor = open_monitor(str(tiny_model), device="cpu", max_new_tokens=TOKENS)
    before = inspect(monitor, plates[1]).text
    model, tokenizer = monitor._model, monitor._processor.tokenizer
    head = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    for token in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>"):
        head.data[tokenizer.convert_tokens_to_ids(token)] = head.data[tokenizer.convert_tokens_to_ids("<think>")] * 9
    model.lm_head.weight = head
    with torch.inference_mode():
        favourite = int(model(**monitor._inputs(plates[1])).logits[0, -1].argmax())
    assert tokenizer.convert_ids_to_tokens(favourite).startswith("<|")
    assert inspect(monitor, plates[1]).text == before == monitor.answer_batch([plates[1]])[0]


# Decisions


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_both_probabilities_equal_a_full_pass_without_cache(monitors, plates, name: str) -> None:
    monitor = monitors[name]
    for image in plates:
        answer = inspect(monitor, image, mode=Mode.REFLECTIVE)
        for tag, measured in (("</think>", answer.probability.initial), ("</reflection>", answer.probability.final)):
            before = answer.text[: answer.text.index(tag) + len(tag)]
            defect, normal = full_scores(monitor, image, before, ("<type>", "<answer>"))
            assert measured == pytest.approx(defect / (defect + normal), abs=1e-4)


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_scores_from_the_cache_equal_a_full_pass_and_leave_the_answer_as_it_was(monitors, noise, name: str) -> None:
    monitor, spelling = monitors[name], monitors[name]._spelling
    decoding = Decoding(monitor._model, spelling, monitor._inputs(noise), banned=[], temperature=0, seed=0)
    text = "<think>The dark surface is even.</think>"
    decoding.accept(*spelling.tokens_of(text))
    proposed = decoding.propose()
    # The tag may begin inside a token, which then belongs to the continuation.
    keep = len(decoding.ids) - next(n for n in range(1, 9) if "</think>" in spelling.text_of(decoding.ids[-n:]))
    branches = ("<type>", "<answer>", "<reflection>")
    tail = text[len(spelling.text_of(decoding.ids[:keep])) :]
    scores = decoding.score(keep, [spelling.tokens_of(tail + branch) for branch in branches])
    assert [math.exp(score) for score in scores] == pytest.approx(full_scores(monitor, noise, text, branches), rel=1e-4)
    assert decoding.propose() == proposed
    assert decoding.text == text


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_the_probabilities_tell_the_plates_apart(monitors, plates, name: str) -> None:
    normal, defect = (inspect(monitors[name], image, mode=Mode.REFLECTIVE).probability for image in plates)
    assert max(normal.initial, normal.final) < 0.1
    assert min(defect.initial, defect.final) > 0.9


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_without_a_reflection_the_initial_decision_is_the_final_one(monitors, plates, name: str) -> None:
    answer = inspect(monitors[name], plates[1], mode=Mode.THINKING)
    assert answer.probability.initial == answer.probability.final is not None


def test_a_model_that_writes_in_another_form_has_no_probabilities(monitors, noise) -> None:
    assert inspect(monitors["random"], noise).probability == Probability()


def test_a_cancelled_answer_keeps_the_probability_it_had(monitors, plates) -> None:
    shown: list[str] = []
    for item in monitors["tiny"].stream(plates[1], mode=Mode.REFLECTIVE, cancelled=lambda: "<refl" in "".join(shown)):
        if isinstance(item, str):
            shown.append(item)
    assert item.cancelled
    assert item.probability.initial > 0.9
    assert item.probability.final is None


# Modes


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_the_reflective_mode_always_reflects_right_after_thinking(monitors, plates, name: str) -> None:
    for image in plates:
        answer = inspect(monitors[name], image, mode=Mode.REFLECTIVE)
        assert "</think><reflection>" in answer.text
        assert answer.text.count("<reflection>") == 1
        assert answer.trace.reflected


@pytest.mark.parametrize("name", ["tiny", "spelled"])
@pytest.mark.parametrize(("threshold", "reflects"), [(0.0, True), (0.1, True), (0.9, False)])
def test_the_automatic_mode_reflects_from_the_threshold_on(monitors, plates, name, threshold, reflects) -> None:
    monitor = monitors[name]
    own, monitor.threshold = monitor.threshold, threshold
    try:
        assert inspect(monitor, plates[1], mode=Mode.AUTO).trace.reflected is reflects
        assert not inspect(monitor, plates[1], mode=Mode.THINKING).trace.reflected
        doubts = [inspect(monitor, plates[1], mode=mode).doubt for mode in Mode]
        assert doubts[0] == pytest.approx(doubts[1]) == pytest.approx(doubts[2])
        assert reflects is (doubts[0] >= threshold)
    finally:
        monitor.threshold = own


def test_the_threshold_comes_from_the_model_folder(tiny_model: Path, tmp_path: Path, plates) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "eager")
    (folder / "monitor.json").write_text(json.dumps({"name": "eager", "reflect_threshold": 0.05}))
    monitor = open_monitor(str(folder), device="cpu")
    assert monitor.name == "eager"
    assert inspect(monitor, plates[1]).trace.reflected


@pytest.mark.parametrize("folder", ["tiny_model", "spelled_model"])
def test_drawn_answers_reflect_as_often_as_the_model_would_and_never_when_forbidden(folder, plates, request) -> None:
    monitor = sampler(request.getfixturevalue(folder))
    free = [inspect(monitor, plates[1], seed=seed).trace.reflected for seed in range(16)]
    forbidden = [inspect(monitor, plates[1], seed=seed, mode=Mode.THINKING).text for seed in range(16)]
    assert 0 < sum(free) < 16
    # Only there: a drawn answer may end its thinking once more, in a form that is nobody's.
    assert not [text for text in forbidden if text.partition("</think>")[2].startswith("<reflection>")]


# Batches


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_a_batch_of_unequal_pictures_gets_the_streamed_texts(unsteered, plates, noise, name: str) -> None:
    images = [plates[0], noise, plates[1].resize((300, 80)), plates[1]]
    assert unsteered[name].answer_batch(images) == [inspect(unsteered[name], image).text for image in images]


def same(together: Sequence[Answer], alone: Sequence[Answer]) -> None:
    """Fails unless the answers say, measure and count the same, to within the rounding of a batch."""
    assert [answer.text for answer in together] == [answer.text for answer in alone]
    assert [answer.trace for answer in together] == [answer.trace for answer in alone]
    assert [answer.tokens for answer in together] == [answer.tokens for answer in alone]
    for one, other in zip(together, alone, strict=True):
        first, second = ([a.doubt, a.probability.initial, a.probability.final] for a in (one, other))
        assert first == pytest.approx(second, abs=1e-4)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", ["tiny", "spelled", "random"])
def test_a_batch_is_inspected_as_its_pictures_are_one_by_one(monitors, plates, noise, name: str, mode: Mode) -> None:
    images = [plates[0], noise, plates[1].resize((300, 80)), plates[1]]
    monitor = monitors[name]
    own = monitor.threshold
    alone = [inspect(monitor, image, mode=Mode.THINKING).doubt for image in images]
    known = sorted(doubt for doubt in alone if doubt is not None)
    # Between two pictures' doubts: in auto mode some reflect and some do not.
    thresholds = [own, (known[1] + known[2]) / 2] if len(known) == 4 else [own]
    try:
        for monitor.threshold in thresholds:
            alone = [inspect(monitor, image, mode=mode) for image in images]
            same(monitor.inspect_batch(images, mode=mode), alone)
        if mode is Mode.AUTO and len(known) == 4:
            assert len({answer.trace.reflected for answer in alone}) == 2
    finally:
        monitor.threshold = own


@pytest.mark.parametrize("limit", [1, 4, 9, 15, 19])
@pytest.mark.parametrize("folder", ["tiny_model", "spelled_model"])
def test_a_batch_is_cut_off_where_its_pictures_are(folder: str, limit: int, plates, request) -> None:
    path = str(request.getfixturevalue(folder))
    monitor = open_monitor(path, device="cpu", max_new_tokens=limit)
    for mode in (Mode.THINKING, Mode.REFLECTIVE):
        same(monitor.inspect_batch(plates, mode=mode), [inspect(monitor, image, mode=mode) for image in plates])


@pytest.mark.slow
def test_drawn_parts_are_inspected_in_a_batch_as_one_by_one() -> None:
    monitor = open_monitor("demo", device="cpu", max_new_tokens=260)
    names = [category.name for category in CATEGORIES if not category.held_out]
    images = [draw(names[n % len(names)], seed=900 + n, size=224).image for n in range(12)]
    doubts = sorted(answer.doubt for answer in monitor.inspect_batch(images))
    monitor.threshold = (doubts[5] + doubts[6]) / 2
    for mode in Mode:
        together = monitor.inspect_batch(images, mode=mode)
        same(together, [inspect(monitor, image, mode=mode) for image in images])
        assert sum(answer.trace.reflected for answer in together) == {"auto": 6, "thinking": 0}.get(mode.value, 12)


@pytest.mark.parametrize("name", ["tiny", "spelled"])
def test_a_batch_writes_nothing_after_its_longest_answer(unsteered, plates, monkeypatch, name: str) -> None:
    monitor = unsteered[name]
    expected = monitor.answer_batch(plates)
    generate, lengths = monitor._model.generate, []

    def measured(**options: object) -> torch.Tensor:
        written = generate(**options)
        lengths.append(written.shape[1] - options["input_ids"].shape[1])
        return written

    monkeypatch.setattr(monitor._model, "generate", measured)
    monkeypatch.setattr(monitor._model.generation_config, "eos_token_id", None)  # a model that would write on and on
    assert monitor.answer_batch(plates) == expected
    longest = max(len(monitor._spelling.tokens_of(text)) for text in expected)
    assert lengths == [longest]
    assert longest < TOKENS


def test_an_empty_batch_has_no_answers(monitors) -> None:
    assert monitors["tiny"].answer_batch([]) == monitors["tiny"].inspect_batch([]) == []


def test_a_drawn_batch_follows_its_seed_and_leaves_the_global_one_alone(monitors, plates) -> None:
    state = torch.get_rng_state()
    first = monitors["tiny"].answer_batch([plates[1]] * 16, sample=True, seed=1)
    assert first == monitors["tiny"].answer_batch([plates[1]] * 16, sample=True, seed=1)
    assert len(set(first)) > 1
    assert torch.equal(torch.get_rng_state(), state)


# Pictures


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "CMYK", "I;16"])
def test_pictures_of_every_mode_and_of_one_pixel_are_taken(monitors, mode: str) -> None:
    assert inspect(monitors["random"], Image.new(mode, (1, 1))).tokens > 0


def test_a_picture_much_longer_than_wide_is_refused_in_words(monitors) -> None:
    with pytest.raises(BadImage, match="200 times as long as wide"):
        inspect(monitors["tiny"], Image.new("RGB", (1001, 5)))
    assert inspect(monitors["tiny"], Image.new("RGB", (1000, 5))).tokens > 0
