"""LLaVA-OneVision.

Boxes are fractions from 0 to 1 in square brackets, as in the LLaVA family's training data: that much is certain.
Whether of the picture or of the square it was padded to, those data do not agree; of the picture is assumed. No real
weights were met.
"""

from __future__ import annotations

from m3ad.dialects.base import Dialect, task
from m3ad.dialects.native import tagged

FRACTIONS = (
    'as [x1, y1, x2, y2], separated by ";", in fractions of the width and the height of the image from 0 to 1, with '
    "three decimals."
)

LLAVA_ONEVISION = Dialect(
    "llava-onevision", "LLaVA-OneVision: fractions in square brackets", task(FRACTIONS), translate=tagged
)
