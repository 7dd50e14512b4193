"""The Qwen-VL family. Each generation writes boxes in a notation of its own.

Certain, from the models' own documentation and its maintainers' words: Qwen2-VL counts in thousandths between marks of
its own, Qwen2.5-VL in pixels of the resized picture, Qwen3-VL in thousandths again, both of these as JSON. Qwen3-VL
Thinking's chat template opens `<think>`, so that its text only closes it. None of it has met real weights here.
"""

from __future__ import annotations

from m3ad.dialects.base import LONG, Dialect, task
from m3ad.dialects.native import from_qwen_marks, tagged, with_thinking_opened
from m3ad.trace_boxes import Notation

THOUSANDTHS = Notation((1000, 1000))
_JSON = 'as JSON: [{{"bbox_2d": [x1, y1, x2, y2], "label": "type"}}], {unit}.'
_GRID = _JSON.format(unit="in whole numbers from 0 to 1000, relative to the width and the height of the image")
_PIXELS = _JSON.format(unit="in pixels of the image")
_MARKS = (
    "as <|box_start|>(x1,y1),(x2,y2)<|box_end|>, in whole numbers from 0 to 1000, relative to the width and the height "
    "of the image."
)
_USUAL = frozenset({"json-boxes"})

QWEN2_VL = Dialect(
    "qwen2-vl",
    "Qwen2-VL Instruct: thousandths between <|box_start|> and <|box_end|>",
    task(_MARKS),
    notation=THOUSANDTHS,
    translate=from_qwen_marks,
    usual=_USUAL | {"special-token"},
)
QWEN2_5_VL = Dialect(
    "qwen2.5-vl",
    "Qwen2.5-VL Instruct: JSON in pixels of the picture as the model sees it",
    task(_PIXELS),
    pixels=True,
    step=28,
    translate=tagged,
    usual=_USUAL,
)
QWEN3_VL = Dialect(
    "qwen3-vl",
    "Qwen3-VL Instruct: JSON in thousandths",
    task(_GRID),
    notation=THOUSANDTHS,
    translate=tagged,
    usual=_USUAL,
)
QWEN3_VL_THINKING = Dialect(
    "qwen3-vl-thinking",
    "Qwen3-VL Thinking: thinks before it answers; JSON in thousandths",
    task(_GRID, think=False),
    notation=THOUSANDTHS,
    translate=with_thinking_opened,
    usual=_USUAL,
    end="",  # the thinking may draft an answer
    max_new_tokens=LONG,
)
