"""What tokens say, and how a text is written in them. Knows the tokenizer and no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

# Half of a character beyond the 16-bit ones, as a browser may send it: no tokenizer takes one.
_HALF = re.compile("[\ud800-\udfff]")


class Spelling:
    """What tokens say, and how a text is written in them; by `tokenizer`."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def text_of(self, ids: Sequence[int]) -> str:
        """What tokens say, without those that end a turn; ends in U+FFFD where a character is incomplete."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def piece_of(self, token: int) -> str:
        """What one token says, control tokens by their name."""
        return str(self.tokenizer.decode([token], skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def beginning_with(self, text: str) -> list[int]:
        """All tokens whose text begins so; none that ends a turn or stands for a picture."""
        return [token for token, piece in enumerate(self._pieces) if piece.startswith(text)]

    @cached_property
    def _pieces(self) -> list[str]:
        return [self.text_of([token]) for token in range(len(self.tokenizer))]

    def tokens_of(self, text: str) -> list[int]:
        """The tokens of a text as the model was taught to write it."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def tokens_of_any(self, text: str) -> tuple[list[int], list[int]]:
        """The tokens of a text that anybody may have written, and where each starts in it, in characters.

        Control tokens in it are spelled out as the text that they are: a model must not take them for its own.
        """
        told = self.tokenizer(
            whole(text), add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
        )
        return list(told["input_ids"]), [start for start, _ in told["offset_mapping"]]


def whole(text: str) -> str:
    """The text with U+FFFD in place of each half of a character."""
    return _HALF.sub("\ufffd", text)
