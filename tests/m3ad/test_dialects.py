"""Dialects: what each family is told, recorded forms of their answers, and any text at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from m3ad import trace
from m3ad.dialects import DIALECTS, OWN, named, read_as, recognise
from m3ad.dialects.base import resized
from m3ad.errors import ModelUnavailable
from m3ad.geometry import Box
from m3ad.prompts import QUESTION, SYSTEM, conversation, prompt_version
from m3ad.taxonomy import default_taxonomy

THINK = "<think>A metal plate. There is a scratch.</think>"


def tags(place: str) -> str:
    """The answer as all are asked for it, with a place in a family's own notation."""
    return f"{THINK}<type>scratch</type><location>{place}</location><answer>yes</answer>"


# (dialect, what the model wrote, the size of the picture it saw); each has one scratch at the same place. The forms are
# those of the models' own documentation; that of each dialect's task comes first.
SEEN = (800, 400)
SCRATCH = Box(0.1, 0.25, 0.3, 0.5)
RECORDED = [
    ("qwen2-vl", tags("<|box_start|>(100,250),(300,500)<|box_end|>")),
    ("qwen2-vl", tags("(100,250),(300,500)")),  # a server left the marks out
    (
        "qwen2-vl",
        "Yes. <|object_ref_start|>scratch<|object_ref_end|><|box_start|>(100,250),(300,500)<|box_end|>",
    ),
    ("qwen2.5-vl", tags('[{"bbox_2d": [80, 100, 240, 200], "label": "scratch"}]')),
    ("qwen2.5-vl", 'Yes.\n```json\n[\n\t{"bbox_2d": [80, 100, 240, 200], "label": "scratch"}\n]\n```'),
    ("qwen2.5-vl", '```json\n[\n\t{"bbox_2d": [80, 100, 240, 200], "label": "scratch"}\n]\n```'),
    ("qwen3-vl", tags('[{"bbox_2d": [100, 250, 300, 500], "label": "scratch"}]')),
    ("qwen3-vl", 'Yes, there is a defect.\n```json\n[{"bbox_2d": [100, 250, 300, 500], "label": "scratch"}]\n```'),
    (
        "qwen3-vl-thinking",
        "So the answer is <answer>no</answer>? No: there is a scratch.\n</think>\n\n"
        '<type>scratch</type><location>[{"bbox_2d": [100, 250, 300, 500], "label": "scratch"}]</location>'
        "<answer>yes</answer>",
    ),
    (
        "qwen3-vl-thinking",
        'Got it. There is a scratch.</think>\n\nYes.\n```json\n[{"bbox_2d": [100, 250, 300, 500], '
        '"label": "scratch"}]\n```',
    ),
    ("internvl", tags("<ref>scratch</ref><box>[[100, 250, 300, 500]]</box>")),
    ("internvl", tags("scratch[[100, 250, 300, 500]]")),  # a server left the marks out
    ("internvl", "Yes, <ref>scratch</ref><box>[[100, 250, 300, 500]]</box>."),
    ("llava-onevision", tags("[0.100, 0.250, 0.300, 0.500]")),
    ("openai", tags("[0.100, 0.250, 0.300, 0.500]")),
    ("openai", f"```xml\n{tags('[0.100, 0.250, 0.300, 0.500]')}\n```"),
    ("gemini", tags('[{"box_2d": [250, 100, 500, 300], "label": "scratch"}]')),
    ("gemini", tags("[250, 100, 500, 300]")),
    ("gemini", '```json\n[\n  {"box_2d": [250, 100, 500, 300], "label": "scratch"}\n]\n```'),
]


@pytest.mark.parametrize(("name", "text"), RECORDED)
def test_recorded_answers_give_their_box_as_fractions(name: str, text: str) -> None:
    read = DIALECTS[name].read(text, SEEN)
    assert read.text == text
    assert read.verdict.anomalous
    assert [(defect.type, defect.box) for defect in read.verdict.defects] == [("scratch", SCRATCH)]
    assert read_as(DIALECTS[name].reading(SEEN), text) == read


@pytest.mark.parametrize("name", [name for name in DIALECTS if name not in ("anomaly-r1", "iad-r1")])
def test_the_form_that_is_asked_for_is_no_problem(name: str) -> None:
    text = next(text for each, text in RECORDED if each == name)
    codes = {problem.code for problem in DIALECTS[name].read(text, SEEN).problems}
    assert codes <= ({"stray-tag"} if name == "qwen3-vl-thinking" else set())  # it drafts an answer in its thinking


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("text", ["<answer>no</answer>", "No.", "No, there are no defects in the test image."])
def test_a_no_is_a_no_in_every_dialect(name: str, text: str) -> None:
    assert DIALECTS[name].read(text).verdict.anomalous is False


def test_several_boxes_of_internvl_keep_their_types() -> None:
    scratches = "<ref>scratch</ref><box>[[0, 0, 100, 100], [200, 0, 300, 100]]</box>"
    read = DIALECTS["internvl"].read(f"Yes. {scratches}<ref>dent</ref><box>[[0, 500, 9, 900]]</box>")
    assert [(defect.type, defect.box.x1) for defect in read.verdict.defects] == [
        ("scratch", 0.0),
        ("scratch", 0.2),
        ("dent", 0.0),
    ]


def test_pixels_of_a_picture_whose_size_is_not_known_are_left_out_when_they_can_be_nothing_else() -> None:
    text = tags('[{"bbox_2d": [80, 100, 1240, 200], "label": "scratch"}]')
    read = DIALECTS["qwen2.5-vl"].read(text)
    assert read.verdict.defects[0].box is None
    assert "coordinates-pixels" in {problem.code for problem in read.problems}


@pytest.mark.parametrize(
    ("name", "place", "code", "box"),
    [
        ("qwen3-vl", "[0.1, 0.25, 0.3, 0.5]", "coordinates-fractions", SCRATCH),
        ("qwen3-vl", "[10%, 25%, 30%, 50%]", "coordinates-percent", SCRATCH),
        ("qwen3-vl", "[100, 250, 1300, 1500]", "coordinates-pixels", None),
        ("qwen3-vl", "[300, 500, 100, 250]", "reversed-corners", SCRATCH),
        ("qwen3-vl", "[100, 250, 300, 1010]", "clipped-box", Box(0.1, 0.25, 0.3, 1.0)),
        ("qwen2.5-vl", "[80, 100, 240, 900]", "coordinates-pixels", None),
        ("qwen3-vl", "upper left", "location-in-words", None),
    ],
)
def test_other_units_than_the_familys_own_are_told(name: str, place: str, code: str, box: Box | None) -> None:
    read = DIALECTS[name].read(tags(place), SEEN)
    assert code in {problem.code for problem in read.problems}
    assert [defect.box for defect in read.verdict.defects] == [box]


def test_boxes_of_other_things_than_defects_are_no_answer() -> None:
    text = '```json\n[{"bbox_2d": [0, 0, 900, 900], "label": "bottle"}]\n```'
    assert DIALECTS["qwen3-vl"].read(text).verdict is None
    assert DIALECTS["qwen3-vl"].read(f"Yes.\n{text}").verdict.anomalous


def test_thinking_that_was_cut_off_is_no_answer() -> None:
    read = DIALECTS["qwen3-vl-thinking"].read("<think>It may be <answer>yes</answer>, but wait")
    assert read.verdict is None
    assert read.think.startswith("It may be")


@pytest.mark.parametrize(
    ("answer", "anomalous"),
    [("A", True), ("B", False), ("b.", False), ("(A)", True), ("A. Yes.", True), ("A. No", None), ("C", None)],
)
def test_the_letters_of_anomaly_r1_mean_yes_and_no(answer: str, anomalous: bool | None) -> None:
    verdict = DIALECTS["anomaly-r1"].read(f"<think>A plate.</think><answer>{answer}</answer>").verdict
    assert (verdict.anomalous if verdict else None) is anomalous


def test_iad_r1_says_the_place_in_words() -> None:
    text = "<think>There is a dent.</think><location>upper left</location><type>dent</type><answer>yes</answer>"
    read = DIALECTS["iad-r1"].read(text)
    assert [(defect.type, defect.box) for defect in read.verdict.defects] == [("dent", None)]
    assert read.problems == ()


def test_unknown_types_are_told_and_known_ones_go_by_their_aliases() -> None:
    read = DIALECTS["qwen3-vl"].read(
        tags('[{"bbox_2d": [1, 2, 30, 40], "label": "x"}]').replace("scratch</t", "gnarl</t")
    )
    assert "type-unknown" in {problem.code for problem in read.problems}


PIECES = [
    *"<>[]{}(),:;\"'\n 0123456789.-",
    *("<think>", "</think>", "<answer>", "</answer>", "<type>", "<location>", "</location>", "yes", "no", "scratch"),
    *(
        "<|box_start|>",
        "<|box_end|>",
        "<|object_ref_start|>",
        "<|object_ref_end|>",
        "<ref>",
        "</ref>",
        "<box>",
        "</box>",
    ),
    *('{"bbox_2d": [', '{"box_2d": [', '"label": "', "[[", "]]", "(1,2),(3,4)", "1e999", "nan", "```json"),
]


@given(
    st.sampled_from(list(DIALECTS)),
    st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)),
    st.none() | st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
)
def test_any_text_is_read(name: str, text: str, seen: tuple[int, int] | None) -> None:
    read = DIALECTS[name].read(text, seen)
    assert read.text == text
    for defect in read.verdict.defects if read.verdict else ():
        assert defect.box is None or (
            0 <= defect.box.x1 < defect.box.x2 <= 1 and 0 <= defect.box.y1 < defect.box.y2 <= 1
        )
    assert read_as(DIALECTS[name].reading(seen), text) == read


@given(st.text(max_size=30), st.sampled_from(["", THINK, "<answer>no</answer>"]))
def test_a_reading_that_nobody_knows_is_read_as_ra_monitors(reading: str, text: str) -> None:
    if reading.partition(" ")[0] not in DIALECTS:
        assert read_as(reading, text) == trace.read(text)


@pytest.mark.parametrize(
    "piece", ["[{", "{", "<ref>", "<box>[[1,", "<|box_start|>(1", '{"bbox_2d": [1', "</think>", "1 "]
)
def test_a_model_caught_in_a_loop_is_read_at_once(piece: str) -> None:
    for dialect in DIALECTS.values():
        begun = time.perf_counter()
        dialect.read(piece * (40_000 // len(piece)), (100, 100))
        assert time.perf_counter() - begun < 3


# What they are told


def test_the_words_for_ra_monitor_have_not_changed() -> None:
    assert (prompt_version(None), prompt_version(SYSTEM)) == ("06cb2fc14a5c", "ec3e918d4013")


@pytest.mark.parametrize("name", DIALECTS)
def test_nobody_is_told_that_a_defect_is_there(name: str) -> None:
    dialect = DIALECTS[name]
    *before, user = dialect.messages
    picture, question = user["content"]
    assert picture == {"type": "image"}
    assert question["text"].startswith(QUESTION)
    if before:
        told = before[0]["content"][0]["text"]
        assert "asked whether the part in it has defects" in told
        assert "If it has none: <answer>no</answer>" in told
        assert all(
            node.name in told for tree in default_taxonomy().classes().values() for t in tree.values() for node in t
        )
        assert "reflection" not in told


def test_those_who_are_told_the_same_have_the_same_version() -> None:
    assert DIALECTS["openai"].prompt == DIALECTS["llava-onevision"].prompt
    assert DIALECTS["iad-r1"].prompt == prompt_version(None)
    assert DIALECTS["iad-r1"].messages == conversation(None)
    assert len({dialect.prompt for dialect in DIALECTS.values()}) == len(DIALECTS) - 1


# How they are recognised


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        ("Qwen/Qwen2-VL-7B-Instruct", "qwen2-vl"),
        ("Qwen/Qwen2.5-VL-72B-Instruct", "qwen2.5-vl"),
        ("qwen2_5-vl-3b", "qwen2.5-vl"),
        ("Qwen/Qwen3-VL-4B-Instruct", "qwen3-vl"),
        ("Qwen/Qwen3-VL-8B-Thinking", "qwen3-vl-thinking"),
        ("OpenGVLab/InternVL3_5-8B-HF", "internvl"),
        ("llava-hf/llava-onevision-qwen2-7b-si-hf", "llava-onevision"),
        ("gemini-2.5-flash-lite", "gemini"),
        ("google/gemini-3-pro-preview", "gemini"),
        ("gpt-5.1-mini", "openai"),
        ("openai/gpt-5.2", "openai"),
        ("IAD-R1(Qwen2.5-VL-Instruct-3B)", "iad-r1"),
        ("Anomaly-R1-Qwen2.5-VL-3B", "anomaly-r1"),
        ("yanhui01/RA-Monitor(Qwen3-VL-4B-Instruct)", None),
        ("whole-tags", None),
        ("my-qwen3-vl", None),
    ],
)
def test_a_model_is_recognised_by_its_name(model: str, dialect: str | None) -> None:
    found = recognise(model)
    assert (found.name if found else None) == dialect


def test_a_model_without_a_telling_name_is_recognised_by_its_architecture() -> None:
    found = {kind: recognise("best", kind) for kind in ("qwen2_vl", "qwen2_5_vl", "internvl", "llava_onevision")}
    assert [dialect.name for dialect in found.values()] == ["qwen2-vl", "qwen2.5-vl", "internvl", "llava-onevision"]
    assert recognise("best", "qwen3_vl") is None


def test_a_dialect_is_chosen_by_its_name() -> None:
    assert named("gemini") is DIALECTS["gemini"]
    assert named(OWN) is None
    with pytest.raises(ModelUnavailable, match="ra-monitor, qwen2-vl"):
        named("klingon")


@given(st.integers(1, 1024), st.integers(1, 1024))
def test_the_size_that_qwen_sees_is_that_of_its_processor(width: int, height: int) -> None:
    if max(width, height) <= 200 * min(width, height):
        high, wide = smart_resize(height, width, factor=28, min_pixels=56 * 56, max_pixels=12845056)
        assert resized((width, height), 28) == (wide, high)
