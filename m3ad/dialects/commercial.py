"""Commercial models, asked through the OpenAI-compatible endpoint that both houses offer.

OpenAI's models have no documented notation of boxes: they are asked for fractions (assumed). Gemini's is documented:
`box_2d` with y before x, in thousandths. Both may think unseen, which counts as written: hence the long answers. Tested
on recorded forms of answers; no account was used.
"""

from __future__ import annotations

from m3ad.dialects.base import LONG, Dialect, task
from m3ad.dialects.llava import FRACTIONS
from m3ad.dialects.native import tagged
from m3ad.trace_boxes import Notation

OPENAI = Dialect(
    "openai",
    "GPT models: fractions in square brackets, as they are asked for",
    task(FRACTIONS),
    translate=tagged,
    max_new_tokens=LONG,
)
GEMINI = Dialect(
    "gemini",
    "Gemini: JSON with y before x, in thousandths",
    task(
        'as JSON: [{"box_2d": [ymin, xmin, ymax, xmax], "label": "type"}], in whole numbers from 0 to 1000, relative '
        "to the height and the width of the image."
    ),
    notation=Notation((1000, 1000), y_first=True),
    translate=tagged,
    usual=frozenset({"json-boxes", "y-first"}),
    max_new_tokens=LONG,
)
