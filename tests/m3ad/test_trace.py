"""The output format: written exactly, and read from everything that models really write."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from m3ad.geometry import Box
from m3ad.records import Defect, Trace, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.trace import StreamParts, read, render, split_stream
from m3ad.trace_boxes import MAX_DEFECTS
from m3ad.trace_problems import SENTENCES

THINK = "<think>One pin leans. There is a bent pin.</think>"
BENT_BOX = Box(0.383, 0.706, 0.409, 0.801)
BENT = Verdict(True, (Defect("bent", BENT_BOX),))
TWO = Verdict(True, (Defect("bent", BENT_BOX), Defect("scratch", Box(0.1, 0.2, 0.3, 0.4))))
YES = Verdict(True)
NO = Verdict(False)
NOWHERE = Verdict(True, (Defect("bent"),))


def _answer(location: str, types: str = "bent", answer: str = "yes") -> str:
    return f"{THINK}<type>{types}</type><location>{location}</location><answer>{answer}</answer>"


TWO_BOXES = "(0.383,0.706) (0.409,0.801); (0.100,0.200) (0.300,0.400)"

# (text, verdict, codes of its problems without "no-think"); the trailing comment names the case
VARIANTS = [
    # --- the format itself
    (_answer("(0.383,0.706) (0.409,0.801)"), BENT, []),  # exact
    (_answer(TWO_BOXES, "bent; scratch"), TWO, []),  # two defects
    (f"{THINK}<answer>no</answer>", NO, []),  # normal part
    (f"{THINK}<reflection>Kept.</reflection><answer>no</answer>", NO, []),  # reflective mode
    (f"{THINK}\n\n<type>bent</type>\n<location>(0.383,0.706) (0.409,0.801)</location>\n<answer>yes</answer>\n", BENT,
     []),  # blanks
    # --- answers
    (f"{THINK}<answer>No</answer>", NO, []),  # capital
    (f"{THINK}<answer>NO.</answer>", NO, []),  # capitals and a stop
    (f"{THINK}<answer> **no** </answer>", NO, []),  # markdown
    (f"{THINK}<answer>No, the part is fine.</answer>", NO, ["answer-in-words"]),  # with a reason
    (f"{THINK}<answer>yes, there is a scratch</answer>", YES,
     ["answer-in-words", "verdict-yes-without-defects"]),  # with a reason
    (f"{THINK}<answer>normal</answer>", NO, ["answer-in-words"]),  # another word
    (f"{THINK}<answer>There are no defects.</answer>", NO, ["answer-in-words"]),  # a sentence
    (f"{THINK}<answer>true</answer>", YES, ["answer-in-words", "verdict-yes-without-defects"]),  # boolean
    (f"{THINK}<answer>maybe</answer>", None, ["answer-unreadable"]),  # hedge
    (f"{THINK}<answer>yes/no</answer>", None, ["answer-unreadable"]),  # the choice copied
    (f"{THINK}<answer>yes or no</answer>", None, ["answer-unreadable"]),  # the choice copied
    (f"{THINK}<answer>Yes, there are no defects.</answer>", None, ["answer-unreadable"]),  # contradicts itself
    (f"{THINK}<answer>\u662f</answer>", None, ["answer-unreadable"]),  # another language
    (f"{THINK}<answer></answer>", None, ["empty-tag", "no-answer"]),  # empty
    (f"{THINK}<answer>no</answer><answer>no</answer>", NO, ["duplicate-tag"]),  # said twice
    (f"{THINK}<answer>no</answer><answer>yes</answer>", None, ["duplicate-tag", "answers-contradict"]),  # yes and no
    (_answer("(0.383,0.706) (0.409,0.801)", answer="no"), NO, ["verdict-no-with-defects"]),  # no, yet defects
    (_answer("none", "none", "no"), NO, []),  # normal with fields that say "none"
    (_answer("", "", "no"), NO, ["empty-tag"]),  # normal with empty fields
    (f"{THINK}<answer>yes</answer>", YES, ["verdict-yes-without-defects"]),  # yes and nothing more
    # --- tags
    ("One pin leans.</think><answer>no</answer>", NO, ["missing-open-tag"]),  # <think> is in the prompt
    ("One pin leans.<answer>no</answer>", NO, ["no-think-tag"]),  # no think tags at all
    ("<think>One pin leans.<answer>no</answer>", NO, ["missing-close-tag"]),  # think never closed
    (f"{THINK}<reflection>Kept.<answer>no</answer>", NO, ["missing-close-tag"]),  # reflection never closed
    (f"{THINK}<type>bent<location>(0.383,0.706) (0.409,0.801)<answer>yes", BENT, ["missing-close-tag"]),  # none closed
    (f"{THINK}<answer>no", NO, ["missing-close-tag"]),  # broken off at the end
    (f"{THINK}<THINK></THINK><ANSWER>no</ANSWER>", NO, ["empty-tag", "duplicate-tag"]),  # capitals
    (f"{THINK}< answer >no< / answer >", NO, []),  # blanks inside tags
    (f"{THINK}\uff1canswer\uff1eno\uff1c/answer\uff1e", NO, []),  # full-width brackets
    ("<thinking>Fine.</thinking><final_answer>no</final_answer>", NO, ["tag-name"]),  # other names
    (f"{THINK}<answer>no<answer>", NO, ["missing-close-tag", "empty-tag", "duplicate-tag"]),  # slash forgotten
    (f"{THINK}</reflection><answer>no</answer>", NO, ["stray-tag"]),  # closed, never opened
    ("<think>I will write <answer>yes</answer> or no.</think><answer>no</answer>", NO, ["stray-tag"]),  # talks of tags
    (f"<answer>no</answer>{THINK}", NO, ["wrong-order"]),  # answer first
    (f"{THINK}<answer>no</answer> Have a nice day!", NO, ["text-outside-tags"]),  # chatter
    (f"{THINK}<answer>no</answer><|im_end|>", NO, ["special-token"]),  # control token
    (f"```xml\n{THINK}<answer>no</answer>\n```", NO, []),  # code fence
    (f"{THINK}<answer><type>bent</type><location>(0.383,0.706) (0.409,0.801)</location>yes</answer>", BENT,
     ["missing-close-tag", "empty-tag", "missing-open-tag", "duplicate-tag"]),  # answer around everything
    (f"{THINK}<answer>yes, type: bent, location: (0.383,0.706) (0.409,0.801)</answer>", BENT,
     ["nested-fields"]),  # labels inside
    (f"{THINK}<type>bent</type><location>(0.383,0.706) (0.409,0.801)</location>"
     "<type>scratch</type><location>(0.100,0.200) (0.300,0.400)</location><answer>yes</answer>", TWO,
     ["duplicate-tag"]),  # one pair of tags for each defect
    (f"{THINK}<type>bent</type><location>(0.383,0.7", None,
     ["missing-close-tag", "bad-coordinates", "no-answer"]),  # cut off
    ("<think>The image shows a", None, ["missing-close-tag", "no-answer"]),  # cut off early
    # --- no tags
    ("", None, ["empty-text", "no-answer"]),  # nothing
    (" \n ", None, ["empty-text", "no-answer"]),  # blanks
    ("Yes.", YES, ["no-answer-tag", "verdict-yes-without-defects"]),  # bare yes
    ("YES", YES, ["no-answer-tag", "verdict-yes-without-defects"]),  # bare capitals
    ("no", NO, ["no-answer-tag"]),  # bare no
    ("Yes, there is a scratch.", YES, ["no-answer-tag", "answer-in-words", "verdict-yes-without-defects"]),  # sentence
    ("The part is defective.", YES, ["no-answer-tag", "answer-in-words", "verdict-yes-without-defects"]),  # statement
    ("The image shows a bottle.", None, ["no-answer-tag", "answer-unreadable"]),  # description
    ("I cannot help with that.", None, ["no-answer-tag", "answer-unreadable"]),  # refusal
    ("answer: yes, type: bent, location: (0.383,0.706) (0.409,0.801)", BENT, ["no-tags"]),  # the figure's own notation
    ("**Answer:** yes\n**Type:** bent\n**Location:** (0.383,0.706) (0.409,0.801)", BENT, ["no-tags"]),  # markdown
    ('{"answer": "yes", "type": "bent", "location": [0.383, 0.706, 0.409, 0.801]}', BENT, ["no-tags"]),  # JSON
    ('```json\n[{"bbox_2d": [383, 706, 409, 801], "label": "bent"}]\n```', BENT,
     ["no-answer-tag", "json-boxes", "coordinates-0-1000"]),  # Qwen's grounding answer
    ('[{"bbox_2d": [383, 706, 409, 801], "label": "bottle"}]', None,
     ["no-tags", "coordinates-0-1000", "no-answer"]),  # boxes of objects are no verdict
    ("[]", None, ["no-answer-tag", "answer-unreadable"]),  # an empty list is not "no defect"
    ("None", None, ["no-answer-tag", "answer-unreadable"]),  # a null is not "no defect"
    # --- types
    (_answer("(0.383,0.706) (0.409,0.801)", "Bent"), Verdict(True, (Defect("Bent", BENT_BOX),)), []),  # case is kept
    (_answer("(0.383,0.706) (0.409,0.801)", " **bent** "), BENT, []),  # markdown
    (_answer("(0.383,0.706) (0.409,0.801)", '["bent"]'), BENT, []),  # list of one
    (_answer("(0.383,0.706) (0.409,0.801)", "bent (structural)"), BENT, []),  # class in brackets
    (_answer("(0.383,0.706) (0.409,0.801)", "Structural Anomaly > Deformation > bent"), BENT, []),  # the whole path
    (_answer(TWO_BOXES, "bent, scratch"), TWO, ["type-separator"]),  # comma between known types
    (_answer(TWO_BOXES, "bent\nscratch"), TWO, ["type-separator"]),  # lines
    (_answer(TWO_BOXES, "- bent\n- scratch"), TWO, ["type-separator"]),  # bullets
    (_answer(TWO_BOXES, "1. bent\n2. scratch"), TWO, ["type-separator"]),  # numbers
    (_answer(TWO_BOXES, '["bent", "scratch"]'), TWO, ["type-separator"]),  # JSON list
    (_answer(TWO_BOXES, "bent and scratch"), TWO, ["type-separator"]),  # and
    (_answer(TWO_BOXES, "bent\uff1bscratch"), TWO, []),  # full-width semicolon
    (_answer("(0.383,0.706) (0.409,0.801)", "odd, very odd"), Verdict(True, (Defect("odd, very odd", BENT_BOX),)),
     ["type-unknown"]),  # comma inside an unknown type
    (_answer("(0.383,0.706) (0.409,0.801)", ""), Verdict(True, (Defect("unknown", BENT_BOX),)),
     ["empty-tag", "type-missing"]),  # place without type
    (f"{THINK}<type>bent</type><answer>yes</answer>", NOWHERE, ["box-missing"]),  # type without place
    (_answer("(0.383,0.706) (0.409,0.801)", "bent; scratch"),
     Verdict(True, (Defect("bent", BENT_BOX), Defect("scratch"))), ["count-mismatch", "box-missing"]),  # too few boxes
    (_answer(TWO_BOXES, "bent"), Verdict(True, (TWO.defects[0], Defect("bent", TWO.defects[1].box))),
     ["count-mismatch"]),  # one type for all boxes
    (_answer("(0.383,0.706) (0.409,0.801); (0.383,0.706) (0.409,0.801)", "bent; bent"), Verdict(True, BENT.defects * 2),
     ["duplicate-defect"]),  # the same twice: both are kept, or repeating would be free
    # --- boxes
    (_answer("(383,706) (409,801)"), BENT, ["coordinates-0-1000"]),  # thousandths
    (_answer("[383, 706, 409, 801]"), BENT, ["coordinates-0-1000"]),  # Qwen's list
    (_answer("[0.383, 0.706, 0.409, 0.801]"), BENT, []),  # flat list
    (_answer("[[0.383, 0.706], [0.409, 0.801]]"), BENT, []),  # nested list
    (_answer("[\n  383,\n  706,\n  409,\n  801\n]"), BENT, ["coordinates-0-1000"]),  # pretty-printed
    (_answer("0.383 0.706 0.409 0.801"), BENT, []),  # bare numbers
    (_answer("x1=0.383, y1=0.706, x2=0.409, y2=0.801"), BENT, []),  # named numbers
    (_answer("top left (0.383,0.706), bottom right (0.409,0.801)"), BENT, []),  # named corners
    (_answer("Box 1: (0.383,0.706) (0.409,0.801)"), BENT, []),  # numbered box
    (_answer("1. (0.383,0.706) (0.409,0.801)\n2. (0.1,0.2) (0.3,0.4)", "bent; scratch"), TWO, []),  # numbered lines
    (_answer("(0.383,0.706) (0.409,0.801), (0.1,0.2) (0.3,0.4)", "bent; scratch"), TWO, []),  # comma between boxes
    (_answer("(0.383,0.706); (0.409,0.801)"), BENT, []),  # semicolon between corners
    (_answer("<box>(383,706),(409,801)</box>"), BENT, ["coordinates-0-1000"]),  # box tags
    (_answer("<|box_start|>(383,706),(409,801)<|box_end|>"), BENT, ["special-token", "coordinates-0-1000"]),  # Qwen2
    (_answer('[{"bbox_2d": [383, 706, 409, 801], "label": "bent"}]'), BENT,
     ["json-boxes", "coordinates-0-1000"]),  # JSON
    (_answer('[{"bbox_2d": [383, 706, 409, 801], "label": "bent"}', ""), BENT,
     ["empty-tag", "json-boxes", "coordinates-0-1000"]),  # broken JSON whose label is the type
    (_answer('{"box_2d": [706, 383, 801, 409]}'), BENT, ["json-boxes", "y-first", "coordinates-0-1000"]),  # y first
    (_answer('{"x": 0.375, "y": 0.5, "width": 0.25, "height": 0.125}'),
     Verdict(True, (Defect("bent", Box(0.375, 0.5, 0.625, 0.625)),)), ["json-boxes", "width-height"]),  # sizes
    (_answer("\uff080.383\uff0c0.706\uff09\uff080.409\uff0c0.801\uff09"), BENT, []),  # full-width signs
    (_answer("(38.3%, 70.6%) (40.9%, 80.1%)"), BENT, ["coordinates-percent"]),  # percent
    (_answer("(3.83e-1,7.06e-1) (4.09e-1,8.01e-1)"), BENT, []),  # scientific
    (_answer("(.383,.706) (.409,.801)"), BENT, []),  # no leading zero
    (_answer("(0.409,0.801) (0.383,0.706)"), BENT, ["reversed-corners"]),  # corners exchanged
    (_answer("(0.409,0.706) (0.383,0.801)"), BENT, ["reversed-corners"]),  # top right first
    (_answer("(-0.1,0.5) (0.5,1.02)"), Verdict(True, (Defect("bent", Box(0, 0.5, 0.5, 1)),)), ["clipped-box"]),  # out
    (_answer("(0.5,0.5) (0.5,0.7)"), NOWHERE, ["degenerate-box"]),  # no width
    (_answer("(1200,300) (1400,500)"), NOWHERE, ["coordinates-pixels"]),  # pixels
    (_answer("(383px,706px) (409px,801px)"), NOWHERE, ["coordinates-pixels"]),  # pixels, said so
    (_answer("(0.383,0.706) (409,801)"), NOWHERE, ["coordinates-mixed"]),  # two units
    (_answer("(nan,0.706) (0.409,inf)"), NOWHERE, ["coordinates-not-finite"]),  # not a number
    (_answer("(1e999,0.1) (0.2,0.3)"), NOWHERE, ["coordinates-not-finite"]),  # too large for a float
    (_answer("(0.383,0.706) (0.409"), NOWHERE, ["bad-coordinates"]),  # three numbers
    (_answer("in the upper left corner"), NOWHERE, ["location-in-words"]),  # words
    (_answer("unknown"), NOWHERE, []),  # what `render` writes for an unknown place
]  # fmt: skip


@pytest.mark.parametrize(("text", "verdict", "codes"), VARIANTS)
def test_whatever_models_write_is_read(text: str, verdict: Verdict | None, codes: list[str]) -> None:
    trace = read(text)
    assert trace.verdict == verdict
    assert {problem.code for problem in trace.problems} - {"no-think"} == set(codes)
    assert trace.text == text


def test_the_table_covers_every_kind_of_problem() -> None:
    covered = {problem.code for text, *_ in VARIANTS for problem in read(text).problems}
    assert SENTENCES.keys() - covered == {
        "too-many-defects",  # has its own test below
        "coordinates-fractions",  # of models that are asked in a dialect of their own: tests/m3ad/test_dialects.py
        # these are found in what was read: tests/m3ad/test_contradictions.py
        "text-against-answer",
        "text-names-other-type",
        "text-names-other-place",
        "revises-but-keeps",
        "keeps-but-revises",
    }


def test_the_problems_stand_in_the_order_of_the_text_and_in_whole_sentences() -> None:
    trace = read("<think>x<type>odd</type><location>(9,9) (5,5)</location><answer>yes")
    assert [problem.code for problem in trace.problems] == [
        "missing-close-tag", "type-unknown", "coordinates-0-1000", "reversed-corners", "missing-close-tag"
    ]  # fmt: skip
    assert all(re.fullmatch(r"[A-Z<\"].*\.", problem.text) for problem in trace.problems)


def test_more_defects_than_anybody_can_look_at_are_cut_and_said() -> None:
    many = "; ".join(f"(0.1,0.{n:03d}) (0.2,0.9)" for n in range(1, MAX_DEFECTS + 9))
    trace = read(_answer(many))
    assert trace.verdict is not None
    assert len(trace.verdict.defects) == MAX_DEFECTS
    assert "too-many-defects" in {problem.code for problem in trace.problems}


def test_the_initial_verdict_is_the_one_before_the_reflection() -> None:
    trace = read("<think>I see no defects.</think><reflection>A pin is bent.</reflection><type>bent</type>"
                 "<location>(0.383,0.706) (0.409,0.801)</location><answer>yes</answer>")  # fmt: skip
    assert trace.initial == NO
    assert trace.verdict == BENT
    assert trace.reflection == "A pin is bent."
    assert trace.reflected


def test_the_text_before_a_lonely_closing_think_is_the_reasoning() -> None:
    assert read("The part looks normal.</think><answer>no</answer>").think == "The part looks normal."


def test_both_modes_are_written_exactly() -> None:
    assert render(BENT, "Seen.") == (
        "<think>Seen.</think><type>bent</type><location>(0.383,0.706) (0.409,0.801)</location><answer>yes</answer>"
    )
    assert render(TWO, "Seen.", "Kept.") == (
        "<think>Seen.</think><reflection>Kept.</reflection><type>bent; scratch</type>"
        "<location>(0.383,0.706) (0.409,0.801); (0.100,0.200) (0.300,0.400)</location><answer>yes</answer>"
    )
    assert render(NO, "Seen.") == "<think>Seen.</think><answer>no</answer>"


def test_a_hair_is_written_one_thousandth_wide_and_a_missing_place_in_a_word() -> None:
    thin = Verdict(True, (Defect("scratch", Box(0.5, 0.1, 0.50001, 0.9)), Defect("dent"), Defect("", Box(1, 0, 1, 1))))
    text = render(thin, "")
    assert "<type>scratch; dent; unknown</type>" in text
    assert "<location>(0.500,0.100) (0.501,0.900); unknown; (0.999,0.000) (1.000,1.000)</location>" in text


@pytest.mark.parametrize("text", ["a <answer>", "</THINK>", "< type >"])
def test_a_text_that_could_not_be_read_back_is_not_written(text: str) -> None:
    with pytest.raises(ValueError, match="holds a tag"):
        render(NO, text)
    with pytest.raises(ValueError, match="holds a tag"):
        render(NO, "", text)
    with pytest.raises(ValueError, match="holds one of"):
        render(Verdict(True, (Defect(text),)), "")


THOUSANDTHS = st.integers(0, 999)
BOXES = st.builds(
    lambda x, y, w, h: Box(x / 1000, y / 1000, min(1000, x + w) / 1000, min(1000, y + h) / 1000),
    THOUSANDTHS, THOUSANDTHS, st.integers(1, 1000), st.integers(1, 1000),
)  # fmt: skip
NAMES = st.sampled_from([name for node in default_taxonomy().types for name in (node.name, *node.aliases)])
VERDICTS = st.one_of(
    st.just(NO),
    st.lists(st.builds(Defect, NAMES, st.one_of(st.none(), BOXES)), max_size=5).map(
        lambda defects: Verdict(True, tuple(defects))
    ),
)
PROSE = st.text(max_size=80).map(str.strip).filter(lambda text: not re.search(r"[<\uff1c]", text))


@given(VERDICTS, PROSE, st.one_of(st.none(), PROSE))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back_unchanged(verdict: Verdict, think: str, reflection: str | None) -> None:
    trace = read(render(verdict, think, reflection))
    assert (trace.verdict, trace.think, trace.reflection) == (verdict, think, reflection)


PIECES = st.sampled_from(
    [f"<{slash}{name}>" for name in ("think", "reflection", "type", "location", "answer") for slash in ("", "/")]
    + ["<", ">", "/", ";", ",", "yes", "no", "bent", "scratch", "normal", ".", "unknown", "(0.1,0.2)", "(0.3,0.4)"]
    + ["[1,2,3,4]", "500", "nan", "1e999", "50%", "{", "}", '"', "bbox_2d", "label", ":", "<|im_end|>", "```", "\n"]
)
LISTS = st.lists(PIECES, max_size=30)
MESSES = st.one_of(st.text(max_size=200), LISTS.map("".join), LISTS.map(" ".join))


@given(MESSES)
@settings(max_examples=250, deadline=None)
def test_any_text_is_read_and_nothing_unread_is_called_normal(text: str) -> None:
    trace = read(text)
    assert isinstance(trace, Trace)
    assert all(problem.text == problem.text.strip() for problem in trace.problems)
    if trace.verdict == NO:
        assert re.search(r"no|false|normal|good|ok|fine|intact|free", text, re.IGNORECASE)
    if trace.verdict is None:
        assert {p.code for p in trace.problems} & {"no-answer", "answer-unreadable", "answers-contradict"}
    for verdict in (trace.verdict, trace.initial):
        for defect in verdict.defects if verdict else ():
            assert defect.box is None or (not defect.box.degenerate and defect.box == defect.box.clipped())


@given(MESSES, MESSES, MESSES)
@settings(max_examples=150, deadline=None)
def test_what_was_read_can_be_written_and_then_stays_the_same(think: str, types: str, places: str) -> None:
    first = read(f"<think>{think}</think><type>{types}</type><location>{places}</location><answer>yes</answer>")
    assume(first.verdict is not None)
    second = read(render(first.verdict, first.think, first.reflection))
    assert (second.think, second.reflection) == (first.think, first.reflection)
    assert second.verdict.anomalous == first.verdict.anomalous
    third = read(render(second.verdict, second.think, second.reflection))
    assert (third.verdict, third.think, third.reflection) == (second.verdict, second.think, second.reflection)


N = 60_000
HOSTILE = [
    "<", "<think>", "<type>", "</think>", "<<think>think>", "<|", "(", "[", "{", "{'label':'", "9", "1.", "1,", " ",
    "\n", "no ", "bent;", "bent,", ";", "- ", '"', "\ufdfa", "there is a scratch and ", "not ", "answer: ", "type:,",
    "a", "'",
]  # fmt: skip
FRAMES = ["{}", "<think>{}</think><answer>{}</answer>", "<type>{}</type><location>{}</location>"]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("frame", FRAMES)
def test_hostile_text_costs_no_more_than_a_moment(piece: str, frame: str) -> None:
    text = piece * (N // len(piece))
    started = time.thread_time()
    read(frame.replace("{}", text))
    split_stream(text)
    assert time.thread_time() - started < 20.0  # anything quadratic would take minutes; under coverage 4 s were seen


STREAMED = (
    "<think>One pin leans.</think><reflection>It does.</reflection>"
    "<type>bent</type><location>(0.1,0.2) (0.3,0.4)</location><answer>yes</answer>"
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", StreamParts("", "", "")),  # nothing yet
        ("<thi", StreamParts("", "", "")),  # tag begun
        ("<think>One pi", StreamParts("One pi", "", "")),  # in the middle of a word
        ("<think>One pin leans.</thi", StreamParts("One pin leans.", "", "")),  # closing tag begun
        ("<think>One pin leans.</think><", StreamParts("One pin leans.", "", "")),  # next tag begun
        ("<think>One pin leans.</think><reflection>It", StreamParts("One pin leans.", "It", "")),  # reflecting
        (STREAMED[: STREAMED.index("</type>") + 3], StreamParts("One pin leans.", "It does.", "bent")),  # first field
        (STREAMED, StreamParts("One pin leans.", "It does.", "bent · (0.1,0.2) (0.3,0.4) · yes")),  # all
        ("One pin", StreamParts("One pin", "", "")),  # <think> is in the prompt
        ("One pin leans.</think><answer>n", StreamParts("One pin leans.", "", "n")),  # <think> is in the prompt
    ],
)
def test_a_text_still_being_written_is_split_into_its_parts(text: str, parts: StreamParts) -> None:
    assert split_stream(text) == parts


@pytest.mark.parametrize("end", range(len(STREAMED) + 1))
def test_no_sign_of_a_tag_is_ever_shown_while_a_text_streams_in(end: int) -> None:
    parts = split_stream(STREAMED[:end])
    assert "<" not in parts.think + parts.reflection + parts.answer
    assert "One pin leans.".startswith(parts.think)
    assert "It does.".startswith(parts.reflection)
