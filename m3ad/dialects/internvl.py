"""InternVL 3.5 (and 2.5, 3), in the form that transformers loads ("-HF").

Certain, from its documentation of grounding data: `<ref>label</ref><box>[[x1, y1, x2, y2]]</box>` in thousandths of
the whole picture, whatever tiles it is cut into. Its optional thinking prompt is not used. No real weights were met.
"""

from __future__ import annotations

from m3ad.dialects.base import Dialect, task
from m3ad.dialects.native import from_internvl_marks
from m3ad.trace_boxes import Notation

INTERNVL = Dialect(
    "internvl",
    "InternVL 2.5 to 3.5: thousandths between <box> and </box>",
    task(
        "as <ref>type</ref><box>[[x1, y1, x2, y2]]</box>, in whole numbers from 0 to 1000, relative to the width and "
        "the height of the image."
    ),
    notation=Notation((1000, 1000)),
    translate=from_internvl_marks,
    usual=frozenset({"json-boxes", "special-token"}),
)
