"""A teacher that is asked over loopback: a server process of our own that answers and fails as real ones do."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from m3ad.errors import BadImage, CaseRefused, Halted, ModelUnavailable
from m3ad.geometry import Box
from m3ad.prompts import TEACHER
from m3ad.records import NORMAL, Defect, Mode, Scenario, Verdict
from m3ad.trace import read, render
from tests.server_process import free_port
from training import patience
from training.captioning import Captioned, Progress, build_examples_with
from training.captions import Caption
from training.launch import ROOT
from training.modes import LabelledCase
from training.teacher import Teacher, question_text, read_answer
from training.teacher_limits import Limits

pytestmark = pytest.mark.usefixtures("short_pauses")

BENT = Verdict(True, (Defect("bent", Box(0.5, 0.5, 0.7, 0.7)),))
SAYS_NO = read(render(NORMAL, "The pins are straight. There is no defect."))
FAST = Limits(requests_per_minute=60_000)


@pytest.fixture
def case(tmp_path: Path) -> LabelledCase:
    """A bent pin that the start model missed. Its picture is this test's own, so no other test asks the same."""
    Image.new("RGB", (120, 80), (random.randrange(256), 90, 90)).save(tmp_path / "part.png")
    name = f"{tmp_path.name} {time.monotonic_ns()}"
    return LabelledCase("7", tmp_path / "part.png", f"pin header {name}", Scenario.ELECTRONIC, BENT, SAYS_NO)


def made(server: str, model: str, case: LabelledCase, **options: Any) -> Teacher:
    return Teacher(f"served:{server}/v1#{model}", case.image.parent / "answers.jsonl", **{"limits": FAST, **options})


def write(teacher: Teacher, case: LabelledCase, initial: Verdict | None = None) -> Caption:
    return teacher(case, initial, random.Random(0))


def asked(server: str, about: str) -> list[dict[str, Any]]:
    """The requests in which a text stands."""
    with urllib.request.urlopen(f"{server}/seen") as reply:
        return [request for request in json.load(reply) if about in request["question"]]


def many(case: LabelledCase, count: int) -> list[LabelledCase]:
    return [replace(case, case=str(n), category=f"{case.category} no. {n} of all") for n in range(count)]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


# The way of asking


def test_a_thinking_and_a_reflective_caption_are_written(server: str, case: LabelledCase) -> None:
    teacher = made(server, "good", case)
    assert write(teacher, case) == Caption("The part was looked at from edge to edge. It is abnormal with bent.")
    assert write(teacher, case, NORMAL) == Caption(
        "The part was looked at from edge to edge. There is no defect.",
        "Looked at once more, the evidence in the image speaks clearly. "
        'I revise from "no defect" to "abnormal with bent".',
    )


def test_the_teacher_sees_the_framed_picture_the_truth_and_what_the_start_model_said(
    server: str, case: LabelledCase
) -> None:
    write(made(server, "good", case), case, NORMAL)
    body = asked(server, case.category)[0]["body"]
    system, user = body["messages"]
    assert system == {"role": "system", "content": TEACHER}
    picture, question = user["content"]
    sent = Image.open(io.BytesIO(base64.b64decode(picture["image_url"]["url"].partition(",")[2])))
    colours = {colour for _, colour in sent.convert("RGB").getcolors() or []}
    assert (0xF5, 0xC5, 0x18) in colours
    for words in ("(0.500,0.500) (0.700,0.700)", "bent means:", "The pins are straight.", "yellow frame"):
        assert words in question["text"]


def test_a_normal_part_has_no_frame_and_none_is_spoken_of(case: LabelledCase) -> None:
    text = question_text(replace(case, truth=NORMAL), None)
    assert "frame" not in text
    assert "The pins" not in text  # a thinking caption has no first look to follow


def test_tags_of_the_start_models_text_do_not_reach_the_teacher(case: LabelledCase) -> None:
    odd = replace(case, base=read("<think></think><answer>no</answer>{braces} and more"))
    assert "{braces}" in question_text(odd, NORMAL)
    assert "<answer>" not in question_text(odd, NORMAL)


def test_the_key_comes_from_its_own_variable(server: str, case: LabelledCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "open sesame")
    with pytest.raises(ModelUnavailable, match="M3AD_API_KEY"):
        write(made(server, "needs-key", case), case)
    monkeypatch.setenv("M3AD_API_KEY", "open sesame")
    assert write(made(server, "needs-key", case), case).think


def test_only_a_served_model_can_be_a_teacher(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no served model"):
        Teacher("demo", tmp_path / "answers.jsonl")


# What goes wrong


def test_a_moody_server_is_asked_until_it_answers_well(server: str, case: LabelledCase) -> None:
    teacher = made(server, "moody", case)
    assert write(teacher, case).think.endswith("It is abnormal with bent.")
    requests = asked(server, case.category)
    assert len(requests) == 7
    assert requests[1]["time"] - requests[0]["time"] >= 0.3  # Retry-After
    assert len(lines(case.image.parent / "answers.jsonl")) == 3
    assert teacher.tokens == 3000


def test_where_others_get_through_a_question_waits_for_its_turn(server: str, case: LabelledCase) -> None:
    done = build_examples_with(made(server, "strict", case), many(case, 16), at_once=16)
    assert (len(done.examples), done.stopped) == (16, "")


def test_a_refused_answer_goes_back_with_the_reasons(server: str, case: LabelledCase) -> None:
    write(made(server, "slow-learner", case), case)
    first, second = (request["body"]["messages"] for request in asked(server, case.category))
    assert len(first) == 2
    assert "According to the labels" in second[2]["content"]
    assert "gives away" in second[3]["content"]
    assert "decides otherwise" in second[3]["content"]


def test_a_case_that_is_never_written_well_is_refused_with_the_reasons(server: str, case: LabelledCase) -> None:
    with pytest.raises(CaseRefused, match=r"after 3 answers.*gives away"):
        write(made(server, "stubborn", case), case)
    with pytest.raises(CaseRefused):
        write(made(server, "stubborn", case), case)
    assert len(asked(server, case.category)) == 3  # what was refused is not paid for again
    with pytest.raises(CaseRefused, match="after 4 answers"):
        write(made(server, "stubborn", case, limits=replace(FAST, answers=4)), case)
    assert len(asked(server, case.category)) == 4
    with pytest.raises(CaseRefused, match="after 4 answers"):
        write(made(server, "stubborn", case), case)


@pytest.mark.parametrize(
    ("category", "tries", "says"), [("huge part", 1, "too large"), ("crashing part", 6, "the engine died")]
)
def test_a_question_that_the_server_fails_at_is_left_out(
    server: str, case: LabelledCase, category: str, tries: int, says: str
) -> None:
    name = f"{category} {case.category}"
    with pytest.raises(CaseRefused, match=says):
        write(made(server, "good", case), replace(case, category=name))
    assert len(asked(server, name)) == tries


def test_a_server_that_fails_at_everything_ends_the_work(server: str, case: LabelledCase) -> None:
    done = build_examples_with(made(server, "down", case), many(case, 12), at_once=1)
    assert "one question after another" in done.stopped
    assert len(done.left_out) == patience.UNANSWERED_IN_ROW - 1
    assert len(asked(server, case.category)) == 6 * patience.UNANSWERED_IN_ROW


def test_single_questions_that_fail_do_not_add_up(server: str, case: LabelledCase) -> None:
    cases = [replace(c, category=f"huge part {c.category}") if int(c.case) % 2 else c for c in many(case, 14)]
    done = build_examples_with(made(server, "good", case), cases, at_once=1)
    assert (len(done.examples), len(done.left_out), done.stopped) == (7, 7, "")


def test_a_server_that_is_not_there_ends_the_work_with_a_sentence(case: LabelledCase) -> None:
    done = build_examples_with(made(f"http://127.0.0.1:{free_port()}", "m", case), many(case, 5))
    assert done.stopped.startswith("Nothing answers at")
    assert (done.examples, done.left_out) == ((), ())


def test_a_quota_for_the_day_is_not_waited_for(server: str, case: LabelledCase) -> None:
    with pytest.raises(ModelUnavailable, match="86,400 seconds"):
        write(made(server, "quota", case), case)


def test_a_picture_that_is_gone_leaves_its_case_out(server: str, case: LabelledCase) -> None:
    gone = replace(case, image=case.image.with_name("gone.png"))
    with pytest.raises(BadImage, match=r"gone\.png"):
        write(made(server, "good", case), gone)
    assert len(build_examples_with(made(server, "good", case), [gone, case]).examples) == 1


# Limits


def test_requests_are_spread_over_the_minute(server: str, case: LabelledCase) -> None:
    teacher = made(server, "good", case, limits=Limits(requests_per_minute=600))
    build_examples_with(teacher, many(case, 6), at_once=6)
    times = sorted(request["time"] for request in asked(server, case.category))
    assert times[-1] - times[0] > 0.45


def test_at_the_limit_of_tokens_everything_written_is_kept_and_work_goes_on_with_a_higher_one(
    server: str, case: LabelledCase
) -> None:
    cases = many(case, 10)
    done = build_examples_with(made(server, "good", case, limits=replace(FAST, tokens=4000)), cases, at_once=1)
    assert "4,000 tokens is reached" in done.stopped
    assert len(done.examples) == 4
    again = build_examples_with(made(server, "good", case, limits=replace(FAST, tokens=4000)), cases)
    assert again == done  # the spent tokens are remembered, and so is what they paid for
    more = build_examples_with(made(server, "good", case, limits=replace(FAST, tokens=99_000)), cases)
    assert (len(more.examples), more.stopped) == (10, "")
    assert len(asked(server, case.category)) == 10


def test_a_limit_of_tokens_needs_a_server_that_counts_them(server: str, case: LabelledCase) -> None:
    assert write(made(server, "no-usage", case), case).think
    with pytest.raises(ModelUnavailable, match="does not say how many tokens"):
        write(made(server, "no-usage", case, limits=replace(FAST, tokens=9)), replace(case, case="8"))


def test_a_person_can_cancel_at_any_time(server: str, case: LabelledCase) -> None:
    seen: list[Progress] = []
    teacher = made(server, "slow", case, cancelled=lambda: len(seen) >= 3)
    done = build_examples_with(teacher, many(case, 30), at_once=1, tell=seen.append, cancelled=lambda: len(seen) >= 3)
    assert done.stopped.startswith("Cancelled")
    assert 3 <= len(done.examples) <= 5
    assert len(lines(case.image.parent / "answers.jsonl")) == len(done.examples)


def test_cancelling_ends_a_long_wait(server: str, case: LabelledCase) -> None:
    begun = time.monotonic()
    teacher = made(
        server, "good", case, limits=Limits(requests_per_minute=1), cancelled=lambda: time.monotonic() - begun > 0.5
    )
    write(teacher, case)
    with pytest.raises(Halted, match="Cancelled"):
        write(teacher, replace(case, case="8"))
    assert time.monotonic() - begun < 5


# Resuming


def test_what_was_asked_decides_whether_an_answer_holds(server: str, case: LabelledCase, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50)).save(tmp_path / "other.png")
    moved = Verdict(True, (Defect("bent", Box(0.1, 0.1, 0.2, 0.2)),))
    different = [
        case,
        replace(case, case="8"),
        replace(case, image=tmp_path / "other.png"),
        replace(case, truth=moved),
        replace(case, truth=NORMAL),
    ]
    for _ in range(2):
        for one in different:
            write(made(server, "good", case), one)
        write(made(server, "good", case), case, NORMAL)
        write(made(server, "good", case), case, BENT)
        write(made(server, "another", case), case)
    assert len(asked(server, case.category)) == 8


BUILD = """
import sys
from dataclasses import replace
from pathlib import Path
from m3ad.geometry import Box
from m3ad.records import Defect, Scenario, Verdict
from training.captioning import build_examples_with
from training.modes import LabelledCase
from training.teacher import Teacher
from training.teacher_limits import Limits
image, category, source = sys.argv[1:]
bent = Verdict(True, (Defect("bent", Box(0.5, 0.5, 0.7, 0.7)),))
cases = [
    LabelledCase(str(n), Path(image), f"{category} no. {n} of all", Scenario.ELECTRONIC, bent) for n in range(40)
]
teacher = Teacher(source, Path(image).parent / "answers.jsonl", Limits(requests_per_minute=60_000))
build_examples_with(teacher, cases, at_once=2)
"""


def killed_in_the_middle(command: list[str], file: Path) -> None:
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        while len(file.read_bytes().splitlines() if file.exists() else ()) < 8:
            assert process.poll() is None
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_after_a_kill_nothing_that_was_acknowledged_is_asked_again(server: str, case: LabelledCase) -> None:
    file, source = case.image.parent / "answers.jsonl", f"served:{server}/v1#slow"
    cases = many(replace(case, base=None), 40)
    killed_in_the_middle([sys.executable, "-c", BUILD, str(case.image), case.category, source], file)
    kept = {row["case"] for row in lines(file)}
    assert 8 <= len(kept) < 40
    with file.open("a") as stream:
        stream.write('{"key": "torn in the mid')
    done = build_examples_with(Teacher(source, file, FAST), cases, at_once=2)
    assert len(done.examples) == 40
    times = Counter(request["question"].splitlines()[0] for request in asked(server, case.category))
    for one in cases:
        count = next(count for question, count in times.items() if f"{one.category}," in question)
        assert count == 1 or (one.case not in kept and count == 2)
    assert sum(times.values()) <= 42  # two were under way at the kill


# All together


def test_examples_in_a_teachers_words_have_the_form_and_the_mix_of_the_templates(
    server: str, case: LabelledCase
) -> None:
    cases = many(case, 20)
    cases[3] = replace(cases[3], category=f"huge part {case.category}")
    seen: list[Progress] = []
    done: Captioned = build_examples_with(made(server, "good", case), cases, 4, tell=seen.append)
    assert [left.case for left in done.left_out] == ["3"]
    assert [example.case for example in done.examples] == [str(n) for n in range(20) if n != 3]
    assert {example.mode for example in done.examples} == {Mode.THINKING, Mode.REFLECTIVE}
    assert seen[-1] == Progress(20, 19, 1)
    for example in done.examples:
        trace = read(example.completion)
        assert (trace.verdict, trace.problems) == (BENT, ())
        assert trace.initial is not None
        assert trace.initial.anomalous != trace.reflected


# Reading answers


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ('{"think": "A."}', Caption("A.")),
        ('{"think": "A.", "reflection": null}', Caption("A.")),
        ('{"think": " A. ", "reflection": "B."}', Caption("A.", "B.")),
        ('I shall write {"think": "..."}.\n```json\n{"think": "A\nb."}\n```', Caption("A\nb.")),
        ('<think>{"think": 1}</think>{"think": "A."}', Caption("A.")),
        ("", None),
        ("The part is normal.", None),
        ('{"think": ["A."]}', None),
        ('{"think": "A.", "reflection": 3}', None),
        ('{"think": "A.', None),
        ("{" * 50_000, None),
        ('{"a":' * 50_000, None),
    ],
)
def test_the_last_object_with_a_think_is_read(text: str, caption: Caption | None) -> None:
    assert read_answer(text) == caption


@given(st.text(st.sampled_from('{}[]":,\\ \nthink123ud8')))
def test_reading_is_total(text: str) -> None:
    assert isinstance(read_answer(text), Caption | None)
