"""How families of models are asked and how they write: one `Dialect` each, found by a model's name or architecture.

Importing this loads no model. A model without a dialect is told and read as RA-Monitor is (`m3ad.prompts`,
`m3ad.trace`); `OWN` names that way where it has to be chosen. docs/compared-models.md has the table.
"""

from __future__ import annotations

import re

from m3ad import trace
from m3ad.dialects.anomaly import ANOMALY_R1, IAD_R1
from m3ad.dialects.base import CHOICE, OWN, Dialect
from m3ad.dialects.commercial import GEMINI, OPENAI
from m3ad.dialects.internvl import INTERNVL
from m3ad.dialects.llava import LLAVA_ONEVISION
from m3ad.dialects.qwen import QWEN2_5_VL, QWEN2_VL, QWEN3_VL, QWEN3_VL_THINKING
from m3ad.errors import ModelUnavailable
from m3ad.records import Trace

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        QWEN2_VL,
        QWEN2_5_VL,
        QWEN3_VL,
        QWEN3_VL_THINKING,
        INTERNVL,
        LLAVA_ONEVISION,
        OPENAI,
        GEMINI,
        ANOMALY_R1,
        IAD_R1,
    )
}
# The first that fits counts: models of others' making carry the name of what they were made from.
_BY_NAME: tuple[tuple[str, Dialect | None], ...] = (
    (r"ra[-_.]?monitor", None),
    (r"iad[-_.]?r1", IAD_R1),
    (r"anomaly[-_.]?r1", ANOMALY_R1),
    (r"qwen[-_.]?3[-_.]?vl.*thinking", QWEN3_VL_THINKING),
    (r"qwen[-_.]?3[-_.]?vl.*instruct", QWEN3_VL),
    (r"qwen[-_.]?2[-_.]?5[-_.]?vl", QWEN2_5_VL),
    (r"qwen[-_.]?2[-_.]?vl", QWEN2_VL),
    (r"intern[-_.]?vl", INTERNVL),
    (r"llava[-_.]?(onevision|ov)", LLAVA_ONEVISION),
    (r"gemini", GEMINI),
    (r"(^|/)(chat)?gpt[-_.]?\d", OPENAI),
)
# Qwen3-VL is not here: RA-Monitor is one, and so is whatever is trained from it.
_BY_ARCHITECTURE = {
    "qwen2_vl": QWEN2_VL,
    "qwen2_5_vl": QWEN2_5_VL,
    "internvl": INTERNVL,
    "llava_onevision": LLAVA_ONEVISION,
}


def named(name: str) -> Dialect | None:
    """The dialect that a person asks for by its name, None for OWN; ModelUnavailable lists the names there are."""
    if name == OWN:
        return None
    if name not in DIALECTS:
        raise ModelUnavailable(f"There is no dialect {name!r}. Choose one of {', '.join([OWN, *DIALECTS])}.")
    return DIALECTS[name]


def recognise(model: str, architecture: str = "") -> Dialect | None:
    """The dialect of a model by its name, else by the `model_type` of its config.json; None: RA-Monitor's own."""
    for pattern, dialect in _BY_NAME:
        if re.search(pattern, model, re.IGNORECASE):
            return dialect
    return _BY_ARCHITECTURE.get(architecture)


def read_as(reading: str, text: str) -> Trace:
    """What a model wrote, read as it was when it came: `reading` is what `Dialect.reading` gave, "" for RA-Monitor's.

    Never raises; a dialect that is no longer known is read as RA-Monitor's form.
    """
    name, _, size = reading.partition(" ")
    dialect = DIALECTS.get(name)
    if dialect is None:
        return trace.read(text)
    width, _, height = size.partition("x")
    known = width.isdecimal() and height.isdecimal() and int(width) and int(height)
    return dialect.read(text, (int(width), int(height)) if known else None)


__all__ = ["CHOICE", "DIALECTS", "OWN", "Dialect", "named", "read_as", "recognise"]
