"""Which settings of a RAWS run decide what examples it learns from, read from a form. Knows no Gradio."""

from __future__ import annotations

from collections.abc import Sequence

from training.config import RawsSettings

# The settings of a RAWS run that decide which examples there are, and those that decide what is seen of them.
MIXING = ("easy_reflective", "hard_reflective", "seed", "unchecked")
SEEING = ("max_pixels", "max_tokens")


def settings_of(names: Sequence[str], values: Sequence[float | None]) -> RawsSettings | None:
    """RAWS settings with these values, the others by default; None while one is being typed."""
    given = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    if len(given) < len(names):
        return None
    whole = {name: int(value) if name in ("seed", *SEEING) else value for name, value in given.items()}
    return RawsSettings.from_json(whole)
