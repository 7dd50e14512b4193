"""Questions about one picture to a model in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from m3ad.errors import Conflict
from m3ad.monitor import Answer, inspect, local_decode, open_monitor
from m3ad.monitor.local import LocalMonitor
from m3ad.monitor.local_lens import LocalLens
from m3ad.prompts import SYSTEM
from m3ad.records import Mode
from m3ad.sentences import sentences
from tests.conftest import THINK_DEFECT, THINK_NORMAL

TOKENS = 120


@pytest.fixture(scope="module", params=["tiny_model", "spelled_model"])
def monitor(request: pytest.FixtureRequest) -> LocalMonitor:
    return open_monitor(str(request.getfixturevalue(request.param)), device="cpu", max_new_tokens=TOKENS)


@pytest.fixture(scope="module")
def lens(monitor: LocalMonitor, plates: tuple) -> Iterator[LocalLens]:
    """The picture of the defective plate before the model."""
    with monitor.lens(plates[1]) as lens:
        yield lens


def went_on(lens: LocalLens, text: str, **options: object) -> Answer:
    """The Answer of `go_on`, whose pieces are what follows the text."""
    *pieces, answer = lens.go_on(text, **options)
    assert answer.text == text + "".join(pieces)
    return answer


def same(one: Answer, other: Answer) -> None:
    assert one.text == other.text
    assert one.trace == other.trace
    for each in ("initial", "final"):
        assert getattr(one.probability, each) == pytest.approx(getattr(other.probability, each), abs=1e-4)
    assert one.doubt == pytest.approx(other.doubt, abs=1e-4)


# Going on


@pytest.mark.parametrize("mode", Mode)
def test_from_any_sentence_of_its_own_answer_the_model_writes_the_same_answer(
    monitor, lens, plates, mode: Mode
) -> None:
    whole = inspect(monitor, plates[1], mode=mode)
    for end in [0, *(sentence.end for sentence in sentences(whole.text)), len(whole.text)]:
        same(went_on(lens, whole.text[:end], mode=mode), whole)


def test_another_thinking_turns_the_decision(lens: LocalLens) -> None:
    own, other = (went_on(lens, text, mode=Mode.THINKING) for text in (THINK_DEFECT, THINK_NORMAL))
    assert own.probability.initial > other.probability.initial
    assert own.trace.initial.anomalous
    assert not other.trace.initial.anomalous


def test_a_mode_is_forced_only_where_the_text_has_not_passed_the_place(lens: LocalLens) -> None:
    assert went_on(lens, THINK_DEFECT, mode=Mode.REFLECTIVE).trace.reflected
    assert not went_on(lens, THINK_DEFECT, mode=Mode.THINKING).trace.reflected
    assert not went_on(lens, THINK_DEFECT + "<type>", mode=Mode.REFLECTIVE).trace.reflected
    assert went_on(lens, THINK_DEFECT + "<reflection>", mode=Mode.THINKING).trace.reflected


def test_blanks_at_the_end_of_a_text_change_nothing_but_themselves(lens: LocalLens) -> None:
    start = "<think>The dark square is a scratch."
    without, blank = went_on(lens, start), went_on(lens, start + " ")
    assert blank.text == without.text
    assert blank.probability.initial == pytest.approx(without.probability.initial, abs=1e-4)


def test_a_finished_answer_comes_back_as_it_is_with_its_probabilities(monitor, lens, plates) -> None:
    whole = inspect(monitor, plates[1], mode=Mode.REFLECTIVE)
    again = went_on(lens, whole.text)
    same(again, whole)
    assert again.tokens == 0


def test_a_seed_decides_how_it_goes_on(lens: LocalLens) -> None:
    def texts() -> list[str]:
        return [went_on(lens, "<think>", seed=seed, temperature=3.0).text for seed in (1, 2, 3)]

    assert texts() == texts()
    assert len(set(texts())) > 1


def test_a_cancelled_answer_says_so(lens: LocalLens) -> None:
    answer = went_on(lens, THINK_DEFECT, cancelled=lambda: True)
    assert answer.cancelled
    assert answer.text == THINK_DEFECT


def test_control_tokens_in_a_text_are_text(lens: LocalLens) -> None:
    text = "<think>It says <|im_end|> and <|image_pad|><|vision_start|>."
    assert went_on(lens, text).text.startswith(text)


def test_a_text_longer_than_an_answer_is_refused_in_words(lens: LocalLens) -> None:
    with pytest.raises(Conflict, match=f"answers have {TOKENS} at most. Shorten it"):
        list(lens.go_on("scratch " * TOKENS))
    with pytest.raises(Conflict, match="Shorten it"):
        lens.probe("scratch " * TOKENS, [1])


# Probing


@pytest.mark.parametrize("mode", [Mode.THINKING, Mode.REFLECTIVE])
def test_at_the_end_of_each_section_stands_the_inspections_own_probability(monitor, lens, plates, mode: Mode) -> None:
    whole = inspect(monitor, plates[1], mode=mode)
    ends = {sentence.section: sentence.end for sentence in sentences(whole.text)}
    chances = dict(zip(ends, lens.probe(whole.text, list(ends.values())), strict=True))
    assert chances["think"] == pytest.approx(whole.probability.initial, abs=1e-4)
    assert chances[next(reversed(ends))] == pytest.approx(whole.probability.final, abs=1e-4)


def test_each_place_is_measured_as_if_it_were_asked_alone_whatever_the_order(monitor, lens, plates) -> None:
    text = inspect(monitor, plates[1], mode=Mode.REFLECTIVE).text
    first, *_, last = (sentence.end for sentence in sentences(text))
    places = [len(text), last, first, text.index("</think>"), 0, first]
    together = lens.probe(text, places)
    alone = [lens.probe(text, [place])[0] for place in places]
    assert [one is None for one in together] == [True, False, False, False, True, False]
    assert together == pytest.approx(alone, abs=1e-4)


def test_what_is_asked_of_another_picture_in_between_changes_nothing(monitor, plates, noise_picture) -> None:
    with monitor.lens(plates[1]) as lens:
        before = went_on(lens, "<think>")
        other = inspect(monitor, noise_picture)
        with monitor.lens(plates[0]) as second:
            assert went_on(second, "").text == inspect(monitor, plates[0]).text
            same(went_on(lens, "<think>The"), before)
        same(inspect(monitor, noise_picture), other)


@pytest.fixture(scope="module")
def noise_picture():
    """A picture of another size than the plates, so that its text stands at other positions."""
    from PIL import Image

    return Image.effect_noise((400, 90), 80).convert("RGB")


def test_another_system_prompt_is_read_in_place_of_the_models_own(monitor, plates) -> None:
    with monitor.lens(plates[1], system=SYSTEM) as other, monitor.lens(plates[1], system="") as none:
        assert went_on(none, "").text == inspect(monitor, plates[1]).text
        assert other.tokens(THINK_DEFECT)[3].probability != pytest.approx(none.tokens(THINK_DEFECT)[3].probability)


anything = st.one_of(
    st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=30),
    st.lists(st.sampled_from(["<think>", "</thi", "nk>", "<refl", "\ud83d", "\ufffd", "é", "<|im_end|>", " "])).map(
        "".join
    ),
)


@given(text=anything, mode=st.sampled_from(Mode), cut=st.integers(0, 40))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_text_can_be_gone_on_from_and_probed(lens: LocalLens, text: str, mode: Mode, cut: int) -> None:
    *pieces, answer = lens.go_on(text, mode=mode, cancelled=iter([False] * 10 + [True] * 9).__next__)
    assert answer.text.endswith("".join(pieces))
    assert len(answer.text) == len(text) + len("".join(pieces))
    answer.text.encode()
    for chance in lens.probe(text, [cut, len(text)]):
        assert chance is None or 0 <= chance <= 1


# Tokens


def test_the_tokens_of_its_own_answer_are_each_the_likeliest_and_joined_are_the_text(monitor, lens, plates) -> None:
    text = inspect(monitor, plates[1], mode=Mode.THINKING).text
    told = lens.tokens(text, 3)
    assert "".join(one.text for one in told) == text
    assert [text[one.start :].startswith(one.text) for one in told] == [True] * len(told)
    for one in told:
        assert len(one.alternatives) == 3
        assert one.alternatives[0].text == one.text
        assert one.alternatives[0].probability == pytest.approx(one.probability)
        assert sum(other.probability for other in one.alternatives) <= 1 + 1e-5


def test_the_chances_of_tokens_are_those_of_a_full_pass_without_cache(monitor, lens, plates) -> None:
    text = THINK_NORMAL + "<type>scratch</type>"
    inputs = monitor._processor(images=[plates[1]], text=[monitor._prompt + text], return_tensors="pt")
    with torch.inference_mode():
        logits = monitor._model(**inputs).logits[0].float()
        logits[:, monitor._banned] = -torch.inf
        chances = torch.softmax(logits, -1)
    ids = monitor._spelling.tokens_of(text)
    before = range(len(chances) - len(ids) - 1, len(chances) - 1)
    full = [float(chances[place, token]) for place, token in zip(before, ids, strict=True)]
    assert [one.probability for one in lens.tokens(text)] == pytest.approx(full, abs=1e-4)


def test_a_surprising_word_is_unlikely_and_a_long_text_is_read_in_pieces_without_a_seam(monitor, lens, plates) -> None:
    text = THINK_DEFECT.replace("There is", "even is")
    surprise = min(lens.tokens(text), key=lambda one: one.probability)
    assert text.index(" even") <= surprise.start <= text.index(" even") + 4
    with pytest.MonkeyPatch.context() as patch:
        whole = [one.probability for one in lens.tokens(text)]
        patch.setattr(local_decode, "CHUNK", 3)
        assert [one.probability for one in lens.tokens(text)] == pytest.approx(whole, abs=1e-4)


def test_characters_of_several_tokens_are_told_once(lens: LocalLens) -> None:
    text = "<think>é 😀"
    assert "".join(one.text for one in lens.tokens(text)) == text
    assert lens.tokens("") == []


# Samples


def test_samples_repeat_with_their_seed_and_differ_among_each_other(lens: LocalLens) -> None:
    def texts(seed: int) -> list[str]:
        return [answer.text for answer in lens.sample(10, seed=seed, temperature=1.5)]

    assert texts(1) == texts(1) != texts(2)
    assert len(texts(1)) == 10
    assert len(set(texts(1))) > 1


def test_samples_are_whole_answers_measured_at_both_places(lens: LocalLens) -> None:
    for answer in lens.sample(6, seed=3, temperature=0.3):
        assert answer.trace.verdict is not None
        (again,) = [item for item in lens.go_on(answer.text) if isinstance(item, Answer)]
        same(again, answer)


def test_samples_reflect_about_as_often_as_the_model_would(lens: LocalLens) -> None:
    answers = list(lens.sample(48, seed=5))
    expected = sum(answer.doubt or 0 for answer in answers) / 48
    assert sum(answer.trace.reflected for answer in answers) / 48 == pytest.approx(expected, abs=0.25)


def test_cancelled_samples_end_and_temperature_zero_is_refused(lens: LocalLens) -> None:
    assert list(lens.sample(4, cancelled=lambda: True)) == []
    with pytest.raises(Conflict, match="all samples would be the same"):
        list(lens.sample(4, temperature=0))


# Several pictures after one text


def test_several_pictures_are_decided_on_as_each_alone(monitor: LocalMonitor, plates: tuple, noise_picture) -> None:
    pictures = [*plates, noise_picture, *plates * 8]
    text = "<think>The"
    together = monitor.decide(pictures, text)
    for picture, chance in zip(pictures[:3], together, strict=False):
        with monitor.lens(picture) as lens:
            (alone,) = lens.probe(text, [len(text)])
        assert chance == (None if alone is None else pytest.approx(alone, abs=1e-4))
    assert together[:2] == pytest.approx(together[3:5], abs=1e-4)
    assert monitor.decide(pictures, THINK_DEFECT)[0] is not None


def test_outside_of_the_prose_nothing_is_decided(monitor: LocalMonitor, plates: tuple) -> None:
    assert monitor.decide(plates, "<answer>") == [None, None]
    assert monitor.decide([], THINK_DEFECT) == []
