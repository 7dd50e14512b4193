"""A served model as the writer of captions (SPEC: M3-AD-FT, step 3).

It is shown the picture with the defects framed, the truth and, for a reflection, what the start model said. Every
answer is kept in a `CaptionFile` before it is judged by `training.caption_checks`; one that is refused goes back with
the reasons. Any OpenAI-compatible server will do. Needs the `served` extra.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

from db.pictures import file_hash
from m3ad.errors import CaseRefused, ModelUnavailable
from m3ad.images import highlight, open_image
from m3ad.monitor.base import fit, never
from m3ad.monitor.names import resolve
from m3ad.monitor.served_client import picture_part
from m3ad.prompts import (
    TEACHER,
    TEACHER_AGAIN,
    TEACHER_FRAMES,
    TEACHER_REFLECTIVE,
    TEACHER_SENT_BACK,
    TEACHER_THINKING,
)
from m3ad.records import Defect, Problem, Verdict
from m3ad.taxonomy import default_taxonomy
from m3ad.trace import write_box
from m3ad.trace_sections import without_tags
from training.caption_checks import caption_problems
from training.caption_file import CaptionFile
from training.captions import Caption, decision, reflection_end, think_end
from training.modes import LabelledCase
from training.teacher_limits import Gate, Limits
from training.teacher_server import TeacherServer

LONGEST_ANSWER = 20_000  # characters that are read
LONGEST_WORDS = 2_000  # characters of the start model's own words that the teacher is shown
_UNREADABLE = Problem(
    "unreadable", 'The answer is no JSON object with a text "think" (and "reflection", where one was asked for).'
)


class Teacher:
    """A `training.examples.CaptionWriter` that asks a server. Safe to use from several threads.

    Attributes:
        name: the model's name on the server.
    """

    def __init__(
        self, source: str, file: Path, limits: Limits | None = None, *, cancelled: Callable[[], bool] = never
    ) -> None:
        """Reads what the file already has.

        Args:
            source: served:URL#model; the key is taken from the variable M3AD_API_KEY.
            file: where the answers are kept; other teachers' and other cases' answers may be in it.
            limits: how fast and how far the server may be asked.
            cancelled: asked while waiting; requests under way are waited for, because they are paid for.

        Raises:
            BadData: the file holds something else.
            ModelUnavailable: the source is no server, or must be asked for its model and does not answer.
        """
        found = resolve(source)
        if found.kind != "served":
            raise ModelUnavailable(f"{source!r} is no served model. Write served:URL#model for the teacher.")
        self._limits = limits or Limits()
        self._file = CaptionFile(file)
        self._gate = Gate(self._limits, lambda: self._file.tokens, cancelled)
        self._server = TeacherServer(found, self._gate)
        self.name = self._server.name

    @property
    def tokens(self) -> int:
        """What all answers of the file have cost, earlier sittings included."""
        return self._file.tokens

    def __call__(self, case: LabelledCase, initial: Verdict | None, rng: random.Random) -> Caption:
        """The caption of one case; `rng` is not used, a server draws its own numbers.

        Raises:
            BadImage: the picture cannot be opened.
            CaseRefused: no answer passed the checks, or the server fails at this question.
            Halted: a limit is reached, or a person cancelled.
            ModelUnavailable: no question can be answered any more; all threads are halted.
        """
        question = question_text(case, initial)
        key = _key(self.name, case, question)
        answers = self._file.answers(key)
        problems: list[Problem] = []
        for number in range(max(self._limits.answers, len(answers))):  # what was paid for counts
            if number == len(answers):
                before = (answers[-1], problems) if answers else None
                answers.append(self._asked(key, case, question, before))
            caption = read_answer(answers[number])
            problems = caption_problems(caption, case.truth, initial) if caption else [_UNREADABLE]
            if caption and not problems:
                return caption
        reasons = " ".join(problem.text for problem in problems)
        raise CaseRefused(f"Refused after {len(answers)} answers. The last one: {reasons}")

    def _asked(self, key: str, case: LabelledCase, question: str, before: tuple[str, list[Problem]] | None) -> str:
        """A new answer, kept in the file."""
        try:
            reply = self._server.ask(_messages(case, question, before))
            self._file.add(key, case.case, reply.text, reply.tokens or 0)
            if reply.tokens is None and self._limits.tokens is not None:
                raise ModelUnavailable(
                    f"{self._server.address} does not say how many tokens it used, so the limit of tokens cannot be "
                    "kept. Set a limit there, and take this one away."
                )
        except ModelUnavailable as error:
            self._gate.halt(str(error))
            raise
        return reply.text


def read_answer(text: str) -> Caption | None:
    """The last JSON object with a text "think" in the answer; None when there is none. Total over any text."""
    found, place, decoder = None, 0, JSONDecoder(strict=False)  # line breaks inside the texts are common
    text = text[:LONGEST_ANSWER]
    while (place := text.find("{", place)) >= 0:
        try:
            value, place = decoder.raw_decode(text, place)
        except (JSONDecodeError, RecursionError):
            place += 1
            continue
        found = _caption(value) or found
    return found


def _caption(value: dict[str, Any]) -> Caption | None:
    think, reflection = value.get("think"), value.get("reflection")
    if not isinstance(think, str) or not isinstance(reflection, str | None):
        return None
    return Caption(think.strip(), reflection.strip() or None if reflection else None)


def question_text(case: LabelledCase, initial: Verdict | None) -> str:
    """What a teacher is asked about one case, beside the picture."""
    question = _question(case, initial)
    if not case.remarks:
        return question
    remarks = "\n".join(f"- {remark or 'no reason was given'}" for remark in case.remarks)
    return f"{question}\n\n{TEACHER_SENT_BACK.format(remarks=remarks)}"


def _question(case: LabelledCase, initial: Verdict | None) -> str:
    part = f"{case.category}, of the scenario {case.scenario.value}"
    truth = _listed(case.truth)
    if any(defect.box for defect in case.truth.defects):
        truth += f"\n{TEACHER_FRAMES}"
    if initial is None:
        return TEACHER_THINKING.format(part=part, truth=truth, think_end=think_end(case.truth))
    return TEACHER_REFLECTIVE.format(
        part=part,
        truth=truth,
        first=_listed(initial),
        words=_own_words(case),
        think_end=think_end(initial),
        reflection_end=reflection_end(initial, case.truth),
    )


def _listed(verdict: Verdict) -> str:
    lines = [f"{number}. {_described(defect)}" for number, defect in enumerate(verdict.defects, start=1)]
    return "\n".join([decision(verdict), *lines])


def _described(defect: Defect) -> str:
    node = default_taxonomy().find(defect.type)
    where = write_box(defect.box) if defect.box else "a place that is not known"
    return f"{defect.type or 'a defect'} at {where}" + (f". {node.name} means: {node.definition}" if node else "")


def _own_words(case: LabelledCase) -> str:
    words = case.base.think or case.base.text if case.base else ""
    return without_tags(words)[:LONGEST_WORDS].strip() or "(nothing)"


def _messages(case: LabelledCase, question: str, before: tuple[str, list[Problem]] | None) -> list[dict[str, Any]]:
    """The conversation; `before` is the answer that was refused last, and why."""
    boxes = [defect.box for defect in case.truth.defects if defect.box]
    picture = picture_part(highlight(fit(open_image(case.image)), boxes))
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": TEACHER},
        {"role": "user", "content": [picture, {"type": "text", "text": question}]},
    ]
    if before is None:
        return messages
    answer, problems = before
    reasons = "\n".join(f"- {problem.text}" for problem in problems)
    return [
        *messages,
        {"role": "assistant", "content": answer[:LONGEST_ANSWER] or "(nothing)"},
        {"role": "user", "content": TEACHER_AGAIN.format(problems=reasons)},
    ]


def _key(teacher: str, case: LabelledCase, question: str) -> str:
    """What was asked, as a hash: teacher, case, picture and the very words, in which truth, mode and decision stand.

    The words rather than a version number: a changed prompt cannot be forgotten, and an unchanged one is not paid for
    again.
    """
    parts = [teacher, case.case, file_hash(case.image), TEACHER, question]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
