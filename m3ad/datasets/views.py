"""Parts of which a source has several pictures: which of them comes first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def order(key: str, shown: Sequence[bool]) -> list[int]:
    """The places of a part's pictures, the primary one first, the others as they were.

    The primary picture of a defective part is one that shows a defect, for a model that sees one picture cannot know
    of another. Of a sound part it is any. Among those it is drawn by the part's key: were it always the first, a model
    could learn that an unusual view means a defect.

    Args:
        shown: for each picture whether it shows a defect.
    """
    candidates = [place for place, defective in enumerate(shown) if defective] or list(range(len(shown)))
    first = candidates[int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8]) % len(candidates)]
    return [first, *(place for place in range(len(shown)) if place != first)]
