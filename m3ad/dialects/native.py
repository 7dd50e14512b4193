"""Ways in which families of models write boxes, turned into what `m3ad.trace` reads. Total over any text."""

from __future__ import annotations

import re

from m3ad.taxonomy import default_taxonomy
from m3ad.trace_boxes import read_boxes

_NUMBER = r"\(?\s{0,3}(-?\d{1,9}(?:\.\d{1,9})?)\s{0,3}\)?"
_BOX = re.compile(r"\s{0,3},\s{0,3}".join([_NUMBER] * 4))
_QWEN = re.compile(
    r"(?:<\|object_ref_start\|>(?P<label>[^<]{0,200})<\|object_ref_end\|>\s{0,3})?"
    r"<\|box_start\|>(?P<boxes>[^<]{0,2000})<\|box_end\|>"
)
_INTERN = re.compile(r"(?:<ref>(?P<label>[^<]{0,200})</ref>\s{0,3})?<box>(?P<boxes>[^<]{0,2000})</box>")
_SIGNS = re.compile(r"[\"'{}\[\]\n\\]")
_TAGS = re.compile(r"<(?:answer|location)>", re.IGNORECASE)
_OBJECT = re.compile(r"\{[^{}]{0,2000}\}")
_LEADING = re.compile(r"[\W_]{0,9}(yes|no)\b", re.IGNORECASE)
_FENCE = re.compile(r"```(?:json)?", re.IGNORECASE)


def from_qwen_marks(text: str) -> str:
    """Qwen2-VL's `<|object_ref_start|>…<|object_ref_end|><|box_start|>(x1,y1),(x2,y2)<|box_end|>` as JSON objects."""
    return tagged(_QWEN.sub(_objects, text))


def from_internvl_marks(text: str) -> str:
    """InternVL's `<ref>…</ref><box>[[x1, y1, x2, y2], …]</box>` as JSON objects."""
    return tagged(_INTERN.sub(_objects, text))


def _objects(match: re.Match[str]) -> str:
    """One JSON object for each box of a mark, with the mark's label."""
    label = _SIGNS.sub(" ", match["label"] or "").strip()
    named = f', "label": "{label}"' if label else ""
    found = ('{"bbox_2d": [' + ", ".join(box.groups()) + "]" + named + "}" for box in _BOX.finditer(match["boxes"]))
    return " ".join(found)


def tagged(text: str) -> str:
    """An answer in prose and JSON boxes with the tags put in; one that has tags, or no boxes, stays as it is.

    "yes" and "no" are believed at the beginning of the prose. Boxes without either are an answer only where all their
    labels are types of defects: models box the part itself too.
    """
    thought, closed, answer = text.rpartition("</think>")
    boxes = "" if _TAGS.search(answer) else " ".join(_OBJECT.findall(answer))
    found = read_boxes(boxes) if boxes else None
    if found is None or not found.boxes:
        return text
    prose = _FENCE.sub(" ", _OBJECT.sub(" ", answer)).strip(" \n,[]")
    leading = _LEADING.match(prose)
    known = bool(found.labels) and all(default_taxonomy().find(label) for label in found.labels)
    decided = leading[1].lower() if leading else "yes" if known else ""
    if not decided:
        return text
    think = thought + closed if closed else f"<think>{prose}</think>" if prose else ""
    return f"{think}<location>{boxes}</location><answer>{decided}</answer>"


def with_thinking_opened(text: str) -> str:
    """Thinking that is closed but never opened (the prompt did that), or opened and never closed, as one section."""
    if "</think>" in text:
        text = text if "<think>" in text.partition("</think>")[0] else f"<think>{text}"
    elif "<think>" in text:
        text = f"{text}</think>"  # cut off: what it drafts is no answer
    return tagged(text)
