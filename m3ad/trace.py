"""The model's output format: written exactly, and read from whatever a model really wrote.

`render` writes both modes of the format. `read` is total over any text: it repairs what can be repaired, names every
repair in `Trace.problems`, and answers None ("unreadable") where the decision cannot be known. Neither knows any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from m3ad.geometry import Box
from m3ad.records import Defect, Trace, Verdict
from m3ad.taxonomy import Taxonomy, default_taxonomy
from m3ad.trace_boxes import GUESSED, MAX_DEFECTS, BoxList, Notation, read_boxes
from m3ad.trace_fields import UNKNOWN_TYPE, Fields, Finding, gather, read_answer, read_types
from m3ad.trace_problems import problem, quoted
from m3ad.trace_sections import PROSE, has_tags, split_sections, without_partial_tag
from m3ad.verdict_text import initial_verdict

_STEP = 0.001  # the format's three decimals


@dataclass(frozen=True, slots=True)
class StreamParts:
    """What is there of a trace that is still being written; each "" until it begins. No tags are in any of them."""

    think: str
    reflection: str
    answer: str


def render(verdict: Verdict, think: str, reflection: str | None = None) -> str:
    """The exact text of the format: thinking mode, or reflective mode when `reflection` is given (SPEC, "output").

    Boxes are written in fractions with three decimals, a box thinner than a thousandth one thousandth wide, an unknown
    place or an empty type as "unknown".

    Raises:
        ValueError: a text or type holds signs of the format itself and could not be read back.
    """
    parts = [f"<think>{_prose(think)}</think>"]
    if reflection is not None:
        parts.append(f"<reflection>{_prose(reflection)}</reflection>")
    if verdict.anomalous:
        types = "; ".join(_type(defect.type) for defect in verdict.defects)
        places = "; ".join(write_box(defect.box) if defect.box else "unknown" for defect in verdict.defects)
        parts.append(f"<type>{types}</type><location>{places}</location>")
    parts.append(f"<answer>{'yes' if verdict.anomalous else 'no'}</answer>")
    return "".join(parts)


def _prose(text: str) -> str:
    if has_tags(text):
        raise ValueError(f"The text {quoted(text)} holds a tag of the format. Take the tag out before it is written.")
    return text.strip()


def _type(name: str) -> str:
    if has_tags(name) or any(sign in name for sign in ";<>\n\r"):
        raise ValueError(f"The type {quoted(name)} holds one of ; < > or a line break. Use the name of a known type.")
    return name.strip() or UNKNOWN_TYPE


def write_box(box: Box) -> str:
    """A box as the format has it: two corners in fractions with three decimals, clipped to the image."""
    x1, y1, x2, y2 = box.clipped().rounded(3).as_tuple()
    (x1, x2), (y1, y2) = _widened(x1, x2), _widened(y1, y2)
    return f"({x1:.3f},{y1:.3f}) ({x2:.3f},{y2:.3f})"


def _widened(low: float, high: float) -> tuple[float, float]:
    """A stretch that rounding made empty, one step long: a hair is thin, but it is there."""
    if high > low:
        return low, high
    return (low, low + _STEP) if low + _STEP <= 1 else (1 - _STEP, 1.0)


def split_stream(text: str) -> StreamParts:
    """The parts of a text that is still being written; a tag that has only begun at its end is held back."""
    found = split_sections(without_partial_tag(text))
    think = " ".join(section.text for section in found.named("think"))
    if not found.named("think") and found.outside:
        think = found.outside[0][1]  # the chat template may have put <think> into the prompt
    answer = [section.text for section in found.sections if section.name not in PROSE and section.text]
    return StreamParts(think, " ".join(s.text for s in found.named("reflection")), " · ".join(answer))


def read(text: str, taxonomy: Taxonomy | None = None, notation: Notation = GUESSED) -> Trace:
    """What the model wrote, read; `notation` says what its coordinates mean, where that is known. Never raises.

    Types stay as written; boxes become fractions inside the image. The verdict is None where no answer can be read. A
    "no" that lists defects all the same is a no: the answer rules, and `problems` says what was left out.
    """
    taxonomy = taxonomy or default_taxonomy()
    findings: list[Finding] = []
    fields = gather(text, taxonomy, findings)
    answer = read_answer(fields, taxonomy, findings)
    types = read_types(fields, taxonomy, findings)
    places = read_boxes(fields.location.text, notation)
    findings.extend((fields.location.start, found) for found in places.problems)
    verdict = _verdict(answer, types, places, fields, findings)
    ordered = dict.fromkeys(found for _, found in sorted(findings, key=lambda finding: finding[0]))
    initial = initial_verdict(fields.think, taxonomy)
    return Trace(text, fields.think, fields.reflection, initial, verdict, tuple(ordered))


def _verdict(
    answer: bool | None, types: Sequence[str], places: BoxList, fields: Fields, findings: list[Finding]
) -> Verdict | None:
    types = types or [label for label in places.labels if label]
    if answer is None:
        return None
    if not answer:
        if types or any(places.boxes):
            named = ", ".join(types) or f"{len(places.boxes)} boxes"
            findings.append((fields.end, problem("verdict-no-with-defects", quoted(named))))
        return Verdict(False)
    defects = _paired(types, places.boxes, fields.location.start, findings)
    _tell_repeated(defects, fields, findings)
    if not defects:
        findings.append((fields.end, problem("verdict-yes-without-defects")))
    return Verdict(True, tuple(defects))


def _paired(types: Sequence[str], boxes: Sequence[Box | None], place: int, findings: list[Finding]) -> list[Defect]:
    """The n-th type with the n-th box (SPEC). A single type holds for all boxes; nothing else is guessed."""
    if len(types) != len(boxes) and types and boxes:
        findings.append((place, problem("count-mismatch", f"{len(types)} and {len(boxes)}")))
    if not types and not any(boxes):
        return []
    count = max(len(types), len(boxes))
    if count > MAX_DEFECTS:
        findings.append((place, problem("too-many-defects", MAX_DEFECTS)))
    spare = types[0] if len(types) == 1 else UNKNOWN_TYPE
    defects = []
    for number in range(min(count, MAX_DEFECTS)):
        name = types[number] if number < len(types) else spare
        box = boxes[number] if number < len(boxes) else None
        if number >= len(types) and spare == UNKNOWN_TYPE:
            findings.append((place, problem("type-missing", f"box {number + 1}")))
        if number >= len(boxes):
            findings.append((place, problem("box-missing", quoted(name))))
        defects.append(Defect(name, box))
    return defects


def _tell_repeated(defects: Sequence[Defect], fields: Fields, findings: list[Finding]) -> None:
    """Say which defects stand at the very same place twice. They are kept: repeating must not be free."""
    for number, defect in enumerate(defects):
        if defect.box is not None and defect in defects[:number]:
            findings.append((fields.end, problem("duplicate-defect", quoted(defect.type))))
